"""A compiled guard beside `cel-python` with its program made: the same expression over the same values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

from agent_lattice.diagnostics import Report
from agent_lattice.expr.check import check
from agent_lattice.expr.parse import parse_expr
from agent_lattice.expr.python import RUNTIME_MODULES, python
from agent_lattice.source import Source
from agent_lattice.types import BOOL, FLOAT, INT, STRING, Field, ListType, Record, Type
from measuring import Figure, in_turns, per_call, shown

LEAST = 20.0
CALLS = 200
ROUNDS = 9

GUARDS = {
    "scalars": "order.total > 100.0 && score <= 0.8 && order.currency == 'EUR'",
    "arithmetic": "count * 3 + 7 > 10 && count % 2 == 1",
    "macro": "order.tags.exists(tag, tag.startsWith('g')) && !order.tags.all(tag, size(tag) > 3)",
}
_FIELDS: dict[str, Type] = {"total": FLOAT, "currency": STRING, "tags": ListType(STRING)}
TYPES: dict[str, Type] = {
    "order": Record("Order", {name: Field(name, type) for name, type in _FIELDS.items()}),
    "score": FLOAT,
    "count": INT,
}
VALUES: dict[str, Any] = {
    "order": {"total": 240.5, "currency": "EUR", "tags": ["new", "gift"]},
    "score": 0.5,
    "count": 7,
}


class _Names:
    """The variables above, as a scope."""

    def lookup(self, name: str) -> Type | None:
        return TYPES.get(name)

    def record(self, name: str) -> Record | None:
        return None

    def term_name(self, name: str) -> str:
        return name

    def known(self) -> Iterable[str]:
        return TYPES

    def knows(self, fact: object) -> bool:
        return False

    def is_poisoned(self, name: str) -> bool:
        return False


def figures() -> Iterator[Figure]:
    """How many times faster than `cel-python`, where that can be imported."""
    try:
        celpy: Any = import_module("celpy")
    except ImportError:
        yield Figure("compiled guards", "", "cel-python is not installed", goal=f"≥ {LEAST:g} ×")
        return
    activation = celpy.json_to_cel(VALUES)
    for name, text in GUARDS.items():
        ours, theirs = _compiled(text), _interpreted(celpy, text, activation)
        assert bool(theirs()) is ours(VALUES) is True
        mine, other = in_turns([per_call(lambda ours=ours: ours(VALUES), CALLS), per_call(theirs, CALLS)], ROUNDS)
        reference = f"{shown(other / CALLS)}  cel-python, program made"
        ratio = other / mine
        yield Figure(f"guard of {name}", shown(mine / CALLS), reference, ratio, f"≥ {LEAST:g} ×", ratio >= LEAST)


def _compiled(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """The guard as generated code holds it, behind a function that reads its variables from a mapping."""
    source, report = Source("guard", text), Report()
    expr = parse_expr(source, 0, len(text), report)
    assert expr is not None
    term = check(expr, _Names(), report, BOOL)
    assert not report.found
    body = ast.unparse(ast.fix_missing_locations(python(term, {name: f"values['{name}']" for name in TYPES})))
    names = {name: import_module(f"agent_lattice_runtime.{name}") for name in RUNTIME_MODULES}
    guard: Callable[[Mapping[str, Any]], bool] = eval(f"lambda values: {body}", names)
    return guard


def _interpreted(celpy: Any, text: str, activation: Any) -> Callable[[], object]:
    environment = celpy.Environment()
    program = environment.program(environment.compile(text))
    return lambda: program.evaluate(activation)
