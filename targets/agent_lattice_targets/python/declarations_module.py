"""The module `declarations.py`: operations, models and answers as constants."""

from __future__ import annotations

import ast

from agent_lattice import plan, types

from agent_lattice_targets.python.annotations import import_line
from agent_lattice_targets.python.layout import statement
from agent_lattice_targets.python.literals import data
from agent_lattice_targets.python.package_names import PackageNames, answers
from agent_lattice_targets.python.schemas import json_schema, params_schema
from agent_lattice_targets.python.types_module import TypesModule
from agent_lattice_targets.python.validators import is_labelled, mentions

Fields = dict[str, ast.expr]

_OWN = types.Timestamp | types.Duration | types.Uint
"""Types whose values are of classes of the runtime."""

_HOMES = {
    "Agent": "._runtime.agents",
    "AgentTool": "._runtime.agents",
    "TEXT": "._runtime.models",
    "Auth": "._runtime.models",
    "OnDoubt": "._runtime.models",
    "Env": "._runtime.models",
    "Model": "._runtime.models",
    "Output": "._runtime.models",
    "HttpOp": "._runtime.http_tools",
    "McpOp": "._runtime.mcp_tools",
    "McpServer": "._runtime.mcp_tools",
    "PythonOp": "._runtime.effects",
    "checks": "._runtime",
    "cel_wire": "._runtime",
    "labels": "._runtime",
}
_RESULTS = {types.String: "text", types.Null: "none"}
"""What of the answer of an MCP tool is the value, by type."""


def output_name(type: types.Type, constant: str) -> str:
    """Under which name a model is asked for a type; it is in the log."""
    return type.name if isinstance(type, types.Record) else constant.lower()


def output_names(made: plan.Plan) -> dict[str, str]:
    """These names by the text of the type."""
    asked = {str(type): type for _, type in answers(made)}
    return {key: output_name(asked[key], constant) for key, constant in PackageNames(made).outputs.items()}


