"""The functions and operators of expressions, one row each: name, documentation, overloads with their Python form.

In a Python form `_0`, `_1`, … stand for the arguments. A later row with the same name adds overloads to nothing:
names are unique. An argument whose type only the run knows is checked by a cast when one overload is left, and
otherwise handled by the `dynamic` form.
"""

from __future__ import annotations

from agent_lattice.records import record
from agent_lattice.types import BOOL, DYN, FLOAT, INT, STRING, ListType, MapType, Type

LIST, MAP, STRINGS = ListType(DYN), MapType(DYN), ListType(STRING)


@record
class Overload:
    """One typed form. `id` names it in terms and plans; `fails`: it may raise a CEL error."""

    id: str
    args: tuple[Type, ...]
    result: Type
    python: str
    fails: bool = False


@record
class Function:
    """A function by its name in the source. `method`: written `x.name(…)`; `free`: written `name(x, …)`."""

    name: str
    doc: str
    overloads: tuple[Overload, ...]
    dynamic: Overload | None = None
    method: bool = False
    free: bool = False


def _row(id: str, args: tuple[Type, ...], result: Type, python: str, fails: bool = False) -> Overload:
    return Overload(id, args, result, python, fails)


def _dynamic(id: str, count: int, result: Type, python: str) -> Overload:
    return Overload(id, (DYN,) * count, result, python, fails=True)


def _arithmetic(sign: str, word: str, doc: str, *more: Overload, floats: str = "") -> Function:
    ints = _row(f"{word}_int", (INT, INT), INT, f"cel.{word}(_0, _1)", True)
    real = (_row(f"{word}_float", (FLOAT, FLOAT), FLOAT, floats),) if floats else ()
    return Function(sign, doc, (ints, *real, *more), _dynamic(f"{word}_dyn", 2, DYN, f"cel.calc(_0, {sign!r}, _1)"))


def _order(sign: str, word: str, doc: str) -> Function:
    """Numbers compare across int and float by their value."""
    pairs = ((INT, INT), (INT, FLOAT), (FLOAT, INT), (FLOAT, FLOAT), (STRING, STRING), (BOOL, BOOL))
    typed = tuple(_row(f"{word}_{a}_{b}", (a, b), BOOL, f"_0 {sign} _1") for a, b in pairs)
    return Function(sign, doc, typed, _dynamic(f"{word}_dyn", 2, BOOL, f"cel.compare({sign!r}, _0, _1)"))


def _method(name: str, doc: str, *overloads: Overload, free: bool = False) -> Function:
    return Function(name, doc, overloads, method=True, free=free)


OPERATORS = (
    _arithmetic(
        "+",
        "add",
        "sum; strings and lists are joined",
        _row("add_string", (STRING, STRING), STRING, "_0 + _1"),
        _row("add_list", (LIST, LIST), LIST, "_0 + _1"),
        floats="_0 + _1",
    ),
    _arithmetic("-", "sub", "difference", floats="_0 - _1"),
    _arithmetic("*", "mul", "product", floats="_0 * _1"),
    _arithmetic("/", "div", "quotient; of ints it is cut toward zero", floats="cel.divide(_0, _1)"),
    _arithmetic("%", "mod", "remainder of ints, with the sign of the left operand"),
    Function(
        "-_",
        "the negative of a number",
        (_row("neg_int", (INT,), INT, "cel.neg(_0)", True), _row("neg_float", (FLOAT,), FLOAT, "-_0")),
        _dynamic("neg_dyn", 1, DYN, "cel.minus(_0)"),
    ),
    Function("!_", "not", (_row("not", (BOOL,), BOOL, "not _0"),)),
    _order("<", "less", "less than"),
    _order("<=", "less_equal", "less than or equal"),
    _order(">", "greater", "greater than"),
    _order(">=", "greater_equal", "greater than or equal"),
)

