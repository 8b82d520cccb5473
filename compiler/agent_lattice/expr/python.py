"""Terms as Python expressions, as a person would write them; `cel` is the runtime module of that name."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from keyword import iskeyword
from typing import Any

from agent_lattice_runtime.uint import Uint

from agent_lattice.expr.fits import has_dyn
from agent_lattice.expr.functions import OVERLOADS
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
    Value,
    Var,
    reads,
)

RUNTIME_MODULES = (
    "cel",
    "cel_bytes",
    "cel_convert",
    "cel_format",
    "cel_lists",
    "cel_math",
    "cel_optional",
    "cel_pairs",
    "cel_strings",
    "cel_time",
    "cel_types",
    "cel_uint",
    "cel_wire",
)
"""Modules of the runtime that Python forms call by these names."""

_BUILT_IN = ("all", "any", "enumerate", "float", "len", "max", "min", "sorted", "str", "sum")
_TAKEN = frozenset((*RUNTIME_MODULES, *_BUILT_IN, "ctx", "l"))
"""Names that the Python forms use, and the one that linters take for a digit."""

_VARIADIC = ("cel.", "cel_uint.")
"""Whose arithmetic takes any number of operands."""

_MOST_NESTED = 20
"""How many runs of one operator nest before a chain becomes one call."""


def python_name(name: str) -> str:
    """The Python name of a variable: its own, with `_` behind one that Python or generated code needs."""
    plain = name.rstrip("_")
    return f"{name}_" if iskeyword(plain) or plain in _TAKEN else name


def python(term: Term, names: Mapping[str, str] | None = None) -> ast.expr:
    """The Python expression of a term. `names` gives the Python expression of a variable where it is not its own name."""
    return Writer(dict(names or {})).write(term)


class Writer:
    """Writes terms under the Python names of their variables."""

    __slots__ = ("names",)

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def write(self, term: Term) -> ast.expr:
        """The Python expression of a term."""
        match term:
            case Const(value=value):
                return constant(value)
            case Var(name=name):
                return self._variable(name)
            case FieldOf(record=record, name=name):
                return ast.Subscript(self.write(record), ast.Constant(name), ast.Load())
            case Apply(function=function, args=args):
                return self._apply(function, args)
            case Chain():
                return self._chain(term)
            case Logic():
                return self._logic(term)
            case Cond(condition=condition, then=then, otherwise=otherwise):
                return ast.IfExp(self.write(condition), self.write(then), self.write(otherwise))
            case ListOf(items=items):
                return ast.List([self._item(item) for item in items], ast.Load())
            case MapOf():
                return self._map(term)
            case Make(fields=fields):
                keys: list[ast.expr | None] = [ast.Constant(name) for name, _ in fields]
                return ast.Dict(keys, [self.write(value) for _, value in fields])
            case Fold():
                return self._fold(term)
        raise TypeError(f"not a term: {term!r}")

    def _variable(self, name: str) -> ast.expr:
        text = self.names.get(name) or python_name(name)
        return ast.Name(text, ast.Load()) if text.isidentifier() else ast.parse(text, mode="eval").body

    def _item(self, item: Term) -> ast.expr:
        """An item of a list; one with a `?` is unpacked."""
        made = self.write(item)
        return ast.Starred(made, ast.Load()) if _is_optional(item) else made

    def _apply(self, function: str, args: Sequence[Term]) -> ast.expr:
        if function == "in_plain" and isinstance(args[1], ListOf):
            items: ast.expr = ast.Tuple([self._item(item) for item in args[1].items], ast.Load())
            return ast.Compare(self.write(args[0]), [ast.In()], [items])
        if function in _EXTREMES and isinstance(args[0], ListOf):
            return _builtin(_EXTREMES[function], *(self.write(item) for item in args[0].items))
        return filled(OVERLOADS[function].python, *(self.write(arg) for arg in args))

    def _chain(self, term: Chain) -> ast.expr:
        runs = [(row, [operand for _, operand in group]) for row, group in groupby(term.links, lambda link: link[0])]
        result = self.write(term.first)
        if len(runs) > _MOST_NESTED or any(_is_long(row, run) for row, run in runs):
            signs = [(ast.Constant(_sign(row)), self.write(operand)) for row, operand in term.links]
            return _call("calc", result, *(part for pair in signs for part in pair))
        for row, run in runs:
            form = OVERLOADS[row].python
            if row == "div_float" and all(isinstance(operand, Const) and operand.value for operand in run):
                form = "_0 / _1"
            if form.startswith(_VARIADIC):
                call = filled(form, result, self.write(run[0]))
                assert isinstance(call, ast.Call)
                call.args.extend(self.write(operand) for operand in run[1:])
                result = call
            else:
                for operand in run:
                    result = filled(form, result, self.write(operand))
        return result

    def _logic(self, term: Logic) -> ast.expr:
        """What cannot fail is plain Python; so a type checker sees what it says of the operands behind it."""
        operator = ast.And() if term.operator == "and" else ast.Or()
        runs: list[list[ast.expr]] = [[]]
        for operand in term.operands:  # a run ends with an operand that can fail
            runs[-1].append(self.write(operand))
            if operand.fails and operand is not term.operands[-1]:
                runs.append([])
        *sure, first = runs[0]
        if len(runs) == 1:
            return ast.BoolOp(operator, [*sure, first])
        joined = [first, *(run[0] if len(run) == 1 else ast.BoolOp(operator, run) for run in runs[1:])]
        absorbing = _call(f"{term.operator}_", *map(_deferred, joined))
        return ast.BoolOp(operator, [*sure, absorbing]) if sure else absorbing

    def _map(self, term: MapOf) -> ast.expr:
        if is_plain_map(term):
            keys: list[ast.expr | None] = [self.write(key) for key, _ in term.entries]
            return ast.Dict(keys, [self.write(value) for _, value in term.entries])
        return _call("mapping", *(self._entry(key, value) for key, value in term.entries))

    def _entry(self, key: Term, value: Term) -> ast.expr:
        if isinstance(value, Apply) and _is_optional(value):
            found = _module_call("cel_optional", "pairs", self.write(key), self.write(value.args[0]))
            return ast.Starred(found, ast.Load())
        return ast.Tuple([self.write(key), self.write(value)], ast.Load())

    def _fold(self, term: Fold) -> ast.expr:
        over = self.write(term.over)
        inner = [term.body] if term.where is None else [term.body, term.where]
        variables, writer = self.bind(term.variables, frozenset().union(*map(reads, inner)))
        body = writer.write(term.body)
        where = [] if term.where is None else [writer.write(term.where)]
        target = _target(variables)
        match term.macro:
            case "map" | "transformList":
                return ast.ListComp(body, [ast.comprehension(target, over, where, 0)])
            case "filter":
                return ast.ListComp(ast.Name(variables[0], ast.Load()), [ast.comprehension(target, over, [body], 0)])
            case "exists_one":
                ones = ast.GeneratorExp(ast.Constant(1), [ast.comprehension(target, over, [body], 0)])
                return ast.Compare(_builtin("sum", ones), [ast.Eq()], [ast.Constant(1)])
            case "bind":
                return ast.Call(_deferred(body, *variables), [over], [])
            case "optMap" | "optFlatMap":
                function = "mapped" if term.macro == "optMap" else "flat_mapped"
                return _module_call("cel_optional", function, over, _deferred(body, *variables))
            case "sortBy":
                return _sorted(over, _deferred(body, *variables), term.fails)
            case "transformMap":
                return self._transformed(term, variables, ast.comprehension(target, over, where, 0), body)
            case "transformMapEntry":
                each = ast.GeneratorExp(body, [ast.comprehension(target, over, where, 0)])
                return _module_call("cel_pairs", "merged", each)
        return _quantified(term, over, body, variables)

    def _transformed(self, term: Fold, variables: list[str], each: ast.comprehension, body: ast.expr) -> ast.expr:
        key = ast.Name(variables[0], ast.Load())
        if not (isinstance(term.over, Apply) and term.over.function == "pairs_dyn"):
            return ast.DictComp(key, body, [each])
        entries = ast.GeneratorExp(ast.Tuple([key, body], ast.Load()), [each])
        return _call("mapping", ast.Starred(entries, ast.Load()))

    def bind(self, names: Sequence[str], used: frozenset[str]) -> tuple[list[str], Writer]:
        """Python names for loop variables that hide no other variable which their body reads, and the body's writer."""
        others = {self.names.get(other) or python_name(other) for other in used.difference(names)}
        words = {word.split(".")[0].split("[")[0] for word in others}
        chosen: list[str] = []
        for name in names:
            free = python_name(name)
            while free in words or free in chosen:
                free += "_"
            chosen.append(free)
        return chosen, Writer({**self.names, **dict(zip(names, chosen, strict=True))})


