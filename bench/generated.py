"""Generated code beside code written by hand: a condition, and the validator of a record. For orientation only."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from agent_lattice import plan
from agent_lattice.driver import compile_source, emit, plan_of
from agent_lattice.expr.python import RUNTIME_MODULES, python
from agent_lattice_targets.python import TARGET
from measuring import Figure, in_turns, per_call, shown

if TYPE_CHECKING:
    from agent_lattice.terms import Term

CALLS = 20_000
ROUNDS = 9

SOURCE = """
type Line { order: string  amount: float @min(0) }
type Order { id: string @max(20)  total: float  currency: "EUR" | "USD"  note: string?  lines: list<Line> }

workflow guarded(order: Order, score: float) -> bool {
  if order.total > 100.0 && score <= 0.8 || order.lines.exists(line, line.order == order.id) { return true }
  return false
}
"""
ORDER: dict[str, Any] = {
    "id": "A1001",
    "total": 24.9,
    "currency": "EUR",
    "note": None,
    "lines": [{"order": f"B{number}", "amount": 1.5} for number in range(4)],
}


def _by_hand(order: dict[str, Any], score: float) -> bool:
    return (order["total"] > 100.0 and score <= 0.8) or any(line["order"] == order["id"] for line in order["lines"])


def figures() -> Iterator[Figure]:
    compilation = compile_source("guarded.lat", SOURCE.encode(), lambda name: None)
    made = plan_of(compilation)
    assert made is not None
    guard = _guard(made)
    assert guard(ORDER, 0.5) == _by_hand(ORDER, 0.5)
    ours, plain = _each(lambda: guard(ORDER, 0.5), lambda: _by_hand(ORDER, 0.5))
    yield Figure("generated condition", shown(ours), f"{shown(plain)}  the same in plain Python", ours / plain)
    yield from _validator(made)


def _guard(made: plan.Plan) -> Callable[[dict[str, Any], float], bool]:
    """The condition of the only `if`, as a function of what it reads."""
    term: Term = next(op.condition for op in plan.walk(made.workflows[0].body) if isinstance(op, plan.If))
    text = ast.unparse(ast.fix_missing_locations(python(term, {"order": "order", "score": "score"})))
    names = {name: import_module(f"agent_lattice_runtime.{name}") for name in RUNTIME_MODULES}
    guard: Callable[[dict[str, Any], float], bool] = eval(f"lambda order, score: {text}", names)
    return guard


def _validator(made: plan.Plan) -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        for name, text in emit(made, TARGET).items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        sys.path.insert(0, folder)
        try:
            check = import_module("guarded.datatypes").check_order
        finally:
            sys.path.remove(folder)
    errors: list[str] = []
    assert check(ORDER, "$", errors) == ORDER and not errors
    text = json.dumps(ORDER)
    ours, parsing = _each(lambda: check(ORDER, "$", []), lambda: json.loads(text))
    yield Figure("generated validator", shown(ours), f"{shown(parsing)}  json.loads of the value", ours / parsing)


def _each(*subjects: Callable[[], object]) -> list[float]:
    return [seconds / CALLS for seconds in in_turns([per_call(subject, CALLS) for subject in subjects], ROUNDS)]
