"""What each overload is in JavaScript: one row per overload that a script can carry, by its id.

In a form `_0`, `_1`, … stand for the arguments, `cel` for the helpers in `prelude/`. What has no row is not carried, and
`LOST` says why: nothing is left out in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from agent_lattice_clients.javascript.code import ANY, EQUAL, LEVELS, ORDER, POSTFIX, UNARY, Code

LOST = {
    "matches": "the pattern is only known when it runs, and a script has no engine that is safe for any pattern",
}
"""Overloads that scripts do not carry, and why."""

_DATES = "getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear"
_TIMES = "getHours getMinutes getSeconds getMilliseconds"
ZONED = frozenset(f"{part}_in" for part in f"{_DATES} {_TIMES}".split())
"""Parts of a timestamp in a time zone: a script knows offsets from UTC, no other zones."""

_SAME = "int_int uint_uint double_float string_string bool_bool bytes_bytes dyn abs_uint timestamp_timestamp duration_duration"
_CALLS = {
    "equals": "equal_deep",
    "itemAt": "index_list",
    "entryAt": "index_map",
    "itemOrEntry": "index_dyn",
    "fieldOf": "field_dyn",
    "has": "has_dyn",
    "typeNamed": "type_named",
    "typeOf": "type",
    "keysOf": "keys",
    "elements": "elements",
    "pairsOf": "pairs_list pairs_map pairs_dyn",
    "greatestOf": "greatest_list greatest",
    "leastOf": "least_list least",
    "someOrNone": "optional_value",
    "orNull": "or_null",
    "itemsIn": "optional_items",
    "optionalField": "optional_field",
    "optionalItem": "optional_item",
    "optionalEntry": "optional_entry",
    "optionalAt": "optional_at",
    "some": "optional_of",
    "none": "optional_none",
    "someNonZero": "optional_of_non_zero",
    "hasValue": "optional_has_value",
    "valueOf": "optional_get",
    "unwrapped": "optional_unwrap optional_unwrap_opt",
    "firstItem": "optional_first",
    "lastItem": "optional_last",
    "asBool": "as_bool",
    "asInt": "as_int",
    "asUint": "as_uint",
    "asDouble": "as_float",
    "asString": "as_string",
    "asBytes": "as_bytes",
    "asTime": "as_timestamp as_duration",
    "asStrings": "as_strings",
    "add": "add_int",
    "sub": "sub_int",
    "mul": "mul_int",
    "div": "div_int",
    "mod": "mod_int",
    "addUints": "add_uint",
    "subUints": "sub_uint",
    "mulUints": "mul_uint",
    "divUints": "div_uint",
    "modUints": "mod_uint",
    "addTimes": "add_timestamp add_to_duration add_duration",
    "subTimes": "sub_timestamp sub_from_timestamp sub_duration",
    "joinBytes": "add_bytes",
    "neg": "neg_int",
    "negated": "neg_dyn",
    "textSize": "size_string",
    "size": "size_dyn",
    "toInt": "int_uint int_float int_timestamp int_string int_dyn",
    "toUint": "uint_int uint_float uint_string uint_dyn",
    "toDouble": "double_string double_dyn",
    "toText": "string_bytes string_dyn",
    "toBool": "bool_string bool_dyn",
    "toBytes": "bytes_dyn",
    "bytesOfText": "bytes_string",
    "charAt": "char_at",
    "indexOf": "index_of index_of_from",
    "lastIndexOf": "last_index_of last_index_of_from",
    "lowerAscii": "lower_ascii",
    "upperAscii": "upper_ascii",
    "replace": "replace replace_some",
    "split": "split split_some",
    "substring": "substring substring_to",
    "trim": "trim",
    "quote": "quote",
    "distinct": "distinct distinct_dyn",
    "flatten": "flatten flatten_to",
    "range": "range",
    "reverse": "reverse reverse_list reverse_dyn",
    "slice": "slice",
    "sorted": "sort_int sort_uint sort_float sort_string sort_bool sort_bytes sort_timestamp sort_duration sort_dyn",
    "containsAll": "sets_contains sets_contains_dyn",
    "equivalent": "sets_equivalent sets_equivalent_dyn",
    "intersects": "sets_intersects sets_intersects_dyn",
    "rounded": "math_round",
    "absolute": "abs_int abs_dyn",
    "signum": "sign_int sign_uint sign_float sign_dyn",
    "sqrt": "sqrt_int sqrt_uint sqrt_float sqrt_dyn",
    "shiftLeft": "math_bitShiftLeft",
    "shiftRight": "math_bitShiftRight",
    "shiftUintLeft": "math_bitShiftLeft_uint",
    "shiftUintRight": "math_bitShiftRight_uint",
    "base64": "base64_encode",
    "bytesOfBase64": "base64_decode",
    "formatted": "format",
    "timestamp": "timestamp_string timestamp_int timestamp_dyn",
    "duration": "duration_string duration_dyn",
}
"""Overloads that are one call of a helper with their arguments in order, by the helper."""

_OTHERS = {
    "unequal_deep": ("!cel.equals(_0, _1)", UNARY),
    "is_null": ("_0 === null", EQUAL),
    "not_null": ("_0 !== null", EQUAL),
    "in_list": ("cel.contains(_1, _0)", POSTFIX),
    "in_dyn": ("cel.contains(_1, _0)", POSTFIX),
    "in_map": ("cel.holdsKey(_1, _0)", POSTFIX),
    "has_key": ("cel.holdsKey(_0, _1)", POSTFIX),
    "add_float": ("_0 + _1", LEVELS["+"]),
    "add_string": ("_0 + _1", LEVELS["+"]),
    "add_list": ("_0.concat(_1)", POSTFIX),
    "sub_float": ("_0 - _1", LEVELS["-"]),
    "mul_float": ("_0 * _1", LEVELS["*"]),
    "div_float": ("_0 / _1", LEVELS["/"]),
    "neg_float": ("-_0", UNARY),
    "not": ("!_0", UNARY),
    "size_bytes": ("BigInt(_0.length)", POSTFIX),
    "size_list": ("BigInt(_0.length)", POSTFIX),
    "size_map": ("BigInt(_0.size)", POSTFIX),
    "double_int": ("Number(_0)", POSTFIX),
    "double_uint": ("Number(_0)", POSTFIX),
    **{f"string_{sort}": ("String(_0)", POSTFIX) for sort in ["int", "uint", "float", "bool", "timestamp", "duration"]},
    "contains": ("_0.includes(_1)", POSTFIX),
    "starts_with": ("_0.startsWith(_1)", POSTFIX),
    "ends_with": ("_0.endsWith(_1)", POSTFIX),
    "join": ('_0.join("")', POSTFIX),
    "join_with": ("_0.join(_1)", POSTFIX),
    "math_ceil": ("Math.ceil(_0)", POSTFIX),
    "math_floor": ("Math.floor(_0)", POSTFIX),
    "math_trunc": ("Math.trunc(_0)", POSTFIX),
    "math_isNaN": ("Number.isNaN(_0)", POSTFIX),
    "math_isInf": ("Math.abs(_0) === Infinity", EQUAL),
    "math_isFinite": ("Number.isFinite(_0)", POSTFIX),
    "abs_float": ("Math.abs(_0)", POSTFIX),
    **{f"math_bit{word}": (f"_0 {sign} _1", LEVELS[sign]) for word, sign in (("And", "&"), ("Or", "|"), ("Xor", "^"))},
    **{
        f"math_bit{word}_uint": (f"cel.uint(_0.value {sign} _1.value)", POSTFIX)
        for word, sign in (("And", "&"), ("Or", "|"), ("Xor", "^"))
    },
    "math_bitNot": ("~_0", UNARY),
    "math_bitNot_uint": ("cel.uint(BigInt.asUintN(64, ~_0.value))", POSTFIX),
    "optional_or": ("cel.either(_0, () => _1)", POSTFIX),
    "optional_or_value": ("cel.valueOr(_0, () => _1)", POSTFIX),
}


def _orders() -> dict[str, tuple[str, int]]:
    """Comparisons: JavaScript's own for numbers of any kind and times; strings and bytes have an order of their own."""
    found: dict[str, tuple[str, int]] = {}
    numbers = ("int", "float", "uint")
    plain = [f"{a}_{b}" for a in numbers for b in numbers] + [f"{a}_{a}" for a in ("bool", "timestamp", "duration")]
    for word, sign in (("less", "<"), ("less_equal", "<="), ("greater", ">"), ("greater_equal", ">=")):
        found |= {f"{word}_{pair}": (f"_0 {sign} _1", ORDER) for pair in plain}
        found[f"{word}_string_string"] = (f"cel.textOrder(_0, _1) {sign} 0", ORDER)
        found[f"{word}_bytes_bytes"] = (f"cel.byteOrder(_0, _1) {sign} 0", ORDER)
        found[f"{word}_dyn"] = (f'cel.compare("{sign}", _0, _1)', POSTFIX)
    return found


