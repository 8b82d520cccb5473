"""Places in TOML, and the schemas of lattice.toml and lattice.lock: they take what their readers take."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from agent_lattice.lock import Lock
from agent_lattice.project import NAME, project_of
from agent_lattice.reading import Unusable
from agent_lattice.toml_places import places
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

SCHEMAS = Path(__file__).parents[1] / "schemas"
PROJECT = json.loads((SCHEMAS / "lattice-toml.schema.json").read_text())
LOCK = json.loads((SCHEMAS / "lock.schema.json").read_text())

TOML = '''\
# [no] = "no"
top = 1 # x = 2
[a] # one
b.c = { d = 1, e = [ { f = 2 } ], "g.h" = "}" }
i = """
[no]
j = 1
"""
  'k l' = [
  "[", # ]
  [1], [[2]],
]
[ a . "m" ]
n = \'\'\'x\'\'\'
[[o]]
p = 1
[[o]]
q = "\\"]"
'''


def test_every_key_has_its_place() -> None:
    tomllib.loads(TOML)
    found = {".".join(path): TOML[:offset].count("\n") + 1 for path, offset in places(TOML).items()}
    assert found == {
        "top": 2, "a": 3, "a.b": 4, "a.b.c": 4, "a.b.c.d": 4, "a.b.c.e": 4, "a.b.c.g.h": 4, "a.i": 5, "a.k l": 9,
        "a.m": 13, "a.m.n": 14, "o": 15, "o.p": 16, "o.q": 18,
    }  # fmt: skip
    assert TOML[places(TOML)["a", "k l"] :].startswith("'k l'")
    assert TOML[places(TOML)["a", "b", "c", "g.h"] :].startswith('"g.h"')


names = st.sampled_from(
    ["check", "build", "severity", "fail-on", "out", "target", "pyz", "unused-import", "unknown-name", "x"]
)
values = st.one_of(st.booleans(), st.integers(), st.sampled_from(["off", "hint", "warning", "error", "", "dist", " "]))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(names, st.one_of(values, st.dictionaries(names, values, max_size=3)), max_size=3))
def test_the_schema_of_the_project_takes_what_is_read(tmp_path: Path, data: dict[str, Any]) -> None:
    lines = [f"{key} = {_toml(value)}\n" for key, value in data.items()]
    (tmp_path / NAME).write_text("".join(lines))
    assert tomllib.loads("".join(lines)) == data
    try:
        project_of(tmp_path)
        taken = True
    except Unusable:
        taken = False
    assert taken == jsonschema.Draft202012Validator(PROJECT).is_valid(data)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value)


GOOD: dict[str, Any] = {
    "format": 1,
    "programs": {
        "a.lat": {
            "compiler": "0.1.0",
            "targets": {"python": 1},
            "workflow": "a",
            "plan": "sha256:" + "0" * 64,
            "sources": {"a.lat": "sha256:" + "1" * 64},
            "models": {"m": {"provider": "scripted", "model": "replies.json"}},
        }
    },
}


def changed(path: tuple[str, ...], value: Any) -> Any:
    """GOOD with one thing in it replaced."""
    made = json.loads(json.dumps(GOOD))
    part = made
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return made


SERVER = {"protocol": "2025-11-25", "tools": {"search": {"input": {"type": "object"}, "prose": "sha256:" + "0" * 64}}}


@pytest.mark.parametrize(
    ("data", "good"),
    [
        (GOOD, True),
        ({"format": 1, "programs": {}}, True),
        ({"format": 1}, False),
        ([], False),
        (changed(("format",), 2), False),
        (changed(("more",), 1), False),
        (changed(("programs", "a.lat", "plan"), "sha256:0"), False),
        (changed(("programs", "a.lat", "targets", "python"), "1"), False),
        (changed(("programs", "a.lat", "targets", "python"), 1.5), False),
        (changed(("programs", "a.lat", "sources", "b.lat"), None), False),
        (changed(("programs", "a.lat", "models", "m", "price"), 1), False),
        (changed(("programs", "b.lat"), {}), False),
        (changed(("servers",), {"uvx docs": SERVER}), True),
        (changed(("servers",), {"uvx docs": {**SERVER, "tools": {"search": {"input": {}}}}}), False),
        (changed(("servers",), {"uvx docs": {"tools": {}}}), False),
        (changed(("programs", "a.lat", "servers"), {"uvx docs": "sha256:" + "0" * 64}), True),
        (changed(("programs", "a.lat", "servers"), {"uvx docs": "0"}), False),
    ],
)
def test_the_schema_of_the_lock_takes_what_is_read(data: Any, good: bool) -> None:
    assert jsonschema.Draft202012Validator(LOCK).is_valid(data) is good
    try:
        assert (Lock.model_validate(data).model_dump(exclude_defaults=True) == data) is good
    except ValidationError:
        assert not good
