"""Values where a type is expected: the check of an expression against a type, and of arguments against parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report, nearest, replace
from agent_lattice.expr.check import Names, check
from agent_lattice.expr.tree import Expr
from agent_lattice.source import Span
from agent_lattice.terms import Term
from agent_lattice.tree import Arg
from agent_lattice.types import (
    BOOL,
    AnyValue,
    Bool,
    Bytes,
    Duration,
    Float,
    Int,
    ListType,
    Literal,
    MapType,
    Optional,
    String,
    Timestamp,
    Type,
    Uint,
    Unknown,
    assignable,
    base,
)
from agent_lattice.unions import alternatives

MISMATCH = Code("LAT2001", "mismatched-types")
NOT_A_CONDITION = Code("LAT2002", "condition-not-bool")
MISSING_ARGUMENT = Code("LAT2003", "missing-argument")
UNKNOWN_ARGUMENT = Code("LAT2004", "unknown-argument")
REPEATED_ARGUMENT = Code("LAT2005", "repeated-argument")

_EMPTY: dict[type[Type], str] = {String: '""', Int: "0", Float: "0.0"}


def fit(expr: Expr, expected: Type, scope: Names, report: Report, what: str, related: Iterable[Label] = ()) -> Term:
    """The checked expression; reports when its type is not `expected`. `what` names the place, e.g. "the argument `id`"."""
    term = check(expr, scope, report, expected)
    if not assignable(term.type, expected):
        help, fix = _advice(term.type, expected, expr.span)
        report.add(
            MISMATCH,
            f"{what} is `{expected}`, this is `{term.type}`",
            expr.span,
            label=f"expected `{expected}`",
            related=related,
            help=help,
            fix=fix,
        )
    return term


def condition(expr: Expr, scope: Names, report: Report) -> Term:
    """A checked expression that must be a bool."""
    term = check(expr, scope, report, BOOL)
    if not assignable(term.type, BOOL):
        report.add(
            NOT_A_CONDITION,
            f"a condition is `bool`, this is `{term.type}`",
            expr.span,
            help=f"write a comparison, such as `{_comparison(term.type, expr.span.text)}`",
        )
    return term


def _comparison(type: Type, text: str) -> str:
    """What is probably meant by a value as a condition."""
    plain, shown = base(type), text if len(text) <= 30 and "\n" not in text else "…"
    if isinstance(plain, ListType | MapType):
        return f"size({shown}) > 0"
    if isinstance(plain, Literal):
        return f"{shown} == {Literal(plain.values[:1])}"
    return f"{shown} != {_EMPTY.get(plain.__class__, 'null')}"


def bind(
    args: Sequence[Arg], params: Sequence[plan.Param], scope: Names, report: Report, callee: str, span: Span
) -> plan.Args:
    """Arguments by parameter name, in the order of the parameters. Positional ones come first; optional parameters may be left out."""
    given: dict[str, Arg] = {}
    strange: list[Arg] = []
    for place, arg in enumerate(args):
        name = _target(arg, place, params, callee, report)
        if name is None:
            strange.append(arg)
            check(arg.value, scope, report)
        elif name in given:
            report.add(
                REPEATED_ARGUMENT,
                f"the argument `{name}` is given twice",
                arg.span,
                related=(Label(given[name].span, "first here"),),
            )
        else:
            given[name] = arg
    absent = [param for param in params if param.name not in given]
    absent = _report_unknown([arg for arg in strange if arg.name], absent, params, callee, report)
    _report_missing(absent, args, scope, callee, span, report)
    bound: list[tuple[str, Term]] = []
    for param in params:
        if param.name in given:
            value = given[param.name].value
            bound.append(
                (param.name, fit(value, param.type, scope, report, f"the argument `{param.name}` of `{callee}`"))
            )
    return tuple(bound)


def _target(arg: Arg, place: int, params: Sequence[plan.Param], callee: str, report: Report) -> str | None:
    """The parameter an argument is for. None: there is none; a surplus one is reported, an unknown name not yet."""
    names = [param.name for param in params]
    if arg.name is not None:
        return arg.name.text if arg.name.text in names else None
    if place < len(names):
        return names[place]
    report.add(UNKNOWN_ARGUMENT, f"`{callee}` takes {_count(len(names))}", arg.span)
    return None


def _report_unknown(
    args: Sequence[Arg], absent: list[plan.Param], params: Sequence[plan.Param], callee: str, report: Report
) -> list[plan.Param]:
    """Report arguments of unknown names; the absent parameters without those that were probably meant by them."""
    listed = ", ".join(f"`{param.name}`" for param in params) or "none"
    for arg in args:
        assert arg.name is not None
        needed = [param.name for param in absent if _is_needed(param)]
        name, names = arg.name.text, [param.name for param in absent]
        meant = nearest(name, names) or (needed[0] if len(args) == len(needed) == 1 else None)
        report.add(
            UNKNOWN_ARGUMENT,
            f"`{callee}` has no parameter `{name}`",
            arg.name.span,
            help=f"did you mean `{meant}`?" if meant else "",
            fix=replace(f"change to `{meant}`", arg.name.span, meant) if meant else None,
            notes=(f"its parameters: {listed}",),
        )
        absent = [param for param in absent if param.name != meant]
    return absent


def _is_needed(param: plan.Param) -> bool:
    return not isinstance(param.type, Optional | Unknown)


def _report_missing(
    absent: Sequence[plan.Param], args: Sequence[Arg], scope: Names, callee: str, span: Span, report: Report
) -> None:
    missing = [param for param in absent if _is_needed(param)]
    if not missing:
        return
    listed = ", ".join(f"`{param.name}: {param.type}`" for param in missing)
    report.add(
        MISSING_ARGUMENT,
        f"`{callee}` needs the argument{'s' if len(missing) > 1 else ''} {listed}",
        span,
        fix=_values_of_that_name(missing, args, scope, span),
        help="only optional parameters may be left out",
    )


def _values_of_that_name(missing: Sequence[plan.Param], args: Sequence[Arg], scope: Names, span: Span) -> Fix | None:
    """Passes what is visible under the parameters' own names; None when one of them is not, since no value can be guessed."""
    for param in missing:
        found = scope.lookup(param.name)
        if found is None or not assignable(found, param.type):
            return None
    text = ", ".join(f"{param.name}: {param.name}" for param in missing)
    at = args[-1].span.after() if args else Span(span.source, span.end - 1, span.end - 1)
    return Fix(f"add `{text}`", (Edit(at, f", {text}" if args else text),))


