"""The extensions of CEL: macros of two variables, lists, sets, math, format; and that every function is tested."""

from __future__ import annotations

import math
from typing import Any

import pytest
from agent_lattice.expr import optionals
from agent_lattice.expr.evaluate import evaluate
from agent_lattice.expr.extensions import EXTENSIONS, EXTREMES
from agent_lattice.expr.functions import MACROS
from agent_lattice_runtime.cel import CelError

E = CelError
BINDINGS: dict[str, Any] = {
    "d": {"list": [3, 1, 2], "mixed": [1, "a"], "map": {"b": 2, "a": 1}, "x": 1.5, "deep": [[1], [[2]]], "s": "ab"},
    "nan": math.nan,
    "inf": math.inf,
    "low": -(2**63),
    "none": [],
}

TABLE: list[tuple[str, Any]] = [
    # macros of two variables
    ("[1, 2].all(i, v, i < v) && ![1, 0].all(i, v, i < v) && {'a': 'a'}.all(k, v, k == v)", True),
    ("[1, 2].exists(i, v, i == 1 && v == 2) && ![1].exists(i, v, i == v)", True),
    ("{'b': 1, 'a': 2}.exists(k, v, k == 'a' && v == 2)", True),
    ("[1, 1].existsOne(i, v, v == 1) || [2, 2].existsOne(v, v == 2)", False),
    ("[1, 1].existsOne(i, v, i == 1) && [1, 2].existsOne(v, v == 2)", True),
    ("[3, 4].transformList(i, v, i * 10 + v)", [3, 14]),
    ("[3, 4].transformList(i, v, i > 0, v)", [4]),
    ("{'b': 1, 'a': 2}.transformList(k, v, k + string(v))", ["a2", "b1"]),
    ("{'b': 1, 'a': 2}.transformMap(k, v, v * 2)", {"a": 4, "b": 2}),
    ("{'b': 1, 'a': 2}.transformMap(k, v, k == 'a', k)", {"a": "a"}),
    ("{'b': 'x', 'a': 'y'}.transformMapEntry(k, v, {v: k})", {"y": "a", "x": "b"}),
    ("['x', 'y'].transformMapEntry(i, v, v != 'x', {v: i})", {"y": 1}),
    ("['x', 'x'].transformMapEntry(i, v, {v: i})", E("duplicate key: x")),
    ("d.map.transformMap(k, v, v + 1)", {"a": 2, "b": 3}),
    ("d.map.transformList(k, v, k)", ["a", "b"]),
    ("d.list.transformList(i, v, v * i)", [0, 1, 4]),
    ("d.list.transformMap(i, v, v)[1u]", 1),
    ("[5, 6].transformMap(i, v, v)", {0: 5, 1: 6}),
    ("d.x.all(i, v, true)", E("no such overload: <range>(double)")),
    ("[0, 1].all(i, v, 1 / v > 1)", False),
    ("cel.bind(x, 2, cel.bind(y, x + 1, x * y))", 6),
    ("[0, 2].all(i, v, 2 / v == 1)", E("divide by zero")),
    ("[0, 1].exists(i, v, 1 / v == 1)", True),
    ("[0, 1].exists(i, v, 1 / v == 2)", E("divide by zero")),
    ("[1, 2].map(v, [v].transformList(i, w, v + w + i))", [[2], [4]]),
    # lists
    ("[1, 2, 1, 1.0, 3].distinct()", [1, 2, 3]),
    ("['a', 'b', 'a'].distinct()", ["a", "b"]),
    ("[[1], [1.0], {'a': 1}, {'a': 1}, true, 1, null, null].distinct()", [[1], {"a": 1}, True, 1, None]),
    ("size([nan, nan].distinct())", 2),
    ("d.x.distinct()", E("expected list, found double")),
    ("[1, [2, [3]]].flatten()", [1, 2, [3]]),
    ("[[1], [2, 3]].flatten().map(i, i + 1)", [2, 3, 4]),
    ("[[[1]], [[2]]].flatten(2).map(i, i + 1)", [2, 3]),
    ("[[[1]]].flatten(0) == [[[1]]] && [[[1]]].flatten(9) == [1] && [].flatten() == []", True),
    ("d.deep.flatten()", [1, [2]]),
    ("d.deep.flatten(d.list[2])", [1, 2]),
    ("[[1]].flatten(-1)", E("level must be non-negative")),
    ("lists.range(4) + lists.range(0) + lists.range(-3)", [0, 1, 2, 3]),
    ("lists.range(1000001)", E("lists.range gives at most 1000000 numbers")),
    ("[5, 1].reverse() == [1, 5] && [].reverse() == []", True),
    ("d.list.reverse()", [2, 1, 3]),
    ("d.s.reverse()", "ba"),
    ("d.x.reverse()", E("no such overload: reverse(double)")),
    ("'gums'.reverse() + ''.reverse()", "smug"),
    ("[1, 2, 3, 4].slice(1, 3)", [2, 3]),
    ("[1].slice(0, 0) + [1].slice(1, 1)", []),
    ("[1].slice(0, 2)", E("cannot slice(0, 2) of 1 items")),
    ("[1, 2].slice(1, 0)", E("cannot slice(1, 0) of 2 items")),
    ("[1].slice(-1, 1)", E("cannot slice(-1, 1) of 1 items")),
    ("d.x.slice(0, 1)", E("expected list, found double")),
    ("[3, 1, 2].sort()", [1, 2, 3]),
    ("['b', 'a'].sort() == ['a', 'b'] && [true, false].sort() == [false, true] && [].sort() == []", True),
    ("d.list.sort()", [1, 2, 3]),
    ("d.mixed.sort()", E("list elements must have the same type")),
    ("[dyn([1]), dyn([2])].sort()", E("list elements must be comparable: list has no order")),
    ("['ccc', 'a', 'bb'].sortBy(s, size(s))", ["a", "bb", "ccc"]),
    ("[{'n': 2}, {'n': 1}].sortBy(e, e.n)", [{"n": 1}, {"n": 2}]),
    ("[1, 0].sortBy(i, 1 / i)", E("divide by zero")),
    ("d.list.sortBy(i, -i)", [3, 2, 1]),
    ("d.mixed.sortBy(i, i)", E("list elements must have the same type")),
    # sets
    ("sets.contains([1, 2, [3]], [[3.0], 1, 1]) && sets.contains([], []) && !sets.contains([1], [2])", True),
    ("sets.equivalent([1, 2, 2], [2, 1.0]) && !sets.equivalent([1], [1, 2]) && sets.equivalent([], [])", True),
    ("sets.intersects([1, 2], [2, 3]) && !sets.intersects([1], []) && sets.intersects([[1]], [[1]])", True),
    ("sets.contains([true], [1]) || sets.contains([nan], [nan])", False),
    ("sets.contains(d.list, [1])", True),
    ("sets.contains(d.x, [1])", E("expected list, found double")),
    # math
    ("math.greatest(1, 3, 2) + math.least(1, 3, 2)", 4),
    ("math.greatest(1, 1.0)", 1),
    ("math.greatest(1.0, 1)", 1.0),
    ("math.greatest(1.5, 2.5)", 2.5),
    ("math.least(1, 2.5, -3)", -3),
    ("math.greatest(5) + math.least([3, 1])", 6),
    ("math.greatest(d.list)", 3),
    ("math.greatest(d.x, 2)", 2),
    ("math.greatest(d.s, 2)", E("no such overload: math.greatest(string)")),
    ("math.least(d.mixed)", E("no such overload: math.least(string)")),
    ("math.least(none)", E("math.least of an empty list")),
    ("math.ceil(1.2) + math.ceil(-1.2)", 1.0),
    ("math.floor(1.2) + math.floor(-1.2)", -1.0),
    ("math.round(2.5) + math.round(-2.5) + math.round(0.49999999999999994)", 0.0),
    ("math.round(1.4) + math.round(1.6)", 3.0),
    ("math.trunc(-1.9) + math.trunc(1.9)", 0.0),
    ("1.0 / math.trunc(-0.5)", -math.inf),
    ("math.ceil(inf)", math.inf),
    ("math.isNaN(nan) && !math.isNaN(1.0) && math.isNaN(math.floor(nan))", True),
    ("math.isInf(-inf) && !math.isInf(nan) && !math.isInf(1.0)", True),
    ("math.isFinite(1.0) && !math.isFinite(inf) && !math.isFinite(nan)", True),
    ("math.abs(-3) + math.abs(3)", 6),
    ("math.abs(-1.5) + math.abs(d.x)", 3.0),
    ("math.abs(low)", E("integer overflow")),
    ("math.abs(d.s)", E("no such overload: math.abs(string)")),
    ("math.sign(-3) + math.sign(0) + math.sign(7)", 0),
    ("math.sign(-2.5)", -1.0),
    ("math.isNaN(math.sign(nan))", True),
    ("math.sqrt(4) + math.sqrt(2.25) + math.sqrt(d.x * 1.5)", 5.0),
    ("math.isNaN(math.sqrt(-1.0)) && math.isNaN(math.sqrt(nan)) && math.sqrt(inf) == inf", True),
    ("math.bitAnd(6, 3) + math.bitOr(6, 3) * 10 + math.bitXor(6, 3) * 100", 572),
    ("math.bitNot(0) + math.bitNot(-6)", 4),
    ("math.bitShiftLeft(1, 63)", -(2**63)),
    ("math.bitShiftLeft(3, 63) == -9223372036854775807 - 1 && math.bitShiftLeft(1, 64) == 0", True),
    ("math.bitShiftRight(-1024, 3)", 2305843009213693824),
    ("math.bitShiftRight(-1, 64) + math.bitShiftRight(-1, 0) + math.bitShiftRight(8, 2)", 1),
    ("math.bitShiftLeft(1, -1)", E("math.bitShiftLeft() invalid negative shift: -1")),
    ("math.bitShiftRight(1, -1)", E("math.bitShiftRight() invalid negative shift: -1")),
    # encoders
    ("base64.encode(b'hello') + base64.encode(b'')", "aGVsbG8="),
    ("string(base64.decode('aGVsbG8=')) + string(base64.decode('aGVsbG8')) + string(base64.decode(''))", "hellohello"),
    ("base64.decode('a')", E("invalid base64 data")),
    ("base64.decode('====')", E("invalid base64 data")),
    ("base64.decode('aGV$')", E("invalid base64 data")),
    ("base64.decode('aGVsé')", E("invalid base64 data")),
    ("base64.encode(dyn('a'))", E("expected bytes, found string")),
    # format
    ("'%s %x %X'.format([b'abc', b'abc', b'xyz'])", "abc 616263 78797A"),
    ("'%s %s'.format([type(1), [string, dyn(null_type)]])", "int [string, null_type]"),
    ("'%s has %d items'.format(['x', 3])", "x has 3 items"),
    ("'%s'.format([[1, 'a', 2.5, true, null, {'b': [], 'a': 'x'}]])", "[1, a, 2.5, true, null, {a: x, b: []}]"),
    ("'%d %x %X %o %b'.format([-5, -255, 255, 8, -5])", "-5 -ff FF 10 -101"),
    ("'%x %X %b%b'.format(['hello', 'hellO', true, false])", "68656c6c6f 68656C6C4F 10"),
    ("'%f %.2f %e %.1e %.0f'.format([1.5, 2.345, 1234.5, 0.00012, 2.5])", "1.500000 2.35 1.234500e+03 1.2e-04 2"),
    ("'%f %d %s'.format([inf, nan, -inf])", "Infinity NaN -Infinity"),
    ("'100%%'.format([1])", "100%"),
    ("'%s %s'.format([1])", E("index 1 out of range")),
    ("'%'.format([])", E("unexpected end of format string")),
    ("'%q'.format([1])", E('unrecognized formatting clause "q"')),
    ("'%.f'.format([1.5])", E("unable to convert precision specifier to integer")),
    ("'%.2000f'.format([1.5])", E("precision specifier exceeds maximum of 1000")),
    ("'%o'.format(['a'])", E("no formatting clause %o for string")),
    ("'%f'.format(['a'])", E("no formatting clause %f for string")),
    ("'%d'.format([true])", E("no formatting clause %d for bool")),
    ("d.s.format(d.x)", E("no such overload: format(string, double)")),
]


