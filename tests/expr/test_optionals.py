"""Optional values: functions, methods, selection with `?`, optional items and entries; and how they meet `T?`."""

from __future__ import annotations

from typing import Any

import pytest
from agent_lattice.expr.evaluate import evaluate, wire
from agent_lattice.expr.optionals import MAPS, OPTIONALS
from agent_lattice.types import INT, STRING, ListType, Optional, Type
from agent_lattice_runtime.cel import CelError

E = CelError
BINDINGS: dict[str, Any] = {"m": {"a": {"b": 1, "c": None}}, "l": [1, 2], "zero": 0, "none": None}

TABLE: list[tuple[str, Any]] = [
    ("optional.of(1).hasValue() && !optional.none().hasValue()", True),
    ("optional.of(1).value() + optional.of(2).orValue(5) + optional.none().orValue(4)", 7),
    ("optional.none().value()", E("optional.none() dereference")),
    ("optional.of(1).orValue(1 / zero)", 1),
    ("optional.none().orValue(1 / zero)", E("divide by zero")),
    ("optional.of(1).or(optional.of(1 / zero)).value()", 1),
    ("optional.none().or(optional.of(2)).or(optional.of(3)).value()", 2),
    ("optional.ofNonZeroValue(0).hasValue() || optional.ofNonZeroValue('').hasValue()", False),
    ("optional.ofNonZeroValue(none).hasValue() || optional.ofNonZeroValue(0u).hasValue()", False),
    ("optional.ofNonZeroValue(b'').hasValue() || optional.ofNonZeroValue([]).hasValue()", False),
    ("optional.ofNonZeroValue(duration('0')).hasValue() || optional.ofNonZeroValue({}).hasValue()", False),
    ("optional.ofNonZeroValue(0.5).value() + optional.ofNonZeroValue(2.0).value()", 2.5),
    ("optional.of(null).hasValue()", True),
    ("optional.of(2).optMap(x, x * 2).value()", 4),
    ("optional.none().optMap(x, 1 / zero).hasValue()", False),
    ("optional.of(2).optMap(x, x / zero)", E("divide by zero")),
    ("optional.of(2).optFlatMap(x, x > 1 ? optional.of('big') : optional.none()).orValue('small')", "big"),
    ("optional.of(1).optFlatMap(x, x > 1 ? optional.of('big') : optional.none()).orValue('small')", "small"),
    ("optional.of(2).optMap(x, optional.of(x)) == optional.of(optional.of(2))", True),
    ("m.?a.?b.value() + m.?a.b.value() + m[?'a'][?'b'].value() + m[?'a'].b.value() + m[?'a']['b'].value()", 5),
    ("m.?x.hasValue() || m.?x.b.hasValue() || m.?a.?x.hasValue() || m.?x['b'].hasValue()", False),
    ("m.?a.x", E("no such key: x")),
    ("m.?a.c.hasValue()", True),
    ("l[?0].value() + l[?1].orValue(9) + l[?2].orValue(9) + l[?-1].orValue(9)", 21),
    ("{1: 'a'}[?1].value() + {1u: 'b'}[?1].value() + {true: 'c'}[?false].orValue('d')", "abd"),
    ("m.?a.?b == optional.of(1.0) && m.?x == optional.none() && m.?a.?b != optional.none()", True),
    ("optional.of([double('NaN')]) == optional.of([double('NaN')])", False),
    ("optional.none() == null || optional.of(null) == dyn(null)", False),
    ("type(optional.of(1)) == optional_type && type(optional.none()) == type(optional.of('a'))", True),
    ("has(m.?a.b) && !has(m.?x.b) && !has(m.?a.x)", True),
    ("[1, ?optional.none(), ?optional.of(2), ?l[?0]]", [1, 2, 1]),
    ("{?'a': optional.none(), 'b': 1, ?'c': l[?1], ?3: m.?x}", {"b": 1, "c": 2}),
    ("{?'a': optional.of(1), 'a': 2}", E("duplicate key: a")),
    ("2 in [1, ?optional.of(2)]", True),
    ("optional.unwrap([optional.of(1), optional.none(), optional.of(3)])", [1, 3]),
    ("[optional.of(1), optional.none()].unwrapOpt()", [1]),
    ("optional.unwrap([dyn(1)])", E("expected optional, found int")),
    ("[1, 2].first().value() * 10 + [1, 2].last().value()", 12),
    ("[].first().hasValue() || [].last().hasValue()", False),
    ("dyn(1).orValue(2)", E("expected optional, found int")),
    ("l[?dyn('x')]", E("no such overload: _[?_](list, string)")),
    ("m.a.b[?0]", E("no such overload: _[?_](int, int)")),
    ("none.?a.hasValue()", E("no such overload: _[?_](null, string)")),
    ("optional.of(1)", 1),
    ("[optional.none(), optional.of(2)]", [None, 2]),
]


@pytest.mark.parametrize(("text", "value"), TABLE, ids=[text for text, _ in TABLE])
def test_values_and_errors(lab: Any, text: str, value: Any) -> None:
    if isinstance(value, CelError):
        with pytest.raises(CelError) as raised:
            evaluate(text, BINDINGS)
        assert str(raised.value) == str(value)
    else:
        assert lab.same(wire(evaluate(text, BINDINGS)), value)


@pytest.mark.parametrize("name", [*(row.name for row in OPTIONALS), *MAPS])
def test_every_function_is_in_the_table(name: str) -> None:
    assert any(f"{name}(" in text for text, _ in TABLE)


