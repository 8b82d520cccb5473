"""The static check: types, optional values, findings and their fixes."""

from __future__ import annotations

from typing import Any

import pytest
from agent_lattice import terms
from agent_lattice.diagnostics import apply
from agent_lattice.expr.check import narrowed
from agent_lattice.types import (
    BOOL,
    FLOAT,
    INT,
    NULL,
    STRING,
    ListType,
    Literal,
    MapType,
    Optional,
    Refined,
    Refinement,
    Type,
)

TYPES = [
    ("n + m * 2", "int"),
    ("x / 2.0", "float"),
    ("s + 'a'", "string"),
    ("'a'", "string"),
    ("5", "int"),
    ("true", "bool"),
    ("null", "null"),
    ("ns + [1]", "list<int>"),
    ("[] + ns", "list<int>"),
    ("b ? [] : ns", "list<int>"),
    ("[1, 2]", "list<int>"),
    ("[1, null]", "list<int?>"),
    ("['a', 'b']", "list<string>"),
    ("[1, 'a']", "list<dyn>"),
    ("{'a': [1]}", "map<string, list<int>>"),
    ("b ? 'a' : 'b'", '"a" | "b"'),
    ("b ? n : null", "int?"),
    ("b ? order.note : 'x'", "string?"),
    ("order", "Order"),
    ("order.kind", '"toys" | "books"'),
    ("order.note", "string?"),
    ("order.note != null ? order.note : ''", "string"),
    ("order.stock.a + stock['b']", "int"),
    ("orders.map(o, o.total)", "list<float>"),
    ("orders.map(o, 'x')", "list<string>"),
    ("orders.filter(o, o.paid)", "list<Order>"),
    ("orders[0].customer", "Customer?"),
    ("stock.map(k, k)", "list<string>"),
    ("d", "dyn"),
    ("d.a + 1", "int"),
    ("d.a + d.b", "dyn"),
    ("size(d)", "int"),
    ("s.split(',')", "list<string>"),
    ("int('1') + size(s)", "int"),
    ("n == 1.5 || n < x", "bool"),
]


@pytest.mark.parametrize(("text", "type"), TYPES)
def test_types(lab: Any, text: str, type: str) -> None:
    term, report = lab.typed(text)
    assert not report.found, [finding.message for finding in report.found]
    assert str(term.type) == type


@pytest.mark.parametrize(
    ("text", "expected", "type"),
    [
        ("1", FLOAT, "float"),
        ("-1", FLOAT, "float"),
        ("1", Optional(FLOAT), "float"),
        ("b ? 1 : 2.5", FLOAT, "float"),
        ("[1, 2.5]", ListType(FLOAT), "list<float>"),
        ("{'a': 1}", MapType(FLOAT), "map<string, float>"),
        ("[]", ListType(STRING), "list<string>"),
        ("{}", Optional(MapType(STRING)), "map<string, string>"),
        ("'a'", Literal(("a", "b")), '"a"'),
        ("['a']", ListType(Literal(("a", "b"))), 'list<"a">'),
        ("'abc'", Refined(STRING, (Refinement("max", (4,)),)), '"abc"'),
        ("[[], [1]]", ListType(ListType(FLOAT)), "list<list<float>>"),
        ("d", INT, "int"),
        ("d", ListType(STRING), "list<string>"),
        ("d.a ? 1 : 2", INT, "1 | 2"),
    ],
)
def test_literals_adapt_to_what_is_expected(lab: Any, text: str, expected: Type, type: str) -> None:
    term, report = lab.typed(text, expected)
    assert not report.found, [finding.message for finding in report.found]
    assert str(term.type) == type


