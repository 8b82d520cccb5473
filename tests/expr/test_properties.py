"""Generated well-typed expressions: their Python form gives what a naive evaluator and the reference implementation give."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from agent_lattice.expr import tree
from agent_lattice.expr.tree import Call, Expr, Ident, show
from agent_lattice.records import fields, is_record
from agent_lattice.tree import Name
from agent_lattice.types import BOOL, FLOAT, INT, STRING, ListType, MapType, Type
from agent_lattice_runtime.cel import CelError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

INTS, WORDS, TABLE = ListType(INT), ListType(STRING), MapType(INT)
VARIABLES: dict[str, Type] = {
    "i": INT,
    "j": INT,
    "f": FLOAT,
    "g": FLOAT,
    "s": STRING,
    "t": STRING,
    "b": BOOL,
    "c": BOOL,
    "ints": INTS,
    "words": WORDS,
    "table": TABLE,
}
EDGES = [0, 1, -1, 2, 3, 7, -7, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), -(2**63) + 1]
SOME_INTS = st.one_of(st.sampled_from(EDGES), st.integers(-5, 5))
SOME_FLOATS = st.sampled_from([0.0, -0.0, 1.0, -1.5, 2.5, 1e300, -1e300, 5e-324, 9.223372036854775e18, 1e19])
SOME_STRINGS = st.text(st.sampled_from(list("ab,é😀 \n1")), max_size=4)


def _call(name: str, target: Expr | None, *args: Expr) -> Expr:
    return Call(target, Name(name), args)


def _methods(strings: Any, names: str, *args: Any) -> Any:
    name = st.sampled_from(names.split())
    return st.builds(lambda name, target, *rest: _call(name, target, *rest), name, strings, *args)


def _binary(signs: str, operands: Any) -> Any:
    return st.builds(tree.Binary, st.sampled_from(signs.split()), operands, operands)


def _arithmetic(signs: str, operands: Any) -> Any:
    rest = st.lists(st.tuples(st.sampled_from(signs.split()), operands), min_size=1, max_size=3)
    return st.builds(lambda first, rest: tree.arithmetic(first, *rest), operands, rest)


def _conditional(type: Type, depth: int) -> Any:
    return st.builds(tree.Conditional, of_type(BOOL, depth), of_type(type, depth), of_type(type, depth))


def _fold(name: str, over: Any, *bodies: Any) -> Any:
    return st.builds(lambda over, *rest: _call(name, over, Ident("i"), *rest), over, *bodies)


@cache
def of_type(type: Type, depth: int) -> Any:
    """Expressions of a type over the variables above; macros bind `i` (of ints) and `s` (of keys) anew."""
    variables = [Ident(name) for name, known in VARIABLES.items() if known == type]
    leaves = st.one_of(st.sampled_from(variables), *([LITERALS[str(type)]] if str(type) in LITERALS else []))
    if depth == 0:
        return leaves
    return st.one_of(leaves, st.deferred(lambda: st.one_of(*MAKERS[str(type)](depth - 1))))


LITERALS = {
    "int": SOME_INTS.map(tree.Literal),
    "float": SOME_FLOATS.map(tree.Literal),
    "string": SOME_STRINGS.map(tree.Literal),
    "bool": st.booleans().map(tree.Literal),
    "list<int>": st.lists(SOME_INTS.map(tree.Literal), min_size=1, max_size=3).map(
        lambda i: tree.ListLiteral(tuple(i))
    ),
}


def _int_makers(d: int) -> list[Any]:
    ints, strings, lists = of_type(INT, d), of_type(STRING, d), of_type(INTS, d)
    numbers = st.sampled_from(["1", "-12", "9223372036854775807", "9223372036854775808", "x", ""]).map(tree.Literal)
    return [
        _arithmetic("+ -", ints),
        _arithmetic("* / %", ints),
        ints.filter(lambda e: not isinstance(e, tree.Literal)).map(lambda e: tree.Unary("-", e)),
        st.builds(tree.Index, lists, ints),
        st.builds(tree.Index, of_type(TABLE, d), strings),
        st.builds(lambda e: tree.Select(e, Name("a")), of_type(TABLE, d)),
        st.one_of(strings, lists, of_type(TABLE, d)).map(lambda e: _call("size", e)),
        st.one_of(of_type(FLOAT, d), numbers, ints).map(lambda e: _call("int", None, e)),
        _methods(strings, "indexOf lastIndexOf", strings),
        _methods(strings, "indexOf lastIndexOf", strings, ints),
        _conditional(INT, d),
    ]


def _float_makers(d: int) -> list[Any]:
    floats = of_type(FLOAT, d)
    return [
        _arithmetic("+ -", floats),
        _arithmetic("* /", floats),
        floats.filter(lambda e: not isinstance(e, tree.Literal)).map(lambda e: tree.Unary("-", e)),
        of_type(INT, d).map(lambda e: _call("double", None, e)),
        _conditional(FLOAT, d),
    ]


def _string_makers(d: int) -> list[Any]:
    strings, ints = of_type(STRING, d), of_type(INT, d)
    return [
        _arithmetic("+", strings),
        _methods(strings, "charAt substring", ints),
        _methods(strings, "substring", ints, ints),
        _methods(strings, "lowerAscii upperAscii trim reverse"),
        _methods(strings, "replace", strings, strings),
        _methods(strings, "replace", strings, strings, ints),
        _methods(of_type(WORDS, d), "join", strings),
        st.one_of(ints, of_type(BOOL, d)).map(lambda e: _call("string", None, e)),
        st.builds(tree.Index, of_type(WORDS, d), ints),
        _conditional(STRING, d),
    ]


def _bool_makers(d: int) -> list[Any]:
    bools, ints, lists, table = of_type(BOOL, d), of_type(INT, d), of_type(INTS, d), of_type(TABLE, d)
    several = st.lists(bools, min_size=2, max_size=3)
    return [
        _binary("== != < <= > >=", ints),
        _binary("== != < <= > >=", of_type(FLOAT, d)),
        _binary("== != < <= > >=", of_type(STRING, d)),
        _binary("== !=", st.one_of(lists)),
        st.builds(lambda o, items: tree.logic(o, *items), st.sampled_from(["&&", "||"]), several),
        bools.map(lambda e: tree.Unary("!", e)),
        st.builds(lambda a, b: tree.Binary("in", a, b), ints, lists),
        st.builds(lambda a, b: tree.Binary("in", a, b), of_type(STRING, d), st.one_of(table, of_type(WORDS, d))),
        _methods(of_type(STRING, d), "contains startsWith endsWith", of_type(STRING, d)),
        *(_fold(name, lists, bools) for name in ("all", "exists", "exists_one")),
        st.builds(lambda over, body: _call("all", over, Ident("s"), body), table, bools),
        table.map(lambda e: _call("has", None, tree.Select(e, Name("a")))),
        _conditional(BOOL, d),
    ]


MAKERS: dict[str, Callable[[int], list[Any]]] = {
    "int": _int_makers,
    "float": _float_makers,
    "string": _string_makers,
    "bool": _bool_makers,
    "list<int>": lambda d: [
        st.lists(of_type(INT, d), min_size=1, max_size=3).map(lambda items: tree.ListLiteral(tuple(items))),
        _fold("map", of_type(INTS, d), of_type(INT, d)),
        _fold("map", of_type(INTS, d), of_type(BOOL, d), of_type(INT, d)),
        _fold("filter", of_type(INTS, d), of_type(BOOL, d)),
        _arithmetic("+", of_type(INTS, d)),
    ],
    "list<string>": lambda d: [
        _methods(of_type(STRING, d), "split", of_type(STRING, d)),
        _methods(of_type(STRING, d), "split", of_type(STRING, d), of_type(INT, d)),
    ],
    "map<string, int>": lambda d: [
        st.builds(
            lambda a, b: tree.MapLiteral(((tree.Literal("a"), a), (tree.Literal("b"), b))),
            of_type(INT, d),
            of_type(INT, d),
        ),
        st.builds(
            lambda k, v: tree.MapLiteral(((tree.Literal("a"), v), (tree.arithmetic(Ident("s"), ("+", k)), v))),
            of_type(STRING, d),
            of_type(INT, d),
        ),
    ],
}
EXPRESSIONS = st.sampled_from([INT, FLOAT, STRING, BOOL, INTS, WORDS]).flatmap(lambda type: of_type(type, 3))
VALUES = st.fixed_dictionaries(
    {
        "i": SOME_INTS,
        "j": SOME_INTS,
        "f": st.one_of(SOME_FLOATS, st.sampled_from([math.inf, -math.inf, math.nan])),
        "g": SOME_FLOATS,
        "s": SOME_STRINGS,
        "t": SOME_STRINGS,
        "b": st.booleans(),
        "c": st.booleans(),
        "ints": st.lists(SOME_INTS, max_size=3),
        "words": st.lists(SOME_STRINGS, max_size=3),
        "table": st.dictionaries(st.sampled_from(["a", "b", ""]), SOME_INTS, max_size=3),
    }
)


class Fault(Exception):
    """An error of the naive evaluator."""


def fit(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise Fault
    return value


def naive(expr: Expr, env: dict[str, Any]) -> Any:
    """The value by the book, one rule at a time; nothing shared with the compiler."""
    match expr:
        case tree.Literal(value=value):
            return value
        case Ident(name=name):
            return env[name]
        case tree.ListLiteral(items=items):
            return [naive(item, env) for item in items]
        case tree.MapLiteral(entries=entries):
            pairs = [(naive(key, env), naive(value, env)) for key, value in entries]
            return dict(pairs) if len({key for key, _ in pairs}) == len(pairs) else _fault()
        case tree.Conditional(condition=test, then=then, otherwise=otherwise):
            return naive(then if naive(test, env) else otherwise, env)
        case tree.Logic(operator=operator, operands=operands):
            return absorb(operator == "||", [lambda e=e: naive(e, env) for e in operands])
        case tree.Unary(operator=operator, operand=operand):
            value = naive(operand, env)
            return not value if operator == "!" else -value if isinstance(value, float) else fit(-value)
        case tree.Arithmetic(first=first, rest=rest):
            value = naive(first, env)
            for operator, operand in rest:
                value = combine(operator, value, naive(operand, env))
            return value
        case tree.Binary(operator=operator, left=left, right=right):
            return relate(operator, naive(left, env), naive(right, env))
        case tree.Index(target=target, key=key):
            return element(naive(target, env), naive(key, env))
        case tree.Select(target=target, name=name):
            return element(naive(target, env), name.text)
        case Call():
            return called(expr, env)
    raise AssertionError(expr)


def _fault() -> Any:
    raise Fault


def absorb(decisive: bool, operands: list[Callable[[], bool]]) -> bool:
    outcomes: list[bool | None] = []
    for operand in operands:
        try:
            outcomes.append(operand())
        except Fault:
            outcomes.append(None)
    if decisive in outcomes:
        return decisive
    return _fault() if None in outcomes else not decisive


def combine(operator: str, a: Any, b: Any) -> Any:
    if isinstance(a, float):
        if operator == "/" and b == 0:
            return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)
        return {"+": a + b, "-": a - b, "*": a * b}[operator] if operator != "/" else a / b
    if not isinstance(a, int):
        return a + b
    if operator in "/%":
        if b == 0 or (a == -(2**63) and b == -1):
            raise Fault
        return math.trunc(_exact(a, b)) if operator == "/" else a - b * math.trunc(_exact(a, b))
    return fit({"+": a + b, "-": a - b, "*": a * b}[operator])


def _exact(a: int, b: int) -> Any:
    from fractions import Fraction

    return Fraction(a, b)


def relate(operator: str, a: Any, b: Any) -> bool:
    if operator == "in":
        return a in b
    if operator in ("==", "!="):
        return (a == b) is (operator == "==")
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


def element(container: Any, key: Any) -> Any:
    if isinstance(container, list):
        return container[key] if 0 <= key < len(container) else _fault()
    return container[key] if key in container else _fault()


def called(expr: Call, env: dict[str, Any]) -> Any:
    name = expr.name.text
    if name == "has":
        (field,) = expr.args
        assert isinstance(field, tree.Select)
        return field.name.text in naive(field.target, env)
    if name in ("all", "exists", "exists_one", "map", "filter"):
        return folded(name, expr, env)
    values = [naive(arg, env) for arg in (*([expr.target] if expr.target else []), *expr.args)]
    if name in ("int", "double", "string"):
        return converted(name, values[0])
    return METHODS[name](*values)


def folded(name: str, expr: Call, env: dict[str, Any]) -> Any:
    assert expr.target is not None
    variable, *bodies = expr.args
    assert isinstance(variable, Ident)
    scopes = [{**env, variable.name: item} for item in naive(expr.target, env)]
    if name in ("all", "exists"):
        return absorb(name == "exists", [lambda scope=scope: naive(bodies[0], scope) for scope in scopes])
    if name == "map":
        kept = [scope for scope in scopes if len(bodies) == 1 or naive(bodies[0], scope)]
        # a filter and its expression take turns, but any error ends in an error
        return [naive(bodies[-1], scope) for scope in kept]
    kept = [scope for scope in scopes if naive(bodies[0], scope)]
    return len(kept) == 1 if name == "exists_one" else [scope[variable.name] for scope in kept]


def converted(name: str, value: Any) -> Any:
    if name == "double":
        return float(value)
    if name == "string":
        return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    if isinstance(value, float):
        return int(value) if -(2.0**63) < value < 2.0**63 else _fault()
    try:
        return fit(int(value))
    except ValueError:
        raise Fault from None


def within(low: int, value: int, high: int) -> int:
    return value if low <= value <= high else _fault()


def char_at(s: str, i: int) -> str:
    return (s + "\0")[within(0, i, len(s))].replace("\0", "")


def substring(s: str, start: int, end: int | None = None) -> str:
    end = len(s) if end is None else within(0, end, len(s))
    return s[within(0, start, end) : end]


def index_of(s: str, part: str, start: int = 0) -> int:
    within(0, start, len(s))
    return next((at for at in range(start, len(s) + 1) if s[at:].startswith(part)), -1)


def last_index_of(s: str, part: str, start: int | None = None) -> int:
    start = len(s) if start is None else within(0, start, len(s))
    return next((at for at in range(start, -1, -1) if s[at:].startswith(part)), -1)


def split(s: str, separator: str, most: int = -1) -> list[str]:
    if most == 0:
        return []
    parts = (list(s) or [""]) if separator == "" else s.split(separator)
    if 0 < most < len(parts):
        return [*parts[: most - 1], separator.join(parts[most - 1 :])]
    return parts


def replaced(s: str, old: str, new: str, most: int = -1) -> str:
    return s.replace(old, new) if most < 0 else s.replace(old, new, most)


METHODS: dict[str, Callable[..., Any]] = {
    "size": len,
    "contains": lambda s, part: any(s[at:].startswith(part) for at in range(len(s) + 1)),
    "startsWith": lambda s, part: s[: len(part)] == part,
    "endsWith": lambda s, part: part == "" or s[-len(part) :] == part,
    "charAt": char_at,
    "substring": substring,
    "indexOf": index_of,
    "lastIndexOf": last_index_of,
    "lowerAscii": lambda s: "".join(char.lower() if char.isascii() else char for char in s),
    "upperAscii": lambda s: "".join(char.upper() if char.isascii() else char for char in s),
    "trim": lambda s: s.strip(" \n"),
    "reverse": lambda s: "".join(reversed(s)),
    "replace": replaced,
    "join": lambda words, separator: separator.join(words),
    "split": split,
}

ERROR = "error"
SETTINGS = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def ours(lab: Any, expr: Expr, env: dict[str, Any]) -> Any:
    """The value by the compiler's Python; only CelError may come out of it."""
    term, report = lab.typed(show(expr), variables=VARIABLES)
    assert not report.found, (show(expr), [finding.message for finding in report.found])
    try:
        return lab.run(term, env)
    except CelError as error:
        assert term.fails, f"{error}: {show(expr)}"
        return ERROR


