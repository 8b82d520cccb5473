"""What expressions evaluate to: the semantics of CEL, operator by operator and error by error."""

from __future__ import annotations

import math
from typing import Any

import pytest
from agent_lattice.expr.evaluate import WrongExpression, evaluate
from agent_lattice.expr.extensions import EXTENSIONS
from agent_lattice.expr.functions import FUNCTIONS
from agent_lattice.expr.optionals import OPTIONALS
from agent_lattice.expr.times import TIMES
from agent_lattice_runtime.cel import CelError

E = CelError
LOW, HIGH = -(2**63), 2**63 - 1
BINDINGS: dict[str, Any] = {
    "d": {"list": [1, "a"], "n": None, "x": 1.0},
    "low": LOW,
    "high": HIGH,
    "one": 1,
    "s": "grüße",
    "inf": math.inf,
    "nan": math.nan,
}

TABLE: list[tuple[str, Any]] = [
    # what Python takes for one key
    ("{true: one, 1: one}", E("a map cannot have both true and 1 as keys")),
    # arithmetic of ints
    ("7 + 2 - 1", 8),
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("7 / -2", -3),
    ("7 % 3", 1),
    ("-7 % 3", -1),
    ("7 % -3", 1),
    ("2 * 3 % 4", 2),
    ("-(-3)", 3),
    ("9223372036854775807 + 1", E("integer overflow")),
    ("-9223372036854775808 - 1", E("integer overflow")),
    ("9223372036854775807 * 2", E("integer overflow")),
    ("-(-9223372036854775808)", E("integer overflow")),
    ("-9223372036854775808 / -1", E("integer overflow")),
    ("-9223372036854775808 % -1", E("integer overflow")),
    ("high + one - one", E("integer overflow")),
    ("1 / 0", E("divide by zero")),
    ("1 % 0", E("modulus by zero")),
    # arithmetic of floats
    ("1.5 + 2.0 * 2.0", 5.5),
    ("1.0 / 4.0", 0.25),
    ("1.0 / 0.0", math.inf),
    ("-1.0 / 0.0", -math.inf),
    ("1.0 / -0.0", -math.inf),
    ("0.0 / 0.0 == 0.0 / 0.0", False),
    ("1e308 * 10.0", math.inf),
    ("-(1.5)", -1.5),
    # strings and lists
    ('"a" + "b" + "c"', "abc"),
    ("[1] + [2, 3] + []", [1, 2, 3]),
    ('"a" < "b" && "Z" < "a" && "a" < "aa"', True),
    ('"\\U0001F600" > "\\uffff"', True),
    # operands that only the run knows
    ("d.x + 1.5", 2.5),
    ("d.list[0] + 1", 2),
    ("d.list[1] + 'b'", "ab"),
    ("d.list[0] + 1.0", E("no such overload: _+_(int, double)")),
    ("d.x % d.x", E("no such overload: _%_(double, double)")),
    ("d.list + [2]", [1, "a", 2]),
    ("-d.list[0]", -1),
    ("-d.list", E("no such overload: -_(list)")),
    ("-d.x", -1.0),
    ("d.list[0] - 1 + 2 * 3", 6),
    ("one / 0", E("divide by zero")),
    ("d.x / 0.0", math.inf),
    # equality
    ("1 == 1.0 && 1.0 == 1 && 1 != 1.5", True),
    ("9007199254740993 == 9007199254740992.0", False),
    ("dyn(1) == 'a'", False),
    ("dyn(true) == 1", False),
    ("dyn(0) == false", False),
    ("dyn(null) == 0", False),
    ("dyn([1, 2.0]) == [1.0, 2]", True),
    ("dyn({'a': 1}) == {'a': 1.0}", True),
    ("dyn({'a': 1}) == {'b': 1}", False),
    ("dyn([1]) == {'a': 1}", False),
    ("dyn([1]) != [1, 2]", True),
    ("[0.0 / 0.0] == [0.0 / 0.0]", False),
    ("nan == nan", False),
    ("d.n == null && null == null", True),
    ("true == true == false", False),
    # order
    ("1 < 1.5 && 2.5 > 2 && 1 <= 1.0 && 1.0 >= 1", True),
    ("9223372036854775807 < 9223372036854775807.0", True),
    ("false < true", True),
    ("dyn(1) < 'a'", E("no such overload: _<_(int, string)")),
    ("dyn(true) < 2", E("no such overload: _<_(bool, int)")),
    ("dyn(1) <= 1.0 && dyn('a') > 'A' && dyn(2) >= 2", True),
    ("d.list < d.list", E("no such overload: _<_(list, list)")),
    ("nan < 1.0 || nan >= 1.0", False),
    # membership
    ("2 in [1, 2] && !(3 in [1, 2])", True),
    ("1.0 in [1, 2]", True),
    ("nan in [nan]", False),
    ("'a' in {'a': 1} && !('b' in {'a': 1})", True),
    ("'a' in d.list && !('b' in d.list)", True),
    ("'x' in d && !('y' in d)", True),
    ("dyn(1) in {'a': 1}", False),
    ("'a' in d.x", E("no such overload: @in(string, double)")),
    ("[1] in d", E("no such overload: @in(list, map)")),
    # index and fields
    ("[1, 2][1]", 2),
    ("[1, 2][2]", E("index out of bounds: 2")),
    ("[1, 2][-1]", E("index out of bounds: -1")),
    ("[1, 2][dyn(0.0)]", 1),
    ("[1, 2][dyn(0.5)]", E("no such overload: _[_](list, double)")),
    ("{'a': 1}['a'] + {'a': 1}.a", 2),
    ("{'a': 1}['b']", E("no such key: b")),
    ("{'a': 1}.b", E("no such key: b")),
    ("d['list'][1]", "a"),
    ("d[1]", E("no such key: 1")),
    ("d.y", E("no such key: y")),
    ("d.x.y", E("a double has no field `y`")),
    ("has(d.x) && has(d.n) && !has(d.y)", True),
    ("has(d.x.y)", E("a double has no field `y`")),
    ("has({'a': 1}.a)", True),
    # conditional
    ("true ? 1 : 2", 1),
    ("one == 2 ? 1 / 0 : 2", 2),
    ("one == 1 ? 1 / 0 : 2", E("divide by zero")),
    ("1 / 0 == 1 ? 1 : 2", E("divide by zero")),
    ("d.x ? 1 : 2", E("expected bool, found double")),
    ("!d.x", E("expected bool, found double")),
    # sizes and conversions
    ("size('grüße😀') + s.size()", 11),
    ("size([1, 2]) + size({'a': 1}) + d.list.size()", 5),
    ("size(d.x)", E("no such overload: size(double)")),
    ("int(1.9) + int(-1.9) + int('12') + int(3)", 15),
    ("int('-007')", -7),
    ("int('+9223372036854775807')", HIGH),
    ("int('9223372036854775808')", E("integer overflow")),
    ("int('1' + '0000000000' + '0000000000')", E("integer overflow")),
    ("int(' 1')", E('cannot convert string to int: " 1"')),
    ("int('')", E('cannot convert string to int: ""')),
    ("int('1.0')", E('cannot convert string to int: "1.0"')),
    ("int('٣')", E('cannot convert string to int: "٣"')),
    ("int(9223372036854774784.0)", 9223372036854774784),
    ("int(9223372036854775807.0)", E("double out of int range")),
    ("int(-9223372036854775808.0)", E("double out of int range")),
    ("int(nan)", E("double out of int range")),
    ("int(d.list)", E("no such overload: int(list)")),
    ("double(3) + double('1.5') + double(1.0)", 5.5),
    ("double('1e3')", 1000.0),
    ("double('-Infinity')", -math.inf),
    ("double('nan') == double('nan')", False),
    ("double('1_0')", E('cannot convert string to double: "1_0"')),
    ("double(' 1')", E('cannot convert string to double: " 1"')),
    ("double('e')", E('cannot convert string to double: "e"')),
    ("double('1e999')", E('number out of double range: "1e999"')),
    ("double(d.list)", E("no such overload: double(list)")),
    ("string(1) + string(-2) + string(true) + string('x')", "1-2truex"),
    ("string(1.0)", "1"),
    ("string(123.456)", "123.456"),
    ("string(-4.5e-3)", "-0.0045"),
    ("string(1e21)", "1e+21"),
    ("string(inf) + string(-inf) + string(nan)", "Infinity-InfinityNaN"),
    ("string(d.n)", E("no such overload: string(null)")),
    ("string(d.x) + string(d.list[0])", "11"),
    ("bool('true') && bool('1') && bool('t') && bool('TRUE') && bool('True') && bool(true)", True),
    ("bool('false') || bool('0') || bool('f') || bool('FALSE') || bool('False')", False),
    ("bool('tRUE')", E('cannot convert string to bool: "tRUE"')),
    ("bool(d.x)", E("no such overload: bool(double)")),
    ("dyn(1) + 1", 2),
    # bytes
    (r"b'a\xffé\101' == b'a\xff' + bytes('éA') && b'' < b'a' && b'a' != b'b'", True),
    (r"size(b'é') + b'abc'.size() + size(br'\n')", 7),
    ('b"""a\n"b""" == b\'a\\n"b\'', True),
    ("string(bytes('grüße')) + string(bytes(b'a'))", "grüßea"),
    ("string(b'\\xff')", E("invalid UTF-8 in bytes, which cannot be converted to string")),
    ("bytes(d.x)", E("expected bytes, found double")),
    ("bytes(s) + b'!' == b'grüße!' && dyn(b'a') + b'b' == b'ab' && dyn(b'a') < b'b'", True),
    ("dyn(b'a') == 'a' || 'a' in [dyn(b'a')]", False),
    ("dyn(b'a') + 'a'", E("no such overload: _+_(bytes, string)")),
    ("size(dyn(b'abc'))", 3),
    ("b'a' in [b'a'] && !(b'a' in [b'b'])", True),
    ("[b'b', b'a', b'b'].distinct().sort() == [b'a', b'b']", True),
    # types
    ("type(1) == int && type(1.0) == double && type('a') == string && type(true) == bool", True),
    ("type(b'') == bytes && type([1]) == list && type({'a': 1}) == map && type(null) == null_type", True),
    ("type(int) == type && type(type(1)) == type && type(d.n) == null_type && type(d.list[1]) != int", True),
    ("type(1) in [string, int] && [d.x, 1].map(i, type(i)) == [double, int]", True),
    ("dyn(type(1)) < dyn(1)", E("no such overload: _<_(type, int)")),
    ("[][0] + 1", E("index out of bounds: 0")),
    ("{}.a + 1", E("no such key: a")),
    ("d[dyn(int)]", E("no such key: int")),
    # strings
    ("'hello'.contains('ell') && 'hello'.contains('') && !'hello'.contains('x')", True),
    ("'hello'.startsWith('he') && 'hello'.endsWith('lo') && ''.startsWith('')", True),
    ("'hello'.charAt(0) + 'hello'.charAt(4) + 'hello'.charAt(5)", "ho"),
    ("'hello'.charAt(6)", E("index out of range: 6")),
    ("'hello'.charAt(-1)", E("index out of range: -1")),
    ("'😀a'.charAt(1)", "a"),
    ("'hello mellow'.indexOf('ello')", 1),
    ("'hello mellow'.indexOf('ello', 2)", 7),
    ("'hello mellow'.indexOf('jello')", -1),
    ("'hello mellow'.indexOf('', 2)", 2),
    ("'hello'.indexOf('', 5) + 'hello'.indexOf('o', 5)", 4),
    ("'hello mellow'.indexOf('ello', 20)", E("index out of range: 20")),
    ("'hello mellow'.indexOf('', -1)", E("index out of range: -1")),
    ("'hello mellow'.lastIndexOf('ello')", 7),
    ("'hello mellow'.lastIndexOf('ello', 6)", 1),
    ("'hello mellow'.lastIndexOf('jello')", -1),
    ("'hello'.lastIndexOf('') + 'hello'.lastIndexOf('', 2)", 7),
    ("'hello'.lastIndexOf('o', 5)", 4),
    ("'hello'.lastIndexOf('o', -1)", E("index out of range: -1")),
    ("'TacoCat'.lowerAscii() + 'TacoCÆt Xii'.upperAscii()", "tacocatTACOCÆT XII"),
    ("'hello hello'.replace('he', 'we')", "wello wello"),
    ("'hello hello'.replace('he', 'we', 1)", "wello hello"),
    ("'hello'.replace('l', '', 0) + 'll'.replace('l', 'x', -5)", "helloxx"),
    ("'ab'.replace('', '-')", "-a-b-"),
    ("'a,b,c'.split(',')", ["a", "b", "c"]),
    ("'a,b,c'.split(',', 2)", ["a", "b,c"]),
    ("'a,b,c'.split(',', 0)", []),
    ("'a,b,c'.split(',', 1)", ["a,b,c"]),
    ("'a,b,c'.split(',', -1)", ["a", "b", "c"]),
    ("'abc'.split('')", ["a", "b", "c"]),
    ("'abc'.split('', 2)", ["a", "bc"]),
    ("''.split(',') + ''.split('')", ["", ""]),
    ("['x', 'y'].join() + ['x', 'y'].join('-') + [].join('-')", "xyx-y"),
    ("d.list.join()", E("expected string, found int")),
    ("d.x.join()", E("expected list of strings, found double")),
    ("'tacocat'.substring(4) + 'tacocat'.substring(0, 4) + 'a'.substring(1)", "cattaco"),
    ("'tacocat'.substring(-1)", E("index out of range: -1")),
    ("'tacocat'.substring(1, 50)", E("index out of range: 50")),
    ("'tacocat'.substring(8)", E("index out of range: 8")),
    ("'tacocat'.substring(3, 2)", E("invalid range: start 3 is behind end 2")),
    ("' \\u2003\\ttrim\\n '.trim() + '\\x1c'.trim()", "trim\x1c"),
    ("'gums'.reverse() + ''.reverse()", "smug"),
    ("strings.quote('a\"b\\n\\\\')", '"a\\"b\\n\\\\"'),
    ("d.list[1].startsWith('a')", True),
    ("d.list[0].startsWith('a')", E("expected string, found int")),
    # patterns
    ("'foobar'.matches('o+b') && matches('foobar', '^foo') && !'foobar'.matches('^bar')", True),
    ("'a\\nb'.matches('a.b') || 'a\\n'.matches('a$')", False),
    ("'x'.matches(s + '(')", E("invalid regular expression: missing )")),
    # macros
    ("[1, 2].all(x, x > 0) && ![1, 2].all(x, x > 1) && [].all(x, false)", True),
    ("[1, 2].exists(x, x > 1) && ![1, 2].exists(x, x > 2) && ![].exists(x, true)", True),
    ("[1, 2].exists_one(x, x > 1) && ![1, 2].exists_one(x, x > 0)", True),
    ("[1, 2, 3].map(x, x * 2)", [2, 4, 6]),
    ("[1, 2, 3].map(x, x > 1, x * 2)", [4, 6]),
    ("[1, 2, 3].filter(x, x != 2)", [1, 3]),
    ("{'b': 1, 'a': 2}.map(k, k) == ['a', 'b']", True),
    ("{'b': 1, 'a': 2}.all(k, k < 'c') && d.exists(k, k == 'x')", True),
    ("{'b': 1, 'a': 2}.filter(k, k == 'b')", ["b"]),
    ("d.x.map(i, i)", E("no such overload: <range>(double)")),
    ("[[1, 2], [3]].map(x, x.map(x, x + 1))", [[2, 3], [4]]),
    ("[1, 2].map(one, one + 1)", [2, 3]),
    ("[1, 0].map(x, 1 / x)", E("divide by zero")),
    ("[1, 0].filter(x, 1 / x > 0)", E("divide by zero")),
    ("[0, 1].all(x, 1 / x > 1)", False),
    ("[0, 2].all(x, 2 / x == 1)", E("divide by zero")),
    ("[0, 1].exists(x, 1 / x == 1)", True),
    ("[0, 1].exists(x, 1 / x == 2)", E("divide by zero")),
    ("[1, 0].exists_one(x, 1 / x == 1)", E("divide by zero")),
    ("d.list.all(x, x)", E("expected bool, found int")),
    # literals
    ("{'a': 1, 'b': {'c': [null]}}", {"a": 1, "b": {"c": [None]}}),
    ("{s: 1, s: 2}", E("duplicate key: grüße")),
    ("[1, 'a', null, 2.5]", [1, "a", None, 2.5]),
    ("r'\\n' + '\\n'", "\\n\n"),
]


