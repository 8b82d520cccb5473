"""Terms as JavaScript expressions, as a person would write them; `cel` is the object of the helpers in `prelude/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from agent_lattice import types, unions
from agent_lattice.expr.fits import core
from agent_lattice.expr.python import is_plain_map
from agent_lattice.terms import (
    Apply,
    Chain,
    Cond,
    Const,
    FieldOf,
    Fold,
    ListOf,
    Logic,
    Make,
    MapOf,
    Term,
    Var,
    reads,
)

from agent_lattice_clients.javascript.code import (
    ANY,
    EQUAL,
    POSTFIX,
    Code,
    arrow,
    call,
    constant,
    js_name,
    key,
    member,
    operation,
    string,
)
from agent_lattice_clients.javascript.forms import CALLS, LOST, filled
from agent_lattice_clients.javascript.patterns import program

_SCALARS = types.Null | types.Bool | types.Int | types.String | types.Literal
"""Whose values `===` compares as the language does."""

_NUMBERS = types.Int | types.Uint | types.Float

_VARIADIC = frozenset(f"{word}_{sort}" for word in ("add", "sub", "mul", "div", "mod") for sort in ("int", "uint")) | {
    "add_bytes"
}
"""Arithmetic whose helpers take any number of operands."""

_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%"}


def javascript(term: Term, names: Mapping[str, str] | None = None) -> Code:
    """The JavaScript expression of a term. `names` gives that of a variable where it is not its own name."""
    return Writer(dict(names or {})).write(term)


class Writer:
    """Writes terms under the JavaScript names of their variables."""

    __slots__ = ("names",)

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def write(self, term: Term) -> Code:
        """The JavaScript expression of a term."""
        match term:
            case Const(value=value):
                return constant(value)
            case Var(name=name):
                return Code(self.names.get(name) or js_name(name), POSTFIX)
            case FieldOf(record=record, name=name):
                return member(self.write(record), name)
            case Apply(function=function, args=args):
                return self._apply(function, args)
            case Chain():
                return self._chain(term)
            case Logic():
                return self._logic(term)
            case Cond(condition=condition, then=then, otherwise=otherwise):
                test, first, other = self.write(condition), self.write(then), self.write(otherwise)
                return Code(f"{test.within(ANY + 1)} ? {first.text} : {other.text}", ANY)
            case ListOf(items=items):
                return Code(f"[{', '.join(map(self._item, items))}]", POSTFIX)
            case MapOf():
                return self._map(term)
            case Make(fields=fields):
                return Code(self.entries(fields), POSTFIX)
            case Fold():
                return self._fold(term)
        raise TypeError(f"not a term: {term!r}")

    def entries(self, fields: Sequence[tuple[str, Term]]) -> str:
        """An object literal."""
        made = [(key(name), self.write(value).within(ANY)) for name, value in fields]
        return (
            f"{{ {', '.join(name if name == value else f'{name}: {value}' for name, value in made)} }}"
            if made
            else "{}"
        )

    def _item(self, item: Term) -> str:
        """An item of a list; one with a `?` is unpacked."""
        made = self.write(item).within(ANY)
        return f"...{made}" if _is_optional(item) else made

    def _apply(self, function: str, args: Sequence[Term]) -> Code:
        if function in ("equal", "unequal"):
            return self._equality(function == "equal", *args)
        if function == "in_plain":
            return self._membership(*args)
        if function == "matches_constant":
            assert isinstance(args[1], Const)
            return call("cel.finds", program(str(args[1].value)), self.write(args[0]))
        if function in LOST:
            return call("cel.lost", string(function))
        if function in ("in_map", "has_key"):
            return self._key_test(*(args if function == "has_key" else reversed(args)))
        return filled(function, [self.write(arg) for arg in args])

    def _equality(self, wanted: bool, left: Term, right: Term) -> Code:
        a, b = self.write(left), self.write(right)
        sign = _sign_of_equality(left.type, right.type)
        if sign:
            return operation(sign if wanted else f"!{sign[1:]}", a, b)
        return filled("equal_deep" if wanted else "unequal_deep", [a, b])

    def _membership(self, item: Term, container: Term) -> Code:
        inner = _items_of(container)
        if all(_sign_of_equality(item.type, other) == "===" for other in inner):
            return Code(f"{self.write(container).within(POSTFIX)}.includes({self.write(item).within(ANY)})", POSTFIX)
        return filled("in_list", [self.write(item), self.write(container)])

    def _key_test(self, owner: Term, name: Term) -> Code:
        found = core(owner.type)
        if isinstance(found, types.MapType) and core(found.key) == core(name.type):
            return Code(f"{self.write(owner).within(POSTFIX)}.has({self.write(name).within(ANY)})", POSTFIX)
        return call("cel.holdsKey", self.write(owner), self.write(name))

    def _chain(self, term: Chain) -> Code:
        result = self.write(term.first)
        if any(row.endswith("_dyn") for row, _ in term.links):
            pairs = [(string(_SIGNS[row.split("_")[0]]), self.write(operand)) for row, operand in term.links]
            return call("cel.calc", result, *(part for pair in pairs for part in pair))
        for row, group in groupby(term.links, lambda link: link[0]):
            operands = [self.write(operand) for _, operand in group]
            if row in _VARIADIC:
                result = call(CALLS[row], result, *operands)
                continue
            for operand in operands:
                result = filled(row, [result, operand])
        return result

    def _logic(self, term: Logic) -> Code:
        """What cannot fail is plain JavaScript; an error is absorbed only where there may be one."""
        sign = "&&" if term.operator == "and" else "||"
        runs: list[list[Code]] = [[]]
        for operand in term.operands:  # a run ends with an operand that can fail
            runs[-1].append(self.write(operand))
            if operand.fails and operand is not term.operands[-1]:
                runs.append([])
        *sure, first = runs[0]
        if len(runs) > 1:
            rest = [arrow("()", _joined(sign, run)) for run in ([first], *runs[1:])]
            first = call(f"cel.{term.operator}", *rest)
        return _joined(sign, [*sure, first])

    def _map(self, term: MapOf) -> Code:
        if is_plain_map(term):
            pairs = [self._pair(key, value) for key, value in term.entries]
            return Code(f"new Map([{', '.join(pairs)}])" if pairs else "new Map()", POSTFIX)
        return call("cel.mapping", *(self._entry(key, value) for key, value in term.entries))

    def _pair(self, key: Term, value: Term) -> str:
        return f"[{self.write(key).within(ANY)}, {self.write(value).within(ANY)}]"

    def _entry(self, key: Term, value: Term) -> str:
        if isinstance(value, Apply) and _is_optional(value):
            return f"...{call('cel.entriesIn', self.write(key), self.write(value.args[0])).text}"
        return self._pair(key, value)

    def _fold(self, term: Fold) -> Code:
        over = self.write(term.over)
        inner = [term.body] if term.where is None else [term.body, term.where]
        params, writer = self._bound(term.variables, frozenset().union(*map(reads, inner)))
        body = writer.write(term.body)
        where = None if term.where is None else writer.write(term.where)
        match term.macro:
            case "map" | "transformList":
                return _mapped(over, params, body, where)
            case "filter":
                return _method(over, "filter", arrow(params, body))
            case "exists_one":
                return Code(f"{_method(over, 'filter', arrow(params, body)).text}.length === 1", EQUAL)
            case "bind":
                return Code(f"(({params[1:-1]}) => {body.body})({over.within(ANY)})", POSTFIX)
            case "optMap" | "optFlatMap":
                helper = "mapOptional" if term.macro == "optMap" else "flatMapOptional"
                return call(f"cel.{helper}", over, arrow(params, body))
            case "sortBy":
                return call("cel.sortBy", over, arrow(params, body))
            case "transformMap":
                return _transformed(term, over, params, body, where)
            case "transformMapEntry":
                return call("cel.merged", _mapped(over, params, body, where))
        if term.body.fails:
            return call("cel.every" if term.macro == "all" else "cel.exists", over, arrow(params, body))
        return _method(over, "every" if term.macro == "all" else "some", arrow(params, body))

    def bind(self, name: str, used: frozenset[str]) -> tuple[str, Writer]:
        """A JavaScript name for a loop variable that hides no other variable which its body reads, and the body's writer."""
        params, writer = self._bound((name,), used)
        return params[1:-1], writer

    def _bound(self, names: Sequence[str], used: frozenset[str]) -> tuple[str, Writer]:
        """The parameters of a function over these variables, in their brackets, and the writer of its body."""
        others = {self.names.get(other) or js_name(other) for other in used.difference(names)}
        words = {word.split(".")[0] for word in others}
        chosen: list[str] = []
        for name in names:
            free = js_name(name)
            while free in words or free in chosen:
                free += "_"
            chosen.append(free)
        params = f"({chosen[0]})" if len(chosen) == 1 else f"([{', '.join(chosen)}])"
        return params, Writer({**self.names, **dict(zip(names, chosen, strict=True))})