_EXTREMES = {"greatest": "max", "least": "min"}


def _is_optional(term: Term) -> bool:
    """Whether a term stands for one item or none."""
    return isinstance(term, Apply) and term.function == "optional_items"


def is_plain_map(term: MapOf) -> bool:
    """Whether all keys are known now and different, also to Python, which takes true for 1, and every entry is there."""
    keys = [key.value for key, _ in term.entries if isinstance(key, Const) and not has_dyn(key.type)]
    return len(set(keys)) == len(term.entries) and not any(_is_optional(value) for _, value in term.entries)


def _target(variables: Sequence[str]) -> ast.expr:
    names: list[ast.expr] = [ast.Name(variable, ast.Store()) for variable in variables]
    return names[0] if len(names) == 1 else ast.Tuple(names, ast.Store())


def _sorted(over: ast.expr, key: ast.expr, checked: bool) -> ast.expr:
    if checked:
        return _module_call("cel_lists", "sort_by", over, key)
    return ast.Call(ast.Name("sorted", ast.Load()), [over], [ast.keyword("key", key)])


def _quantified(term: Fold, over: ast.expr, body: ast.expr, variables: Sequence[str]) -> ast.expr:
    """`all` and `exists`: plain where nothing fails, else with errors absorbed."""
    is_all = term.macro == "all"
    if not term.body.fails:
        each = ast.GeneratorExp(body, [ast.comprehension(_target(variables), over, [], 0)])
        return _builtin("all" if is_all else "any", each)
    deferred = _deferred(body, *variables)
    if len(variables) == 1:
        return _call("all_" if is_all else "exists", over, deferred)
    return _module_call("cel_pairs", "every" if is_all else "some", over, deferred)


