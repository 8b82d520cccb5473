"""A workflow as it is put before a client: what every client's files are made from."""

from __future__ import annotations

from collections.abc import Mapping

from agent_lattice import plan
from agent_lattice.records import record
from agent_lattice_runtime.client_names import server_name, slug, tool_name

from agent_lattice_clients.approvals import behind_approval
from agent_lattice_clients.deliveries import deliveries
from agent_lattice_clients.embedding import server_command
from agent_lattice_clients.javascript.roles import ScriptRoles
from agent_lattice_clients.javascript.script import workflow_script
from agent_lattice_clients.roles import Role, Roles

DRIVEN, NATIVE, INSTRUCTED = "driven", "native", "instructed"
MODES = {
    DRIVEN: "the package runs the workflow, the client calls it over MCP",
    NATIVE: "the client runs a script that the workflow was compiled to",
    INSTRUCTED: "the client's model follows the steps, tools and sub-agents are limited to them",
}
"""The strongest first."""


@record
class ServerTool:
    """A tool of the package's MCP server: its name there, whether calling it changes nothing, and the operation that it is. One
    that is `asked` speaks for a person, or comes behind the decision of one that only a model has asked: the client asks a person
    before every call."""

    name: str
    reads: bool
    operation: str | None = None
    asked: bool = False


class Export:
    """A plan in one mode: names, server, tools and roles, the same for every client."""

    def __init__(self, made: plan.Plan, mode: str) -> None:
        self.plan = made
        self.mode = mode
        self.slug = slug(made.name)
        self.server = server_name(made.name)
        self.roles: Roles = ScriptRoles(made) if mode == NATIVE else Roles(made)
        self.tools = self._driving() if mode == DRIVEN else self._operating()
        self.command = server_command(made, "mcp" if mode == DRIVEN else "mcp --operations")

    @property
    def env(self) -> tuple[str, ...]:
        """The environment variables that the server reads; those of models only where the package asks them."""
        used = {operation.split(".")[0] for operation in self.plan.grants.total.operations}
        found: set[str] = set()
        for tool in self.plan.tools:
            if tool.name in used:
                found |= {*tool.secrets, *tool.env, *([tool.auth.secret] if tool.auth else [])}
                found |= {name for op in tool.operations for name in (*op.secrets, *op.env)}
                found |= {tool.base.name} if isinstance(tool.base, plan.EnvRef) else set()
        if self.mode == DRIVEN:
            asked = [model for model in self.plan.models if model.name in self.plan.grants.total.models]
            found |= {model.key for model in asked if model.key}
            found |= {model.base_url.name for model in asked if isinstance(model.base_url, plan.EnvRef)}
        return tuple(sorted(found))

    @property
    def script(self) -> str:
        """The workflow as a script; only where the mode is native."""
        assert isinstance(self.roles, ScriptRoles)
        return workflow_script(self.plan, self.roles, self.server)

    def role_tools(self, role: Role) -> tuple[ServerTool, ...]:
        """What a role may call."""
        return tuple(tool for tool in self.tools if tool.operation in role.operations)

    def model(self, role: Role) -> plan.Model | None:
        """The model that a role's declaration names, if any."""
        return next((model for model in self.plan.models if model.name == role.model), None)

    def _driving(self) -> tuple[ServerTool, ...]:
        reads = all(effect != "write" for effect in self._effects().values())
        name = tool_name(self.plan.name)
        return (
            ServerTool(name, reads),
            ServerTool(f"{name}_status", True),
            ServerTool(f"{name}_events", True),
            ServerTool(f"{name}_cancel", False),
            *(ServerTool(f"{name}_{word}", False, asked=True) for word in deliveries(self.plan)),
        )

    def _operating(self) -> tuple[ServerTool, ...]:
        asked = behind_approval(self.plan) if self.mode == INSTRUCTED else frozenset()
        return tuple(
            ServerTool(self.roles.tools[operation], effect != "write", operation, operation in asked)
            for operation, effect in sorted(self._effects().items())
        )

    def _effects(self) -> Mapping[str, str]:
        """The effect of each operation that is granted."""
        granted = set(self.plan.grants.total.operations)
        effects = {f"{tool.name}.{op.name}": op.effect for tool in self.plan.tools for op in tool.operations}
        return {name: effect for name, effect in effects.items() if name in granted}
