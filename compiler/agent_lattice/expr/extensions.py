"""The extensions of CEL as rows of the function table: `lists`, `sets`, `math`, `encoders`, and `format` of `strings`."""

from __future__ import annotations

from agent_lattice.expr.fits import core, present
from agent_lattice.expr.overload import LIST, Function, Overload, dynamic, method, row
from agent_lattice.records import replace
from agent_lattice.types import (
    BOOL,
    BYTES,
    DURATION,
    DYN,
    FLOAT,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    Dyn,
    ListType,
    Literal,
    Type,
    Unknown,
)

_ORDERED = (INT, UINT, FLOAT, STRING, BOOL, BYTES, TIMESTAMP, DURATION)


def _same(types: list[Type]) -> Type:
    """A list of what the first argument is a list of."""
    found = present(types[0])
    return found if isinstance(found, ListType) else LIST


def _flattened(types: list[Type]) -> Type:
    """The first argument without so many levels of lists, as far as the number of levels is known."""
    found, depth = _same(types), 1
    if len(types) > 1:
        known = types[1]
        if not isinstance(known, Literal) or not isinstance(known.values[0], int):
            return LIST
        depth = known.values[0]
    while depth > 0 and isinstance(found, ListType) and isinstance(inner := found.item, ListType | Dyn | Unknown):
        found, depth = (inner, depth - 1) if isinstance(inner, ListType) else (ListType(inner), 0)
    return found


def _typed(overload: Overload) -> Overload:
    return replace(overload, typed=_same)


def _free(name: str, doc: str, *overloads: Overload, dynamic: Overload | None = None) -> Function:
    return Function(name, doc, overloads, dynamic, free=True)


def _set(name: str, id: str, doc: str) -> Function:
    form = f"cel_lists.{id}(_0, _1)"
    typed = row(f"sets_{id}", (LIST, LIST), BOOL, form)
    return _free(name, doc, typed, dynamic=dynamic(f"sets_{id}_dyn", 2, BOOL, form))


_LISTS = (
    Function(
        "distinct",
        "every item once",
        (_typed(row("distinct", (LIST,), LIST, "cel_lists.distinct(_0)")),),
        dynamic("distinct_dyn", 1, LIST, "cel_lists.distinct(_0)"),
        method=True,
    ),
    method(
        "flatten",
        "the lists inside a list unpacked, one level or so many",
        replace(row("flatten", (LIST,), LIST, "cel_lists.flatten(_0)", True), typed=_flattened),
        replace(row("flatten_to", (LIST, INT), LIST, "cel_lists.flatten(_0, _1)", True), typed=_flattened),
    ),
    _free("lists.range", "the ints from 0 on", row("range", (INT,), ListType(INT), "cel_lists.numbers(_0)", True)),
    Function(
        "reverse",
        "the characters or items backwards",
        (
            row("reverse", (STRING,), STRING, "_0[::-1]"),
            _typed(row("reverse_list", (LIST,), LIST, "_0[::-1]")),
        ),
        dynamic("reverse_dyn", 1, DYN, "cel_lists.reverse(_0)"),
        method=True,
    ),
    method(
        "slice",
        "the items from a place up to another",
        _typed(row("slice", (LIST, INT, INT), LIST, "cel_lists.part(_0, _1, _2)", True)),
    ),
    Function(
        "sort",
        "the items in ascending order",
        tuple(row(f"sort_{item}", (ListType(item),), ListType(item), "sorted(_0)") for item in _ORDERED),
        replace(dynamic("sort_dyn", 1, LIST, "cel_lists.sort(_0)"), typed=_same),
        method=True,
    ),
)

_SETS = (
    _set("sets.contains", "contains", "whether a list has every value of another"),
    _set("sets.equivalent", "equivalent", "whether two lists have the same values"),
    _set("sets.intersects", "intersects", "whether two lists have a value in common"),
)


def _cut(name: str, form: str, doc: str) -> Function:
    return _free(f"math.{name}", doc, row(f"math_{name}", (FLOAT,), FLOAT, f"cel_math.{form}(_0)"))


def _test(name: str, form: str, doc: str) -> Function:
    return _free(f"math.{name}", doc, row(f"math_{name}", (FLOAT,), BOOL, f"cel_math.{form}(_0)"))


