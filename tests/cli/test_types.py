"""`lattice types`: types as JSON Schema, and a JSON Schema as types."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from cli.running import lattice

SOURCE = """\
/// How a customer pays.
type Pay = Card | Bank

type Card {
  kind: "card"
  /// As printed on it.
  number: string @min(2) @max(20)
}

type Bank {
  kind: "bank" | "wire"
  amount: float?
  more: map<int, list<Pay>>
}

type Json = bool | string | list<Json> | map<string, Json> | null
"""


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "types.lat"
    path.write_text(SOURCE)
    return str(path)


def test_types_survive_their_schema(source: str, tmp_path: Path) -> None:
    ran = lattice("types", source)
    assert ran.exit_code == 0, ran.output
    jsonschema.Draft202012Validator.check_schema(json.loads(ran.stdout))
    (tmp_path / "types.json").write_text(ran.stdout)
    back = lattice("types", str(tmp_path / "types.json"))
    assert (back.exit_code, back.stderr) == (0, "")
    assert sorted(back.stdout.strip().split("\n\n")) == sorted(SOURCE.strip().split("\n\n"))
    (tmp_path / "again.lat").write_text(back.stdout)
    assert lattice("types", str(tmp_path / "again.lat")).stdout == ran.stdout


def test_one_type(source: str) -> None:
    schema = json.loads(lattice("types", source, "--type", "Pay").stdout)
    check = jsonschema.Draft202012Validator(schema)
    assert check.is_valid({"kind": "card", "number": "41"}) and not check.is_valid({"kind": "card", "number": "4"})
    ran = lattice("types", source, "--type", "Pai")
    assert (ran.exit_code, "did you mean Pay?" in ran.stderr) == (2, True)


def test_what_is_lost_is_named(tmp_path: Path) -> None:
    path = tmp_path / "order.schema.json"
    path.write_text('{"type": "object", "properties": {"n": {"type": "integer", "multipleOf": 3}}, "required": ["n"]}')
    ran = lattice("types", str(path))
    assert ran.stdout == "type Order {\n  n: int\n}\n"
    assert ran.exit_code == 1
    assert ran.stderr.splitlines() == [
        "order.schema.json: #/properties/n/multipleOf: `multipleOf` has no counterpart",
        "order.schema.json: #: a record has no other fields than those it names",
    ]
    assert lattice("types", str(path), "--type", "Wanted").stdout.startswith("type Wanted {")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"\0", b"[" * 100_000])
def test_no_json_is_unusable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    ran = lattice("types", str(path))
    assert ran.exit_code == 2 and ran.stderr.count("\n") == 1
