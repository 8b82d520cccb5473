"""What runs of a workflow wait for, and who is asked: as data for the manifest, which the README and people read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent_lattice import plan, types
from agent_lattice.expr.evaluate import value_of
from agent_lattice.records import fields
from agent_lattice.terms import Term, reads

from agent_lattice_targets.python.schemas import json_schema, params_schema

LIMITS = {"requests": "calls"}
"""What the source and the runtime call a limit, where the plan has another word."""


def waits(workflow: plan.Workflow) -> Iterator[tuple[str, dict[str, Any]]]:
    """The steps of a workflow that wait, each with what it waits for and for how many seconds at most, where that is fixed."""
    for op in plan.walk(workflow.body):
        match op:
            case plan.Wait(step=step, value=value):
                yield step, {"kind": "timer", **_within(value)}
            case plan.Signal(step=step, signal=name, sent=sent, within=within):
                yield step, {"kind": "signal", "name": name, "value": json_schema(sent), **_within(within)}
            case plan.Approve(step=step, role=role, within=within, otherwise=otherwise):
                values = params_schema(approved_values(op))
                asked = {"kind": "approval", "role": role, "values": values, "otherwise": otherwise}
                yield step, asked | _within(within)


def approved_values(op: plan.Approve) -> list[plan.Param]:
    """What people see beside a question and may change, with its types."""
    found = types.base(op.type)
    assert isinstance(found, types.Record)
    return [plan.Param(name, found.fields[name].type) for name, _ in op.args]


def seconds(term: Term) -> float | None:
    """A length that is the same in every run; None for another."""
    if reads(term) or not isinstance(term.type, types.Duration):
        return None
    return float(value_of(term, {}).nanos / 1e9)


def _within(term: Term) -> dict[str, float]:
    length = seconds(term)
    return {} if length is None else {"within": length}


def limits(budget: plan.Budget | None) -> dict[str, float]:
    """The limits of a budget by the words of the source."""
    if budget is None:
        return {}
    named = {LIMITS.get(item.name, item.name): getattr(budget, item.name) for item in fields(plan.Budget)}
    return {name: limit for name, limit in named.items() if limit is not None}


def on_doubt(doubt: plan.Doubt) -> dict[str, Any]:
    """What follows when nobody knows whether a write happened."""
    named = {"operation": doubt.operation, "role": doubt.role, "within": doubt.within}
    return {"policy": doubt.sort, **{name: value for name, value in named.items() if value is not None}}
