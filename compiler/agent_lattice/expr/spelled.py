"""Checked expressions and templates as CEL text again: the same for every layout of the source they came from."""

from __future__ import annotations

from functools import cache

from agent_lattice.expr import tree
from agent_lattice.expr.functions import CASTS, FUNCTIONS, OPERATORS
from agent_lattice.expr.overload import Function
from agent_lattice.expr.tree import Expr, Ident, Index, Literal, Select, show
from agent_lattice.terms import (
    Apply,
    Chain,
    Choice,
    Cond,
    Const,
    Each,
    FieldOf,
    Fold,
    Hole,
    ListOf,
    Logic,
    Make,
    MapOf,
    Template,
    TemplatePart,
    Term,
    Text,
    Var,
)
from agent_lattice.tree import Name

_RELATIONS = {
    "equal": "==", "unequal": "!=", "equal_deep": "==", "unequal_deep": "!=",
    "in_plain": "in", "in_list": "in", "in_map": "in", "in_dyn": "in",
}  # fmt: skip
_INDEXES = ("index_list", "index_map", "index_dyn")
_OPTIONAL_INDEXES = ("optional_item", "optional_entry", "optional_at")
_SELECTS = ("field_dyn", "optional_field")
_UNSEEN = frozenset(
    {
        *(cast.id for cast in CASTS.values()),
        "elements", "keys", "pairs_list", "pairs_map", "pairs_dyn", "optional_value", "optional_items", "or_null",
    }
)  # fmt: skip
"""What the checker puts around values and nobody writes."""
_OF_ITEMS = {
    "greatest": "math.greatest",
    "greatest_list": "math.greatest",
    "least": "math.least",
    "least_list": "math.least",
}
"""Functions of any number of arguments, which the checker makes one list."""


def spelled(term: Term) -> str:
    """An expression as a person would write it."""
    return show(_expr(term))


def spelled_template(template: Template) -> str:
    """A template with its holes and blocks as in a source."""
    return _parts(template.parts)


def _parts(parts: tuple[TemplatePart, ...]) -> str:
    return "".join(map(_part, parts))


def _part(part: TemplatePart) -> str:
    match part:
        case Text(text):
            return text
        case Hole(term):
            return f"{{{{ {spelled(term)} }}}}"
        case Each(variable, over, body):
            return f"{{% for {variable} in {spelled(over)} %}}{_parts(body)}{{% endfor %}}"
        case Choice(branches, otherwise):
            words = ["if", *["elif"] * (len(branches) - 1)]
            ways = [
                f"{{% {word} {spelled(on)} %}}{_parts(body)}" for word, (on, body) in zip(words, branches, strict=True)
            ]
            return "".join(ways) + (f"{{% else %}}{_parts(otherwise)}" if otherwise else "") + "{% endif %}"


def _expr(term: Term) -> Expr:
    match term:
        case Const(value=value):
            return Literal(value)
        case Var(name=name):
            return Ident(name)
        case FieldOf(record=record, name=name):
            return Select(_expr(record), Name(name))
        case Apply(function=function, args=args):
            return _applied(function, args)
        case Chain(first=first, links=links):
            return tree.Arithmetic(_expr(first), tuple((_function(f).name, _expr(operand)) for f, operand in links))
        case Logic(operator=operator, operands=operands):
            return tree.Logic("&&" if operator == "and" else "||", tuple(map(_expr, operands)))
        case Cond(condition=condition, then=then, otherwise=otherwise):
            return tree.Conditional(_expr(condition), _expr(then), _expr(otherwise))
    return _collected(term)


def _collected(term: Term) -> Expr:
    match term:
        case ListOf(items=items):
            return tree.ListLiteral(tuple(map(_expr, items)))
        case MapOf(entries=entries):
            return tree.MapLiteral(tuple((_expr(key), _expr(value)) for key, value in entries))
        case Make(record=name, fields=fields):
            said = tuple((Name(field), _expr(value)) for field, value in fields if value != Const(None))
            return tree.RecordLiteral(Name(name), said)
        case Fold(macro="bind", variable=variable, over=over, body=body):
            return tree.Call(Ident("cel"), Name("bind"), (Ident(variable), _expr(over), _expr(body)))
        case Fold(macro=macro, over=over, body=body, where=where, variables=variables):
            inner = (*(Ident(name) for name in variables), *([_expr(where)] if where else []), _expr(body))
            return tree.Call(_expr(over), Name(macro), inner)
    raise TypeError(f"not a term: {term!r}")


def _applied(id: str, args: tuple[Term, ...]) -> Expr:
    given = tuple(map(_expr, args))
    if id in _UNSEEN:
        return given[0]
    if id in _RELATIONS:
        return tree.Binary(_RELATIONS[id], *given)
    if id in ("is_null", "not_null"):
        return tree.Binary("==" if id == "is_null" else "!=", given[0], Literal(None))
    if id in _INDEXES or id in _OPTIONAL_INDEXES:
        return Index(given[0], given[1], id in _OPTIONAL_INDEXES)
    if id in _SELECTS:
        return Select(given[0], Name(_text(args[1])), optional=id == "optional_field")
    if id in ("has_key", "has_dyn"):
        return tree.Call(None, Name("has"), (Select(given[0], Name(_text(args[1]))),))
    if id == "type_named":
        return Ident(_text(args[0]))
    if id == "matches_constant":
        return tree.Call(given[0], Name("matches"), given[1:])
    if id in _OF_ITEMS:
        items = args[0].items if isinstance(args[0], ListOf) and len(args[0].items) != 1 else args
        return _called(_OF_ITEMS[id], tuple(map(_expr, items)))
    function = _function(id)
    if not function.name[0].isalpha():
        return _operated(function.name, given)
    return tree.Call(given[0], Name(function.name), given[1:]) if function.method else _called(function.name, given)


def _called(name: str, given: tuple[Expr, ...]) -> Expr:
    *space, last = name.split(".")
    return tree.Call(Ident(".".join(space)) if space else None, Name(last), given)


def _operated(sign: str, given: tuple[Expr, ...]) -> Expr:
    if sign.endswith("_"):
        return tree.Unary(sign[0], given[0])
    if sign[0] in "<>":
        return tree.Binary(sign, *given)
    return tree.Arithmetic(given[0], ((sign, given[1]),))


def _text(term: Term) -> str:
    return term.value if isinstance(term, Const) and isinstance(term.value, str) else spelled(term)


def _function(id: str) -> Function:
    return _functions()[id]


@cache
def _functions() -> dict[str, Function]:
    """The function of each overload that has a name or sign."""
    found: dict[str, Function] = {}
    for function in (*OPERATORS, *FUNCTIONS.values()):
        found |= dict.fromkeys([o.id for o in function.overloads], function)
        if function.dynamic is not None:
            found[function.dynamic.id] = function
    return found