@pytest.mark.parametrize(("text", "value"), TABLE, ids=[text for text, _ in TABLE])
def test_values_and_errors(lab: Any, text: str, value: Any) -> None:
    if isinstance(value, CelError):
        with pytest.raises(CelError) as raised:
            evaluate(text, BINDINGS)
        assert str(raised.value) == str(value)
    else:
        assert lab.same(evaluate(text, BINDINGS), value)


@pytest.mark.parametrize(
    "name", sorted(set(FUNCTIONS) - {row.name for row in (*EXTENSIONS, *TIMES, *OPTIONALS)} - {"uint"})
)
def test_every_function_is_in_the_table(name: str) -> None:
    assert any(f"{name}(" in text for text, _ in TABLE)


OUTCOMES = {"true": True, "false": False, "1 / zero == 1": None, "d.x": None}
"""Operands: the last two are errors, one of arithmetic and one of type."""


@pytest.mark.parametrize("left", OUTCOMES)
@pytest.mark.parametrize("right", OUTCOMES)
@pytest.mark.parametrize("sign", ["&&", "||"])
def test_and_and_or_absorb_errors(left: str, right: str, sign: str) -> None:
    decisive = sign == "||"
    outcomes = (OUTCOMES[left], OUTCOMES[right])
    expected = decisive if decisive in outcomes else None if None in outcomes else not decisive
    macro = "exists" if decisive else "all"
    bindings = {"zero": 0, "d": {"x": 1}}
    listed = f"[0, 1].{macro}(i, i == 0 ? dyn({left}) : dyn({right}))"
    for text in (f"({left}) {sign} ({right})", f"[true].map(t, ({left}) {sign} ({right}))[0]", listed):
        if expected is None:
            with pytest.raises(CelError):
                evaluate(text, bindings)
        else:
            assert evaluate(text, bindings) is expected


