"""Variables with a merge policy: every branch and item works on a copy of its own, and the join combines the copies.

The copy is a parameter whose default is the variable as it is when the function is defined, right before the join. For
policies that ask who has set a value, a list of what was set goes with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from agent_lattice import plan, types
from agent_lattice.dataflow import outer_writes

from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.lines import Lines
from agent_lattice_targets.python.scopes import Binding

_RECORDED = {"last_by_branch": "last", "reject": "agreed"}
"""Policies that look at everything a branch has set, and their functions in the runtime."""


def merged_names(block: plan.Block, place: Place) -> list[str]:
    """The variables with a policy from around a block that it changes, in alphabetical order."""
    return sorted(name for name in outer_writes(block) if place.binding(name).merge)


def sets_name(name: str) -> str:
    """The name in a place, which no source can give, of the list of what is set to a variable."""
    return f"{name}.sets"


def is_recorded(name: str, place: Place) -> bool:
    """Whether the variable's policy looks at everything that was set."""
    return place.binding(name).merge in _RECORDED


def copy_params(names: Iterable[str], place: Place, out: Lines) -> list[str]:
    """The parameters of a branch that hold its copies."""
    return [f"{place.python(n)}: {out.annotations.of(place.binding(n).type)} = {place.python(n)}" for n in names]


def open_copies(names: Iterable[str], inside: Place, out: Lines) -> None:
    """Make the copies known inside a branch, and begin the lists of what is set."""
    for name in names:
        python, binding = inside.python(name), inside.binding(name)
        inside.own[name] = (python, binding)
        inside.frame.declared[python] = out.annotations.of(binding.type)
        if is_recorded(name, inside):
            sets = Binding(sets_name(name), types.ListType(binding.type), read=True)
            local = out.names.fresh(f"{python.strip('_')}_sets")
            inside.own[sets.name] = (local, sets)
            out.put(inside, f"{local}: {out.annotations.of(sets.type)} = []")


def record_set(name: str, place: Place, out: Lines) -> None:
    """Behind a `Set`: add the value to the list of what is set, where there is one."""
    if found := place.find(sets_name(name)):
        out.put(place, f"{found[0]}.append({place.python(name)})")


def given_back(names: Iterable[str], inside: Place) -> list[str]:
    """What a branch gives back for its copies."""
    return [inside.python(sets_name(name) if is_recorded(name, inside) else name) for name in names]


def copy_types(names: Iterable[str], place: Place, out: Lines) -> list[str]:
    """The annotations of that."""
    found = ((place.binding(name).type, is_recorded(name, place)) for name in names)
    return [out.annotations.of(types.ListType(type) if listed else type) for type, listed in found]


def combine(name: str, copies: ast.expr, place: Place, out: Lines) -> None:
    """Give the variable what its policy makes of the copies."""
    binding, python = place.binding(name), ast.Name(place.python(name))
    function = _RECORDED.get(binding.merge or "") or _function(binding)
    named = [ast.Constant(name)] if function in ("agreed", "append_lists", "append_texts") else []
    call = ast.Call(ast.Attribute(ast.Name("merges"), function), [*named, python, copies], [])
    out.imports.add("merges")
    out.statement(place, f"{python.id} = ", call)
    if found := place.find(sets_name(name)):
        each = ast.comprehension(ast.Name("sets"), copies, [], 0)
        inner = ast.comprehension(ast.Name("value"), ast.Name("sets"), [], 0)
        everything = ast.ListComp(ast.Name("value"), [each, inner])
        out.statement(place, f"{found[0]} += ", everything)


def _function(binding: Binding) -> str:
    """The function of the runtime for a policy that looks at copies."""
    plain = types.widened(binding.type)
    if binding.merge == "sum":
        return "sum_floats" if isinstance(plain, types.Float) else "sum_ints"
    if binding.merge == "append":
        return "append_texts" if isinstance(plain, types.String | types.Bytes) else "append_lists"
    return "greatest"


def tuple_of(names: Sequence[str]) -> ast.expr:
    """The copies of a `parallel`, by their variables."""
    return ast.Tuple([ast.Name(name) for name in names])


def parts_of(results: str, index: int | None) -> ast.expr:
    """One part of the result of every item: all of it when `index` is None."""
    if index is None:
        return ast.Name(results)
    part = ast.Subscript(ast.Name("each"), ast.Constant(index))
    return ast.ListComp(part, [ast.comprehension(ast.Name("each"), ast.Name(results), [], 0)])
