"""A plan as a workflow script of Claude Code: `.claude/workflows/<project>.js`."""

from __future__ import annotations

from collections.abc import Iterator

from agent_lattice import plan
from agent_lattice.dataflow import defined
from agent_lattice_runtime.client_names import slug

from agent_lattice_clients.capabilities import agent_of, reached
from agent_lattice_clients.javascript.bodies import Body, parameters
from agent_lattice_clients.javascript.checks import check, table
from agent_lattice_clients.javascript.code import js_name, key
from agent_lattice_clients.javascript.layout import folded, literal
from agent_lattice_clients.javascript.phases import phases
from agent_lattice_clients.javascript.prelude import prelude
from agent_lattice_clients.javascript.roles import ScriptRoles
from agent_lattice_clients.javascript.scopes import Place, Shared
from agent_lattice_clients.javascript.steps import Steps


def workflow_script(made: plan.Plan, roles: ScriptRoles, server: str) -> str:
    """The script of a plan: its main workflow, the workflows and agents below it. `roles` are the sub-agents that it starts, `server`
    names the MCP server with the operations. What `losses` finds is an error when it is evaluated."""
    functions = _function_names(made)
    steps = Steps(made, roles, server, functions)
    main = next(workflow for workflow in made.workflows if workflow.name == made.main)
    titles = phases(main)
    bodies: list[str] = []
    for workflow in sorted(reached(made), key=lambda one: one.name != made.main):
        own = titles if workflow is main else {}
        bodies += [*Body(workflow, functions[workflow.name], steps, own).write(), ""]
    for agent in (agent_of(made, name) for name in roles.agents):
        bodies += [*_agent_lines(agent, functions[agent.name], steps), ""]
    body = f'(input) => {functions[main.name]}("", input)'
    if any("run.undoable(" in line for line in bodies):
        body = f"run.takingBack({body})"
    start = folded(f"return run.workflow(args, {_input(main)}, {body}, {check(main.type)});", 0)
    tables = [*table(made.records, made.unions), *([""] if made.records or made.unions else []), *steps.tables()]
    code = "\n".join([*steps.prompts, *bodies, *tables, start])
    head = [f"export const meta = {literal(_meta(made, list(titles.values())))};", ""]
    return "\n".join([*head, *bodies, *steps.prompts, prelude(code), *tables, start, ""])


def _meta(made: plan.Plan, titles: list[str]) -> dict[str, object]:
    doc = made.doc.strip().split("\n")[0] or f"Runs the workflow {made.name}."
    main = next(workflow for workflow in made.workflows if workflow.name == made.main)
    args = ", ".join(f"{param.name} ({param.type})" for param in main.params)
    return {
        "name": slug(made.name),
        "description": doc,
        "whenToUse": f"Only when it is asked for. Its args are an object: {args or 'none'}.",
        "phases": [{"title": title} for title in titles],
    }


def _function_names(made: plan.Plan) -> dict[str, str]:
    """The functions of workflows and agents: called like them, with `$` behind what is also the name of a variable."""
    variables = set(_variables(made))
    declared = [*(workflow.name for workflow in made.workflows), *(agent.name for agent in made.agents)]
    return {name: js_name(name) + ("$" if name in variables else "") for name in declared}


def _variables(made: plan.Plan) -> Iterator[str]:
    for agent in made.agents:
        yield from (param.name for param in agent.params)
    for workflow in made.workflows:
        yield from (param.name for param in workflow.params)
        for op in plan.walk(workflow.body):
            yield from defined(op)
            if isinstance(op, plan.Each):
                yield op.item


def _agent_lines(agent: plan.Agent, name: str, steps: Steps) -> list[str]:
    doc = [f"// {line}".rstrip() for line in agent.doc.splitlines()]
    call = steps.agent(agent, Place(Shared()))
    return [*doc, f"async function {name}(at, {parameters(agent.params)}) {{", f"  return {call};", "}"]


def _input(main: plan.Workflow) -> str:
    fields = [f"{key(param.name)}: {check(param.type)}" for param in main.params]
    return f"{{ {', '.join(fields)} }}" if fields else "{}"