def _is_optional(term: Term) -> bool:
    """Whether a term stands for one item or none."""
    return isinstance(term, Apply) and term.function == "optional_items"


def _sign_of_equality(left: types.Type, right: types.Type) -> str:
    """The operator that compares values of two types as the language does; "" when only a helper can."""
    a, b = ([types.base(one) for one in unions.alternatives(side)] for side in (left, right))
    if all(isinstance(one, _SCALARS) for one in (*a, *b)):
        return "==="
    if any(isinstance(one, types.Null) for one in (*a, *b)):
        return ""
    sorts = [types.widened(one) for one in (*a, *b)]
    if all(isinstance(one, _NUMBERS) for one in sorts):
        return "===" if all(one == sorts[0] for one in sorts) else "=="
    return ""


def _items_of(container: Term) -> list[types.Type]:
    if isinstance(container, ListOf) and not any(map(_is_optional, container.items)):
        return [item.type for item in container.items]
    found = core(container.type)
    return [found.item] if isinstance(found, types.ListType) else [types.DYN]


def _joined(sign: str, operands: Sequence[Code]) -> Code:
    result = operands[0]
    for operand in operands[1:]:
        result = operation(sign, result, operand)
    return result


def _method(over: Code, name: str, *args: Code) -> Code:
    return Code(f"{over.within(POSTFIX)}.{name}({', '.join(arg.within(ANY) for arg in args)})", POSTFIX)


def _mapped(over: Code, params: str, body: Code, where: Code | None) -> Code:
    """What an expression gives for each item, perhaps only those that meet a condition."""
    if where is None:
        return _method(over, "map", arrow(params, body))
    kept = Code(f"{where.within(ANY + 1)} ? [{body.within(ANY)}] : []", ANY)
    return _method(over, "flatMap", arrow(params, kept))


def _transformed(term: Fold, over: Code, params: str, body: Code, where: Code | None) -> Code:
    name = params[2:-2].split(", ")[0]
    pairs = _mapped(over, params, Code(f"[{name}, {body.within(ANY)}]", POSTFIX), where)
    if isinstance(term.over, Apply) and term.over.function == "pairs_dyn":
        return call("cel.mapping", f"...{pairs.text}")
    return Code(f"new Map({pairs.text})", POSTFIX)
