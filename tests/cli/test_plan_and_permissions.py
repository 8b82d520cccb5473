"""`lattice plan` and `lattice permissions`: what targets get to see, and what a run may touch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest
import rfc8785
from cli.running import HELLO, ROOT, WRONG, lattice, process

REFUND = str(ROOT / "examples" / "refund" / "refund.lat")


def test_the_plan_is_canonical_and_described_by_its_schema() -> None:
    ran = lattice("plan", REFUND)
    assert ran.exit_code == 0, ran.output
    made = json.loads(ran.stdout)
    jsonschema.validate(made, json.loads((ROOT / "schemas" / "plan.schema.json").read_text()))
    assert ran.stdout_bytes == rfc8785.dumps(made) + b"\n"
    assert json.loads(lattice("plan", REFUND, "--pretty").stdout) == made


def test_the_digest_is_that_of_the_plan_without_it() -> None:
    made = json.loads(lattice("plan", REFUND).stdout)
    digest = made.pop("digest")
    assert digest == "sha256:" + hashlib.sha256(rfc8785.dumps(made)).hexdigest()
    assert lattice("plan", REFUND, "--digest").stdout == f"{digest}\n"


def test_the_digest_does_not_depend_on_the_place_hash_seed_or_locale(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = lattice("plan", REFUND, "--digest").stdout.encode()
    monkeypatch.chdir(Path(REFUND).parent)
    for seed, locale in (("0", "C"), ("7", "C.UTF-8")):
        ran = process("plan", "refund.lat", "--digest", env={"PYTHONHASHSEED": seed, "LC_ALL": locale})
        assert (ran.returncode, ran.stdout) == (0, digest)


def test_plans_are_utf_8_in_any_locale(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO.replace("hello ", "grüß 日本 "), encoding="utf-8")
    ran = process("plan", "hello.lat", env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"})
    assert ran.returncode == 0
    assert "grüß 日本 " in ran.stdout.decode("utf-8")


def test_a_source_with_errors_has_no_plan(here: Path) -> None:
    (here / "wrong.lat").write_text(WRONG)
    for command in ("plan", "permissions"):
        ran = lattice(command, "wrong.lat")
        assert (ran.exit_code, ran.stdout) == (1, "")
        assert ran.stderr.startswith("error[LAT2101]")


def test_a_workflow_that_is_not_there(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    ran = lattice("plan", "hello.lat", "--workflow", "helo")
    assert ran.exit_code == 2
    assert "did you mean `hello`?" in ran.stderr


def test_permissions_in_total_and_by_step() -> None:
    ran = lattice("permissions", REFUND)
    assert ran.exit_code == 0
    assert ran.stdout.startswith(
        "in total         tools       bank, risk, shop\n                 operations  bank.refund, bank.void, "
    )
    assert "\npaid             tools       bank\n                 operations  bank.refund\n" in ran.stdout
    made = json.loads(lattice("permissions", REFUND, "--json").stdout)
    assert made["workflow"] == "refund"
    assert made["steps"]["order"]["operations"] == ["shop.get_order"]
    assert made["total"]["models"] == ["fast", "judge"]
    for granted in made["steps"].values():
        for sort, items in granted.items():
            assert set(items) <= set(made["total"][sort])


def test_a_workflow_that_touches_nothing(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    assert lattice("permissions", "hello.lat").stdout == "in total  nothing\n"
