"""Unsigned ints and map keys of other types than string: literals, arithmetic, comparison across kinds of numbers."""

from __future__ import annotations

from typing import Any

import pytest
from agent_lattice.expr.evaluate import evaluate
from agent_lattice.types import INT, UINT, MapType
from agent_lattice_runtime.cel import CelError
from agent_lattice_runtime.uint import Uint

E = CelError
U = Uint
BINDINGS: dict[str, Any] = {"n": 5, "x": 2.5, "zero": 0, "d": {"1": "text", "list": [1, 2]}}

TABLE: list[tuple[str, Any]] = [
    ("1u", U(1)),
    ("0xFFu + 0XfU", U(270)),
    ("18446744073709551615u", U(2**64 - 1)),
    ("0xFFFFFFFFFFFFFFFFu - 1u", U(2**64 - 2)),
    ("18446744073709551615u + 1u", E("unsigned integer overflow")),
    ("1u - 2u", E("unsigned integer overflow")),
    ("4294967296u * 4294967296u", E("unsigned integer overflow")),
    ("7u / 2u + 7u % 4u * 2u", U(9)),
    ("7u / 0u", E("divide by zero")),
    ("7u % 0u", E("modulus by zero")),
    ("uint(n) + uint(x) + uint('7') + uint(2u)", U(16)),
    ("uint(-1)", E("unsigned integer overflow")),
    ("uint(-0.5)", E("unsigned integer overflow")),
    ("uint(1e20)", E("unsigned integer overflow")),
    ("uint(double('NaN'))", E("unsigned integer overflow")),
    ("uint('-1')", E('cannot convert string to uint: "-1"')),
    ("uint('18446744073709551616')", E("unsigned integer overflow")),
    ("uint('18446744073709551615')", U(2**64 - 1)),
    ("uint(dyn(true))", E("no such overload: uint(bool)")),
    ("int(18446744073709551615u)", E("integer overflow")),
    ("int(9223372036854775807u)", 2**63 - 1),
    ("double(3u)", 3.0),
    ("string(18446744073709551615u)", "18446744073709551615"),
    ("1 == 1u && 1u == 1.0 && dyn(1u) == 1 && 1u != 2", True),
    ("1u < 2 && 2.5 > 2u && -1 < 0u && 18446744073709551615u > 9223372036854775807", True),
    ("dyn(1u) <= 1.0 && dyn(2) > dyn(1u)", True),
    ("1u in [1, 2] && 2.0 in [dyn(1), 2u]", True),
    ("true in [dyn(1u)]", False),
    ("dyn(1) == 1u && dyn(1u) == 1.0 && dyn(1u) != 2 && dyn(18446744073709551615u) > 9223372036854775807", True),
    ("dyn(1u) in [1, 2] && dyn(2.0) in [dyn(1), 2u] && dyn(1) in {1u: 2} && dyn({1: 2}) == {1u: 2.0}", True),
    ("type(1u) == uint && type(dyn(1u) + 1u) == uint && type(1u) != int", True),
    ("dyn(1u) + 1", E("no such overload: _+_(uint, int)")),
    ("dyn(1) + dyn(1u)", E("no such overload: _+_(int, uint)")),
    ("-dyn(1u)", E("no such overload: -_(uint)")),
    ("dyn(5u) - dyn(2u) * dyn(2u)", U(1)),
    ("[3u, 1u, 2u].sort()", [U(1), U(2), U(3)]),
    ("[1u, dyn(1), 2u, 1.0].distinct()", [U(1), U(2)]),
    ("[3u, 1u].sortBy(v, v)", [U(1), U(3)]),
    ("'%d %s %x %X %o %b %.1f %e'.format([7u, 8u, 255u, 255u, 8u, 5u, 2u, 1u])", "7 8 ff FF 10 101 2.0 1.000000e+00"),
    ("math.greatest(1u, 3u, 2u)", U(3)),
    ("math.least(1u, -3, 0.5)", -3),
    ("math.abs(3u) + math.sign(7u) + math.sign(0u)", U(4)),
    ("math.sqrt(16u)", 4.0),
    ("math.bitAnd(6u, 3u) + math.bitOr(4u, 1u) + math.bitXor(6u, 3u)", U(12)),
    ("math.bitNot(0u)", U(2**64 - 1)),
    ("math.bitShiftLeft(18446744073709551615u, 4)", U(2**64 - 16)),
    ("math.bitShiftRight(18446744073709551615u, 60) + math.bitShiftLeft(1u, 64)", U(15)),
    ("math.bitShiftLeft(1u, -1)", E("math.bitShiftLeft() invalid negative shift: -1")),
    ("[10, 20][dyn(1u)] + [10, 20][1u]", 40),
    ("d.list[dyn(1u)]", 2),
    ("true ? 1u : 2u", U(1)),
    # keys
    ("{1: 2}[1u] + {1u: 2}[1] + {1: 2}[1.0]", 6),
    ("{1: 2}[2]", E("no such key: 2")),
    ("{1: 2}[1.5]", E("no such key: 1.5")),
    ("{true: 1}[false]", E("no such key: false")),
    ("{true: 1, false: 2}[n > 3]", 1),
    ("dyn({1: 2})[true]", E("no such key: true")),
    ("dyn({true: 2})[1]", E("no such key: 1")),
    ("dyn({true: 2})[true]", 2),
    ("{1: 'a', 'b': 'c', 2u: 'd'}[dyn(2)]", "d"),
    ("{dyn(1.5): 2}", E("unsupported key type: double")),
    ("{dyn(null): 2}", E("unsupported key type: null")),
    ("{n: 1, 5u: 2}", E("duplicate key: 5")),
    ("1 in {1u: 2} && 1.0 in {1: 2} && !(2u in {1: 2})", True),
    ("dyn(true) in {1: 2}", False),
    ("dyn('1') in {1: 2}", False),
    ("{1: 2} == {1u: 2.0} && {1: 2} != {2: 2} && dyn({true: 1}) != {1: 1}", True),
    ("{3: 'c', 1: 'a', 2: 'b'}.map(k, k)", [1, 2, 3]),
    ("{10: 'c', 9: 'a'}.transformList(k, v, v + string(k))", ["a9", "c10"]),
    ("{true: 1, false: 2}.filter(k, k)", [True]),
    ("{dyn('b'): 1, 2: 2, 1u: 3}.map(k, string(k))", ["1", "2", "b"]),
    ("{3: 1}.exists(k, v, k == 3 && v == 1)", True),
    ("[5, 6].transformMap(i, v, v)[1]", 6),
    ("{1: 'a'}.transformMapEntry(k, v, {v: k})", {"a": 1}),
    ("size({1: 2, 2: 3})", 2),
    ("'%s'.format([{2: true, 10: 'x', 1: null}])", "{1: null, 10: x, 2: true}"),
    ("[{1: 2}, {1u: 2}].distinct()", [{1: 2}]),
]


