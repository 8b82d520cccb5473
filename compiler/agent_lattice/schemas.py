"""The JSON Schema of the plan, made from the classes of `plan`. `generate` writes it to `schemas/`."""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from agent_lattice import plan, types
from agent_lattice.plan_data import NAMED
from agent_lattice.records import fields, is_record
from agent_lattice.terms import Template, Term

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TypeText = Annotated[str, Field(description="a type, in Lattice syntax")]
_TermData = Annotated[dict[str, JsonValue], Field(description="a checked expression", min_length=1)]
_TemplateData = Annotated[list[dict[str, JsonValue]], Field(description="a prompt or message: parts in their order")]

_Digest = Annotated[
    str, Field(description="SHA-256 of the canonical JSON of everything else", pattern="^sha256:[0-9a-f]{64}$")
]


class FieldData(BaseModel):
    """A field of a record."""

    model_config = ConfigDict(extra="forbid")
    name: str
    type: _TypeText
    doc: str


class RecordData(BaseModel):
    """A named record."""

    model_config = ConfigDict(extra="forbid", title="Record")
    name: str
    doc: str
    fields: list[FieldData]


class UnionData(BaseModel):
    """A union with a name."""

    model_config = ConfigDict(extra="forbid", title="Union")
    name: str
    doc: str
    type: _TypeText


@cache
def plan_model() -> type[BaseModel]:
    """The plan as a model that validates its JSON form."""
    model = _model(plan.Plan)
    model.model_rebuild(_types_namespace={"AnyOperation": _any_operation()})
    return model


def _operations() -> list[Any]:
    found = (kind for kind in vars(plan).values() if isinstance(kind, type) and issubclass(kind, plan.Op))
    return sorted((kind for kind in found if kind is not plan.Op), key=lambda kind: kind.__name__)


def _any_operation() -> Any:
    members = tuple(_model(kind) for kind in _operations())
    return Annotated[Union[members], Field(discriminator="op")]  # noqa: UP007


@cache
def _model(kind: Any) -> type[BaseModel]:
    """A data class of the plan as a model of its JSON form: closed, every field required."""
    hints = get_type_hints(kind, localns={"Joins": Any})
    shape: dict[str, Any] = {"op": (Literal[kind.__name__.lower()], ...)} if issubclass(kind, plan.Op) else {}
    for item in fields(kind):
        if item.name not in ("span", "digest", "flow", "stores"):
            shape[item.name] = (_data_type(hints[item.name], item.name), ...)
    if kind is plan.Plan:
        shape["digest"] = (_Digest, ...)
    config = ConfigDict(extra="forbid")
    made: type[BaseModel] = create_model(kind.__name__, __config__=config, __doc__=kind.__doc__, **shape)
    return made


def _data_type(hint: Any, name: str) -> Any:
    """The type of a field's JSON form; `plan_data.data` is what it describes."""
    if name in NAMED:
        inner = get_args(get_args(hint)[0])[1]
        return dict[str, _data_type(inner, "")]  # type: ignore[misc]
    if get_origin(hint) is tuple:
        members = get_args(hint)
        if len(members) == 2 and members[1] is Ellipsis:
            return list[_data_type(members[0], "")]  # type: ignore[misc]
        return tuple[tuple(_data_type(member, "") for member in members)]  # type: ignore[misc]
    if get_origin(hint) in (Union, UnionType):
        return Union[tuple(_data_type(member, "") for member in get_args(hint))]  # noqa: UP007
    return _class_data(hint)


def _class_data(hint: Any) -> Any:
    if not isinstance(hint, type):
        return hint
    kind: Any = hint
    if hint is types.Record:
        return RecordData
    if hint is types.Union:
        return UnionData
    if issubclass(hint, types.Type):
        return _TypeText
    if issubclass(hint, Term):
        return _TermData
    if issubclass(hint, Template):
        return _TemplateData
    if hint is plan.Op:
        return "AnyOperation"
    return _model(kind) if is_record(kind) else kind


def plan_schema() -> dict[str, Any]:
    """The schema of `lattice plan` output."""
    return {"$schema": _DIALECT, **plan_model().model_json_schema(mode="serialization")}
