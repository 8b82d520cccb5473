"""`Race` as a join that does not wait for everybody: a step is a lambda, several are a function that gives a value."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from agent_lattice import plan
from agent_lattice.dataflow import all_terms, leaves, outer_writes
from agent_lattice.terms import Term, Var, reads

from agent_lattice_targets.python.context_calls import context_call, lambda_of, local
from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.loops import give
from agent_lattice_targets.python.steps import Step, step_call

if TYPE_CHECKING:
    from agent_lattice_targets.python.bodies import Body


def race(op: plan.Race, place: Place, out: Body) -> None:
    """Functions of the branches, then the race, which binds the value of the winner, or the values."""
    pairs = zip(op.branches, op.values, strict=True)
    branches = [_branch(branch, value, place, out) for branch, value in pairs]
    out.mark(place, op.span)
    call = ast.Await(context_call(place.context, "race", local(op.step), ast.Constant(op.need), *branches))
    binding = out.bindings.of(op)[op.name]
    if not binding.read:
        out.statement(place, "", call)
    elif op.many:
        out.statement(place, out.target(binding, place, annotated=True), call)
    else:
        (target,) = out.targets([binding], place)
        out.statement(place, f"({target},) = ", call)


def _branch(branch: plan.Branch, value: Term, place: Place, out: Body) -> ast.expr:
    """The expression that starts a branch when it is given a context."""
    if len(branch.body) == 1 and isinstance(step := branch.body[0], Step) and _is_result(step, value):
        return lambda_of("ctx", step_call(step, place, out, "ctx"))
    function = out.names.fresh(f"branch_{branch.name}")
    inside = place.function()
    out.open_function(place, function, ["ctx: Context"], out.annotations.of(value.type))
    out.nonlocals(outer_writes(branch.body), inside)
    out.proved_fields([*all_terms(branch.body), value], inside)
    out.function_block(branch.body, inside, reads(value))
    if not leaves(branch.body):
        give(value, [], inside, out)
    out.close_function(inside)
    return ast.Name(function)


def _is_result(step: Step, value: Term) -> bool:
    return isinstance(value, Var) and value.name == getattr(step, "name", None)
