"""The functions and operators of expressions, one row each; names are unique. Extensions have tables of their own."""

from __future__ import annotations

from agent_lattice.expr import optionals
from agent_lattice.expr.extensions import EXTENSIONS
from agent_lattice.expr.overload import LIST, MAP, STRINGS, Function, Overload, dynamic, method, row
from agent_lattice.expr.times import DIFFERENCES, SUMS, TIMES
from agent_lattice.types import BOOL, BYTES, DURATION, DYN, FLOAT, INT, STRING, TIMESTAMP, TYPE, UINT, Type


def _arithmetic(sign: str, word: str, doc: str, *more: Overload, floats: str = "") -> Function:
    ints = row(f"{word}_int", (INT, INT), INT, f"cel.{word}(_0, _1)", True)
    uints = row(f"{word}_uint", (UINT, UINT), UINT, f"cel_uint.{word}(_0, _1)", True)
    real = (row(f"{word}_float", (FLOAT, FLOAT), FLOAT, floats),) if floats else ()
    return Function(
        sign, doc, (ints, uints, *real, *more), dynamic(f"{word}_dyn", 2, DYN, f"cel.calc(_0, {sign!r}, _1)")
    )


_NUMBERS = (INT, FLOAT, UINT)


def _order(sign: str, word: str, doc: str) -> Function:
    """Numbers compare across int, uint and float by their value."""
    pairs: list[tuple[Type, Type]] = [(a, b) for a in _NUMBERS for b in _NUMBERS]
    pairs += [(type, type) for type in (STRING, BOOL, BYTES, TIMESTAMP, DURATION)]
    typed = tuple(row(f"{word}_{a}_{b}", (a, b), BOOL, f"_0 {sign} _1") for a, b in pairs)
    return Function(sign, doc, typed, dynamic(f"{word}_dyn", 2, BOOL, f"cel.compare({sign!r}, _0, _1)"))


OPERATORS = (
    _arithmetic(
        "+",
        "add",
        "sum; strings and lists are joined",
        row("add_string", (STRING, STRING), STRING, "_0 + _1"),
        *SUMS,
        row("add_bytes", (BYTES, BYTES), BYTES, "_0 + _1"),
        row("add_list", (LIST, LIST), LIST, "_0 + _1"),
        floats="_0 + _1",
    ),
    _arithmetic("-", "sub", "difference", *DIFFERENCES, floats="_0 - _1"),
    _arithmetic("*", "mul", "product", floats="_0 * _1"),
    _arithmetic("/", "div", "quotient; of ints it is cut toward zero", floats="cel.divide(_0, _1)"),
    _arithmetic("%", "mod", "remainder of ints, with the sign of the left operand"),
    Function(
        "-_",
        "the negative of a number",
        (row("neg_int", (INT,), INT, "cel.neg(_0)", True), row("neg_float", (FLOAT,), FLOAT, "-_0")),
        dynamic("neg_dyn", 1, DYN, "cel.minus(_0)"),
    ),
    Function("!_", "not", (row("not", (BOOL,), BOOL, "not _0"),)),
    _order("<", "less", "less than"),
    _order("<=", "less_equal", "less than or equal"),
    _order(">", "greater", "greater than"),
    _order(">=", "greater_equal", "greater than or equal"),
)