FINDINGS = [
    ("ordr.total", [("LAT2101", "ordr")]),
    ("broken.total + broken", []),
    ("order.totl", [("LAT2102", "totl")]),
    ("order.totl.x.y + 1 > 2 && true", [("LAT2102", "totl")]),
    ("order.note + 'x'", [("LAT2103", "order.note")]),
    ("order.note.size()", [("LAT2103", "order.note")]),
    ("order.customer.name", [("LAT2103", "order.customer")]),
    ("maybe + 1", [("LAT2103", "maybe")]),
    ("null + 1", [("LAT2103", "null")]),
    ("ns[maybe]", [("LAT2103", "maybe")]),
    ("orders.all(o, o.note == 'a' && o.note.size() > 1)", []),
    ("n.a", [("LAT2104", "a")]),
    ("s.length", [("LAT2104", "length")]),
    ("ns['a']", [("LAT2105", "'a'")]),
    ("stock[1]", [("LAT2105", "1")]),
    ("order['id']", [("LAT2105", "order['id']")]),
    ("s[0]", [("LAT2105", "s[0]")]),
    ("Order { id: 1 }.id", [("LAT2112", "Order"), ("LAT2111", "1")]),
    ("Customer { name: 'a', name: 'b' }", [("LAT2114", "name")]),
    ("Customer { name: 'a', emial: 'b' }", [("LAT2113", "emial")]),
    ("Customer { name: maybe }", [("LAT2111", "maybe")]),
    ("Customr { name: 'a' }", [("LAT2115", "Customr")]),
    ("{'a': 1, 'a': 2}", [("LAT2114", "'a'")]),
    ("{1.5: 2}", [("LAT2116", "1.5")]),
    ("{1: 2, true: 3}[b]", []),
    ("stock[1]", [("LAT2105", "1")]),
    ("{1: 2}.a", [("LAT2104", "a")]),
    ("{1: 2, 1u: 3}", [("LAT2114", "1u")]),
    ("1 + 'a'", [("LAT2121", "1 + 'a'")]),
    ("n + x", [("LAT2121", "n + x")]),
    ("x % x", [("LAT2121", "x % x")]),
    ("s - s", [("LAT2121", "s - s")]),
    ("ns + ['a']", [("LAT2121", "ns + ['a']")]),
    ("n + m + 'a' + unknown", [("LAT2121", "n + m + 'a'"), ("LAT2101", "unknown")]),
    ("-s", [("LAT2121", "-s")]),
    ("!n", [("LAT2121", "n")]),
    ("n && b", [("LAT2121", "n")]),
    ("n ? 1 : 2", [("LAT2121", "n")]),
    ("ns < ns", [("LAT2121", "ns < ns")]),
    ("s < 1", [("LAT2121", "s < 1")]),
    ("n == s", [("LAT2122", "n == s")]),
    ("order == orders", [("LAT2122", "order == orders")]),
    ("order.kind == 'toyz'", [("LAT2122", "'toyz'")]),
    ("'toyz' != order.kind", [("LAT2122", "'toyz'")]),
    ("order.kind in ['toys', 'boks']", [("LAT2122", "'boks'")]),
    ("s in ns", [("LAT2122", "s in ns")]),
    ("n in [1, 'a']", [("LAT2122", "'a'")]),
    ("n == null", [("LAT2123", "n == null")]),
    ("b ? 1 : 'a'", [("LAT2124", "1 : 'a'")]),
    ("'a' in s", [("LAT2125", "s")]),
    ("1 in stock", [("LAT2125", "1")]),
    ("foo(1)", [("LAT2131", "foo")]),
    ("s.foo(unknown)", [("LAT2131", "foo"), ("LAT2101", "unknown")]),
    ("float(n)", [("LAT2131", "float")]),
    ("Order(n)", [("LAT2131", "Order")]),
    ("trim(s)", [("LAT2131", "trim")]),
    ("s.double()", [("LAT2131", "double")]),
    ("timestamp(s)", []),
    ("optional(s)", [("LAT2131", "optional")]),
    ("size(n)", [("LAT2132", "size(n)")]),
    ("size()", [("LAT2132", "size()")]),
    ("s.substring(1, 2, 3)", [("LAT2132", "s.substring(1, 2, 3)")]),
    ("s.contains(n)", [("LAT2132", "s.contains(n)")]),
    ("has(order)", [("LAT2133", "order")]),
    ("has(order.totl)", [("LAT2102", "totl")]),
    ("ns.all(1, true)", [("LAT2133", "1")]),
    ("ns.all(i, i + 1)", [("LAT2133", "i + 1")]),
    ("ns.map(i)", [("LAT2133", "map")]),
    ("n.all(i, i)", [("LAT2134", "n")]),
    ("s.matches('(')", [("LAT2135", "'('")]),
    ("s.matches('a(?=b)')", [("LAT2135", "'a(?=b)'")]),
    ("[18446744073709551616u, 30_000]", [("LAT1103", "18446744073709551616u"), ("LAT1103", "30_000")]),
]