def _count(number: int) -> str:
    return "no argument" if number == 0 else "one argument" if number == 1 else f"{number} arguments"


def _advice(found: Type, expected: Type, span: Span) -> tuple[str, Fix | None]:
    """How to turn one type into the other, when there is a way."""
    source, target = base(found), base(expected)
    if isinstance(source, Optional) and assignable(source.inner, expected):
        return "it may be null: test it with `!= null` first", None
    if isinstance(source, AnyValue) or any(assignable(member, expected) for member in alternatives(source)):
        return f"say what it has to be: `let value = {span.text} as {expected}`", None
    conversion = {
        (Int, Float): "double",
        (Uint, Float): "double",
        (Float, Int): "int",
        (Uint, Int): "int",
        (Int, Uint): "uint",
        (Float, Uint): "uint",
        (String, Timestamp): "timestamp",
        (String, Duration): "duration",
        (String, Bytes): "bytes",
        (Uint, String): "string",
        (Timestamp, String): "string",
        (Duration, String): "string",
        (Int, String): "string",
        (Float, String): "string",
        (Bool, String): "string",
    }
    word = conversion.get((source.__class__, target.__class__))
    if word:
        return f"convert it with `{word}(…)`", replace(f"convert with `{word}`", span, f"{word}({span.text})")
    if isinstance(source, String) and isinstance(target, Literal):
        return "a string that is not known here may be none of the choices: use `match`", None
    return "", None
