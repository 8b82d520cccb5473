"""`Parallel` as a join of coroutines: a step is a lambda, several are a function."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_lattice import plan
from agent_lattice.dataflow import all_terms, outer_writes

from agent_lattice_targets.python.context_calls import lambda_of
from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.layout import WIDTH
from agent_lattice_targets.python.merging import (
    combine,
    copy_params,
    copy_types,
    given_back,
    merged_names,
    open_copies,
    tuple_of,
)
from agent_lattice_targets.python.scopes import Binding
from agent_lattice_targets.python.steps import Step, step_call

if TYPE_CHECKING:
    from agent_lattice_targets.python.bodies import Body


def parallel(op: plan.Parallel, place: Place, out: Body) -> None:
    """Functions of the branches, then the join, which binds what they leave behind."""
    calls: list[ast.expr] = []
    made: list[list[Binding]] = []
    for branch in op.branches:
        names = [binding for part in branch.body for binding in out.bindings.of(part).values() if binding.outside]
        calls.append(_branch(branch, names, place, out))
        made.append(names)
    out.mark(place, op.span)
    copies = [_copies(branch, place, out) for branch in op.branches]
    _join(calls, [_target(names, own, place, out) for names, own in zip(made, copies, strict=True)], place, out)
    for name in sorted({name for own in copies for name in own}):
        combine(name, tuple_of([own[name] for own in copies if name in own]), place, out)


def _join(calls: list[ast.expr], targets: list[str], place: Place, out: Body) -> None:
    """The statement that runs the branches."""
    call = ast.Await(ast.Call(ast.Attribute(ast.Name(place.context), "parallel"), calls, []))
    if all(target == "_" for target in targets):
        out.statement(place, "", call)
        return
    before = f"{', '.join(targets)} = " if len(targets) > 1 else f"({targets[0]},) = "
    if place.indent + len(before) > WIDTH * 3 // 4:
        out.put(place, "(")
        for target in targets:
            out.put(place.inner(), f"{target},")
        before = ") = "
    out.statement(place, before, call)


def _copies(branch: plan.Branch, place: Place, out: Body) -> dict[str, str]:
    """Variables of the parent for the branch's copies, by the names of what is copied."""
    names = merged_names(branch.body, place)
    return {name: out.names.fresh(f"{place.python(name).strip('_')}_in_{branch.name}") for name in names}


def _target(names: list[Binding], copies: dict[str, str], place: Place, out: Body) -> str:
    found = [*out.targets(names, place), *copies.values()]
    return "_" if not found else found[0] if len(found) == 1 else f"({', '.join(found)})"


def _branch(branch: plan.Branch, names: list[Binding], place: Place, out: Body) -> ast.expr:
    """The expression that starts a branch when it is given a context."""
    if len(branch.body) == 1 and isinstance(branch.body[0], Step):
        step = branch.body[0]
        return lambda_of("ctx", step_call(step, place, out, "ctx"))
    function = out.names.fresh(f"branch_{branch.name}")
    inside = place.function()
    copies = merged_names(branch.body, place)
    types = [*(out.annotations.of(binding.type) for binding in names), *copy_types(copies, place, out)]
    result = "None" if not types else types[0] if len(types) == 1 else f"tuple[{', '.join(types)}]"
    out.open_function(place, function, ["ctx: Context", *copy_params(copies, place, out)], result)
    out.nonlocals(outer_writes(branch.body).difference(copies), inside)
    open_copies(copies, inside, out)
    out.proved_fields(all_terms(branch.body), inside)
    out.function_block(branch.body, inside, frozenset(binding.name for binding in names))
    if given := [*(inside.python(binding.name) for binding in names), *given_back(copies, inside)]:
        out.put(inside, f"return {', '.join(given)}")
    out.close_function(inside)
    return ast.Name(function)
