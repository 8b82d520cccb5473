"""The plan as plain JSON data, without source positions, in the shape of `schemas/plan.schema.json`."""

from __future__ import annotations

from functools import cache
from typing import Any

from agent_lattice import terms, types
from agent_lattice.plan import Op, Plan
from agent_lattice.records import fields, is_record
from agent_lattice.terms import Template, Term

NAMED = frozenset({"args", "calls", "headers", "payload", "permissions", "steps"})
"""Fields that hold pairs of a name and something: objects in JSON."""


def data(value: Any) -> Any:
    """Plain JSON data of a plan or a part of it; an operation carries its name under `op`."""
    if isinstance(value, Term):
        return terms.data(value)
    if isinstance(value, Template):
        return terms.template_data(value)
    if isinstance(value, types.Type):
        return str(value)
    if isinstance(value, tuple):
        return [data(item) for item in value]
    if is_record(value):
        tag = {"op": type(value).__name__.lower()} if isinstance(value, Op) else {}
        return tag | {name: _field(name, getattr(value, name)) for name in _data_fields(value.__class__)}
    return value


def _field(name: str, value: Any) -> Any:
    return {key: data(item) for key, item in value} if name in NAMED else data(value)


@cache
def _data_fields(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if f.name not in ("span", "digest", "flow", "stores"))


def plan_data(plan: Plan) -> dict[str, Any]:
    """The plan as JSON data: `data(plan)` with the records and unions spelled out and the digest, when there is one."""
    body: dict[str, Any] = data(plan)
    body["records"] = [
        {
            "name": record.name,
            "doc": record.doc,
            "fields": [{"name": f.name, "type": str(f.type), "doc": f.doc} for f in record.fields.values()],
        }
        for record in plan.records
    ]
    body["unions"] = [{"name": union.name, "doc": union.doc, "type": union.meaning} for union in plan.unions]
    if plan.digest:
        body["digest"] = plan.digest
    return body