_STRING_METHODS = (
    method("contains", "whether a string occurs in it", row("contains", (STRING, STRING), BOOL, "_1 in _0")),
    method("startsWith", "whether it begins so", row("starts_with", (STRING, STRING), BOOL, "_0.startswith(_1)")),
    method("endsWith", "whether it ends so", row("ends_with", (STRING, STRING), BOOL, "_0.endswith(_1)")),
    method(
        "matches",
        "whether an RE2 pattern occurs in it",
        row("matches", (STRING, STRING), BOOL, "cel_strings.matches(_0, _1)", True),
        free=True,
    ),
    method(
        "charAt",
        "the character at a place; empty right behind the last",
        row("char_at", (STRING, INT), STRING, "cel_strings.char_at(_0, _1)", True),
    ),
    method(
        "indexOf",
        "the first place of a string in it, from a place on; -1 when there is none",
        row("index_of", (STRING, STRING), INT, "_0.find(_1)"),
        row("index_of_from", (STRING, STRING, INT), INT, "cel_strings.index_of(_0, _1, _2)", True),
    ),
    method(
        "lastIndexOf",
        "the last place of a string in it, at or before a place; -1 when there is none",
        row("last_index_of", (STRING, STRING), INT, "_0.rfind(_1)"),
        row("last_index_of_from", (STRING, STRING, INT), INT, "cel_strings.last_index_of(_0, _1, _2)", True),
    ),
    method("lowerAscii", "A-Z in lower case", row("lower_ascii", (STRING,), STRING, "cel_strings.lower_ascii(_0)")),
    method("upperAscii", "a-z in upper case", row("upper_ascii", (STRING,), STRING, "cel_strings.upper_ascii(_0)")),
    method(
        "replace",
        "every occurrence of a string replaced, or the first so many",
        row("replace", (STRING, STRING, STRING), STRING, "_0.replace(_1, _2)"),
        row("replace_some", (STRING, STRING, STRING, INT), STRING, "cel_strings.replace(_0, _1, _2, _3)"),
    ),
    method(
        "split",
        "the parts between separators, at most so many",
        row("split", (STRING, STRING), STRINGS, "cel_strings.split(_0, _1)"),
        row("split_some", (STRING, STRING, INT), STRINGS, "cel_strings.split(_0, _1, _2)"),
    ),
    method(
        "join",
        "the strings of a list, one after the other, with a separator",
        row("join", (STRINGS,), STRING, "''.join(_0)"),
        row("join_with", (STRINGS, STRING), STRING, "_1.join(_0)"),
    ),
    method(
        "substring",
        "from a place on, up to another",
        row("substring", (STRING, INT), STRING, "cel_strings.substring(_0, _1)", True),
        row("substring_to", (STRING, INT, INT), STRING, "cel_strings.substring(_0, _1, _2)", True),
    ),
    method("trim", "without white space at both ends", row("trim", (STRING,), STRING, "cel_strings.trim(_0)")),
    Function(
        "strings.quote",
        "in double quotes, with escapes",
        (row("quote", (STRING,), STRING, "cel_strings.quote(_0)"),),
        free=True,
    ),
)