_STRING_METHODS = (
    _method("contains", "whether a string occurs in it", _row("contains", (STRING, STRING), BOOL, "_1 in _0")),
    _method("startsWith", "whether it begins so", _row("starts_with", (STRING, STRING), BOOL, "_0.startswith(_1)")),
    _method("endsWith", "whether it ends so", _row("ends_with", (STRING, STRING), BOOL, "_0.endswith(_1)")),
    _method(
        "matches",
        "whether an RE2 pattern occurs in it",
        _row("matches", (STRING, STRING), BOOL, "cel.matches(_0, _1)", True),
        free=True,
    ),
    _method(
        "charAt",
        "the character at a place; empty right behind the last",
        _row("char_at", (STRING, INT), STRING, "cel.char_at(_0, _1)", True),
    ),
    _method(
        "indexOf",
        "the first place of a string in it, from a place on; -1 when there is none",
        _row("index_of", (STRING, STRING), INT, "_0.find(_1)"),
        _row("index_of_from", (STRING, STRING, INT), INT, "cel.index_of(_0, _1, _2)", True),
    ),
    _method(
        "lastIndexOf",
        "the last place of a string in it, at or before a place; -1 when there is none",
        _row("last_index_of", (STRING, STRING), INT, "_0.rfind(_1)"),
        _row("last_index_of_from", (STRING, STRING, INT), INT, "cel.last_index_of(_0, _1, _2)", True),
    ),
    _method("lowerAscii", "A-Z in lower case", _row("lower_ascii", (STRING,), STRING, "cel.lower_ascii(_0)")),
    _method("upperAscii", "a-z in upper case", _row("upper_ascii", (STRING,), STRING, "cel.upper_ascii(_0)")),
    _method(
        "replace",
        "every occurrence of a string replaced, or the first so many",
        _row("replace", (STRING, STRING, STRING), STRING, "_0.replace(_1, _2)"),
        _row("replace_some", (STRING, STRING, STRING, INT), STRING, "cel.replace(_0, _1, _2, _3)"),
    ),
    _method(
        "split",
        "the parts between separators, at most so many",
        _row("split", (STRING, STRING), STRINGS, "cel.split(_0, _1)"),
        _row("split_some", (STRING, STRING, INT), STRINGS, "cel.split(_0, _1, _2)"),
    ),
    _method(
        "join",
        "the strings of a list, one after the other, with a separator",
        _row("join", (STRINGS,), STRING, "''.join(_0)"),
        _row("join_with", (STRINGS, STRING), STRING, "_1.join(_0)"),
    ),
    _method(
        "substring",
        "from a place on, up to another",
        _row("substring", (STRING, INT), STRING, "cel.substring(_0, _1)", True),
        _row("substring_to", (STRING, INT, INT), STRING, "cel.substring(_0, _1, _2)", True),
    ),
    _method("trim", "without white space at both ends", _row("trim", (STRING,), STRING, "cel.trim(_0)")),
    _method("reverse", "the characters backwards", _row("reverse", (STRING,), STRING, "_0[::-1]")),
    Function(
        "strings.quote",
        "in double quotes, with escapes",
        (_row("quote", (STRING,), STRING, "cel.quote(_0)"),),
        free=True,
    ),
)

_CONVERSIONS = (
    Function(
        "size",
        "how many characters, items or entries",
        (
            _row("size_string", (STRING,), INT, "len(_0)"),
            _row("size_list", (LIST,), INT, "len(_0)"),
            _row("size_map", (MAP,), INT, "len(_0)"),
        ),
        _dynamic("size_dyn", 1, INT, "cel.size(_0)"),
        method=True,
        free=True,
    ),
    Function(
        "int",
        "as an int: a float is cut toward zero, a string is read",
        (
            _row("int_int", (INT,), INT, "_0"),
            _row("int_float", (FLOAT,), INT, "cel.to_int(_0)", True),
            _row("int_string", (STRING,), INT, "cel.to_int(_0)", True),
        ),
        _dynamic("int_dyn", 1, INT, "cel.to_int(_0)"),
        free=True,
    ),
    Function(
        "double",
        "as a float: a string is read",
        (
            _row("double_int", (INT,), FLOAT, "float(_0)"),
            _row("double_float", (FLOAT,), FLOAT, "_0"),
            _row("double_string", (STRING,), FLOAT, "cel.to_double(_0)", True),
        ),
        _dynamic("double_dyn", 1, FLOAT, "cel.to_double(_0)"),
        free=True,
    ),
    Function(
        "string",
        "as text; a float as in JSON",
        (
            _row("string_string", (STRING,), STRING, "_0"),
            _row("string_int", (INT,), STRING, "str(_0)"),
            _row("string_float", (FLOAT,), STRING, "cel.to_string(_0)"),
            _row("string_bool", (BOOL,), STRING, "cel.to_string(_0)"),
        ),
        _dynamic("string_dyn", 1, STRING, "cel.to_string(_0)"),
        free=True,
    ),
    Function(
        "bool",
        'as a bool: "true" and "false", "1" and "0" are read',
        (_row("bool_bool", (BOOL,), BOOL, "_0"), _row("bool_string", (STRING,), BOOL, "cel.to_bool(_0)", True)),
        _dynamic("bool_dyn", 1, BOOL, "cel.to_bool(_0)"),
        free=True,
    ),
    Function("dyn", "the same value, its type forgotten", (_row("dyn", (DYN,), DYN, "_0"),), free=True),
)

