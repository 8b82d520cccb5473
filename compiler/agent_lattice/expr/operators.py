"""Operators: arithmetic, relations, logic, the conditional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_lattice.diagnostics import Code, Fix, Severity, did_you_mean, replace
from agent_lattice.expr import tree
from agent_lattice.expr.alternative import is_comparable
from agent_lattice.expr.fits import (
    can_be_equal,
    core,
    has_dyn,
    is_number,
    is_plain,
    is_unknown,
    may_be_null,
    merged,
    present,
)
from agent_lattice.expr.fold import folded
from agent_lattice.expr.functions import OPERATOR, OVERLOADS
from agent_lattice.expr.narrow import Facts, narrowed
from agent_lattice.expr.optionals import as_nullable
from agent_lattice.expr.overload import Function, Overload
from agent_lattice.expr.tree import Expr, quoted, show
from agent_lattice.records import replace as with_changes
from agent_lattice.source import Span
from agent_lattice.terms import Apply, Chain, Cond, Const, ListOf, Logic, Term
from agent_lattice.types import (
    BOOL,
    DYN,
    STRING,
    AnyValue,
    Dyn,
    Float,
    Int,
    ListType,
    Literal,
    MapType,
    Maybe,
    Null,
    String,
    Type,
    assignable,
)

if TYPE_CHECKING:
    from agent_lattice.expr.check import Checker

NO_OPERATION = Code("LAT2121", "no-such-operation")
NEVER_EQUAL = Code("LAT2122", "never-equal")
NEVER_NULL = Code("LAT2123", "never-null", Severity.WARNING)
BRANCHES_DIFFER = Code("LAT2124", "branches-differ")
NO_MEMBERS = Code("LAT2125", "no-members")


def operation(check: Checker, expr: Expr, expected: Type | None) -> Term:
    """The term of an operator."""
    match expr:
        case tree.Arithmetic():
            return _arithmetic(check, expr)
        case tree.Unary(operator="!"):
            return _not(check, condition(check, expr.operand, "`!`"), expr.span)
        case tree.Unary():
            return _negative(check, expr)
        case tree.Binary(operator="==" | "!="):
            return _equality(check, expr)
        case tree.Binary(operator="in"):
            return _membership(check, expr)
        case tree.Binary():
            return _order(check, expr)
        case tree.Logic():
            return _logic(check, expr)
        case tree.Conditional():
            return _conditional(check, expr, expected)
    raise TypeError(f"not an expression: {expr!r}")


def chosen(function: Function, types: list[Type]) -> Overload | None:
    """The overload for the types; the dynamic one, with what is known of its result, where only the run knows a type."""
    fitting = [row for row in function.overloads if len(row.args) == len(types) and all(map(_takes, row.args, types))]
    if not fitting or function.dynamic is None or not any(map(has_dyn, types)):
        return fitting[0] if fitting else None
    return with_changes(function.dynamic, result=fitting[0].result) if len(fitting) == 1 else function.dynamic


def _takes(parameter: Type, found: Type) -> bool:
    found = core(found)
    if isinstance(found, Dyn) or isinstance(parameter, Dyn) or is_unknown(found):
        return True
    if isinstance(parameter, ListType):
        if not isinstance(found, ListType) or not _takes(parameter.item, found.item):
            return False
        return isinstance(parameter.item, Dyn) or not may_be_null(found.item)
    if isinstance(parameter, MapType):
        return isinstance(found, MapType)
    return parameter == found


def _arithmetic(check: Checker, expr: tree.Arithmetic) -> Term:
    first = check.value(expr.first)
    type, span = first.type, expr.first.span
    links: list[tuple[str, Term]] = []
    for operator, part in expr.rest:
        operand = check.value(part)
        span = span.to(part.span)
        if is_unknown(type) or is_unknown(operand.type):
            type = check.wrong(span).type
            continue
        row = chosen(OPERATOR[operator], [type, operand.type])
        result = _result(row, type, operand.type) if row else None
        if row is None or result is None:
            _report_operands(check, operator, (type, first, expr.first), (operand.type, operand, part), span)
            result = check.wrong(span).type
        else:
            links.append((row.id, operand))
        type = result
    if is_unknown(type):
        return check.wrong(expr.span)
    fails = first.fails or any(OVERLOADS[row].fails or operand.fails for row, operand in links)
    return folded(Chain(first, tuple(links), type=type, fails=fails, span=expr.span))


def _result(row: Overload, left: Type, right: Type) -> Type | None:
    """The type of `left op right`; of lists one that holds the items of both."""
    return merged(present(left), present(right)) if row.id == "add_list" else row.result


def _report_operands(
    check: Checker, operator: str, left: tuple[Type, Term, Expr], right: tuple[Type, Term, Expr], span: Span
) -> None:
    a, b = core(left[0]), core(right[0])
    help, fix = _number_advice(left, right)
    if not help and isinstance(a, String) is not isinstance(b, String) and operator == "+":
        other = right if isinstance(a, String) else left
        if str(core(other[0])) in ("int", "uint", "float", "bool"):
            text = show(other[2])
            help = f"write `string({text})`"
            fix = replace("convert with `string`", other[2].span, f"string({other[2].span.text})")
    check.report.add(NO_OPERATION, f"there is no `{a} {operator} {b}`", span, help=help, fix=fix)


def _number_advice(left: tuple[Type, Term, Expr], right: tuple[Type, Term, Expr]) -> tuple[str, Fix | None]:
    """How to make two kinds of numbers meet: an int literal gets a point or a `u`, anything else a conversion."""
    a, b = core(left[0]), core(right[0])
    if a == b or not (is_number(a) and is_number(b)):
        return "", None
    to_float = isinstance(a, Float) or isinstance(b, Float)
    _, _, expr = right if isinstance(a, Float) or (not to_float and isinstance(b, Int)) else left
    text = f"{'double' if to_float else 'uint'}({expr.span.text})"
    if isinstance(expr, tree.Literal) and not show(expr).startswith("-"):
        text = show(expr).removesuffix("u") + (".0" if to_float else "u")
    return f"{a} and {b} do not mix: write `{text}`", replace(f"write `{text}`", expr.span, text)


def _not(check: Checker, operand: Term, span: Span) -> Term:
    """The opposite; of a test for null it is the other test."""
    if isinstance(operand, Apply) and operand.function in ("is_null", "not_null"):
        return check.apply("is_null" if operand.function == "not_null" else "not_null", *operand.args, span=span)
    return check.apply("not", operand, span=span)


def _negative(check: Checker, expr: tree.Unary) -> Term:
    operand = check.value(expr.operand)
    if is_unknown(operand.type):
        return check.wrong(expr.span)
    row = chosen(OPERATOR["-_"], [operand.type])
    if row is None:
        check.report.add(NO_OPERATION, f"there is no minus of `{core(operand.type)}`", expr.span)
        return check.wrong(expr.span)
    return check.apply(row.id, operand, span=expr.span)


def condition(check: Checker, expr: Expr, what: str) -> Term:
    """A bool operand; what only the run knows is checked there."""
    term = check.value(expr)
    found = core(term.type)
    if isinstance(found, Dyn):
        return check.cast(term, BOOL)
    if found == BOOL or is_unknown(found):
        return term
    help = f"compare it: `{show(expr)} != …`"
    check.report.add(NO_OPERATION, f"{what} is for bools, this is `{found}`", expr.span, help=help)
    return check.wrong(expr.span)


def _logic(check: Checker, expr: tree.Logic) -> Term:
    truth = expr.operator == "&&"
    known: Facts = frozenset()
    operands: list[Term] = []
    for part in expr.operands:
        operand = condition(check.within(facts=known), part, f"`{expr.operator}`")
        known |= narrowed(operand, truth)
        operands.append(operand)
    fails = any(operand.fails for operand in operands)
    return folded(Logic("and" if truth else "or", tuple(operands), type=BOOL, fails=fails, span=expr.span))


def _conditional(check: Checker, expr: tree.Conditional, expected: Type | None) -> Term:
    test = condition(check, expr.condition, "the condition of `?`")
    then = check.within(facts=narrowed(test, True)).term(expr.then, expected)
    otherwise = check.within(facts=narrowed(test, False)).term(expr.otherwise, expected)
    if is_unknown(then.type) or is_unknown(otherwise.type):
        return check.wrong(expr.span)
    if isinstance(core(then.type), Maybe) is not isinstance(core(otherwise.type), Maybe):
        then, otherwise = as_nullable(check, then), as_nullable(check, otherwise)
    type = merged(then.type, otherwise.type)
    if (
        type is None
        and expected is not None
        and assignable(then.type, expected)
        and assignable(otherwise.type, expected)
    ):
        type = expected
    if type is None:
        help, fix = _number_advice((then.type, then, expr.then), (otherwise.type, otherwise, expr.otherwise))
        message = f"the two sides of `:` differ: `{then.type}` and `{otherwise.type}`"
        check.report.add(BRANCHES_DIFFER, message, expr.then.span.to(expr.otherwise.span), help=help, fix=fix)
        return check.wrong(expr.span)
    fails = test.fails or then.fails or otherwise.fails
    return Cond(test, then, otherwise, type=type, fails=fails, span=expr.span)


def _order(check: Checker, expr: tree.Binary) -> Term:
    left, right = check.value(expr.left), check.value(expr.right)
    if is_unknown(left.type) or is_unknown(right.type):
        return _unknown_bool(check, expr)
    row = chosen(OPERATOR[expr.operator], [left.type, right.type])
    if row is None:
        message = f"there is no `{core(left.type)} {expr.operator} {core(right.type)}`"
        check.report.add(NO_OPERATION, message, expr.span, help=_order_advice(left.type, right.type))
        return _unknown_bool(check, expr)
    return check.apply(row.id, left, right, span=expr.span)


def _order_advice(left: Type, right: Type) -> str:
    if isinstance(core(left), ListType | MapType) or isinstance(core(right), ListType | MapType):
        return "only numbers, strings and bools have an order; compare sizes with `size(…)`"
    return "numbers compare with numbers, strings with strings, bools with bools"


def _unknown_bool(check: Checker, expr: Expr) -> Term:
    """What stands for a wrong condition: nothing more is said about it, here or around it."""
    return check.wrong(expr.span)


def _equality(check: Checker, expr: tree.Binary) -> Term:
    left, right = check.term(expr.left), check.term(expr.right)
    equal = expr.operator == "=="
    for side, other, written in ((left, right, expr.right), (right, left, expr.left)):
        if side == Const(None) and isinstance(side.type, Null):
            _report_never_null(check, other, written, equal, expr)
            if isinstance(other, Const) and not is_unknown(other.type):
                return Const((other.value is None) == equal, type=BOOL, span=expr.span)
            return check.apply("is_null" if equal else "not_null", other, span=expr.span)
    if is_unknown(left.type) or is_unknown(right.type):
        return _unknown_bool(check, expr)
    if not _compare(check, (left, expr.left), (right, expr.right), expr.span):
        return _unknown_bool(check, expr)
    function = "equal" if equal else "unequal"
    if not (is_plain(left.type) and is_plain(right.type)):
        function += "_deep"
    return check.apply(function, left, right, span=expr.span)


def _report_never_null(check: Checker, term: Term, written: Expr, equal: bool, expr: tree.Binary) -> None:
    if may_be_null(term.type) or isinstance(term.type, Dyn | AnyValue) or is_unknown(term.type):
        return
    outcome = "never" if equal else "always"
    message = f"`{show(written)}` is never null: this is {outcome} true"
    check.report.add(NEVER_NULL, message, expr.span, help=f"its type is `{term.type}`")


def _compare(check: Checker, left: tuple[Term, Expr], right: tuple[Term, Expr], span: Span) -> bool:
    """Whether two values can be equal; reported when not."""
    (a, _), (b, _) = left, right
    if not all(is_comparable(check, term, expr) for term, expr in (left, right)):
        return False
    if not isinstance(a, Const) or not isinstance(b, Const):
        for (term, expr), other in ((left, b), (right, a)):
            choices = present(other.type)
            if isinstance(term, Const) and isinstance(choices, Literal) and not can_be_equal(term.type, choices):
                _report_no_choice(check, term, expr, choices, span)
                return False
    if isinstance(a, Const) and isinstance(b, Const) and core(a.type) == core(b.type):
        return True
    if can_be_equal(a.type, b.type):
        return True
    message = f"`{present(a.type)}` and `{present(b.type)}` are never equal"
    check.report.add(NEVER_EQUAL, message, span, help="convert one side" if _convertible(a.type, b.type) else "")
    return False


def _convertible(left: Type, right: Type) -> bool:
    return {str(core(left)), str(core(right))} <= {
        "int",
        "uint",
        "float",
        "string",
        "bool",
        "bytes",
        "timestamp",
        "duration",
    }


def _report_no_choice(check: Checker, term: Const, expr: Expr, choices: Literal, span: Span) -> None:
    """A constant that is none of the values of a literal union."""
    listed = ", ".join(f"`{quoted(value)}`" for value in choices.values)
    notes = (f"the choices: {listed}",)
    help, fix = "", None
    if isinstance(term.value, str):
        help, fix = did_you_mean(term.value, [v for v in choices.values if isinstance(v, str)], expr.span)
        fix = Fix(fix.title, tuple(type(edit)(edit.span, quoted(edit.text)) for edit in fix.edits)) if fix else None
    message = f"this is never {quoted(term.value)}"
    check.report.add(NEVER_EQUAL, message, expr.span, help=help, fix=fix, notes=notes)


def _membership(check: Checker, expr: tree.Binary) -> Term:
    item, container = check.term(expr.left), check.value(expr.right)
    owner, found = present(container.type), present(item.type)
    if is_unknown(owner) or is_unknown(found):
        return _unknown_bool(check, expr)
    if isinstance(owner, Dyn):
        return check.apply("in_dyn", item, container, span=expr.span)
    if isinstance(owner, MapType):
        item = check.not_null(item, expr.left)
        if has_dyn(found) or has_dyn(owner.key):
            return check.apply("in_dyn", item, container, span=expr.span)
        if can_be_equal(found, owner.key):
            return check.apply("in_map", item, container, span=expr.span)
        check.report.add(NO_MEMBERS, f"the keys of a `{owner}` are {owner.key}, this is `{found}`", expr.left.span)
        return _unknown_bool(check, expr)
    if isinstance(owner, ListType):
        return _in_list(check, expr, item, container, owner)
    help = "write `text.contains(part)`" if core(owner) == STRING else ""
    check.report.add(NO_MEMBERS, f"`in` looks into lists and maps, this is `{owner}`", expr.right.span, help=help)
    return _unknown_bool(check, expr)


def _in_list(check: Checker, expr: tree.Binary, item: Term, container: Term, owner: ListType) -> Term:
    if isinstance(container, ListOf) and isinstance(expr.right, tree.ListLiteral):
        for term, part in zip(container.items, expr.right.items, strict=True):
            skipped = is_unknown(term.type) or isinstance(term.type, Null)
            if not skipped and not _compare(check, (item, expr.left), (term, part), part.span):
                return _unknown_bool(check, expr)
    elif not is_comparable(check, item, expr.left) or isinstance(owner.item, AnyValue):
        if isinstance(owner.item, AnyValue):
            is_comparable(check, with_changes(container, type=owner.item), expr.right)
        return _unknown_bool(check, expr)
    elif not can_be_equal(item.type, owner.item):
        check.report.add(NEVER_EQUAL, f"a `{item.type}` is never in a `{owner}`", expr.span)
        return _unknown_bool(check, expr)
    plain = is_plain(item.type) and is_plain(owner.item) and not _is_float(item.type) and not _is_float(owner.item)
    return check.apply("in_plain" if plain else "in_list", item, container, span=expr.span)


def _is_float(type: Type) -> bool:
    """NaN is not in a list that holds it; Python says it is."""
    return isinstance(core(type), Float) or core(type) == DYN
