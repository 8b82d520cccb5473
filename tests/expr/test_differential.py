"""Generated expressions over unsigned ints, bytes, times, maps by numbers and optional values, with generated bindings:
what they give is what the reference implementation gives; typed and with their types forgotten."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from agent_lattice.types import (
    BOOL,
    BYTES,
    DURATION,
    FLOAT,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    ListType,
    MapType,
    Type,
)
from agent_lattice_runtime.cel import CelError
from agent_lattice_runtime.cel_time import of_datetime, of_timedelta
from agent_lattice_runtime.uint import Uint
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

VARIABLES: dict[str, Type] = {
    "u": UINT,
    "v": UINT,
    "i": INT,
    "f": FLOAT,
    "s": STRING,
    "y": BYTES,
    "z": BYTES,
    "t": TIMESTAMP,
    "w": TIMESTAMP,
    "d": DURATION,
    "e": DURATION,
    "us": ListType(UINT),
    "by_int": MapType(STRING, INT),
    "by_uint": MapType(INT, UINT),
    "by_bool": MapType(INT, BOOL),
}
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "-08:00", "+05:45", "02:00", "Nowhere")
PARTS = "getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds"
UINTS = st.sampled_from([0, 1, 2, 3, 7, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1])
INTS = st.sampled_from([0, 1, -1, 2, 3, 2**53 + 1, 2**63 - 1, -(2**63)])
FLOATS = st.sampled_from(
    [0.0, -0.0, 1.0, 2.5, -1.5, 1.8446744073709552e19, 9.223372036854775807e18, math.inf, math.nan]
)
BYTE_STRINGS = st.lists(st.integers(1, 255), max_size=4).map(bytes)  # it cuts joined ones at zeros
STRINGS = st.sampled_from(
    ["", "a", "é😀", "7", "18446744073709551615", "1.5", "true", "2023-01-02T03:04:05Z", "1h30m", "YQ==", "UTC"]
)
MOMENTS = st.one_of(  # it has no duration beyond 292 years
    st.sampled_from([datetime(1930, 1, 1, tzinfo=UTC), datetime(2068, 12, 31, 20, tzinfo=UTC)]),
    st.datetimes(datetime(1950, 1, 1), datetime(2050, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
)
SPANS = st.one_of(
    st.sampled_from([timedelta(0), timedelta(microseconds=-1), timedelta(seconds=1.5), timedelta(days=3_652)]),
    st.timedeltas(timedelta(days=-400), timedelta(days=400)),
)
BINDINGS = st.fixed_dictionaries(
    {
        **dict.fromkeys(("u", "v"), UINTS),
        "i": INTS,
        "f": FLOATS,
        "s": STRINGS,
        **dict.fromkeys(("y", "z"), BYTE_STRINGS),
        **dict.fromkeys(("t", "w"), MOMENTS),
        **dict.fromkeys(("d", "e"), SPANS),
        "us": st.lists(UINTS, max_size=3),
        "by_int": st.dictionaries(INTS, STRINGS, max_size=3),
        "by_uint": st.dictionaries(UINTS, INTS, max_size=3),
        "by_bool": st.dictionaries(st.booleans(), INTS, max_size=2),
    }
)


def joined(*parts: Any) -> Any:
    """Texts one after the other."""
    return st.tuples(*(st.just(part) if isinstance(part, str) else part for part in parts)).map("".join)


def one(text: str) -> Any:
    return st.sampled_from(text.split())


def quoted(data: bytes) -> str:
    return 'b"' + "".join(f"\\x{byte:02x}" if byte % 2 else f"\\{byte:03o}" for byte in data) + '"'


LEAVES: dict[str, Any] = {
    "uint": st.one_of(one("u v"), UINTS.map(lambda n: f"{n}u"), UINTS.map(lambda n: f"0x{n:X}U")),
    "int": st.one_of(one("i"), INTS.map(str)),
    "float": one("f 1.0 2.5 -1.5 1e19"),
    "string": st.one_of(one("s"), STRINGS.map(lambda text: f"'{text}'")),
    "bytes": st.one_of(one("y z"), BYTE_STRINGS.map(quoted)),
    "timestamp": one(
        "t w timestamp('2024-02-29T12:34:56.789012345Z') timestamp(0) timestamp('1969-12-31T23:59:59.5-01:30')"
    ),
    "duration": one("d e duration('1h30m1.5s') duration('-1ns') duration('250ms')"),
    "bool": one("true false"),
    "list<uint>": one("us"),
    "map<int>": one("by_int"),
    "map<uint>": one("by_uint"),
    "map<bool>": one("by_bool"),
    "optional": one(
        "optional.none() optional.of(3) by_uint[?1u] by_uint[?u] by_bool[?true] by_int[?1].optMap(x,size(x))"
    ),
}


@cache
def of(sort: str, depth: int) -> Any:
    """Texts of expressions of a type. `§(…)` is a value whose type may be forgotten."""
    if depth == 0:
        return LEAVES[sort]
    return st.one_of(LEAVES[sort], st.deferred(lambda: st.one_of(*MAKERS[sort](lambda inner: of(inner, depth - 1)))))


def _numbers(o: Any) -> Any:
    return st.one_of(o("uint"), o("int"), o("float"))


def _same(o: Any, sort: str, signs: str) -> Any:
    return joined("(", o(sort), " ", one(signs), " ", o(sort), ")")


MAKERS: dict[str, Any] = {
    "uint": lambda o: [
        _same(o, "uint", "+ - * / %"),
        joined("uint(", st.one_of(_numbers(o), o("string")), ")"),
        joined(o("list<uint>"), "[", o("int"), "]"),
        joined("math.", one("bitAnd bitOr bitXor"), "(", o("uint"), ", ", o("uint"), ")"),
        joined("math.", one("bitNot abs sign"), "(", o("uint"), ")"),
        joined("math.", one("bitShiftLeft bitShiftRight"), "(", o("uint"), ", ", one("-1 0 1 63 64 100"), ")"),
        joined("math.", one("greatest least"), "(", o("uint"), ", ", o("uint"), ")"),
    ],
    "int": lambda o: [
        joined("int(", st.one_of(_numbers(o), o("string"), o("timestamp")), ")"),
        joined("size(", st.one_of(o("bytes"), o("map<int>"), o("list<uint>")), ")"),
        joined(o("timestamp"), ".", one(PARTS), "(", st.sampled_from(["", *(f"'{zone}'" for zone in ZONES)]), ")"),
        joined(o("duration"), ".", one("getHours getMinutes getSeconds getMilliseconds"), "()"),
        joined(o("map<uint>"), "[", o("uint"), "]"),
        joined(o("map<bool>"), "[", o("bool"), "]"),
        joined(o("optional"), ".orValue(", o("int"), ")"),
        joined(o("optional"), ".value()"),
    ],
    "float": lambda o: [
        joined("double(", st.one_of(_numbers(o), o("string")), ")"),
        joined("math.sqrt(", _numbers(o), ")"),
    ],
    "string": lambda o: [
        joined("string(", st.one_of(o("uint"), o("bytes"), o("timestamp"), o("duration"), o("bool")), ")"),
        joined("base64.encode(", o("bytes"), ")"),
        joined(o("map<int>"), "[", o("int"), "]"),
        joined("'%d %x %o %b'.format([", o("uint"), ", ", o("uint"), ", ", o("uint"), ", ", o("uint"), "])"),
        joined("'%s %x'.format([", st.one_of(o("timestamp"), o("duration"), o("uint")), ", ", o("bytes"), "])"),
    ],
    "bytes": lambda o: [
        joined("(", o("bytes"), " + ", o("bytes"), ")"),
        joined("bytes(", o("string"), ")"),
        joined("base64.decode(", one("'YQ==' 'YQ' '/w==' 'a' '*' ''"), ")"),
    ],
    "timestamp": lambda o: [
        joined("(", o("timestamp"), " ", one("+ -"), " ", o("duration"), ")"),
        joined("(", o("duration"), " + ", o("timestamp"), ")"),
        joined("timestamp(", st.one_of(o("int"), o("string")), ")"),
    ],
    "duration": lambda o: [
        _same(o, "duration", "+ -"),
        joined("(", o("timestamp"), " - ", o("timestamp"), ")"),
        joined("duration(", o("string"), ")"),
    ],
    "bool": lambda o: [
        joined("(§(", _numbers(o), ") ", one("== != < <= > >="), " §(", _numbers(o), "))"),
        *(_same(o, sort, "== != < <= > >=") for sort in ("bytes", "timestamp", "duration", "uint")),
        joined("(§(", st.one_of(o("map<int>"), o("map<uint>")), ") ", one("== !="), " §(", o("map<uint>"), "))"),
        joined("(§(", _numbers(o), ") in §(", st.one_of(o("map<int>"), o("map<uint>"), o("list<uint>")), "))"),
        joined("(", o("bool"), " in ", o("map<bool>"), ")"),
        joined("(", o("bool"), one("&& ||"), o("bool"), ")"),
        joined(o("optional"), ".hasValue()"),
        joined("(", o("optional"), " == ", o("optional"), ")"),
        joined(o("list<uint>"), ".", one("all exists exists_one"), "(u, ", o("bool"), ")"),
        joined(o("map<int>"), ".", one("all exists"), "(i, ", o("bool"), ")"),
        joined("(type(", _numbers(o), ") == ", one("uint int double"), ")"),
    ],
    "list<uint>": lambda o: [
        joined("[", o("uint"), ", ", o("uint"), "]"),
        joined("[", o("uint"), ", ?", one("optional.of(2u) optional.none() us[?0]"), "]"),
        joined(o("list<uint>"), ".map(u, ", o("uint"), ")"),
        joined(o("list<uint>"), ".filter(u, ", o("bool"), ")"),
        joined("(", o("list<uint>"), " + ", o("list<uint>"), ")"),
    ],
    "map<int>": lambda o: [joined("{", o("int"), ": ", o("string"), ", ", o("int"), ": s}")],
    "map<uint>": lambda o: [joined("{", o("uint"), ": ", o("int"), ", ?", o("uint"), ": ", o("optional"), "}")],
    "map<bool>": lambda o: [joined("{", o("bool"), ": ", o("int"), "}")],
    "optional": lambda o: [
        joined(o("map<uint>"), "[?", o("uint"), "]"),
        joined("optional.", one("of ofNonZeroValue"), "(", o("int"), ")"),
        joined(o("optional"), ".or(", o("optional"), ")"),
        joined(o("optional"), ".optMap(i, ", o("int"), ")"),
        joined(o("optional"), ".optFlatMap(i, ", o("optional"), ")"),
    ],
}
RESULTS = ["uint", "int", "float", "string", "bytes", "bool", "list<uint>", "map<int>", "map<uint>", "map<bool>"]
EXPRESSIONS = st.sampled_from(RESULTS).flatmap(lambda sort: of(sort, 3))
ERROR = "error"


def own(value: Any) -> Any:
    """A binding as generated code has it."""
    if isinstance(value, datetime):
        return of_datetime(value)
    return of_timedelta(value) if isinstance(value, timedelta) else value


def bound(bindings: dict[str, Any]) -> dict[str, Any]:
    env = {name: own(value) for name, value in bindings.items()}
    env |= {name: Uint(env[name]) for name in ("u", "v")}
    env["us"] = [Uint(value) for value in env["us"]]
    env["by_uint"] = {Uint(key): value for key, value in env["by_uint"].items()}
    return env


def ours(lab: Any, text: str, env: dict[str, Any]) -> Any:
    term, report = lab.typed(text, variables=VARIABLES)
    if report.found:
        return [finding.code.number for finding in report.found]
    try:
        return lab.run(term, env)
    except CelError as error:
        assert term.fails, f"{error}: {text}"
        return ERROR


def refused(outcome: Any) -> bool:
    """Whether the compiler proves that a comparison never holds, where types are not forgotten, or that a key is repeated."""
    return (
        isinstance(outcome, list) and len(outcome) > 0 and set(map(str, outcome)) <= {"LAT2114", "LAT2122", "LAT2125"}
    )


def same(a: Any, b: Any) -> bool:
    """Equal, NaN equal to itself; the reference has no classes for uints."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    kinds = [bytes if isinstance(x, bytearray) else int if isinstance(x, int) else type(x) for x in (a, b)]
    return kinds[0] is kinds[1] and (a == b or (a != a and b != b))


