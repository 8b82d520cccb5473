"""The Python text of expressions: plain where Python means the same, a call of `cel` where it does not."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from agent_lattice import terms
from agent_lattice.expr.functions import FUNCTIONS, OPERATORS, OVERLOADS
from agent_lattice.expr.python import python, python_name

FORMS = [
    ("order.total > 100", "order['total'] > 100"),
    ("n + m", "cel.add(n, m)"),
    ("n + m + 1 - n - m", "cel.sub(cel.add(n, m, 1), n, m)"),
    ("n * m / 2", "cel.div(cel.mul(n, m), 2)"),
    ("-n", "cel.neg(n)"),
    ("x + 1.5 * x - x", "x + 1.5 * x - x"),
    ("x / 2.0", "x / 2.0"),
    ("2.0 / x", "cel.divide(2.0, x)"),
    ("s + 'a' + order.id", "s + 'a' + order['id']"),
    ("b && order.paid", "b and order['paid']"),
    ("b || n > 1 && m > 1", "b or (n > 1 and m > 1)"),
    ("b && ns[0] > 1", "b and cel.item(ns, 0) > 1"),
    ("ns[0] > 1 && b", "cel.and_(lambda: cel.item(ns, 0) > 1, lambda: b)"),
    ("ns[0] > 1 || stock.a > 1", "cel.or_(lambda: cel.item(ns, 0) > 1, lambda: cel.entry(stock, 'a') > 1)"),
    ("!b", "not b"),
    ("!(maybe == null)", "maybe is not None"),
    ("maybe == null", "maybe is None"),
    ("b ? n : m", "n if b else m"),
    ("order.kind == 'toys'", "order['kind'] == 'toys'"),
    ("order == orders[0]", "cel.equals(order, cel.item(orders, 0))"),
    ("ns == [1]", "ns == [1]"),
    ("xs == [1.0]", "cel.equals(xs, [1.0])"),
    ("n in [1, 2]", "n in (1, 2)"),
    ("n in ns", "n in ns"),
    ("x in xs", "cel.contains(xs, x)"),
    ("'a' in stock", "'a' in stock"),
    ("has(stock.a)", "'a' in stock"),
    ("has(order.note)", "order['note'] is not None"),
    ("size(ns) + s.size()", "cel.add(len(ns), len(s))"),
    ("ns.all(i, i > 1)", "all((i > 1 for i in ns))"),
    ("ns.all(i, 1 / i > 1)", "cel.all_(ns, lambda i: cel.div(1, i) > 1)"),
    ("ns.exists(i, i > 1)", "any((i > 1 for i in ns))"),
    ("ns.exists_one(i, i > 1)", "sum((1 for i in ns if i > 1)) == 1"),
    ("ns.map(i, i > 1, i * 2)", "[cel.mul(i, 2) for i in ns if i > 1]"),
    ("orders.filter(o, o.paid)", "[o for o in orders if o['paid']]"),
    ("stock.map(k, k)", "[k for k in sorted(stock)]"),
    ("Customer { name: s }", "{'name': s, 'email': None}"),
    ("{'a': n}", "{'a': n}"),
    ("{s: n}", "cel.mapping((s, n))"),
    ("d.a[0] == 1", "cel.equals(cel.at(cel.field(d, 'a'), 0), 1)"),
    ("d.a + 1 > 2", "cel.calc(cel.field(d, 'a'), '+', 1) > 2"),
    ("d.a.startsWith('x')", "cel.as_string(cel.field(d, 'a')).startswith('x')"),
    ("duration('1h') > duration('1m') && b", "cel_time.duration('1h') > cel_time.duration('1m') and b"),
    ("s.matches('^a')", "cel_strings.matches(s, '^a')"),
    ("s.startsWith('a') || s.endsWith('b') || s.contains('c')", None),
    ("60 * 60 * 24", "86400"),
    ("'a' + 'b'", "'ab'"),
    ("0.0 / 0.0", "float('nan')"),
    ("[1, 2].map(len, len + n)", "[cel.add(len_, n) for len_ in [1, 2]]"),
    ("1 / 0", "cel.div(1, 0)"),
]


@pytest.mark.parametrize(("text", "code"), FORMS, ids=[text for text, _ in FORMS])
def test_python_forms(lab: Any, text: str, code: str | None) -> None:
    written = lab.code(text)
    if code is not None:
        assert written == code
    compile(written, "<term>", "eval")


def test_variables_take_the_names_they_are_given(lab: Any) -> None:
    term = lab.typed("ns.map(n, n + m + size(s))")[0]
    names = {"m": "n", "s": "scope.text", "ns": "items"}
    code = ast.unparse(ast.fix_missing_locations(python(term, names)))
    assert code == "[cel.add(n_, n, len(scope.text)) for n_ in items]"


def test_python_names_stay_different() -> None:
    names = ["class", "class_", "class__", "len", "len_", "cel", "ctx", "order", "order_", "_", "__"]
    made = [python_name(name) for name in names]
    assert len(set(made)) == len(names)
    assert made[0] == "class_"
    assert made[7] == "order"


def test_every_overload_is_a_python_form_over_its_arguments() -> None:
    for row in OVERLOADS.values():
        used = {node.id for node in ast.walk(ast.parse(row.python)) if isinstance(node, ast.Name)}
        assert {f"_{place}" for place in range(len(row.args))} <= used, row.id


def test_every_function_is_documented() -> None:
    for function in (*FUNCTIONS.values(), *OPERATORS):
        assert function.doc
        assert function.overloads
        assert function.name in FUNCTIONS or not (function.method or function.free)


@pytest.mark.parametrize("text", [text for text, _ in FORMS])
def test_plain_data_is_json_and_tells_terms_apart(lab: Any, text: str) -> None:
    term = lab.typed(text)[0]
    again = lab.typed(f" ( {text} ) ")[0]
    assert json.dumps(terms.data(term), allow_nan=False) == json.dumps(terms.data(again), allow_nan=False)
    assert term == again
    assert terms.data(term) != terms.data(lab.typed("'another'")[0])


def test_numbers_of_different_types_differ_in_data(lab: Any) -> None:
    data = [json.dumps(terms.data(lab.typed(text)[0])) for text in ("1", "1.0", "true", "'1'", "-0.0", "0.0")]
    assert len(set(data)) == len(data)
    assert terms.data(lab.typed("9223372036854775807")[0]) == {"int": "9223372036854775807"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n + m", {"n", "m"}),
        ("ns.map(n, n + m)", {"ns", "m"}),
        ("ns.map(n, ns.all(m, m > n)) == [n == 1]", {"ns", "n"}),
        ("ns.map(i, i > n, i)", {"ns", "n"}),
        ("1 + 2", set()),
        ("Customer { name: order.id }", {"order"}),
    ],
)
def test_reads_are_the_free_variables(lab: Any, text: str, names: set[str]) -> None:
    assert terms.reads(lab.typed(text)[0]) == names


DEEP = {
    "list": "[" * 58 + "]" * 58,
    "not": "!" * 58 + "b",
    "sum": "n + (" * 58 + "n" + ")" * 58,
    "logic": "b && (b || (" * 28 + "b" + "))" * 28,
    "lambda": "ns.all(i, 1 / i > 0 && " * 10 + "b" + ")" * 10,
    "count": "ns.exists_one(i, b == " * 10 + "b" + ")" * 10,
    "map": "ns.map(i, [i]" + ".map(i, [i]" * 9 + ")" * 10,
    "conditional": "b ? n : " * 58 + "n",
    "dynamic": "d" + "[0]" * 58,
    "entries": '{"a": ' * 58 + "1" + "}" * 58,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=list(DEEP))
def test_the_deepest_expressions_still_compile(lab: Any, text: str) -> None:
    compile(lab.code(text), "<term>", "eval")
