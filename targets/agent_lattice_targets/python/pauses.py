"""Steps that wait for somebody: signals and approvals, as calls of the context."""

from __future__ import annotations

import ast

from agent_lattice import plan

from agent_lattice_targets.python.context_calls import context_call, lambda_of, local
from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.lines import Lines
from agent_lattice_targets.python.texts import text


def signal_call(op: plan.Signal, place: Place, out: Lines, context: str) -> ast.expr:
    """The call of the context that takes a signal, not awaited."""
    parts = [ast.Constant(op.signal), out.check(op.sent), out.term(op.within, place)]
    return context_call(context, "signal", local(op.step), *parts, lambda_of("", out.term(op.otherwise, place)))


def approve_call(op: plan.Approve, place: Place, out: Lines, context: str) -> ast.expr:
    """The call of the context that asks people, not awaited."""
    call = context_call(context, "approve", local(op.step))
    fields = {
        "role": ast.Constant(op.role),
        "question": text(op.question, f"{out.workflow.name}_{op.step.replace('.', '_')}_question", place, out),
        "values": out.arguments(op.args, place),
        "check": out.check_values(op),
        "within": out.term(op.within, place),
        "otherwise": ast.Constant(op.otherwise),
    }
    call.keywords = [ast.keyword(name, value) for name, value in fields.items()]
    return call