FUNCTIONS = {function.name: function for function in (*_CONVERSIONS, *_STRING_METHODS)}
"""What is called by name."""

OPERATOR = {function.name: function for function in OPERATORS}
"""Operators whose overload follows from the operand types alone."""

CASTS = {
    BOOL: _dynamic("as_bool", 1, BOOL, "cel.as_bool(_0)"),
    INT: _dynamic("as_int", 1, INT, "cel.as_int(_0)"),
    FLOAT: _dynamic("as_float", 1, FLOAT, "cel.as_double(_0)"),
    STRING: _dynamic("as_string", 1, STRING, "cel.as_string(_0)"),
    STRINGS: _dynamic("as_strings", 1, STRINGS, "cel.as_strings(_0)"),
}
"""Checks at run time that a value has a type."""

_FORMS = (
    _row("equal", (DYN, DYN), BOOL, "_0 == _1"),
    _row("unequal", (DYN, DYN), BOOL, "_0 != _1"),
    _row("equal_deep", (DYN, DYN), BOOL, "cel.equals(_0, _1)"),
    _row("unequal_deep", (DYN, DYN), BOOL, "not cel.equals(_0, _1)"),
    _row("is_null", (DYN,), BOOL, "_0 is None"),
    _row("not_null", (DYN,), BOOL, "_0 is not None"),
    _row("in_plain", (DYN, LIST), BOOL, "_0 in _1"),
    _row("in_list", (DYN, LIST), BOOL, "cel.contains(_1, _0)"),
    _row("in_map", (STRING, MAP), BOOL, "_0 in _1"),
    _dynamic("in_dyn", 2, BOOL, "cel.contains(_1, _0)"),
    _row("index_list", (LIST, INT), DYN, "cel.item(_0, _1)", True),
    _row("index_map", (MAP, STRING), DYN, "cel.entry(_0, _1)", True),
    _dynamic("index_dyn", 2, DYN, "cel.at(_0, _1)"),
    _dynamic("field_dyn", 2, DYN, "cel.field(_0, _1)"),
    _row("has_key", (MAP, STRING), BOOL, "_1 in _0"),
    _dynamic("has_dyn", 2, BOOL, "cel.has(_0, _1)"),
    _row("keys", (MAP,), STRINGS, "sorted(_0)"),
    _dynamic("elements", 1, LIST, "cel.elements(_0)"),
    _row("matches_constant", (STRING, STRING), BOOL, "cel.matches(_0, _1)"),
)
"""Forms without a name of their own: equality, membership, index, field, what macros go through."""


def _all_overloads() -> dict[str, Overload]:
    rows: list[Overload] = [*_FORMS, *CASTS.values()]
    for function in (*OPERATORS, *FUNCTIONS.values()):
        rows.extend(function.overloads)
        if function.dynamic is not None:
            rows.append(function.dynamic)
    found = {row.id: row for row in rows}
    assert len(found) == len(rows), "overload ids are unique"
    return found


OVERLOADS = _all_overloads()
"""Every overload by its id."""

MACROS = {
    "all": "whether a condition holds for every item",
    "exists": "whether a condition holds for some item",
    "exists_one": "whether a condition holds for exactly one item",
    "map": "the list of what an expression gives for each item, perhaps only those that meet a condition",
    "filter": "the items that meet a condition",
}

NOT_YET = frozenset(("uint", "bytes", "timestamp", "duration", "type", "optional", "format"))
"""Functions of CEL that are not supported."""

OTHER_NAMES = {
    "float": "double",
    "number": "double",
    "str": "string",
    "toString": "string",
    "len": "size",
    "length": "size",
    "count": "size",
    "any": "exists",
    "some": "exists",
    "every": "all",
    "includes": "contains",
    "has": "contains",
    "lower": "lowerAscii",
    "toLowerCase": "lowerAscii",
    "upper": "upperAscii",
    "toUpperCase": "upperAscii",
    "strip": "trim",
    "regex": "matches",
    "match": "matches",
    "find": "indexOf",
}
"""What other languages call them, for did-you-mean."""
