"""Every example of the expression tests, typed and with the types of its variables unknown, gives in JavaScript what it gives in
Python; errors included."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from agent_lattice.diagnostics import Report
from agent_lattice.expr.check import Checker
from agent_lattice.expr.evaluate import Bindings, value_of
from agent_lattice.expr.parse import parse_expr
from agent_lattice.source import Source
from agent_lattice.terms import Apply, Term, parts
from agent_lattice_clients.javascript.forms import LOST, ZONED
from javascript.engine import Engine, outcome

FOLDING = ("check", "operators")
MODULES = ["conformance", "extensions", "optionals", "times", "uints", "values"]


def cases() -> list[tuple[str, dict[str, Any]]]:
    found = {}
    for name in MODULES:
        module = import_module(f"expr.test_{name}")
        for row in module.TABLE:
            found[row[0]] = getattr(module, "BINDINGS", {})
    return list(found.items())


def carried(term: Term) -> bool:
    own = isinstance(term, Apply) and (term.function in LOST or term.function in ZONED)
    return not own and all(map(carried, parts(term)))


@pytest.mark.parametrize("folds", [True, False], ids=["", "unfolded"])
@pytest.mark.parametrize(("text", "bindings"), cases(), ids=lambda value: value if isinstance(value, str) else "")
def test_the_same_as_in_python(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, text: str, bindings: dict[str, Any], folds: bool
) -> None:
    if not folds:  # else most of what these examples do is done by the compiler
        for module in FOLDING:
            monkeypatch.setattr(f"agent_lattice.expr.{module}.folded", lambda term: term)
    source, report = Source("<expression>", text), Report()
    expr = parse_expr(source, 0, len(text), report)
    term = Checker(Bindings(bindings), report).term(expr) if expr is not None else None
    if term is None or report.failed or not carried(term):
        pytest.skip("not typed, or not carried")
    assert engine.value(term, bindings, {}) == outcome(lambda: value_of(term, bindings))