def same(a: Any, b: Any) -> bool:
    """Equal and of one type, NaN equal to itself."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


@SETTINGS
@given(EXPRESSIONS, VALUES)
def test_python_forms_agree_with_a_naive_evaluator(lab: Any, expr: Expr, env: dict[str, Any]) -> None:
    try:
        expected = naive(expr, env)
    except Fault:
        expected = ERROR
    assert same(ours(lab, expr, env), expected), show(expr)


@SETTINGS
@given(EXPRESSIONS)
def test_generated_expressions_read_back(lab: Any, expr: Expr) -> None:
    assert lab.parse(show(expr))[0] == expr


def calls_in(node: Any) -> Iterator[Call]:
    """Every call in an expression."""
    if isinstance(node, Call):
        yield node
    inside = (
        node if isinstance(node, tuple) else [getattr(node, f.name) for f in fields(node)] if is_record(node) else []
    )
    for part in inside:
        yield from calls_in(part)


@SETTINGS
@given(expr=EXPRESSIONS, env=VALUES)
def test_python_forms_agree_with_the_reference_implementation(lab: Any, expr: Expr, env: dict[str, Any]) -> None:
    reference = pytest.importorskip("cel_expr_python")
    strings = pytest.importorskip("cel_expr_python.ext.ext_strings")
    cel = reference.cel
    types = {
        "int": cel.Type.INT,
        "float": cel.Type.DOUBLE,
        "string": cel.Type.STRING,
        "bool": cel.Type.BOOL,
        "list<int>": cel.Type.List(cel.Type.INT),
        "list<string>": cel.Type.List(cel.Type.STRING),
        "map<string, int>": cel.Type.Map(cel.Type.STRING, cel.Type.INT),
    }
    variables = {name: types[str(type)] for name, type in VARIABLES.items()}
    environment = cel.NewEnv(variables=variables, extensions=[strings.ExtStrings()])
    assume("--" not in show(expr))  # its parser drops both signs, so the least int does not overflow
    assume(
        not any(call.name.text == "substring" and len(call.args) == 2 for call in calls_in(expr))
    )  # never up to the end
    try:
        found = environment.compile(show(expr)).eval(data=env)
    except RuntimeError as error:  # it gives up on a repeated key instead of giving an error value
        assert "ALREADY_EXISTS" in str(error)
        return
    expected = ERROR if found.type().name() == "ERROR" else found.plain_value()
    assert same(ours(lab, expr, env), expected), show(expr)