@cache
def environment() -> Any:
    reference = pytest.importorskip("cel_expr_python")
    from cel_expr_python.ext import ext_encoders, ext_math, ext_optional, ext_strings

    cel = reference.cel
    scalars = {"uint": "UINT", "int": "INT", "float": "DOUBLE", "bool": "BOOL"}

    def type_of(type: Type) -> Any:
        if isinstance(type, ListType):
            return cel.Type.List(type_of(type.item))
        if isinstance(type, MapType):
            return cel.Type.Map(type_of(type.key), type_of(type.value))
        return getattr(cel.Type, scalars.get(str(type), str(type).upper()))

    extensions = [ext_strings.ExtStrings(), ext_math.ExtMath(), ext_optional.ExtOptional(), ext_encoders.ExtEncoders()]
    return cel.NewEnv(variables={name: type_of(type) for name, type in VARIABLES.items()}, extensions=extensions)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(EXPRESSIONS, BINDINGS)
def test_the_reference_implementation_agrees(lab: Any, text: str, bindings: dict[str, Any]) -> None:
    forgotten = text.replace("§(", "dyn(")
    try:
        found = environment().compile(forgotten).eval(data=bindings)
    except RuntimeError as error:  # it gives up on a repeated key instead of giving an error value
        assert "ALREADY_EXISTS" in str(error), forgotten
        return
    expected = ERROR if found.type().name() == "ERROR" else found.plain_value()
    env = bound(bindings)
    dynamic = ours(lab, forgotten, env)
    assert same(dynamic, expected) or (dynamic == ["LAT2114"] and expected == ERROR), forgotten
    typed = ours(lab, text.replace("§(", "("), env)
    assert same(typed, expected) or refused(typed), text