@pytest.mark.parametrize(("text", "value"), TABLE, ids=[text for text, _ in TABLE])
def test_values_and_errors(lab: Any, text: str, value: Any) -> None:
    if isinstance(value, CelError):
        with pytest.raises(CelError) as raised:
            evaluate(text, BINDINGS)
        assert str(raised.value) == str(value)
    else:
        assert lab.same(evaluate(text, BINDINGS), value)


REFUSED = (
    *("{1: 2}[1.0]", "{1: 2}[1.5]", "{n: 1, 5u", "[1u]", "1 == 1u &&", "1u < 2 &&", "1u in [", "1 in {1u", "{dyn("),
    *("{1: 2} == {1u", "distinct", "math.", "sort", "transform", "exists(k, v", "0XfU", ".map(k, k)"),
)
"""What the reference implementation has no function for, or types more strictly."""


@pytest.mark.parametrize("text", [text for text, _ in TABLE if not any(word in text for word in REFUSED)])
def test_the_reference_implementation_agrees(text: str) -> None:
    reference = pytest.importorskip("cel_expr_python")
    from cel_expr_python.ext import ext_strings

    cel = reference.cel
    variables = {"n": cel.Type.INT, "x": cel.Type.DOUBLE, "zero": cel.Type.INT, "d": cel.Type.DYN}
    environment = cel.NewEnv(variables=variables, extensions=[ext_strings.ExtStrings()])
    found = environment.compile(text).eval(data=BINDINGS)
    try:
        ours = evaluate(text, BINDINGS)
    except CelError:
        assert found.type().name() == "ERROR"
        return
    assert found.plain_value() == ours


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("1u + n", [("LAT2121", "1u + n")]),
        ("-1u", [("LAT2121", "-1u")]),
        ("{1: 2}['a']", [("LAT2105", "'a'")]),
        ("{1: 2}[b]", [("LAT2105", "b")]),
        ("b in {1: 2}", [("LAT2125", "b")]),
        ("{1: 2} == {'a': 2}", [("LAT2122", "{1: 2} == {'a': 2}")]),
    ],
)
def test_what_is_wrong(lab: Any, text: str, findings: list[tuple[str, str]]) -> None:
    assert lab.findings(text) == findings


def test_literals_and_keys_are_of_the_type_that_is_expected(lab: Any) -> None:
    term, report = lab.typed("{1: 2, 3u: 4}", MapType(UINT, UINT))
    assert not report.found and lab.same(lab.run(term), {U(1): U(2), U(3): U(4)})
    assert str(lab.typed("{n: 1, 5: 2}")[0].type) == "map<int, int>"
    assert [finding.span.text for finding in lab.typed("{-1: 2}", MapType(INT, UINT))[1].found] == ["-1"]
    assert [finding.span.text for finding in lab.typed("{1: 2, true: 3}", MapType(INT, INT))[1].found] == ["true"]