class DeclarationsModule:
    """Its text; validators come from `checks`."""

    def __init__(self, made: plan.Plan, names: PackageNames, checks: TypesModule) -> None:
        self._made = made
        self._names = names
        self._checks = checks
        self._used: set[str] = set()

    def text(self) -> str:
        """Empty when the plan declares nothing."""
        groups = [self._servers(), self._operations(), self._models(), self._outputs(), self._agents()]
        blocks = ["\n".join(group) for group in groups if group]
        if not blocks:
            return ""
        lines = ['"""Operations of tools, models and answers."""', "", "from __future__ import annotations", ""]
        homes: dict[str, set[str]] = {}
        for name in self._used:
            homes.setdefault(_HOMES.get(name, ".datatypes"), set()).add(name)
        lines += [import_line(module, homes[module]) for module in sorted(homes)]
        return "\n\n".join(["\n".join(lines), *blocks]) + "\n"

    def _check(self, type: types.Type) -> ast.expr:
        text = self._checks.check(type)
        self._used.add(text.partition(".")[0])
        return ast.parse(text, mode="eval").body

    def _make(self, constant: str, kind: str, fields: Fields) -> str:
        return statement(0, f"{constant} = ", self._call(kind, fields))

    def _call(self, kind: str, fields: Fields) -> ast.expr:
        self._used.add(kind)
        return ast.Call(ast.Name(kind), [], [ast.keyword(name, value) for name, value in fields.items()])

    def _env(self, value: str | plan.EnvRef | None) -> ast.expr:
        if not isinstance(value, plan.EnvRef):
            return data(value)
        self._used.add("Env")
        return ast.Call(ast.Name("Env"), [data(value.name)], [])

    def _operations(self) -> list[str]:
        """Each after the one that is asked about it."""
        found: list[str] = []
        for tool in self._made.tools:
            asked = {op.doubt.operation for op in tool.operations if op.doubt is not None}
            ordered = sorted(tool.operations, key=lambda op: f"{tool.name}.{op.name}" not in asked)
            found += [self._operation(tool, op) for op in ordered]
        return found

    def _operation(self, tool: plan.ToolSet, op: plan.Operation) -> str:
        name = f"{tool.name}.{op.name}"
        kind, fields = self._call_fields(tool, op)
        fields = {"name": data(name), **fields, "effect": data(op.effect)}
        if op.key is not None:
            fields["key"] = data(op.key)
        fields["output"] = self._check(op.type)
        if op.doubt is not None:
            fields["doubt"] = self._doubt(tool, op.doubt)
        return self._make(self._names.operations[name], kind, fields)

    def _doubt(self, tool: plan.ToolSet, doubt: plan.Doubt) -> ast.expr:
        """What follows when nobody knows whether a write happened."""
        fields: Fields = {}
        if doubt.operation is not None:
            asked = next(op for op in tool.operations if f"{tool.name}.{op.name}" == doubt.operation)
            fields["verify"] = ast.Name(self._names.operations[doubt.operation])
            fields["parameters"] = data(tuple(param.name for param in asked.params))
        if doubt.role is not None:
            fields["role"] = data(doubt.role)
        if doubt.within is not None:
            fields["within"] = data(doubt.within)
        call = self._call("OnDoubt", fields)
        assert isinstance(call, ast.Call)
        call.args = [data(doubt.sort)]
        return call

    def _call_fields(self, tool: plan.ToolSet, op: plan.Operation) -> tuple[str, Fields]:
        """The class of an operation and what is particular to it."""
        if op.remote is not None:
            result = _RESULTS.get(types.base(op.type).__class__, "json")
            fields: Fields = {"server": ast.Name(self._names.servers[tool.name]), "tool": data(op.remote)}
            return "McpOp", fields | {"result": data(result)}
        if op.http is None:
            own = any(mentions(param.type, _OWN) for param in op.params)
            plain = {"plain": data(True)} if own else {}
            return "PythonOp", {"module": data(tool.module), "function": data(op.name), **plain}
        fields = {"method": data(op.http.method), "base": self._env(tool.base), "path": data(op.http.path)}
        fields["parameters"] = data(tuple(param.name for param in op.params))
        return "HttpOp", fields | self._access_fields(tool)

    def _access_fields(self, tool: plan.ToolSet) -> Fields:
        """How a service is spoken to."""
        fields: Fields = {}
        if tool.auth is not None:
            self._used.add("Auth")
            fields["auth"] = ast.Call(ast.Name("Auth"), [data(tool.auth.header), data(tool.auth.secret)], [])
        if tool.headers:
            fields["headers"] = data(dict(tool.headers))
        return fields | {"timeout": data(tool.timeout)}

    def _servers(self) -> list[str]:
        return [self._server(tool) for tool in self._made.tools if tool.name in self._names.servers]

    def _server(self, tool: plan.ToolSet) -> str:
        fields: Fields = {"name": data(tool.name)}
        if tool.base is not None:
            fields["base"] = self._env(tool.base)
        for field in ("command", "scripts", "env", "secrets"):
            if getattr(tool, field):
                fields[field] = data(getattr(tool, field))
        return self._make(self._names.servers[tool.name], "McpServer", fields | self._access_fields(tool))

    def _models(self) -> list[str]:
        """Each after the one it falls back to."""
        by_name = {model.name: model for model in self._made.models}
        ordered: dict[str, plan.Model] = {}

        def visit(model: plan.Model, path: tuple[str, ...]) -> None:
            if model.fallback is not None and model.fallback not in ordered and model.fallback not in path:
                visit(by_name[model.fallback], (*path, model.name))
            ordered.setdefault(model.name, model)

        for model in self._made.models:
            visit(model, (model.name,))
        return [self._model(model) for model in ordered.values()]

    def _model(self, model: plan.Model) -> str:
        fields: Fields = {name: data(getattr(model, name)) for name in ("name", "provider", "model", "max_tokens")}
        if model.temperature is not None:
            fields["temperature"] = data(model.temperature)
        fields |= {"timeout": data(model.timeout), "retries": data(model.retries)}
        if model.base_url is not None:
            fields["base_url"] = self._env(model.base_url)
        if model.key is not None:
            fields["key"] = data(model.key)
        if model.fallback is not None:
            fields["fallback"] = ast.Name(self._names.models[model.fallback])
        for price in ("input_price", "output_price"):
            if getattr(model, price) is not None:
                fields[price] = data(getattr(model, price))
        return self._make(self._names.models[model.name], "Model", fields)

    def _outputs(self) -> list[str]:
        asked = {str(type): type for _, type in answers(self._made)}
        found: list[str] = []
        for key, constant in self._names.outputs.items():
            type = asked[key]
            name = output_name(type, constant)
            fields = {"name": data(name), "schema": data(json_schema(type)), "check": self._check(type)}
            fields |= {"labelled": data(True)} if is_labelled(type) else {}
            found.append(self._make(constant, "Output", fields))
        return found

    def _agents(self) -> list[str]:
        return [self._agent(agent) for agent in self._made.agents]

    def _agent(self, agent: plan.Agent) -> str:
        plain = isinstance(agent.type, types.String)
        self._used |= {"TEXT"} if plain else set()
        fields: Fields = {
            "name": data(agent.name),
            "model": ast.Name(self._names.models[agent.model]),
            "output": ast.Name("TEXT" if plain else self._names.outputs[str(agent.type)]),
            "tools": ast.Tuple([self._offer(offer) for offer in agent.offers]),
            "max_turns": data(agent.max_turns),
        }
        fields |= {"repair": data(agent.repair)} if agent.repair else {}
        return self._make(self._names.agents[agent.name], "Agent", fields)

    def _offer(self, offer: plan.Offer) -> ast.expr:
        """What the model is told of an operation, and the check of the arguments that it makes."""
        tool_name, _, name = offer.operation.rpartition(".")
        tool = next(tool for tool in self._made.tools if tool.name == tool_name)
        operation = next(op for op in tool.operations if op.name == name)
        check = self._checks.check_arguments(offer.operation, operation.params)
        self._used.add(check)
        fields: Fields = {
            "name": data(offer.name),
            "op": ast.Name(self._names.operations[offer.operation]),
            "description": data(operation.doc or tool.doc or offer.operation),
            "schema": data(params_schema(operation.params)),
            "check": ast.Name(check),
        }
        return self._call("AgentTool", fields)