UNLIKE = ("unwrap", "{1u: 'b'}[?1]", "?l[", "?'c': l[", "'a': 2}", "[optional.none(), optional.of(2)]")
"""What the reference implementation has no function for, types more strictly, or gives up on."""


@pytest.mark.parametrize(
    "text", [text for text, _ in TABLE if text != "optional.of(1)" and not any(word in text for word in UNLIKE)]
)
def test_the_reference_implementation_agrees(text: str) -> None:
    reference = pytest.importorskip("cel_expr_python")
    extension = pytest.importorskip("cel_expr_python.ext.ext_optional")
    cel = reference.cel
    variables = dict.fromkeys(BINDINGS, cel.Type.DYN)
    environment = cel.NewEnv(variables=variables, extensions=[extension.ExtOptional()])
    found = environment.compile(text).eval(data=BINDINGS)
    try:
        ours = wire(evaluate(text, BINDINGS))
    except CelError:
        assert found.type().name() == "ERROR"
        return
    assert found.plain_value() == ours


TYPES: list[tuple[str, Type | None, str]] = [
    ("order.?note", None, "string?"),
    ("order.customer.?email", None, "string?"),
    ("order.?customer.name", None, "string?"),
    ("order.?customer.email", None, "string?"),
    ("order.note.orValue('-')", None, "string"),
    ("order.customer.?email.orValue(s)", None, "string"),
    ("order.note.optMap(t, size(t))", None, "int?"),
    ("order.note.optFlatMap(t, order.customer.?email)", None, "string?"),
    ("stock[?'a']", Optional(INT), "int?"),
    ("stock.?a.orValue(0) + ns[?0].orValue(n)", INT, "int"),
    ("ns.first()", None, "int?"),
    ("words.last().orValue('x')", STRING, "string"),
    ("b ? stock[?'a'] : null", None, "int?"),
    ("b ? stock[?'a'] : maybe", Optional(INT), "int?"),
    ("[?ns.first(), 1]", ListType(INT), "list<int>"),
    ("[1, ?maybe]", ListType(INT), "list<int>"),
    ("{'a': 1, ?'b': maybe}", None, "map<string, int>"),
    ("maybe.hasValue()", None, "bool"),
    ("maybe.value()", None, "int"),
    ("optional.none().orValue(3)", None, "int"),
    ("optional.none().or(stock[?'a']).orValue(3)", None, "int"),
    ("order.kind == 'toys' ? optional.of('x') : optional.none()", None, "string?"),
]


@pytest.mark.parametrize(("text", "expected", "type"), TYPES, ids=[text for text, _, _ in TYPES])
def test_types_where_they_leave_their_expression(lab: Any, text: str, expected: Type | None, type: str) -> None:
    term, report = lab.typed(text, expected)
    assert not report.found, [finding.message for finding in report.found]
    assert str(term.type) == type


VALUES: list[tuple[str, Any]] = [
    ("order.?note", None),
    ("order.customer.?email.orValue(s)", "hello"),
    ("order.note.optMap(t, size(t))", None),
    ("order.?customer.name", None),
    ("stock[?'a']", 1),
    ("[?maybe, ?ns.first()]", [1]),
    ("{?'x': maybe, ?'y': stock[?'b']}", {"y": 2}),
    ("ns.map(it, stock[?s].orValue(it))", [1, 2, 3]),
    ("maybe.orValue(3) + maybe.optMap(v, v).orValue(4)", 7),
]


@pytest.mark.parametrize(("text", "value"), VALUES, ids=[text for text, _ in VALUES])
def test_values_where_they_leave_their_expression(lab: Any, text: str, value: Any) -> None:
    assert lab.same(lab.value(text), value)


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("n.orValue(1)", [("LAT2107", "n")]),
        ("n.optMap(v, v)", [("LAT2107", "n")]),
        ("[?n]", [("LAT2107", "n")]),
        ("{?'a': n}", [("LAT2107", "n")]),
        ("order.?nothing", [("LAT2102", "nothing")]),
        ("n.?a", [("LAT2104", "a")]),
        ("has(stock.?a)", [("LAT2133", "stock.?a")]),
        ("n[?0]", [("LAT2105", "n[?0]")]),
        ("ns[?'a']", [("LAT2105", "'a'")]),
        ("ns.first() + 1", [("LAT2121", "ns.first() + 1")]),
        ("[ns.first()]", [("LAT1102", "[ns.first()]")]),
        ("stock[?'a'].orValue('x')", [("LAT2132", "'x'")]),
        ("optional.none().value() + 1 > 2", []),
        ("optional.of(1, 2)", [("LAT2132", "optional.of(1, 2)")]),
        ("maybe.orValue()", [("LAT2132", "maybe.orValue()")]),
        ("maybe.optMap(1, 2)", [("LAT2133", "1")]),
        ("maybe.optFlatMap(v, v)", [("LAT2107", "v")]),
        ("optional.some(1)", [("LAT2131", "some")]),
        ("stock[?'a'] == 1", [("LAT2122", "stock[?'a'] == 1")]),
    ],
)
def test_what_is_wrong(lab: Any, text: str, findings: list[tuple[str, str]]) -> None:
    assert lab.findings(text) == findings


@pytest.mark.parametrize("text", ["a.?b.c", "a[?b][0]", "[1, ?a, ?b.?c]", '{?"a": b, "c": d}', "(a ? b : c).?d"])
def test_canonical_text_reads_back(lab: Any, text: str) -> None:
    from agent_lattice.expr.tree import show

    expr, report = lab.parse(text)
    assert not report.found and show(expr) == text and lab.parse(show(expr))[0] == expr
