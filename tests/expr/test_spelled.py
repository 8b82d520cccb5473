"""Checked expressions as text again: it means the same."""

from __future__ import annotations

from typing import Any

import pytest
from agent_lattice.expr.functions import OVERLOADS
from agent_lattice.expr.spelled import spelled, spelled_template
from agent_lattice.expr.tree import Expr, show
from agent_lattice.terms import Apply, Const, Var
from agent_lattice.types import DYN
from expr.test_properties import EXPRESSIONS, VARIABLES
from expr.test_python import FORMS
from hypothesis import given, settings

MORE = [
    "order.?note.orValue('none')",
    "stock[?'a'].hasValue()",
    "ns[?0].optMap(i, i + 1).orValue(0)",
    "ns.sortBy(i, -i)",
    "ns.transformList(k, v, k < v, k + v)",
    "stock.exists(k, v, v > 1 && k != 'a')",
    "math.greatest(n, m, 3) + math.abs(n)",
    "strings.quote(s)",
    "sets.contains(ns, [1])",
    "timestamp('2020-01-01T00:00:00Z').getFullYear('UTC')",
    "type(d) == int",
    "string(b'abc')",
    "base64.encode(b'abc')",
    "cel.bind(y, n + 1, y * y)",
    "'%d of %s'.format([n, s])",
    "dyn(n) == 1u",
    "order.customer != null ? order.customer.name : s",
]


@pytest.mark.parametrize("text", [*(text for text, _ in FORMS), *MORE])
def test_the_text_means_the_same(lab: Any, text: str) -> None:
    term, report = lab.typed(text)
    if term is None or report.failed:
        pytest.skip("not an expression of this scope")
    again, report = lab.typed(spelled(term))
    assert again == term, spelled(term)
    assert spelled(again) == spelled(term)


@settings(max_examples=300)
@given(EXPRESSIONS)
def test_any_expression(lab: Any, expr: Expr) -> None:
    term, report = lab.typed(show(expr), None, VARIABLES)
    if term is None or report.failed:
        return
    again, report = lab.typed(spelled(term), None, VARIABLES)
    assert again == term, spelled(term)


@pytest.mark.parametrize("id", sorted(OVERLOADS))
def test_every_overload_has_a_text(lab: Any, id: str) -> None:
    names = [Var("abcd"[place], type=DYN) for place in range(len(OVERLOADS[id].args))]
    if id in ("has_key", "has_dyn", "field_dyn", "optional_field", "type_named"):
        names[-1] = Const("name")
    text = spelled(Apply(id, tuple(names)))
    expr, report = lab.parse(text)
    assert expr is not None and not report.found, text


def test_a_template(lab: Any) -> None:
    raw = (
        '"A {{ order.id }}{% for n in ns %} {{ n + 1 }}{% if n > 1 %}!{% elif b %}?{% else %}.{% endif %}{% endfor %}"'
    )
    assert spelled_template(lab.template(raw)[0]) == raw.strip('"')
