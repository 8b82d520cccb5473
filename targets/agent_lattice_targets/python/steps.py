"""Steps as calls of the context: what they are given, as syntax trees."""

from __future__ import annotations

import ast

from agent_lattice import plan, types
from agent_lattice.expr.python import python
from agent_lattice.terms import Const, Template, reads, template_reads
from agent_lattice.types import NULL

from agent_lattice_targets.python import prompts
from agent_lattice_targets.python.frames import Frame, Place
from agent_lattice_targets.python.lines import Lines, head_lines
from agent_lattice_targets.python.literals import data
from agent_lattice_targets.python.names import constant_name, python_name
from agent_lattice_targets.python.narrowing import narrowed, proved
from agent_lattice_targets.python.tidy import tidied

Step = plan.Tool | plan.Ask | plan.Call | plan.Run | plan.Emit


def step_call(op: Step, place: Place, out: Lines, context: str | None = None) -> ast.expr:
    """The call of the context that makes a step, not awaited."""
    ctx = context or place.context
    match op:
        case plan.Tool(operation=operation, args=args):
            out.imports.add(out.names.operations[operation])
            target = ast.Name(out.names.operations[operation])
            return context_call(ctx, "tool", _local(op.step), target, out.arguments(args, place))
        case plan.Call(workflow=callee) | plan.Run(agent=callee):
            function = ast.Name(out.names.functions[callee])
            return context_call(ctx, "call", _local(op.step), function, _child_arguments(op.args, callee, place, out))
        case plan.Emit(event=event, payload=payload):
            return context_call(ctx, "emit", _local(op.step), ast.Constant(event), out.arguments(payload, place))
        case plan.Ask():
            return _ask_call(op, place, out, ctx)


def context_call(context: str, method: str, step: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name(context), method), [ast.Constant(step), *args], [])


def _local(step: str) -> str:
    """The last part of a static step id: the name in its scope."""
    return step.rpartition(".")[2]


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
    call = context_call(context, "ask", _local(op.step), ast.Name(out.names.models[op.model]))
    call.keywords = [ast.keyword(name, value) for name, value in named]
    return call


def question(
    asking: plan.Ask | plan.Agent, answer: str, owner: str, place: Place, out: Lines
) -> list[tuple[str, ast.expr]]:
    """The texts and checks of a question as named arguments; `owner` is a word for constants and functions of it."""
    named: list[tuple[str, ast.expr]] = []
    if asking.system is not None:
        named.append(("system", _text(asking.system, f"{owner}_system", place, out)))
    named.append(("prompt", _text(asking.prompt, f"{owner}_prompt", place, out)))
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
    args = ast.arguments([], [ast.arg(given)], None, [], [], None, [])
    return ast.Tuple([ast.Lambda(args, condition), ast.Constant(check.message)])


def _text(template: Template, name: str, place: Place, out: Lines) -> ast.expr:
    """A prompt: in place when it is short, else a constant or a function of the module, called like `name`."""
    if prompts.is_short(template):
        return prompts.short_text(template, place.names(template_reads(template)))
    if prompts.is_fixed(template):
        constant = out.names.fresh(constant_name(name))
        out.constants.append(prompts.constant_lines(constant, prompts.fixed_text(template)))
        return ast.Name(constant)
    return _text_function(template, out.names.fresh(name), place, out)


def _text_function(template: Template, name: str, place: Place, out: Lines) -> ast.expr:
    sources = [source for source in sorted(template_reads(template)) if place.find(source)]
    proofs = proved([template], place.declared)
    inside = Place(Frame(), 4)
    params: list[str] = []
    for source in sources:
        binding = place.binding(source)
        inside.own[source] = (python_name(source, ("parts",)), binding)
        params.append(f"{inside.python(source)}: {out.annotations.of(narrowed(source, binding.type, proofs))}")
    head = [*head_lines(0, f"def {name}", params, "str"), *(f"    {line}" for line in out.proof_lines(proofs, inside))]
    out.helpers.append(prompts.function_lines(head, template, inside.names(sources)))
    return ast.Call(ast.Name(name), [ast.Name(place.python(source)) for source in sources], [])