def _bits(name: str, sign: str, doc: str) -> Function:
    ints = row(f"math_{name}", (INT, INT), INT, f"_0 {sign} _1")
    uints = row(f"math_{name}_uint", (UINT, UINT), UINT, f"cel_uint.uint(_0 {sign} _1)")
    return _free(f"math.{name}", doc, ints, uints)


def _shift(name: str, function: str, doc: str) -> Function:
    ints = row(f"math_{name}", (INT, INT), INT, f"cel_math.{function}(_0, _1)", True)
    uints = row(f"math_{name}_uint", (UINT, INT), UINT, f"cel_uint.{function}(_0, _1)", True)
    return _free(f"math.{name}", doc, ints, uints)


_MATH = (
    _cut("ceil", "ceil", "the next whole number above"),
    _cut("floor", "floor", "the next whole number below"),
    _cut("round", "rounded", "the nearest whole number, halves away from zero"),
    _cut("trunc", "trunc", "the whole number toward zero"),
    _test("isNaN", "is_nan", "whether it is NaN"),
    _test("isInf", "is_inf", "whether it is an infinity"),
    _test("isFinite", "is_finite", "whether it is neither NaN nor an infinity"),
    _free(
        "math.abs",
        "without its sign",
        row("abs_int", (INT,), INT, "cel_math.absolute(_0)", True),
        row("abs_uint", (UINT,), UINT, "_0"),
        row("abs_float", (FLOAT,), FLOAT, "cel_math.absolute(_0)"),
        dynamic=dynamic("abs_dyn", 1, DYN, "cel_math.absolute(_0)"),
    ),
    _free(
        "math.sign",
        "-1, 0 or 1",
        row("sign_int", (INT,), INT, "cel_math.sign(_0)"),
        row("sign_uint", (UINT,), UINT, "cel_math.sign(_0)"),
        row("sign_float", (FLOAT,), FLOAT, "cel_math.sign(_0)"),
        dynamic=dynamic("sign_dyn", 1, DYN, "cel_math.sign(_0)"),
    ),
    _free(
        "math.sqrt",
        "the square root",
        row("sqrt_int", (INT,), FLOAT, "cel_math.sqrt(_0)"),
        row("sqrt_uint", (UINT,), FLOAT, "cel_math.sqrt(_0)"),
        row("sqrt_float", (FLOAT,), FLOAT, "cel_math.sqrt(_0)"),
        dynamic=dynamic("sqrt_dyn", 1, FLOAT, "cel_math.sqrt(_0)"),
    ),
    _bits("bitAnd", "&", "the bits that both have"),
    _bits("bitOr", "|", "the bits that one of them has"),
    _bits("bitXor", "^", "the bits that only one of them has"),
    _free(
        "math.bitNot",
        "the bits it does not have",
        row("math_bitNot", (INT,), INT, "~_0"),
        row("math_bitNot_uint", (UINT,), UINT, "cel_uint.bit_not(_0)"),
    ),
    _shift("bitShiftLeft", "shift_left", "the bits shifted to higher places"),
    _shift("bitShiftRight", "shift_right", "the bits shifted to lower places, zeros before them"),
)

_FORMAT = method(
    "format",
    "the text with `%s`, `%d`, `%f`, `%e`, `%b`, `%o`, `%x` replaced by the items of a list",
    row("format", (STRING, LIST), STRING, "cel_format.formatted(_0, _1)", True),
)

_ENCODERS = (
    _free("base64.encode", "as base64", row("base64_encode", (BYTES,), STRING, "cel_bytes.encode(_0)")),
    _free(
        "base64.decode",
        "the bytes of a base64 text",
        row("base64_decode", (STRING,), BYTES, "cel_bytes.decode(_0)", True),
    ),
)

EXTENSIONS = (*_LISTS, *_SETS, *_MATH, *_ENCODERS, _FORMAT)

EXTREMES = {
    "math.greatest": "the greatest of numbers, or of a list of numbers",
    "math.least": "the least of numbers, or of a list of numbers",
}
"""Functions of any number of arguments, with their documentation; the overload follows from how they are given."""


def is_number(type: Type) -> bool:
    """Whether only the run or nobody doubts that it is a number."""
    return core(type) in (INT, UINT, FLOAT) or isinstance(present(type), Dyn)
