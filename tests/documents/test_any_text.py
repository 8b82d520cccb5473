"""Whatever stands in a document: findings with places in it, never an exception; and the schema refuses what has a wrong shape."""

from __future__ import annotations

import copy
import json
import random
from functools import cache
from typing import Any

import pytest
from agent_lattice.diagnostics import Diagnostic
from agent_lattice.documents.data import Group, Node
from agent_lattice.documents.schema import document_schema
from agent_lattice.driver import Compilation, compile_source, format_source
from documents.turning import FORMATS, PROGRAMS, back, data, document, program, tree
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

SEEDS = st.integers(0, 2**32)
MANY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
SHAPE = {"LAT1402", "LAT1403", "LAT1404", "LAT1407"}
"""What is wrong with data, in contrast to what is no YAML or JSON, or has a key twice, which no schema sees."""

ATOMS: list[Any] = [
    None,
    True,
    0,
    -1,
    1.0,
    -3.0,
    1.5,
    1e300,
    1e-300,
    "",
    "x",
    "a b",
    "1",
    "{",
    "'",
    "\n",
    "ü\u2028",
    [],
    {},
    [[]],
    {"a": 1},
]
ATOMS += [{"literal": "1"}, {"op": 1}, {"unknown": {}}, [None], "null", "let", "a.b(c)", "list<int>"]


def compiled(text: str, form: str) -> Compilation:
    """The document compiled: each finding lies within its text."""
    result = compile_source(f"case.{form}", text.encode("utf-8", "surrogatepass"), lambda path: None)
    for found in result.report.found:
        assert found.span.source.name != f"case.{form}" or within(found, result.source.text), found
    format_source(f"case.{form}", text.encode("utf-8", "surrogatepass"))
    return result


def within(found: Diagnostic, text: str) -> bool:
    return found.span.source.text == text and 0 <= found.span.start <= found.span.end <= len(text)


@MANY
@given(st.binary(max_size=200), st.sampled_from([*FORMATS, "yml"]))
def test_any_bytes(content: bytes, form: str) -> None:
    result = compile_source(f"case.{form}", content, lambda path: None)
    result.report.sorted()
    format_source(f"case.{form}", content)


PIECES = [
    "types",
    "workflows",
    ":",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a",
    "*a",
    "!!x",
    "|",
    ">",
    "'",
    '"',
]
PIECES += [
    "---",
    "...",
    "#",
    " #",
    "?",
    "%",
    "@",
    "`",
    "\t",
    "\ufeff",
    "\0",
    "\\",
    "a",
    "1",
    "<<",
    "null",
    "!",
    "|2-",
    "\r",
]


@MANY
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), st.sampled_from(FORMATS))
def test_any_signs(text: str, form: str) -> None:
    compiled(text, form)


@MANY
@given(st.sampled_from(PROGRAMS), SEEDS, st.sampled_from(FORMATS))
def test_mutated_text_of_a_document(path: Any, seed: int, form: str) -> None:
    text = program(path)
    assume(tree(text) is not None)
    chance = random.Random(seed)
    mutated = document(text, form)
    for _ in range(chance.randint(1, 4)):
        first = chance.randint(0, len(mutated))
        mutated = mutated[:first] + chance.choice(["", *PIECES]) + mutated[first + chance.choice([0, 1, 1, 5, 40]) :]
    compiled(mutated, form)


def changed(chance: random.Random, value: Any) -> Any:
    """The data with one thing in it removed, renamed, replaced, moved or added."""
    value = copy.deepcopy(value)
    groups = [part for part in parts(value) if isinstance(part, dict | list) and part]
    if not groups:
        return chance.choice(ATOMS)
    group = chance.choice(groups)
    other = copy.deepcopy(chance.choice([*ATOMS, chance.choice(groups)]))
    keys = list(group) if isinstance(group, dict) else list(range(len(group)))
    key = chance.choice(keys)
    what = chance.choice(["remove", "replace", "rename", "add"])
    if what == "remove":
        del group[key]
    elif what == "replace":
        group[key] = other
    elif isinstance(group, list):
        group.insert(key, other)
    else:
        names = [
            "doc",
            "x",
            "steps",
            "when",
            "a b",
            "",
            key + "s",
            *(k for g in groups if isinstance(g, dict) for k in g),
        ]
        group[chance.choice(names)] = group.pop(key) if what == "rename" else other
    return value