@pytest.mark.parametrize(("text", "value"), TABLE, ids=[text for text, _ in TABLE])
def test_values_and_errors(lab: Any, text: str, value: Any) -> None:
    if isinstance(value, CelError):
        with pytest.raises(CelError) as raised:
            evaluate(text, BINDINGS)
        assert str(raised.value) == str(value)
    else:
        assert lab.same(evaluate(text, BINDINGS), value)


NEW_MACROS = sorted(set(MACROS) - {"all", "exists", "exists_one", "map", "filter"} - set(optionals.MAPS))


@pytest.mark.parametrize("name", [*(row.name for row in EXTENSIONS), *EXTREMES, *NEW_MACROS])
def test_every_function_is_in_the_table(name: str) -> None:
    assert any(f"{name}(" in text for text, _ in TABLE)


FORMS = [
    ("ns.all(i, v, v > i)", "all((v > i for i, v in enumerate(ns)))"),
    ("ns.exists(i, v, 1 / v > i)", "cel_pairs.some(enumerate(ns), lambda i, v: cel.div(1, v) > i)"),
    ("stock.transformMap(k, v, v > 1, k)", "{k: k for k, v in sorted(stock.items()) if v > 1}"),
    ("ns.transformList(n, m, n + m)", "[cel.add(n, m) for n, m in enumerate(ns)]"),
    ("ns.transformList(i, len, i)", "[i for i, len_ in enumerate(ns)]"),
    ("words.sortBy(w, size(w))", "sorted(words, key=lambda w: len(w))"),
    ("words.sort()", "sorted(words)"),
    ("ns.reverse()", "ns[::-1]"),
    ("math.greatest(n, m, 1)", "max(n, m, 1)"),
    ("math.greatest(ns)", "cel_math.greatest(ns)"),
    ("math.bitAnd(n, 1) == 1", "n & 1 == 1"),
    ("math.floor(x)", "cel_math.floor(x)"),
    ("'%d'.format([n])", "cel_format.formatted('%d', [n])"),
    ("sets.intersects(ns, [1]) ", "cel_lists.intersects(ns, [1])"),
]


