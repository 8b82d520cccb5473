"""Functions, methods and macros."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_lattice.diagnostics import Code, did_you_mean, replace
from agent_lattice.expr import tree
from agent_lattice.expr.fits import core, has_dyn, is_unknown, present
from agent_lattice.expr.functions import FUNCTIONS, MACROS, NOT_YET, OTHER_NAMES, Function, Overload
from agent_lattice.expr.operators import chosen
from agent_lattice.expr.syntax import NOT_SUPPORTED
from agent_lattice.expr.tree import Expr, show
from agent_lattice.terms import Const, FieldOf, Fold, Term
from agent_lattice.types import BOOL, STRING, UNKNOWN, Dyn, ListType, MapType, Record, Type

if TYPE_CHECKING:
    from agent_lattice.expr.check import Checker

UNKNOWN_FUNCTION = Code("LAT2131", "unknown-function")
WRONG_ARGUMENTS = Code("LAT2132", "wrong-arguments")
WRONG_MACRO = Code("LAT2133", "wrong-macro")
NOT_ITERABLE = Code("LAT2134", "not-iterable")
WRONG_PATTERN = Code("LAT2135", "wrong-pattern")


def call(check: Checker, expr: tree.Call) -> Term:
    """The term of a call, whatever is called."""
    name = expr.name.text
    if expr.target is None:
        if name == "has" and len(expr.args) == 1:
            return _has(check, expr)
        return _function(check, expr, name, expr.args)
    if _is_qualified(check, expr):
        return _function(check, expr, f"strings.{name}", expr.args)
    if name in MACROS:
        return _macro(check, expr, expr.target)
    return _method(check, expr, expr.target)


def _is_qualified(check: Checker, expr: tree.Call) -> bool:
    """`strings.quote(…)`, where `strings` is no variable."""
    known = isinstance(expr.target, tree.Ident) and f"{expr.target.name}.{expr.name}" in FUNCTIONS
    return known and check.scope.lookup("strings") is None


def _function(check: Checker, expr: tree.Call, name: str, args: tuple[Expr, ...]) -> Term:
    function = FUNCTIONS.get(name)
    if function is None or not function.free:
        _check_args(check, args)
        _report_unknown(check, expr, function)
        return check.wrong(expr.span)
    return _apply(check, expr, function, args)


def _method(check: Checker, expr: tree.Call, target: Expr) -> Term:
    function = FUNCTIONS.get(expr.name.text)
    if function is None or not function.method:
        owner = check.term(target)
        _check_args(check, expr.args)
        if not is_unknown(owner.type):
            _report_unknown(check, expr, function)
        return check.wrong(expr.span)
    return _apply(check, expr, function, (target, *expr.args))


def _check_args(check: Checker, args: tuple[Expr, ...]) -> None:
    for arg in args:
        check.term(arg)


def _report_unknown(check: Checker, expr: tree.Call, function: Function | None) -> None:
    name, span = expr.name.text, expr.name.span
    if name in NOT_YET:
        check.report.add(NOT_SUPPORTED, f"`{name}` is not supported", span)
        return
    as_method = expr.target is not None
    sort = "method" if as_method else "function"
    if function is not None:
        form = f"`x.{name}(…)`" if function.method else f"`{name}(x)`"
        check.report.add(UNKNOWN_FUNCTION, f"`{name}` is not a {sort}", span, help=f"write {form}")
        return
    usable = {n for n, f in FUNCTIONS.items() if (f.method if as_method else f.free)} | (
        set(MACROS) if as_method else {"has"}
    )
    other = OTHER_NAMES.get(name, "")
    help, fix = did_you_mean(name, usable, span)
    if other in usable:
        help, fix = f"it is called `{other}` here", replace(f"change to `{other}`", span, other)
    elif not as_method and name[:1].isupper() and check.scope.record(name) is not None:
        help, fix = f"a record is written `{name} {{ field: value }}`", None
    check.report.add(UNKNOWN_FUNCTION, f"there is no {sort} `{name}`", span, help=help, fix=fix)


def _apply(check: Checker, expr: tree.Call, function: Function, args: tuple[Expr, ...]) -> Term:
    terms = [check.term(arg) if function.name == "dyn" else check.value(arg) for arg in args]
    if any(is_unknown(term.type) for term in terms):
        return check.wrong(expr.span)
    row = chosen(function, [term.type for term in terms])
    if row is None:
        _report_arguments(check, expr, function, terms)
        return check.wrong(expr.span)
    if row.id == "matches":
        return _matches(check, expr, [check.cast(term, STRING) for term in terms])
    if function.dynamic is None or row.id != function.dynamic.id:
        terms = [_cast(check, term, wanted) for term, wanted in zip(terms, row.args, strict=True)]
    return check.apply(row.id, *terms, span=expr.span)


def _cast(check: Checker, term: Term, wanted: Type) -> Term:
    """The argument, checked at run time where its type is not known: only when its own overload needs to know."""
    return term if has_dyn(wanted) else check.cast(term, wanted)


def _report_arguments(check: Checker, expr: tree.Call, function: Function, terms: list[Term]) -> None:
    counts = sorted({len(row.args) for row in function.overloads})
    as_method = expr.target is not None and function.method
    if len(terms) not in counts:
        shift = 1 if as_method else 0
        wanted = " or ".join(str(count - shift) for count in counts)
        plural = "" if wanted == "1" else "s"
        message = f"`{expr.name}` takes {wanted} argument{plural}, not {len(terms) - shift}"
    else:
        found = ", ".join(f"`{core(term.type)}`" for term in terms)
        message = f"`{expr.name}` cannot be used with {found}"
    forms = tuple(_shape(function, row, as_method) for row in function.overloads)
    check.report.add(WRONG_ARGUMENTS, message, expr.span, notes=(f"its forms: {', '.join(forms)}",))


def _shape(function: Function, row: Overload, as_method: bool) -> str:
    """`string.contains(string) -> bool`."""
    args = [str(arg).replace("<dyn>", "").replace("map<string, dyn>", "map") for arg in row.args]
    if as_method:
        return f"`{args[0]}.{function.name}({', '.join(args[1:])}) -> {row.result}`"
    return f"`{function.name}({', '.join(args)}) -> {row.result}`"


def _matches(check: Checker, expr: tree.Call, terms: list[Term]) -> Term:
    """A constant pattern is compiled now, so that it cannot fail at run time."""
    text, pattern = terms
    if not isinstance(pattern, Const) or not isinstance(pattern.value, str):
        return check.apply("matches", text, pattern, span=expr.span)
    from agent_lattice_runtime.patterns import PatternError, compiled

    try:
        compiled(pattern.value)
    except PatternError as problem:
        help = "patterns have the syntax of RE2: no look-around, no back-references"
        check.report.add(WRONG_PATTERN, f"this is no valid pattern: {problem}", pattern.span, help=help)
        return check.wrong(expr.span)
    return check.apply("matches_constant", text, pattern, span=expr.span)


def _has(check: Checker, expr: tree.Call) -> Term:
    """`has(x.f)`: of a record whether an optional field is there, of a map whether it has the key."""
    (arg,) = expr.args
    if not isinstance(arg, tree.Select):
        check.term(arg)
        check.report.add(WRONG_MACRO, "`has` takes a field: `has(x.field)`", arg.span)
        return check.wrong(expr.span)
    target = check.value(arg.target)
    owner = present(target.type)
    if isinstance(owner, Record):
        found = check.field(target, owner, arg)
        if is_unknown(found.type):
            return check.wrong(expr.span)
        declared = FieldOf(
            target, arg.name.text, type=owner.fields[arg.name.text].type, fails=target.fails, span=arg.span
        )
        return check.apply("not_null", declared, span=expr.span)
    key = Const(arg.name.text, type=STRING, span=arg.name.span)
    if isinstance(owner, MapType):
        return check.apply("has_key", target, key, span=expr.span)
    if isinstance(owner, Dyn):
        return check.apply("has_dyn", target, key, span=expr.span)
    if not is_unknown(owner):
        check.report.add(WRONG_MACRO, f"`{owner}` has no fields", arg.span)
    return check.wrong(expr.span)


def _macro(check: Checker, expr: tree.Call, target: Expr) -> Term:
    name, args = expr.name.text, expr.args
    over = check.value(target)
    variable = args[0] if args else None
    if len(args) not in ((2, 3) if name == "map" else (2,)) or not isinstance(variable, tree.Ident):
        usage = f"`items.{name}(item, …)`" + (" or `items.map(item, condition, …)`" if name == "map" else "")
        at = variable.span if variable and len(args) == 2 else expr.name.span
        check.report.add(WRONG_MACRO, f"`{name}` takes a name and an expression", at, help=f"write {usage}")
        return check.wrong(expr.span)
    over, item = elements(check, over, target)
    inner = check.within({variable.name: item})
    where = _holds(inner, args[1], name) if len(args) == 3 else None
    body = inner.term(args[-1]) if name == "map" else _holds(inner, args[-1], name)
    if is_unknown(over.type):
        return check.wrong(expr.span)
    type = _fold_type(name, item, body)
    fails = over.fails or body.fails or (where is not None and where.fails)
    return Fold(name, variable.name, over, body, where, type=type, fails=fails, span=expr.span)


def elements(check: Checker, over: Term, written: Expr) -> tuple[Term, Type]:
    """What a macro or a loop goes through, and the type of its variable: list items, or map keys in their order."""
    owner = present(over.type)
    if isinstance(owner, ListType):
        return over, owner.item
    if isinstance(owner, MapType):
        return check.apply("keys", over, span=over.span), STRING
    if isinstance(owner, Dyn):
        return check.apply("elements", over, span=over.span), owner
    if not is_unknown(owner):
        message = f"`{owner}` has no items: `{show(written)}` is neither a list nor a map"
        check.report.add(NOT_ITERABLE, message, written.span)
    return check.wrong(over.span), UNKNOWN


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


def _fold_type(name: str, item: Type, body: Term) -> Type:
    if name == "map":
        return ListType(body.type if not isinstance(body, Const) else core(body.type))
    return ListType(item) if name == "filter" else BOOL