_ARITHMETIC = {
    f"{word}_dyn": (f'cel.calc(_0, "{sign}", _1)', POSTFIX)
    for word, sign in (("add", "+"), ("sub", "-"), ("mul", "*"), ("div", "/"), ("mod", "%"))
}


def _parts() -> dict[str, tuple[str, int]]:
    """Parts of timestamps, in a time zone or not, and of durations."""
    found: dict[str, tuple[str, int]] = {}
    for part in f"{_DATES} {_TIMES}".split():
        found[part] = (f'cel.timePart(_0, "{part}")', POSTFIX)
        found[f"{part}_in"] = (f'cel.timePart(_0, "{part}", _1)', POSTFIX)
    return found | {f"{part}_of": found[part] for part in _TIMES.split()}


CALLS = {id: f"cel.{helper}" for helper, ids in _CALLS.items() for id in ids.split()}
"""The helper of an overload that is one call of it."""

SAME = frozenset(_SAME.split())
"""Overloads that give back their argument."""

FORMS = {**_OTHERS, **_orders(), **_ARITHMETIC, **_parts()}
"""The form of an overload that is more than a call, and how tightly it binds."""


def filled(function: str, args: Sequence[Code]) -> Code:
    """An overload with its arguments in place."""
    if function in SAME:
        return args[0]
    if function in CALLS:
        return Code(f"{CALLS[function]}({', '.join(arg.within(ANY) for arg in args)})", POSTFIX)
    form, level = FORMS[function]
    parts = re.split(r"_(\d)", form)
    levels = _levels(form, level)
    for place in range(1, len(parts), 2):
        arg = args[int(parts[place])]
        behind_arrow = parts[place - 1].endswith("=> ")
        parts[place] = arg.body if behind_arrow else arg.within(levels[place // 2])
    return Code("".join(parts), level)


@cache
def _levels(form: str, level: int) -> tuple[int, ...]:
    """How tightly an argument has to bind at each place of a form."""
    found: list[int] = []
    for place in re.finditer(r"_\d", form):
        before, after = form[: place.start()], form[place.end() :]
        if after.startswith((".", "[")):
            found.append(POSTFIX)
        elif before.count("(") > before.count(")"):
            found.append(ANY)
        else:
            found.append(level if not before else level + 1)
    return tuple(found)