@pytest.mark.parametrize(("text", "code"), FORMS, ids=[text for text, _ in FORMS])
def test_python_forms(lab: Any, text: str, code: str) -> None:
    assert lab.code(text) == code


TYPES = [
    ("ns.distinct()", "list<int>"),
    ("[[1], [2]].flatten()", "list<int>"),
    ("[[[1]]].flatten(2)", "list<int>"),
    ("[[[1]]].flatten(n)", "list<dyn>"),
    ("ns.slice(0, 1)", "list<int>"),
    ("words.sort()", "list<string>"),
    ("orders.sortBy(o, o.total)", "list<Order>"),
    ("ns.reverse()", "list<int>"),
    ("math.greatest(n, 1)", "int"),
    ("math.greatest(x, 1.0)", "float"),
    ("math.greatest(x, 1)", "dyn"),
    ("math.least(ns)", "int"),
    ("stock.transformMap(k, v, k)", "map<string, string>"),
    ("stock.transformList(k, v, v)", "list<int>"),
    ("words.transformMapEntry(i, w, {w: i})", "map<string, int>"),
    ("ns.existsOne(i, v, v > 1)", "bool"),
]


@pytest.mark.parametrize(("text", "type"), TYPES, ids=[text for text, _ in TYPES])
def test_types_of_results(lab: Any, text: str, type: str) -> None:
    term, report = lab.typed(text)
    assert not report.found
    assert str(term.type) == type


