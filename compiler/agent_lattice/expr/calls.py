"""Functions and methods by their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_lattice.diagnostics import Code, did_you_mean, replace
from agent_lattice.expr import optionals, tree
from agent_lattice.expr.alternative import is_comparable
from agent_lattice.expr.extensions import EXTREMES, is_number
from agent_lattice.expr.fits import core, has_dyn, is_unknown, may_be_null, present
from agent_lattice.expr.functions import FUNCTIONS, MACROS, OTHER_NAMES
from agent_lattice.expr.macros import WRONG_MACRO, bind, is_bind, macro
from agent_lattice.expr.operators import chosen
from agent_lattice.expr.optionals import WRONG_ARGUMENTS
from agent_lattice.expr.overload import Function, Overload
from agent_lattice.expr.tree import Expr, show
from agent_lattice.records import replace as with_changes
from agent_lattice.terms import Const, FieldOf, ListOf, Term
from agent_lattice.types import DYN, STRING, Dyn, ListType, MapType, Maybe, Record, Type

if TYPE_CHECKING:
    from agent_lattice.expr.check import Checker

UNKNOWN_FUNCTION = Code("LAT2131", "unknown-function")
WRONG_PATTERN = Code("LAT2135", "wrong-pattern")


def call(check: Checker, expr: tree.Call) -> Term:
    """The term of a call, whatever is called."""
    name = expr.name.text
    if expr.target is None:
        if name == "has" and len(expr.args) == 1:
            return _has(check, expr)
        return _function(check, expr, name, expr.args)
    if is_bind(check, expr):
        return bind(check, expr)
    if isinstance(expr.target, tree.Ident) and _is_namespace(check, expr.target.name):
        return _function(check, expr, f"{expr.target.name}.{name}", expr.args)
    if name in MACROS:
        return macro(check, expr, expr.target)
    return _method(check, expr, expr.target)


_NAMESPACES = frozenset(name.split(".")[0] for name in (*FUNCTIONS, *EXTREMES) if "." in name)


def _is_namespace(check: Checker, name: str) -> bool:
    """Whether a name only stands before functions, as `strings` in `strings.quote(…)`: it is no variable."""
    return name in _NAMESPACES and check.scope.lookup(name) is None and not check.scope.is_poisoned(name)


def _function(check: Checker, expr: tree.Call, name: str, args: tuple[Expr, ...]) -> Term:
    if name in EXTREMES:
        return _extreme(check, expr, name.split(".")[1], args)
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
    if expr.name.text in optionals.METHODS:
        return optionals.method_of(check, expr, target)
    return _apply(check, expr, function, (target, *expr.args))


def _check_args(check: Checker, args: tuple[Expr, ...]) -> None:
    for arg in args:
        check.term(arg)


def _report_unknown(check: Checker, expr: tree.Call, function: Function | None) -> None:
    name, span = expr.name.text, expr.name.span
    as_method = expr.target is not None
    sort = "method" if as_method else "function"
    if function is not None and function.name == name:
        form = f"`x.{name}(…)`" if function.method else f"`{name}(x)`"
        check.report.add(UNKNOWN_FUNCTION, f"`{name}` is not a {sort}", span, help=f"write {form}")
        return
    usable = _usable(expr)
    other = OTHER_NAMES.get(name, "")
    help, fix = did_you_mean(name, usable, span)
    if other in usable:
        help, fix = f"it is called `{other}` here", replace(f"change to `{other}`", span, other)
    elif not as_method and name[:1].isupper() and check.scope.record(name) is not None:
        help, fix = f"a record is written `{name} {{ field: value }}`", None
    check.report.add(UNKNOWN_FUNCTION, f"there is no {sort} `{name}`", span, help=help, fix=fix)


def _usable(expr: tree.Call) -> set[str]:
    """The names that may stand where the name of a call stands."""
    if expr.target is None:
        return {name for name, function in FUNCTIONS.items() if function.free} | {"has"}
    if isinstance(expr.target, tree.Ident) and expr.target.name in _NAMESPACES:
        prefix = f"{expr.target.name}."
        return {name.removeprefix(prefix) for name in (*FUNCTIONS, *EXTREMES) if name.startswith(prefix)}
    return {name for name, function in FUNCTIONS.items() if function.method} | set(MACROS)


_OF_ANYTHING = ("dyn", "type", "optional.of", "optional.ofNonZeroValue")
"""Functions that also take null."""


def _apply(check: Checker, expr: tree.Call, function: Function, args: tuple[Expr, ...]) -> Term:
    terms = [check.term(arg) if function.name in _OF_ANYTHING else check.value(arg) for arg in args]
    if any(is_unknown(term.type) for term in terms):
        return check.wrong(expr.span)
    if function.name == "dyn" and not is_comparable(check, terms[0], args[0]):
        return check.wrong(expr.span)
    types = [term.type for term in terms]
    row = chosen(function, types)
    if row is None:
        _report_arguments(check, expr, function, terms)
        return check.wrong(expr.span)
    if row.id == "matches":
        return _matches(check, expr, [check.cast(term, STRING) for term in terms])
    if function.dynamic is None or row.id != function.dynamic.id:
        terms = [_cast(check, term, wanted) for term, wanted in zip(terms, row.args, strict=True)]
    return check.apply(row.id, *terms, type=row.typed(types) if row.typed else None, span=expr.span)


def _extreme(check: Checker, expr: tree.Call, name: str, args: tuple[Expr, ...]) -> Term:
    """`math.greatest` and `math.least`: of one list of numbers, or of numbers."""
    terms = [check.value(arg) for arg in args]
    if any(is_unknown(term.type) for term in terms):
        return check.wrong(expr.span)
    only = present(terms[0].type) if len(terms) == 1 else None
    types = [only.item] if isinstance(only, ListType) else [term.type for term in terms]
    if not types or not all(is_unknown(type) or (is_number(type) and not may_be_null(type)) for type in types):
        found = ", ".join(f"`{core(term.type)}`" for term in terms)
        message = f"`{name}` cannot be used with {found}" if terms else f"`{name}` takes at least one number"
        check.report.add(WRONG_ARGUMENTS, message, expr.span, help="it takes numbers, or one list of numbers")
        return check.wrong(expr.span)
    kinds = {core(type) for type in types}
    result = kinds.pop() if len(kinds) == 1 and not is_unknown(types[0]) else DYN
    if len(terms) == 1:
        return check.apply(f"{name}_list", terms[0], type=result, span=expr.span)
    fails = any(term.fails for term in terms)
    listed = ListOf(tuple(terms), type=ListType(result), fails=fails, span=expr.span)
    return check.apply(f"{name}_list" if has_dyn(result) else name, listed, type=result, span=expr.span)


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
    args = [str(arg).replace("map<dyn, dyn>", "map").replace("<dyn>", "") for arg in row.args]
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
    if not isinstance(arg, tree.Select) or arg.optional:
        check.term(arg)
        help = f"write `{show(arg)}.hasValue()`" if isinstance(arg, tree.Select | tree.Index) and arg.optional else ""
        check.report.add(WRONG_MACRO, "`has` takes a field: `has(x.field)`", arg.span, help=help)
        return check.wrong(expr.span)
    target = check.value(arg.target)
    if isinstance(core(target.type), Maybe):
        return check.apply("optional_has_value", check.select(target, with_changes(arg, optional=True)), span=expr.span)
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
