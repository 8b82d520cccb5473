"""Generated validators beside fastjsonschema's, compiled from the JSON Schema of the same types. Ours report every problem, too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from agent_lattice.driver import compile_source, plan_of
from agent_lattice_targets.python.memory import load_all
from agent_lattice_targets.python.schemas import json_schema
from measuring import Figure, in_turns, per_call, shown

CALLS = 1_000
ROUNDS = 9
GOAL = 2.0

SOURCE = """
type Line { order: string  amount: float @min(0) }
type Order { id: string @max(20)  total: float  currency: "EUR" | "USD"  note: string?  lines: list<Line> }
type Card { kind: "card"  number: string @max(20)  amount: float }
type Bank { kind: "bank"  iban: string  amount: float  note: string? }
type Cash { kind: "cash"  amount: float }
type Pay = Card | Bank | Cash
type Tree { name: string  size: int  children: list<Tree> }
type Json = bool | float | string | list<Json> | map<string, Json> | null

workflow record(v: Order) -> int { return 1 }
workflow union(v: list<Pay>) -> int { return 1 }
workflow recursive_record(v: Tree) -> int { return 1 }
workflow recursive_union(v: Json) -> int { return 1 }
"""


def _tree(levels: int) -> dict[str, Any]:
    children = [_tree(levels - 1) for _ in range(2)] if levels else []
    return {"name": f"n{levels}", "size": levels, "children": children}


ORDER: dict[str, Any] = {
    "id": "A1001",
    "total": 24.9,
    "currency": "EUR",
    "note": None,
    "lines": [{"order": f"B{number}", "amount": 1.5} for number in range(4)],
}
PAYS: list[dict[str, Any]] = [
    {"kind": "card", "number": "4111", "amount": 1.5},
    {"kind": "bank", "iban": "DE1", "amount": 2.5},
    {"kind": "cash", "amount": 3.5},
]
VALUES: dict[str, Any] = {
    "record": ORDER,
    "union": PAYS * 4,
    "recursive_record": _tree(4),
    "recursive_union": {"order": ORDER, "list": [1.5, "x", True, None, {"words": ["y"] * 5}]},
}


def figures() -> Iterator[Figure]:
    """For each sort of type the time of a value; how many times as fast as fastjsonschema, where that is installed."""
    made = plan_of(compile_source("record.lat", SOURCE.encode(), lambda name: None))
    assert made is not None
    loaded = load_all(made)
    types = {workflow.name: workflow.params[0].type for workflow in made.workflows}
    for name, value in VALUES.items():
        yield from _figure(
            f"validator of a {name.replace('_', ' ')}", loaded[name].input, json_schema(types[name]), value
        )


def _figure(subject: str, check: Any, schema: dict[str, Any], value: Any) -> Iterator[Figure]:
    errors: list[str] = []
    given = {"v": value}
    assert check(given, "$", errors)["v"] is not None and not errors
    try:
        other = import_module("fastjsonschema").compile(schema)
    except ImportError:
        text = json.dumps(value)
        ours, parsing = _each(lambda: check(given, "$", []), lambda: json.loads(text))
        yield Figure(subject, shown(ours), f"{shown(parsing)}  json.loads of the value", ours / parsing)
        return
    ours, theirs = _each(lambda: check(given, "$", []), lambda: other(value))
    faster = theirs / ours
    yield Figure(
        subject,
        shown(ours),
        f"{shown(theirs)}  fastjsonschema, so many times as long",
        faster,
        f"≥ {GOAL:g} ×",
        faster >= GOAL,
    )


def _each(*subjects: Any) -> list[float]:
    return [seconds / CALLS for seconds in in_turns([per_call(subject, CALLS) for subject in subjects], ROUNDS)]