_CONVERSIONS = (
    Function(
        "size",
        "how many characters, items or entries",
        (
            row("size_string", (STRING,), INT, "len(_0)"),
            row("size_bytes", (BYTES,), INT, "len(_0)"),
            row("size_list", (LIST,), INT, "len(_0)"),
            row("size_map", (MAP,), INT, "len(_0)"),
        ),
        dynamic("size_dyn", 1, INT, "cel.size(_0)"),
        method=True,
        free=True,
    ),
    Function(
        "int",
        "as an int: a float is cut toward zero, a string is read",
        (
            row("int_int", (INT,), INT, "_0"),
            row("int_uint", (UINT,), INT, "cel_convert.to_int(_0)", True),
            row("int_float", (FLOAT,), INT, "cel_convert.to_int(_0)", True),
            row("int_timestamp", (TIMESTAMP,), INT, "cel_convert.to_int(_0)"),
            row("int_string", (STRING,), INT, "cel_convert.to_int(_0)", True),
        ),
        dynamic("int_dyn", 1, INT, "cel_convert.to_int(_0)"),
        free=True,
    ),
    Function(
        "uint",
        "as a uint: a float is cut toward zero, a string is read",
        (
            row("uint_uint", (UINT,), UINT, "_0"),
            row("uint_int", (INT,), UINT, "cel_convert.to_uint(_0)", True),
            row("uint_float", (FLOAT,), UINT, "cel_convert.to_uint(_0)", True),
            row("uint_string", (STRING,), UINT, "cel_convert.to_uint(_0)", True),
        ),
        dynamic("uint_dyn", 1, UINT, "cel_convert.to_uint(_0)"),
        free=True,
    ),
    Function(
        "double",
        "as a float: a string is read",
        (
            row("double_int", (INT,), FLOAT, "float(_0)"),
            row("double_uint", (UINT,), FLOAT, "float(_0)"),
            row("double_float", (FLOAT,), FLOAT, "_0"),
            row("double_string", (STRING,), FLOAT, "cel_convert.to_double(_0)", True),
        ),
        dynamic("double_dyn", 1, FLOAT, "cel_convert.to_double(_0)"),
        free=True,
    ),
    Function(
        "string",
        "as text; a float as in JSON, bytes as UTF-8",
        (
            row("string_string", (STRING,), STRING, "_0"),
            row("string_int", (INT,), STRING, "str(_0)"),
            row("string_uint", (UINT,), STRING, "str(_0)"),
            row("string_float", (FLOAT,), STRING, "cel_convert.to_string(_0)"),
            row("string_bool", (BOOL,), STRING, "cel_convert.to_string(_0)"),
            row("string_timestamp", (TIMESTAMP,), STRING, "cel_convert.to_string(_0)"),
            row("string_duration", (DURATION,), STRING, "cel_convert.to_string(_0)"),
            row("string_bytes", (BYTES,), STRING, "cel_convert.to_string(_0)", True),
        ),
        dynamic("string_dyn", 1, STRING, "cel_convert.to_string(_0)"),
        free=True,
    ),
    Function(
        "bool",
        'as a bool: "true" and "false", "1" and "0" are read',
        (row("bool_bool", (BOOL,), BOOL, "_0"), row("bool_string", (STRING,), BOOL, "cel_convert.to_bool(_0)", True)),
        dynamic("bool_dyn", 1, BOOL, "cel_convert.to_bool(_0)"),
        free=True,
    ),
    Function(
        "bytes",
        "a string in UTF-8",
        (row("bytes_string", (STRING,), BYTES, "cel_bytes.to_bytes(_0)"), row("bytes_bytes", (BYTES,), BYTES, "_0")),
        dynamic("bytes_dyn", 1, BYTES, "cel_bytes.to_bytes(_0)"),
        free=True,
    ),
    Function("type", "the type of a value", (row("type", (DYN,), TYPE, "cel_types.of(_0)"),), free=True),
    Function("dyn", "the same value, its type forgotten", (row("dyn", (DYN,), DYN, "_0"),), free=True),
)

FUNCTIONS = {
    function.name: function for function in (*_CONVERSIONS, *_STRING_METHODS, *EXTENSIONS, *TIMES, *optionals.OPTIONALS)
}
"""What is called by name."""

OPERATOR = {function.name: function for function in OPERATORS}
"""Operators whose overload follows from the operand types alone."""

CASTS = {
    BOOL: dynamic("as_bool", 1, BOOL, "cel.as_bool(_0)"),
    INT: dynamic("as_int", 1, INT, "cel.as_int(_0)"),
    UINT: dynamic("as_uint", 1, UINT, "cel_uint.as_uint(_0)"),
    FLOAT: dynamic("as_float", 1, FLOAT, "cel.as_double(_0)"),
    STRING: dynamic("as_string", 1, STRING, "cel.as_string(_0)"),
    BYTES: dynamic("as_bytes", 1, BYTES, "cel_bytes.as_bytes(_0)"),
    TIMESTAMP: dynamic("as_timestamp", 1, TIMESTAMP, "cel_time.as_time(_0)"),
    DURATION: dynamic("as_duration", 1, DURATION, "cel_time.as_time(_0)"),
    STRINGS: dynamic("as_strings", 1, STRINGS, "cel.as_strings(_0)"),
}
"""Checks at run time that a value has a type."""