def parts(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(part for item in inner for part in parts(item))]


Path = tuple[str | int, ...]


def path_of(root: Node, at: int) -> Path:
    """Where an offset of a document lies in its data."""
    for number, member in enumerate(root.members if isinstance(root, Group) else []):
        if member.span.start <= at < max(member.span.end, member.value.span.end):
            assert isinstance(root, Group)
            return (member.name if root.keyed else number, *path_of(member.value, at))
    return ()


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(document_schema())


def schema_places(value: Any) -> tuple[set[Path], set[Path]]:
    """Where the schema finds something, and the keys that it does not know, below which it looks at nothing."""
    found: set[Path] = set()
    unknown: set[Path] = set()
    waiting: list[ValidationError] = list(validator().iter_errors(value))
    while waiting:
        error = waiting.pop()
        here = tuple(error.absolute_path)
        found.add(here)
        if error.validator == "additionalProperties":
            unknown |= {(*here, key) for key in error.instance if key not in error.schema.get("properties", {})}
        elif isinstance(error.instance, dict) and error.validator == "propertyNames":
            found |= {(*here, key) for key in error.instance}
        waiting += error.context or []
    return found | unknown, unknown


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(PROGRAMS), seed=SEEDS)
def test_what_the_compiler_refuses_for_its_shape_the_schema_refuses(form: str, path: Any, seed: int) -> None:
    """At the same place: the value itself, or the map it stands in; or what is below a key that is not known."""
    text = program(path)
    assume(tree(text) is not None)
    value = changed(random.Random(seed), json.loads(document(text, "json")))
    written = json.dumps(value, indent=1)  # JSON is YAML too
    places, unknown = schema_places(value)
    found = [f for f in compiled(written, form).report.sorted() if f.code.number in SHAPE]
    if not found:
        return
    root = data(written, form)
    for finding in found:
        at = path_of(root, finding.span.start)
        outer = {at[:length] for length in range(len(at))}
        assert {at, at[:-1]} & places or outer & unknown, (finding.message, at, sorted(places, key=str), written)


def test_the_documents_of_programs_are_of_the_schema() -> None:
    """Of right programs: settings that a table refuses are refused by the schema too."""
    for path in (path for path in PROGRAMS if "wrong" not in path.stem):
        text = program(path)
        if tree(text) is not None:
            made = json.loads(document(text, "json"))
            assert [(list(e.absolute_path), e.message) for e in validator().iter_errors(made)] == [], path


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(document_schema())


WHOLE = """{
 "models": {"m": {"provider": "anthropic", "model": "x", "settings": {"max_tokens": 800.0, "temperature": 0.0}}},
 "workflows": {"w": {"params": {"n": "int"}, "output": "int", "body": [
  {"match": {"subject": "n", "cases": [{"values": [1.0, -2.0], "body": [{"return": 1}]}], "else": [{"return": 2}]}}
 ]}}
}"""


@pytest.mark.parametrize("form", FORMATS)
def test_a_whole_number_is_one_however_it_is_written(form: str) -> None:
    """As JSON Schema sees it; where a program may have either, it stays as it is written."""
    assert not schema_places(json.loads(WHOLE))[0]
    assert [f.message for f in compiled(WHOLE, form).report.sorted() if f.code.number in SHAPE] == []
    text = back(WHOLE, form)
    assert "case 1, -2 {" in text and "max_tokens : 800, temperature : 0.0" in text, text


def test_the_schema_for_editors() -> None:
    assert not schema_places({"$schema": "x", "types": {}})[0]
    assert schema_places({"$schema": 1})[0] and schema_places([{"$schema": "x"}])[0]
