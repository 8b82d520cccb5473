"""Corner cases of CEL's specification: its literals, escapes, grammar, standard functions and macros, one by one."""

from __future__ import annotations

import math
from typing import Any

import pytest
from agent_lattice.expr.evaluate import WrongExpression, evaluate, wire
from agent_lattice_runtime.cel import CelError
from agent_lattice_runtime.uint import Uint

ERROR = CelError("any")
BINDINGS: dict[str, Any] = {"m": {"a-b/c.d e": 5, "x": 1}, "n": 4, "zero": 0}

LITERALS: list[tuple[str, Any]] = [
    ("-9223372036854775808", -(2**63)),
    ("-0x8000000000000000", -(2**63)),
    ("0x7FFFFFFFFFFFFFFF", 2**63 - 1),
    ("0xFFFFFFFFFFFFFFFFu", Uint(2**64 - 1)),
    ("18446744073709551615U", Uint(2**64 - 1)),
    ("007 + 00", 7),
    ("1e3", 1000.0),
    ("1E+3 + .5 + 2.5e-1", 1000.75),
    ("1e-400", 0.0),
    ("null", None),
    (r"""'\a\b\f\n\r\t\v\\\?\"\'\`'""", "\a\b\f\n\r\t\v\\?\"'`"),
    (r"'\x41\X42\u0043\U00000044\105'", "ABCDE"),
    (r"'\303\277'", "Ã¿"),
    (r"size(b'\303\277') + size('\303\277')", 4),
    (r"b'\377\x00\XfF' == bytes('ÿ')", False),
    (r"b'\377'", "/w=="),
    (r"b'\a\b\f\n\r\t\v\\\?\"\'\`' == bytes('\a\b\f\n\r\t\v\\\?\"\'\`')", True),
    ("b'''é\"''' == B\"é\\\"\"", True),
    (r"r'\n' + R'\t' + r'''a\'''", "\\n\\ta\\"),
    (r"br'\n' == b'\\n' && bR'''\x''' == b'\\x'", True),
    ("'''a\n'b\"''' + \"\"\"c\"d'\"\"\"", "a\n'b\"c\"d'"),
    ("'\t'", "\t"),
    ("size('😀é')", 2),
]
GRAMMAR: list[tuple[str, Any]] = [
    ("1 < 2 == true", True),
    ("!!true && - - 1 == 1", True),
    ("1 in [1] in [true]", True),
    ("[1, 2,]", [1, 2]),
    ("{'a': 1,}.a", 1),
    ("true ? 1 : false ? 2 : 3", 1),
    ("1 + 2 * 3 % 4 - 6 / 4 / 1", 2),
    ("2 * (3 + 4)", 14),
    ("n // comment", 4),
    ("// comment\nn", 4),
    (".n + .size([1])", 5),
    ("[1].map(k, .n + k)", [5]),
    ("m.`a-b/c.d e` + {'x': 1}.`x`", 6),
    ("has(m.`a-b/c.d e`) && !has(m.`y z`)", True),
    ("m['x'] == m.x", True),
]
TYPES: list[tuple[str, Any]] = [
    ("type(1) == int && type(1u) == uint && type(1.0) == double && type('') == string && type(true) == bool", True),
    ("type(b'') == bytes && type([]) == list && type({}) == map && type(null) == null_type", True),
    ("type(type(1)) == type && type(int) == type", True),
    ("type(timestamp(0)) == google.protobuf.Timestamp", True),
    ("type(duration('0')) == google.protobuf.Duration", True),
    ("type(optional.none()) == optional_type", True),
]
CONVERSIONS: list[tuple[str, Any]] = [
    ("int('0x10')", ERROR),
    ("int(' 1')", ERROR),
    ("int('-9223372036854775808')", -(2**63)),
    ("int(1e19)", ERROR),
    ("int(-9223372036854775808.0)", ERROR),
    ("int(9223372036854774784.0)", 9223372036854774784),
    ("int(-1.9) + int(1.9)", 0),
    ("uint(18446744073709551615.0)", ERROR),
    ("uint(1.9)", Uint(1)),
    ("double('NaN') == double('NaN')", False),
    ("double('-Infinity')", -math.inf),
    ("string(1.0) + string(1e21) + string(0.1) + string(-0.0) + string(b'\\x41')", "11e+210.10A"),
    ("string(b'\\xff')", ERROR),
    ("bool('True') && bool('1') && bool('t') && !bool('FALSE') && !bool('f')", True),
    ("bool('T')", ERROR),
    ("timestamp('2009-02-13T23:31:30Z').getFullYear('America/Los_Angeles')", 2009),
    ("timestamp('2009-02-13T23:31:30Z').getHours('Asia/Kathmandu')", 5),
    ("duration('1h').getMinutes()", 60),
    ("duration('-1h30m').getHours()", -1),
    ("string(duration('1000000s'))", "1000000s"),
    ("int(timestamp('1970-01-01T00:00:01.9Z'))", 1),
    ("timestamp(253402300800)", ERROR),
    ("dyn(1) == 1.0 && dyn(1u) == 1 && dyn('1') != 1", True),
    ("'abc'.matches('^b') || 'abc'.matches('b') && matches('', '')", True),
    ("matches('a', ['['][0])", ERROR),
]
LOGIC: list[tuple[str, Any]] = [
    ("1 / zero > 1 && false", False),
    ("1 / zero > 1 || true", True),
    ("false && 1 / zero > 1 || true", True),
    ("1 / zero > 1 && true", ERROR),
    ("1 / zero > 1 || false", ERROR),
    ("dyn(1) || true", True),
    ("dyn('x') && false", False),
    ("dyn('x') && true", ERROR),
    ("(1 / zero > 0 ? true : false) || true", True),
    ("[1, 2, 0].exists(x, 4 / x == 2)", True),
    ("[0, 4].exists(x, 4 / x == 2)", ERROR),
    ("[0, 4].all(x, 4 / x == 2)", False),
    ("[0, 2].all(x, 4 / x == 2)", ERROR),
    ("[0, 2].exists_one(x, 4 / x == 2)", ERROR),
    ("[1, 2].exists(x, dyn(x) == 'a' || x == 2)", True),
    ("{'a': 0, 'b': 1}.exists(k, k == 'b')", True),
    ("[0, 1].filter(x, 1 / x > 0)", ERROR),
    ("[1, 2, 3].map(x, x > 1, x * 2)", [4, 6]),
    ("has(m.x) && !has(m.y)", True),
    ("cel.bind(x, n + 1, x * x)", 25),
    ("cel.bind(x, cel.bind(y, 2, y * y), x + x)", 8),
    ("[1, 2].map(x, cel.bind(x, x + 1, x))", [2, 3]),
]
TABLE = [*LITERALS, *GRAMMAR, *TYPES, *CONVERSIONS, *LOGIC]