WRONG = [
    ("ns.all(i, i, true)", [("LAT2133", "i")]),
    ("ns.transformList(i, i + 1)", [("LAT2133", "transformList")]),
    ("ns.filter(i, v, true)", [("LAT2133", "filter")]),
    ("ns.all(i, v, v + 1)", [("LAT2133", "v + 1")]),
    ("n.all(i, v, true)", [("LAT2134", "n")]),
    ("stock.transformMapEntry(k, v, v)", [("LAT2133", "v")]),
    ("orders.sortBy(o, o.note)", [("LAT2133", "o.note")]),
    ("orders.sort()", [("LAT2132", "orders.sort()")]),
    ("[order.note].sort()", [("LAT2132", "[order.note].sort()")]),
    ("[order.note].join()", [("LAT2132", "[order.note].join()")]),
    ("math.greatest()", [("LAT2132", "math.greatest()")]),
    ("math.greatest(s)", [("LAT2132", "math.greatest(s)")]),
    ("math.least(words)", [("LAT2132", "math.least(words)")]),
    ("math.ceil(n)", [("LAT2132", "math.ceil(n)")]),
    ("math.cel(x)", [("LAT2131", "cel")]),
    ("sets.contains(ns)", [("LAT2132", "sets.contains(ns)")]),
    ("[order.note].sort()", [("LAT2132", "[order.note].sort()")]),
    ("{'a': [type(1)]}", [("LAT1102", "{'a': [type(1)]}")]),
    ("b'a' + 'b'", [("LAT2121", "b'a' + 'b'")]),
    ("b'a' == 'a'", [("LAT2122", "b'a' == 'a'")]),
    ("type(1) == 'int'", [("LAT2122", "type(1) == 'int'")]),
    ("type(1) == uintt", [("LAT2101", "uintt")]),
    ("base64.encode(s)", [("LAT2132", "base64.encode(s)")]),
]