def constant(value: Value) -> ast.expr:
    """A constant; what Python has no literal for is a call."""
    if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
        return _builtin("float", ast.Constant(str(value)))
    if isinstance(value, Uint):
        return _module_call("cel_uint", "uint", ast.Constant(int(value)))
    return ast.Constant(value)


def filled(form: str, *args: ast.expr) -> ast.expr:
    """The Python form of an overload with its arguments in place."""
    by_name = {f"_{place}": arg for place, arg in enumerate(args)}
    result = _fill(_parsed(form), by_name)
    assert isinstance(result, ast.expr)
    return result


@cache
def _parsed(form: str) -> ast.expr:
    return ast.parse(form, mode="eval").body


def _fill(node: ast.AST, args: Mapping[str, ast.expr]) -> ast.AST:
    """A copy of a form, its places filled."""
    if isinstance(node, ast.Name) and node.id in args:
        return args[node.id]
    made: dict[str, Any] = {}
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            value = [_fill(item, args) for item in value]
        elif isinstance(value, ast.AST):
            value = _fill(value, args)
        made[name] = value
    return node.__class__(**made)


def _call(function: str, *args: ast.expr) -> ast.Call:
    return _module_call("cel", function, *args)


def _module_call(module: str, function: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name(module, ast.Load()), function, ast.Load()), list(args), [])


def runtime_modules(code: str) -> list[str]:
    """The modules of the runtime that a Python text calls."""
    named = [module for module in RUNTIME_MODULES if f"{module}." in code]
    return [module for module in named if re.search(rf"(?<![\w.]){module}\.", code)]


def _builtin(function: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(function, ast.Load()), list(args), [])


def _deferred(body: ast.expr, *variables: str) -> ast.Lambda:
    args = [ast.arg(variable) for variable in variables]
    return ast.Lambda(ast.arguments([], args, None, [], [], None, []), body)


def _is_long(row: str, run: list[Term]) -> bool:
    """Whether a run needs `calc`: it nests too deeply, or only the run knows what the operator does."""
    return row.endswith("_dyn") or (len(run) > _MOST_NESTED and not OVERLOADS[row].python.startswith(_VARIADIC))


_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%"}


def _sign(row: str) -> str:
    return _SIGNS[row.split("_")[0]]