@pytest.mark.parametrize(("text", "findings"), FINDINGS, ids=[text for text, _ in FINDINGS])
def test_findings(lab: Any, text: str, findings: list[tuple[str, str]]) -> None:
    assert lab.findings(text) == findings


@pytest.mark.parametrize(
    ("text", "expected", "findings"),
    [
        ("[1, 'a']", ListType(FLOAT), [("LAT2111", "'a'")]),
        ("{'a': 'b'}", MapType(INT), [("LAT2111", "'b'")]),
        ("[maybe]", ListType(INT), [("LAT2111", "maybe")]),
        ("d", Literal(("a",)), [("LAT2106", "d")]),
        ("[d]", ListType(ListType(INT)), [("LAT2106", "d")]),
        ("[d]", ListType(INT), []),
        ("'a'", INT, []),
    ],
)
def test_findings_where_a_type_is_expected(
    lab: Any, text: str, expected: Type, findings: list[tuple[str, str]]
) -> None:
    """What does not fit as a whole is left to the caller, who knows what the place is called."""
    found = lab.typed(text, expected)[1].sorted()
    assert [(finding.code.number, finding.span.text) for finding in found] == findings


FIXES = [
    ("order.totl > 1.0", "order.total > 1.0"),
    ("ordr.total", "order.total"),
    ("order.kind == 'toyz'", 'order.kind == "toys"'),
    ("x + 1", "x + 1.0"),
    ("x + n", "x + double(n)"),
    ("s + n", "s + string(n)"),
    ("n + s", "string(n) + s"),
    ("s + (n + m)", "s + string((n + m))"),
    ("b ? x : 1", "b ? x : 1.0"),
    ("float(n)", "double(n)"),
    ("s.toUpperCase()", "s.upperAscii()"),
    ("s.startWith('a')", "s.startsWith('a')"),
    ("len(s)", "size(s)"),
    ("Customer { }", 'Customer { name: "" }'),
    ("Customer { email: (null) }", 'Customer { email: (null), name: "" }'),
    ("Customer { nam: 'a', name: 'b' }", "Customer { nam: 'a', name: 'b' }"),
    ("1u + n", "1u + uint(n)"),
    ("n + 1u", "uint(n) + 1u"),
    ("1u + 2", "1u + 2u"),
    ("x * 2u", "x * 2.0"),
    ("30_000", "30000"),
    (r"'a\d'", r"'a\\d'"),
]


@pytest.mark.parametrize(("text", "fixed"), FIXES)
def test_fixes(lab: Any, text: str, fixed: str) -> None:
    report = lab.typed(text)[1]
    fixes = [finding.fix for finding in report.sorted() if finding.fix]
    again = apply(report.found[0].span.source, fixes)
    assert again == fixed
    assert again == text or not lab.typed(again)[1].found