def test_the_first_error_is_kept() -> None:
    with pytest.raises(CelError, match="no such key: a"):
        evaluate("d.a == 1 && d.b == 1 && true", {"d": {}})


@pytest.mark.parametrize(
    ("text", "bindings"),
    [
        ("x", {"x": 2**63}),
        ("x", {"x": [{"a": -(2**70)}]}),
        ("x", {"x": "\ud800"}),
        ("x", {"x": {"\udfff": 1}}),
    ],
)
def test_bindings_that_are_no_values(text: str, bindings: dict[str, Any]) -> None:
    with pytest.raises(CelError, match=r"`x` has a"):
        evaluate(text, bindings)


@pytest.mark.parametrize("text", ["", "1 +", "unknown", "1 + 'a'", "Order { a: 1 }", "'a'.matches('(')"])
def test_what_cannot_be_evaluated_says_why(text: str) -> None:
    with pytest.raises(WrongExpression) as raised:
        evaluate(text, {"x": 1})
    assert raised.value.report.failed
    assert str(raised.value)


@pytest.mark.parametrize("name", ["cel", "len", "__builtins__", "class", "float", "value_of_x"])
def test_bindings_may_have_any_name(name: str) -> None:
    assert evaluate(f"size([{name}, {name}]) == 2 && [1].all({name}, {name} == 1) && {name} == 5", {name: 5}) is True


def test_deep_values_are_compared_and_shown_or_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert evaluate("x == x", {"x": deep}) is True