@pytest.mark.parametrize(("text", "findings"), WRONG, ids=[text for text, _ in WRONG])
def test_what_is_wrong(lab: Any, text: str, findings: list[tuple[str, str]]) -> None:
    assert lab.findings(text) == findings


def test_a_variable_hides_a_namespace() -> None:
    assert evaluate("sets.contains('b')", {"sets": "abc"}) is True


def test_a_text_nested_beyond_all_measure() -> None:
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    assert len(evaluate("'%s'.format([x])", {"x": deep})) == 100_002
    assert evaluate("x.flatten(100000)", {"x": deep}) == []


REFERENCE = [text for text, _ in TABLE if text.startswith(("math.", "'%", "base64")) and "none" not in text]


@pytest.mark.parametrize("text", REFERENCE)
def test_the_reference_implementation_agrees(lab: Any, text: str) -> None:
    reference = pytest.importorskip("cel_expr_python")
    from cel_expr_python.ext import ext_encoders, ext_math, ext_strings

    cel = reference.cel
    variables = {"d": cel.Type.DYN, "nan": cel.Type.DOUBLE, "inf": cel.Type.DOUBLE, "low": cel.Type.INT}
    extensions = [ext_math.ExtMath(), ext_strings.ExtStrings(), ext_encoders.ExtEncoders()]
    environment = cel.NewEnv(variables=variables, extensions=extensions)
    data = {name: BINDINGS[name] for name in variables}
    found = environment.compile(text).eval(data=data)
    try:
        ours = evaluate(text, BINDINGS)
    except CelError:
        assert found.type().name() == "ERROR"
    else:
        assert lab.same(ours, found.plain_value())
