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
from documents.turning import FORMATS, PROGRAMS, data, document, program, tree
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

SEEDS = st.integers(0, 2**32)
MANY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
SHAPE = {"LAT1402", "LAT1403", "LAT1404", "LAT1407"}
"""What is wrong with data, in contrast to what is no YAML or JSON, or has a key twice, which no schema sees."""

# No whole number written as 1.0 or 1e300: JSON Schema counts those as integers, a program does not.
ATOMS: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
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


def schema_places(value: Any) -> set[Path]:
    """Where the schema finds something: of keys that must not be there, the keys."""
    found: set[Path] = set()
    waiting: list[ValidationError] = list(validator().iter_errors(value))
    while waiting:
        error = waiting.pop()
        here = tuple(error.absolute_path)
        found.add(here)
        if isinstance(error.instance, dict) and error.validator in ("additionalProperties", "propertyNames"):
            found |= {(*here, key) for key in error.instance}
        waiting += error.context or []
    return found


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(PROGRAMS), seed=SEEDS)
def test_what_the_compiler_refuses_for_its_shape_the_schema_refuses(form: str, path: Any, seed: int) -> None:
    """At the same place: the value itself, or the map it stands in."""
    text = program(path)
    assume(tree(text) is not None)
    value = changed(random.Random(seed), json.loads(document(text, "json")))
    written = json.dumps(value, indent=1)  # JSON is YAML too
    places = schema_places(value)
    found = [f for f in compiled(written, form).report.sorted() if f.code.number in SHAPE]
    if not found:
        return
    # not said by the schema yet: which numbers a case may name
    assume(not any(finding.message.startswith("expected case value") for finding in found))
    root = data(written, form)
    for finding in found:
        at = path_of(root, finding.span.start)
        assert {at, at[:-1]} & places, (finding.message, at, sorted(places, key=str), written)


def test_the_documents_of_programs_are_of_the_schema() -> None:
    """Of right programs: settings that a table refuses are refused by the schema too."""
    for path in (path for path in PROGRAMS if "wrong" not in path.stem):
        text = program(path)
        if tree(text) is not None:
            made = json.loads(document(text, "json"))
            assert [(list(e.absolute_path), e.message) for e in validator().iter_errors(made)] == [], path


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(document_schema())