_FORMS = (
    row("equal", (DYN, DYN), BOOL, "_0 == _1"),
    row("unequal", (DYN, DYN), BOOL, "_0 != _1"),
    row("equal_deep", (DYN, DYN), BOOL, "cel.equals(_0, _1)"),
    row("unequal_deep", (DYN, DYN), BOOL, "not cel.equals(_0, _1)"),
    row("is_null", (DYN,), BOOL, "_0 is None"),
    row("not_null", (DYN,), BOOL, "_0 is not None"),
    row("in_plain", (DYN, LIST), BOOL, "_0 in _1"),
    row("in_list", (DYN, LIST), BOOL, "cel.contains(_1, _0)"),
    row("in_map", (DYN, MAP), BOOL, "_0 in _1"),
    dynamic("in_dyn", 2, BOOL, "cel.contains(_1, _0)"),
    row("index_list", (LIST, INT), DYN, "cel.item(_0, _1)", True),
    row("index_map", (MAP, DYN), DYN, "cel.entry(_0, _1)", True),
    dynamic("index_dyn", 2, DYN, "cel.at(_0, _1)"),
    dynamic("field_dyn", 2, DYN, "cel.field(_0, _1)"),
    row("has_key", (MAP, DYN), BOOL, "_1 in _0"),
    dynamic("has_dyn", 2, BOOL, "cel.has(_0, _1)"),
    row("type_named", (STRING,), TYPE, "cel_types.TypeValue(_0)"),
    row("keys", (MAP,), LIST, "sorted(_0)"),
    dynamic("elements", 1, LIST, "cel.elements(_0)"),
    row("pairs_list", (LIST,), LIST, "enumerate(_0)"),
    row("pairs_map", (MAP,), LIST, "sorted(_0.items())"),
    dynamic("pairs_dyn", 1, LIST, "cel_pairs.pairs(_0)"),
    row("greatest_list", (LIST,), DYN, "cel_math.greatest(_0)", True),
    row("least_list", (LIST,), DYN, "cel_math.least(_0)", True),
    row("greatest", (LIST,), DYN, "max(_0)"),
    row("least", (LIST,), DYN, "min(_0)"),
    row("matches_constant", (STRING, STRING), BOOL, "cel_strings.matches(_0, _1)"),
)
"""Forms without a name of their own: equality, membership, index, field, what macros go through."""


def _all_overloads() -> dict[str, Overload]:
    rows: list[Overload] = [*_FORMS, *optionals.FORMS, *CASTS.values()]
    for function in (*OPERATORS, *FUNCTIONS.values()):
        rows.extend(function.overloads)
        if function.dynamic is not None:
            rows.append(function.dynamic)
    found = {overload.id: overload for overload in rows}
    assert len(found) == len(rows), "overload ids are unique"
    return found


OVERLOADS = _all_overloads()
"""Every overload by its id."""

MACROS = {
    "all": "whether a condition holds for every item",
    "exists": "whether a condition holds for some item",
    "exists_one": "whether a condition holds for exactly one item",
    "existsOne": "the same as `exists_one`; also over two variables",
    "map": "the list of what an expression gives for each item, perhaps only those that meet a condition",
    "filter": "the items that meet a condition",
    "sortBy": "the items of a list in the order of what an expression gives for each",
    "transformList": "the list of what an expression gives for each pair, perhaps only those that meet a condition",
    "transformMap": "the map with what an expression gives for each value, perhaps only those that meet a condition",
    "transformMapEntry": "the map of the entries that an expression gives for each pair",
    **optionals.MAPS,
    "cel.bind": "what an expression gives in which a name stands for a value",
}
"""Of two variables the first is the place in a list or the key of a map, the second the item or value."""

TYPE_NAMES = frozenset(
    ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "optional_type"]
)
"""What stands for a type where nothing else has the name."""

QUALIFIED = frozenset(("google.protobuf.Timestamp", "google.protobuf.Duration"))
"""The same with dots in their names."""

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
