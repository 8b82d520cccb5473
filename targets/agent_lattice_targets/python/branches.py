"""`Parallel` as a join of coroutines: a step is a lambda, several are a function."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_lattice import plan

from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.layout import WIDTH
from agent_lattice_targets.python.scopes import Binding, all_terms, outer_writes
from agent_lattice_targets.python.steps import step_call

if TYPE_CHECKING:
    from agent_lattice_targets.python.bodies import Body

_SINGLE = plan.Tool | plan.Ask | plan.Call | plan.Emit


def parallel(op: plan.Parallel, place: Place, out: Body) -> None:
    """Functions of the branches, then the join, which binds what they leave behind."""
    calls: list[ast.expr] = []
    made: list[list[Binding]] = []
    for branch in op.branches:
        names = [binding for part in branch.body for binding in out.bindings.of(part).values() if binding.outside]
        calls.append(_branch(branch, names, place, out))
        made.append(names)
    out.mark(place, op.span)
    targets = [_target(names, place, out) for names in made]
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


def _target(names: list[Binding], place: Place, out: Body) -> str:
    found = out.targets(names, place)
    return "_" if not found else found[0] if len(found) == 1 else f"({', '.join(found)})"


def _branch(branch: plan.Branch, names: list[Binding], place: Place, out: Body) -> ast.expr:
    """The expression that starts a branch when it is given a context."""
    if len(branch.body) == 1 and isinstance(branch.body[0], _SINGLE):
        step = branch.body[0]
        args = ast.arguments([], [ast.arg("ctx")], None, [], [], None, [])
        return ast.Lambda(args, step_call(step, place, out, "ctx"))
    function = out.names.fresh(f"branch_{branch.name}")
    inside = place.function()
    types = [out.annotations.of(binding.type) for binding in names]
    result = "None" if not types else types[0] if len(types) == 1 else f"tuple[{', '.join(types)}]"
    out.open_function(place, function, ["ctx: Context"], result)
    out.nonlocals(outer_writes(branch.body), inside)
    out.proved_fields(all_terms(branch.body), inside)
    out.function_block(branch.body, inside, frozenset(binding.name for binding in names))
    if names:
        out.put(inside, f"return {', '.join(inside.python(binding.name) for binding in names)}")
    out.close_function(inside)
    return ast.Name(function)
