from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from agent_lattice_runtime.providers.openai import ENFORCED
from agent_lattice_runtime.providers.strict_schema import Inexpressible, as_object, strict, unwrapped
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from .fake_answers import ANTHROPIC_KEYWORDS, OPENAI_KEYWORDS, instance_of, schema_problem

Schema = dict[str, Any]


def record(required: list[str] | None = None, **fields: Schema) -> Schema:
    names = list(fields) if required is None else required
    return {"type": "object", "properties": fields, "required": names, "additionalProperties": False}


def test_optional_fields_become_required_ones_that_may_be_null() -> None:
    adapted = strict(record(["a"], a={"type": "string"}, b={"type": "integer"}))
    assert adapted == record(a={"type": "string"}, b={"anyOf": [{"type": "integer"}, {"type": "null"}]})


@pytest.mark.parametrize(
    "field",
    [
        {"type": "null"},
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
    ],
)
def test_what_may_be_null_already_stays(field: Schema) -> None:
    assert strict(record([], a=field)) == record(a=field)


def test_objects_are_closed_at_every_depth() -> None:
    inner = {"type": "object", "properties": {"x": {"type": "array", "items": {"type": "object", "properties": {}}}}}
    adapted = strict({"type": "object", "properties": {"a": inner}})
    assert schema_problem(adapted, OPENAI_KEYWORDS, all_required=True, recursion=True) == ""


def test_constraints_are_told_where_they_are_not_enforced() -> None:
    field = {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a", "description": "Why"}
    told = "Why; at least 1 characters; at most 9 characters; matches the regular expression ^a"
    assert strict(record(a=field)) == record(a={"type": "string", "description": told})
    number = {"type": "number", "minimum": 0, "multipleOf": 2}
    assert strict(record(a=number), enforced=ENFORCED) == record(a=number)
    assert strict(record(a=number)) == record(a={"type": "number", "description": "at least 0; a multiple of 2"})


def test_annotations_go() -> None:
    assert strict({**record(a={"type": "null", "default": 1, "title": "A"}), "$schema": "x"}) == record(
        a={"type": "null"}
    )


def test_one_of_becomes_any_of() -> None:
    options = [{"type": "string"}, {"type": "integer"}]
    assert strict(record(a={"oneOf": options})) == record(a={"anyOf": options})


def test_a_field_may_be_called_like_a_keyword() -> None:
    schema = record(pattern={"type": "string"}, allOf={"type": "string"})
    assert strict(schema) == schema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "additionalProperties": True},
        record(a={}),
        record(a={"allOf": [{"type": "string"}]}),
        record(a={"not": {"type": "string"}}),
        record(a={"type": "array", "items": True}),
        record(a={"patternProperties": {}}),
    ],
)
def test_what_no_strict_schema_can_say(schema: Schema) -> None:
    with pytest.raises(Inexpressible):
        strict(schema)


TREE: Schema = {
    "$ref": "#/$defs/Tree",
    "$defs": {
        "Tree": record(leaf={"$ref": "#/$defs/Leaf"}, more={"type": "array", "items": {"$ref": "#/$defs/Tree"}}),
        "Leaf": record(name={"type": "string"}),
    },
}


def test_recursion() -> None:
    root, wrapped = as_object(TREE)
    assert (root["type"], wrapped) == ("object", False)
    assert strict(root)["$defs"]["Tree"] == TREE["$defs"]["Tree"]
    with pytest.raises(Inexpressible, match="contains itself"):
        strict(root, recursion=False)
    flat = {"$ref": "#/$defs/Leaf", "$defs": {"Leaf": TREE["$defs"]["Leaf"], "Other": {"$ref": "#/$defs/Leaf"}}}
    assert strict(as_object(flat)[0], recursion=False)["properties"] == {"name": {"type": "string"}}


@pytest.mark.parametrize("schema", [{"type": "string"}, {"anyOf": [record(), {"type": "null"}]}, {"enum": [1]}])
def test_other_roots_are_wrapped(schema: Schema) -> None:
    root, wrapped = as_object(schema)
    assert wrapped
    assert root == record(value=schema)


@pytest.mark.parametrize(
    ("text", "inside"),
    [('{"value": [1, 1.0, "ä"]}', '[1, 1.0, "ä"]'), ('{"value": 1, "b": 2}', None), ("{", None), ("3", None)],
)
def test_unwrapping(text: str, inside: str | None) -> None:
    assert unwrapped(text) == (inside or text)


SCALARS = st.sampled_from(
    [{"type": kind} for kind in ("string", "integer", "number", "boolean", "null")]
    + [{"enum": ["a", "b"]}, {"const": 3}, {"$ref": "#/$defs/Leaf"}]
)


def _types(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    fields = st.dictionaries(st.sampled_from(["a", "b", "type", "$ref_"]), st.tuples(inner, st.booleans()), max_size=3)
    return st.one_of(
        inner.map(lambda item: {"type": "array", "items": item}),
        inner.map(lambda item: {"anyOf": [item, {"type": "null"}]}),
        fields.map(
            lambda found: record([n for n, (_, need) in found.items() if need], **{n: t for n, (t, _) in found.items()})
        ),
    )


TYPES = st.recursive(SCALARS, _types, max_leaves=8)


@given(TYPES)
def test_every_record_type_is_accepted_by_both_services(declared: Schema) -> None:
    schema = {**declared, "$defs": {"Leaf": record(["name"], name={"type": "string"}, note={"type": "string"})}}
    before = deepcopy(schema)
    root, wrapped = as_object(schema)
    for_openai = strict(root, enforced=ENFORCED)
    for_anthropic = strict(root, recursion=False)
    assert schema == before
    assert schema_problem(for_openai, OPENAI_KEYWORDS, all_required=True, recursion=True) == ""
    assert schema_problem(for_anthropic, ANTHROPIC_KEYWORDS, all_required=False, recursion=False) == ""
    text = json.dumps(instance_of(for_openai))
    answer = json.loads(unwrapped(text) if wrapped else text)
    assert Draft202012Validator(schema).is_valid(answer)
