"""Steps as calls of the helpers in `prelude/steps.js`, and the tables that these calls refer to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agent_lattice import plan, types
from agent_lattice.terms import Const, Template, Text, reads, template_reads
from agent_lattice.types import NULL
from agent_lattice_targets.python.schemas import json_schema

from agent_lattice_clients.javascript.checks import check
from agent_lattice_clients.javascript.code import js_name, string
from agent_lattice_clients.javascript.expressions import Writer, javascript
from agent_lattice_clients.javascript.layout import folded, literal
from agent_lattice_clients.javascript.roles import ScriptRoles
from agent_lattice_clients.javascript.scopes import Place
from agent_lattice_clients.javascript.templates import template
from agent_lattice_clients.steps import is_fixed


class Steps:
    """Writes the calls of steps; `outputs` and `operations` are the tables of what they mention, `prompts` functions of texts."""

    def __init__(self, made: plan.Plan, roles: ScriptRoles, server: str, functions: dict[str, str]) -> None:
        self._plan = made
        self._roles = roles
        self._server = server
        self._functions = functions
        self._operations = {f"{tool.name}.{op.name}": op for tool in made.tools for op in tool.operations}
        self._outputs: dict[str, types.Type] = {}
        self._called: set[str] = set()
        self.prompts: list[str] = []

    def tool(self, op: plan.Tool, place: Place) -> str:
        called = self._operation_call("run.tool", place.label(op.step), op.operation, op.args, place)
        if op.retry is not None:
            called = f"run.retried({op.retry.times}, {literal(list(op.retry.codes))}, () => {called})"
        if op.undo is not None:
            called = f"run.undoable({called}, {self._undo(op, op.undo, place)})"
        return called

    def _operation_call(self, function: str, label: str, name: str, args: plan.Args, place: Place) -> str:
        self._called.add(name)
        return f"{function}({label}, operations[{string(name)}], {_args(args, place)})"

    def _undo(self, op: plan.Tool, undo: plan.Undo, place: Place) -> str:
        """A function of the step's result: the call that takes it back, whose arguments are made at once."""
        inner = place.inner()
        inner.names[op.name] = given = place.shared.fresh("result")
        label = f"{place.label(op.step)[:-1]}.compensate`"
        call = self._operation_call("run.undo", label, undo.operation, undo.args, inner)
        times = f", {undo.retry.times}, {literal(list(undo.retry.codes))}" if undo.retry is not None else ""
        return f"({given}) => {call[:-1]}{times})"

    def call(self, op: plan.Call | plan.Run, place: Place) -> str:
        """A workflow in a scope of its own, or an agent, whose label is the step itself."""
        callee = op.workflow if isinstance(op, plan.Call) else op.agent
        label = place.label(op.step)
        at = f"{label[:-1]}.`" if isinstance(op, plan.Call) else label
        given = dict(op.args)
        args = tuple((name, given.get(name, Const(None, type=NULL))) for name in self._params(op))
        return f"{self._functions[callee]}({at}, {_args(args, place)})"

    def _params(self, op: plan.Call | plan.Run) -> list[str]:
        if isinstance(op, plan.Call):
            found = next(w.params for w in self._plan.workflows if w.name == op.workflow)
        else:
            found = next(agent.params for agent in self._plan.agents if agent.name == op.agent)
        return [param.name for param in found]

    def emit(self, op: plan.Emit, place: Place) -> str:
        return f"run.emit({place.label(op.step)}, {string(op.event)}, {_args(op.payload, place)})"

    def ask(self, op: plan.Ask, workflow: str, place: Place) -> str:
        role = self._roles.asks[workflow, op.step]
        agents = self._roles.asked(role, op.model)
        escalate = self._roles.asked(role, op.escalate) if op.escalate is not None else []
        owner = f"{js_name(workflow)}${op.step.replace('.', '$')}"
        return self._question(op, agents, escalate, owner, op.name, place.label(op.step), place)

    def agent(self, agent: plan.Agent, place: Place) -> str:
        """The call that does the work of an agent; its label is the parameter `at`."""
        agents = self._roles.asked(self._roles.agents[agent.name], agent.model)
        return self._question(agent, agents, [], js_name(agent.name), "answer", "at", place)

    def _question(
        self,
        asked: plan.Ask | plan.Agent,
        agents: Sequence[str],
        escalate: Sequence[str],
        owner: str,
        answer: str,
        label: str,
        place: Place,
    ) -> str:
        inner = " " * (place.indent + 2)
        lines = [f"agents: {literal(list(agents))}"]
        if asked.system is not None and not is_fixed(asked.system):
            lines.append(f"system: {self._text(asked.system, f'{owner}$system', place)}")
        lines.append(f"prompt: {self._text(asked.prompt, f'{owner}$prompt', place)}")
        lines.append(f"output: {self._output(asked.type)}")
        if asked.checks:
            pairs = "".join(f"{inner}  {self._check(one, answer, place)},\n" for one in asked.checks)
            lines.append(f"checks: [\n{pairs}{inner}]")
        if asked.repair:
            lines.append(f"repair: {asked.repair}")
        if escalate:
            lines.append(f"escalate: {literal(list(escalate))}")
        body = "".join(f"{inner}{line},\n" for line in lines)
        return f"run.ask({label}, {{\n{body}{' ' * place.indent}}})"

    def _check(self, made: plan.Check, answer: str, place: Place) -> str:
        given = js_name(answer)
        while given in {place.name(name) for name in reads(made.condition) - {answer}}:
            given += "_"
        condition = javascript(made.condition, {**place.names, answer: given})
        return folded(f"[({given}) => {condition.body}, {string(made.message)}]", place.indent + 4)

    def _text(self, text: Template, name: str, place: Place) -> str:
        """A text in place, or one of several lines as a call of a function of the script."""
        if not any(isinstance(part, Text) and "\n" in part.text for part in text.parts):
            return template(text, place.names).text
        sources = sorted(template_reads(text))
        params = ", ".join(js_name(source) for source in sources)
        self.prompts += [f"function {name}({params}) {{", f"  return {template(text).text};", "}", ""]
        return f"{name}({', '.join(map(place.name, sources))})"

    def _output(self, type: types.Type) -> str:
        self._outputs[str(type)] = type
        return f"outputs[{string(str(type))}]"

    def tables(self) -> Iterator[str]:
        """The lines of `outputs` and `operations`."""
        if self._outputs:
            yield "const outputs = {"
            for name in sorted(self._outputs):
                yield f"  {string(name)}: {_output_entry(self._outputs[name])},"
            yield "};"
            yield ""
        if self._called:
            yield "const operations = {"
            for name in sorted(self._called):
                yield f"  {string(name)}: {self._operation(name)},"
            yield "};"
            yield ""

    def _operation(self, name: str) -> str:
        result = self._operations[name].type
        schema = json_schema(result)
        definitions = schema.pop("$defs", None)
        if isinstance(result, types.Record):
            schema, definitions = _as_item(result)
        tool = f"mcp__{self._server}__{self._roles.tools[name]}"
        parts = [
            f"name: {string(name)}",
            f"agentType: {string(self._roles.operations[name].id)}",
            f"tool: {string(tool)}",
        ]
        parts += [f"result: {check(result)}", f"schema: {literal(schema, 4, 8)}"]
        parts += [f"definitions: {literal(definitions, 4, 13)}"] if definitions else []
        return _entry(parts)


def _output_entry(type: types.Type) -> str:
    """How an answer is asked for: plain text as it is, anything else as an object that the client holds to its schema."""
    if isinstance(type, types.String):
        return "{ check: check.string }"
    wrapped = not isinstance(type, types.Record)
    schema = _wrapped(type) if wrapped else json_schema(type)
    return _entry(
        [f"check: {check(type)}", *(["wrapped: true"] if wrapped else []), f"schema: {literal(schema, 4, 8)}"]
    )


def _entry(parts: Sequence[str]) -> str:
    return "{\n" + "".join(f"    {part},\n" for part in parts) + "  }"


def _wrapped(type: types.Type) -> dict[str, Any]:
    """The schema of an object that holds a value of a type that is no record."""
    inner = json_schema(type)
    definitions = inner.pop("$defs", None)
    made = {"type": "object", "properties": {"answer": inner}, "required": ["answer"], "additionalProperties": False}
    return made if definitions is None else {**made, "$defs": definitions}


def _as_item(type: types.Record) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of a record as that of something inside another, and what it refers to."""
    listed = json_schema(types.ListType(type))
    return listed["items"], listed["$defs"]


def _args(args: plan.Args, place: Place) -> str:
    return Writer(place.names).entries(args)