@pytest.mark.parametrize(("text", "value"), TABLE, ids=[repr(text) for text, _ in TABLE])
def test_values(lab: Any, text: str, value: Any) -> None:
    if isinstance(value, CelError):
        with pytest.raises(CelError):
            evaluate(text, BINDINGS)
        return
    found = evaluate(text, BINDINGS)
    assert lab.same(found if isinstance(value, Uint) else wire(found), value)


OTHERWISE = (r"r'\n' + R'\t' + r'''a\'''", "int(' 1')", "string(1.0)")
"""A raw string that ends with a backslash, white space around a number, the sign of zero."""


@pytest.mark.parametrize("text", [text for text, _ in TABLE if not text.startswith(OTHERWISE)], ids=repr)
def test_the_reference_implementation_agrees(text: str) -> None:
    reference = pytest.importorskip("cel_expr_python")
    from cel_expr_python.ext import ext_bindings, ext_optional, ext_strings

    cel = reference.cel
    variables = {"m": cel.Type.DYN, "n": cel.Type.INT, "zero": cel.Type.INT}
    extensions = [ext_strings.ExtStrings(), ext_bindings.ExtBindings(), ext_optional.ExtOptional()]
    found = cel.NewEnv(variables=variables, extensions=extensions).compile(text).eval(data=BINDINGS)
    try:
        ours = evaluate(text, BINDINGS)
    except CelError:
        assert found.type().name() == "ERROR"
        return
    value = found.plain_value()
    assert (bytes(value) if isinstance(value, bytearray) else value) == ours


REFUSED = [
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616u",
    "-1u",
    "1.",
    "1uu",
    "0xu",
    "1_000",
    r"'\ud800'",
    r"'\U00110000'",
    r"'\400'",
    r"'\8'",
    r"'\u12'",
    r"b'\u0041'",
    r"b'\U00000041'",
    "rb'a'",
    "'a\nb'",
    "in",
    "n ? 1",
    "true ? 1 : 2 ? 3 : 4",
    "é",
    "[1, ?1]",
    "matches('a', '[')",
    "{1.5: 2}",
    "{1: 1, 1: 2}",
    "has(m)",
    "has(m['x'])",
    "[1].all(x.y, true)",
    "[1].exists(x)",
    "1 + 1u",
    "1 + 1.0",
    "'a' + 1",
    "m.`a\nb`",
    "",
]


@pytest.mark.parametrize("text", REFUSED, ids=repr)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(WrongExpression):
        evaluate(text, BINDINGS)


@pytest.mark.parametrize(
    "text", [text for text in REFUSED if text not in ("", "{1.5: 2}", "[1, ?1]", "matches('a', '[')")]
)
def test_the_reference_implementation_refuses_it_too(text: str) -> None:
    reference = pytest.importorskip("cel_expr_python")
    from cel_expr_python.ext import ext_optional

    cel = reference.cel
    variables = {"m": cel.Type.DYN, "n": cel.Type.INT, "zero": cel.Type.INT}
    with pytest.raises(RuntimeError):
        cel.NewEnv(variables=variables, extensions=[ext_optional.ExtOptional()]).compile(text).eval(data=BINDINGS)
