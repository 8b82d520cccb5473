"""Macros: expressions over the items of a list or the keys of a map, or over pairs of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_lattice.diagnostics import Code
from agent_lattice.expr import optionals, tree
from agent_lattice.expr.fits import core, has_dyn, is_unknown, may_be_null, present
from agent_lattice.expr.syntax import TOO_DEEP
from agent_lattice.expr.tree import Expr, show
from agent_lattice.terms import Const, Fold, Term
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
    UNKNOWN,
    Dyn,
    ListType,
    MapType,
    Type,
)

if TYPE_CHECKING:
    from agent_lattice.expr.check import Checker

WRONG_MACRO = Code("LAT2133", "wrong-macro")
NOT_ITERABLE = Code("LAT2134", "not-iterable")

MOST_MACROS = 10
"""CPython allows 20 blocks in each other, loops around the expression included, and some versions crash beyond."""

_ONE = ("all", "exists", "exists_one", "existsOne", "map", "filter", "sortBy", *optionals.MAPS)
_TWO = ("all", "exists", "existsOne", "transformList", "transformMap", "transformMapEntry")
_FILTERED = ("map", "transformList", "transformMap", "transformMapEntry")
"""Macros that take a condition before their expression, or none."""
_CONDITIONS = ("all", "exists", "exists_one", "existsOne", "filter")
"""Macros whose expression is a condition."""


def macro(check: Checker, expr: tree.Call, target: Expr) -> Term:
    """The term of a macro: its variables, its expression, perhaps a condition between them."""
    variables = _variables(check, expr)
    if variables is not None and expr.name.text in optionals.MAPS:
        return optionals.map_of(check, expr, target)
    if variables is None:
        check.term(target)
        return check.wrong(expr.span)
    over = check.value(target)
    name, args = expr.name.text, expr.args[len(variables) :]
    over, types = elements(check, over, target) if len(variables) == 1 else _pairs(check, over, target, name)
    inner = check.within(dict(zip(variables, types, strict=True)))
    if _is_too_deep(inner, expr):
        return check.wrong(expr.span)
    where = _holds(inner, args[0], name) if len(args) == 2 else None
    body = _body(inner, args[-1], name)
    if is_unknown(over.type):
        return check.wrong(expr.span)
    fails = over.fails or body.fails or (where is not None and where.fails) or name == "transformMapEntry"
    type = _type(name, types, body)
    first, second = (*variables, None)[:2]
    sort = "exists_one" if name == "existsOne" else name
    if name == "sortBy":
        fails = fails or not isinstance(over.type, ListType) or not _has_order(body.type)
        type = over.type if isinstance(over.type, ListType) else type
    assert first is not None
    return Fold(sort, first, over, body, where, second, type=type, fails=fails, span=expr.span)


def is_bind(check: Checker, expr: tree.Call) -> bool:
    """Whether a call is the macro `cel.bind`."""
    target = expr.target
    return (
        isinstance(target, tree.Ident) and f"{target.name}.{expr.name}" == "cel.bind" and not check.scope.lookup("cel")
    )


def bind(check: Checker, expr: tree.Call) -> Term:
    """`cel.bind(name, value, expression)`: the value is computed once, before the expression."""
    if len(expr.args) != 3 or not isinstance(expr.args[0], tree.Ident):
        help = "write `cel.bind(name, value, expression)`"
        check.report.add(WRONG_MACRO, "`cel.bind` takes a name and two expressions", expr.name.span, help=help)
        return check.wrong(expr.span)
    name, value = expr.args[0].name, check.term(expr.args[1])
    inner = check.within({name: core(value.type) if isinstance(value, Const) else value.type})
    if _is_too_deep(inner, expr):
        return check.wrong(expr.span)
    body = inner.term(expr.args[2])
    if is_unknown(value.type) or is_unknown(body.type):
        return check.wrong(expr.span)
    return Fold("bind", name, value, body, type=body.type, fails=value.fails or body.fails, span=expr.span)


def _is_too_deep(inner: Checker, expr: tree.Call) -> bool:
    if inner.depth <= MOST_MACROS:
        return False
    message = f"macros nest more than {MOST_MACROS} deep here, loops of a template included"
    inner.report.add(TOO_DEEP, message, expr.name.span, help="name the inner ones with `let`")
    return True


def _variables(check: Checker, expr: tree.Call) -> tuple[str, ...] | None:
    """The one or two names that a macro begins with; None when it is reported as wrong."""
    name, args = expr.name.text, expr.args
    names = [arg for arg in args[:2] if isinstance(arg, tree.Ident)]
    most = 1 if name in _FILTERED else 0
    if name in _ONE and args and isinstance(args[0], tree.Ident) and 2 <= len(args) <= 2 + (name == "map"):
        return (args[0].name,)
    if name in _TWO and len(names) == 2 and 3 <= len(args) <= 3 + most:
        if names[0].name != names[1].name:
            return names[0].name, names[1].name
        check.report.add(WRONG_MACRO, f"`{name}` takes two different names", names[1].span)
        return None
    at = args[0].span if args and len(args) == 2 and name in _ONE else expr.name.span
    wants = "a name" if name in _ONE else "two names"
    check.report.add(WRONG_MACRO, f"`{name}` takes {wants} and an expression", at, help=f"write {_usage(name)}")
    return None


def _usage(name: str) -> str:
    forms = [f"`items.{name}(item, …)`"] if name in _ONE else []
    forms += [f"`items.{name}(item, condition, …)`"] if name == "map" else []
    if name in _TWO:
        forms.append(f"`items.{name}(place, item, …)`")
    return " or ".join(forms)


def elements(check: Checker, over: Term, written: Expr) -> tuple[Term, tuple[Type, ...]]:
    """What a macro or a loop goes through, and the type of its variable: list items, or map keys in their order."""
    owner = present(over.type)
    if isinstance(owner, ListType):
        return over, (owner.item,)
    if isinstance(owner, MapType):
        if has_dyn(owner.key):
            return check.apply("elements", over, span=over.span), (owner.key,)
        return check.apply("keys", over, type=ListType(owner.key), span=over.span), (owner.key,)
    if isinstance(owner, Dyn):
        return check.apply("elements", over, span=over.span), (owner,)
    return _not_iterable(check, over, written), (UNKNOWN,)


def _pairs(check: Checker, over: Term, written: Expr, name: str) -> tuple[Term, tuple[Type, ...]]:
    """As `elements`, with two variables: places and items, or keys in their order and values."""
    owner = present(over.type)
    if isinstance(owner, ListType):
        return check.apply("pairs_list", over, span=over.span), (INT, owner.item)
    if isinstance(owner, MapType):
        function = "pairs_dyn" if has_dyn(owner.key) else "pairs_map"
        return check.apply(function, over, span=over.span), (owner.key, owner.value)
    if isinstance(owner, Dyn):
        return check.apply("pairs_dyn", over, span=over.span), (owner, owner)
    return _not_iterable(check, over, written), (UNKNOWN, UNKNOWN)


def _not_iterable(check: Checker, over: Term, written: Expr) -> Term:
    owner = present(over.type)
    if not is_unknown(owner):
        message = f"`{owner}` has no items: `{show(written)}` is neither a list nor a map"
        check.report.add(NOT_ITERABLE, message, written.span)
    return check.wrong(over.span)


def _body(check: Checker, expr: Expr, name: str) -> Term:
    if name in _CONDITIONS:
        return _holds(check, expr, name)
    if name == "transformMapEntry":
        return _entry(check, expr)
    body = check.term(expr)
    if name == "sortBy" and not is_unknown(body.type) and not (_has_order(body.type) or isinstance(body.type, Dyn)):
        message = f"`sortBy` needs a number, string or bool, this is `{body.type}`"
        check.report.add(WRONG_MACRO, message, expr.span)
    return body


def _has_order(type: Type) -> bool:
    return core(type) in (INT, UINT, FLOAT, STRING, BOOL, BYTES, TIMESTAMP, DURATION) and not may_be_null(type)


def _entry(check: Checker, expr: Expr) -> Term:
    """The map of a `transformMapEntry`."""
    body = check.value(expr)
    if isinstance(present(body.type), MapType) or is_unknown(body.type):
        return body
    message = f"`transformMapEntry` needs a map, this is `{core(body.type)}`"
    check.report.add(WRONG_MACRO, message, expr.span, help="write `{key: value}`")
    return check.wrong(expr.span)


def _holds(check: Checker, expr: Expr, macro: str) -> Term:
    """The condition of a macro."""
    term = check.value(expr)
    found = core(term.type)
    if isinstance(found, Dyn):
        return check.cast(term, BOOL)
    if found == BOOL or is_unknown(found):
        return term
    message = f"`{macro}` needs a condition, this is `{found}`"
    check.report.add(WRONG_MACRO, message, expr.span, help="write a comparison")
    return check.wrong(expr.span)


def _type(name: str, types: tuple[Type, ...], body: Term) -> Type:
    made = body.type if not isinstance(body, Const) else core(body.type)
    if name in ("map", "transformList"):
        return ListType(made)
    if name in ("filter", "sortBy"):
        return ListType(types[-1])
    if name == "transformMap":
        return MapType(made, types[0])
    if name == "transformMapEntry":
        found = present(body.type)
        return found if isinstance(found, MapType) else MapType(DYN, DYN)
    return BOOL
