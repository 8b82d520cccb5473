"""Steps as calls of the context: what they are given, as syntax trees."""

from __future__ import annotations

import ast

from agent_lattice import plan, types
from agent_lattice.expr.python import python
from agent_lattice.terms import Const, reads
from agent_lattice.types import NULL

from agent_lattice_targets.python.context_calls import context_call, lambda_of, local
from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.lines import Lines
from agent_lattice_targets.python.literals import data
from agent_lattice_targets.python.names import python_name
from agent_lattice_targets.python.pauses import approve_call, signal_call
from agent_lattice_targets.python.texts import text
from agent_lattice_targets.python.tidy import tidied
from agent_lattice_targets.python.tool_calls import tool_call

Step = plan.Tool | plan.Ask | plan.Call | plan.Run | plan.Emit | plan.Wait | plan.Signal | plan.Approve


def step_call(op: Step, place: Place, out: Lines, context: str | None = None) -> ast.expr:
    """The call of the context that makes a step, not awaited."""
    ctx = context or place.context
    if isinstance(op, plan.Ask | plan.Call | plan.Run) and op.timeout is not None:
        timed = lambda_of("ctx", _call(op, place, out, "ctx"))
        return context_call(ctx, "within", local(op.step), ast.Constant(op.timeout), timed)
    return _call(op, place, out, ctx)


def _call(op: Step, place: Place, out: Lines, ctx: str) -> ast.expr:
    match op:
        case plan.Tool():
            return tool_call(op, place, out, ctx)
        case plan.Wait(value=value):
            return context_call(ctx, "wait", local(op.step), out.term(value, place))
        case plan.Signal():
            return signal_call(op, place, out, ctx)
        case plan.Approve():
            return approve_call(op, place, out, ctx)
        case plan.Call(workflow=callee) | plan.Run(agent=callee):
            function = ast.Name(out.names.functions[callee])
            return context_call(ctx, "call", local(op.step), function, _child_arguments(op.args, callee, place, out))
        case plan.Emit(event=event, payload=payload):
            return context_call(ctx, "emit", local(op.step), ast.Constant(event), out.arguments(payload, place))
        case plan.Ask():
            return _ask_call(op, place, out, ctx)


def _child_arguments(args: plan.Args, callee: str, place: Place, out: Lines) -> ast.expr:
    """The arguments by the Python names of the parameters; one that was left out is null."""
    given = dict(args)
    names = out.names.parameters[callee]
    null = Const(None, type=NULL)
    return out.arguments(tuple((python, given.get(name, null)) for name, python in names.items()), place)


def _ask_call(op: plan.Ask, place: Place, out: Lines, context: str) -> ast.expr:
    out.imports.add(out.names.models[op.model])
    named: list[tuple[str, ast.expr]] = [("output", ast.Name(_output(op.type, out)))]
    named += question(op, op.name, f"{out.workflow.name}_{op.step.replace('.', '_')}", place, out)
    if op.repair:
        named.append(("repair", data(op.repair)))
    if op.escalate is not None:
        out.imports.add(out.names.models[op.escalate])
        named.append(("escalate", ast.Name(out.names.models[op.escalate])))
    call = context_call(context, "ask", local(op.step), ast.Name(out.names.models[op.model]))
    call.keywords = [ast.keyword(name, value) for name, value in named]
    return call


def question(
    asking: plan.Ask | plan.Agent, answer: str, owner: str, place: Place, out: Lines
) -> list[tuple[str, ast.expr]]:
    """The texts and checks of a question as named arguments; `owner` is a word for constants and functions of it."""
    named: list[tuple[str, ast.expr]] = []
    if asking.system is not None:
        named.append(("system", text(asking.system, f"{owner}_system", place, out)))
    named.append(("prompt", text(asking.prompt, f"{owner}_prompt", place, out)))
    if asking.checks:
        named.append(("checks", ast.Tuple([_check(check, answer, place) for check in asking.checks])))
    return named


def _output(type: types.Type, out: Lines) -> str:
    name = "TEXT" if isinstance(type, types.String) else out.names.outputs[str(type)]
    out.imports.add(name)
    return name


def _check(check: plan.Check, answer: str, place: Place) -> ast.expr:
    names = place.names(reads(check.condition) - {answer})
    given = python_name(answer)
    while given in names.values():
        given += "_"
    condition = tidied(python(check.condition, {**names, answer: given}))
    return ast.Tuple([lambda_of(given, condition), ast.Constant(check.message)])