NARROWING = [
    "order.note != null && order.note.size() > 1",
    "order.note == null || order.note.size() > 1",
    "order.note != null ? order.note.size() > 1 : false",
    "order.note == null ? false : order.note.size() > 1",
    "has(order.note) && order.note.size() > 1",
    "!has(order.note) || order.note.size() > 1",
    "!(order.note == null) && order.note.size() > 1",
    "null != order.note && order.note.size() > 1",
    "b && order.note != null && n > 1 && order.note.size() > 1",
    "order.note == 'a' && order.note.size() > 1",
    "order.note in ['a', 'b'] && order.note.size() > 1",
    "order.note != 'a' || order.note.size() > 1",
    "(order.note != null && b) && order.note.size() > 1",
    "!(order.note == null || b) && order.note.size() > 1",
    "order.customer != null && order.customer.email != null && order.customer.email.size() > 1",
    "(order.note == null && b) || order.note == null || order.note.size() > 1",
    "ns[0] > 1 && order.note != null && order.note.size() > 1",
    "order.note != null && ns.exists(i, i > order.note.size())",
    "orders.exists(order, order.note != null && order.note.size() > 1)",
]


@pytest.mark.parametrize("text", NARROWING)
def test_a_test_for_null_is_known_behind_it(lab: Any, text: str) -> None:
    assert lab.findings(text) == []
    assert lab.value(text) in (True, False)


NOT_NARROWING = [
    "order.note != null || order.note.size() > 1",
    "order.note == null && order.note.size() > 1",
    "(b ? order.note != null : false) && order.note.size() > 1",
    "(order.note == null && b) || order.note.size() > 1",
    "order.note == maybe_name && order.note.size() > 1",
    "order.note == d && order.note.size() > 1",
    "order.note == words[0] && order.note.size() > 1",
    "order.note != null && orders.exists(order, order.note.size() > 1)",
    "orders[0].note != null && orders[0].note.size() > 1",
]


@pytest.mark.parametrize("text", NOT_NARROWING)
def test_what_proves_nothing(lab: Any, text: str) -> None:
    variables = lab.variables | {"maybe_name": Optional(STRING)}
    found = lab.typed(text, variables=variables)[1].sorted()
    assert [finding.code.number for finding in found] == ["LAT2103"]


def test_narrowed_gives_the_paths_of_a_condition(lab: Any) -> None:
    term = lab.typed("order.note != null && maybe != null && (b || order.customer != null)")[0]
    assert narrowed(term, True) == {(("order", "note"), NULL), (("maybe",), NULL)}
    assert narrowed(term, False) == frozenset()
    term = lab.typed("maybe == null || order.customer == null")[0]
    assert narrowed(term, False) == {(("maybe",), NULL), (("order", "customer"), NULL)}


def test_paths_known_outside_count(lab: Any) -> None:
    assert not lab.typed("order.note.size()", present=[("order", "note")])[1].found
    assert lab.typed("order.note.size()", present=[("other", "note")])[1].found
    term = lab.typed("order.note", present=[("order", "note")])[0]
    assert term.type == STRING


def test_equal_findings_are_said_once(lab: Any) -> None:
    assert len(lab.typed("[nothing, nothing + 1, nothing.x]")[1].sorted()) == 3
    assert lab.typed("n == 1")[0].type == BOOL


def test_macros_in_each_other_are_bounded(lab: Any) -> None:
    """Deeper comprehensions crash some versions of CPython while they compile."""
    text = "ns.map(i, [i]" + ".map(i, [i]" * 10 + ")" * 11
    assert "nested-too-deeply" in [finding.code.name for finding in lab.typed(text)[1].found]


@pytest.mark.parametrize(("text", "value"), [("null == 1", False), ("1 != null", True), ("null == null", True)])
def test_null_beside_a_constant_is_known_at_once(lab: Any, text: str, value: bool) -> None:
    """`1 is None` in generated code would make Python warn."""
    term = lab.typed(text)[0]
    assert isinstance(term, terms.Const) and term.value is value
