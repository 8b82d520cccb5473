"""The JSON Schema of manifest.json. `generate` writes it to `schemas/`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from agent_lattice import plan
from agent_lattice.records import fields
from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from agent_lattice_targets.python.manifest import FORMAT

_CLOSED = ConfigDict(extra="forbid")
_TOUCHED = {
    "tools": "Tools, by name.",
    "operations": "Operations of tools, as `shop.get_order`.",
    "hosts": "Hosts that may be reached.",
    "secrets": "Secrets, by name.",
    "env": "Variables of the environment.",
    "files": "Files, as patterns.",
    "models": "Models, by name.",
    "programs": "Programs that may be started.",
}
"""What each list of permissions holds."""


class _Closed(BaseModel):
    model_config = _CLOSED


def _permissions() -> type[BaseModel]:
    shape: dict[str, Any] = {
        item.name: (Annotated[list[str], Field(description=_TOUCHED[item.name])], ...)
        for item in fields(plan.Permissions)
    }
    doc = "What may be touched, each sorted; everything else is refused."
    return create_model("Permissions", __config__=_CLOSED, __doc__=doc, **shape)


_Permissions: Any = _permissions()
_Schema = Annotated[dict[str, JsonValue], Field(description="A JSON Schema (2020-12).")]


class Grants(_Closed):
    """What a run of a workflow may touch."""

    total: Annotated[_Permissions, Field(description="With the workflows that it calls.")]
    steps: Annotated[dict[str, _Permissions], Field(description="By static step id.")]
    calls: Annotated[dict[str, str], Field(description="Steps that run other workflows, whose grants hold there.")]


class Bound(_Closed):
    """What one run may cost at most."""

    calls: Annotated[int, Field(ge=0, description="How often a model is asked, with corrections and fallbacks.")]
    requests: Annotated[int, Field(ge=0, description="The same with what is repeated because a service failed.")]
    output_tokens: Annotated[int, Field(ge=0, description="Tokens of all answers. What models read has no bound.")]
    output_usd: Annotated[
        float | None, Field(ge=0, description="The price of the answers; null where none is declared.")
    ]


class Bounds(Bound):
    """What one run may cost at most, each number the worst by itself: a total may be less than the sum over models."""

    models: Annotated[dict[str, Bound], Field(description="By each model that may be asked.")]


class Wait(_Closed):
    """What a step waits for."""

    kind: Literal["timer", "signal", "approval"]
    within: Annotated[float, Field(description="Seconds, where every run waits as long.")] = 0
    name: Annotated[str, Field(description="Of a signal: what it is sent under.")] = ""
    value: Annotated[_Schema, Field(description="Of a signal: JSON Schema of what is sent.")] = {}
    role: Annotated[str, Field(description="Of an approval: who is asked.")] = ""
    values: Annotated[_Schema, Field(description="Of an approval: JSON Schema of what may be changed.")] = {}
    otherwise: Annotated[str, Field(description="Of an approval: what a missing answer counts as.")] = ""


class Budget(_Closed):
    """What a run may use at most, with the workflows that it calls."""

    usd: float | None = None
    tokens: int | None = None
    calls: Annotated[int | None, Field(description="Of models and operations.")] = None
    time: Annotated[float | None, Field(description="Seconds from its start.")] = None


_Waits = Annotated[dict[str, Wait], Field(description="What its own steps wait for, by static step id.")]
_Budget = Annotated[Budget, Field(description="What a run may use; absent where nothing limits it.")]


class Workflow(_Closed):
    """A workflow that the package holds besides the main one."""

    input: _Schema
    output: _Schema
    permissions: Grants
    bounds: Bounds
    waits: _Waits = {}
    budget: _Budget = Budget()


class Doubt(_Closed):
    """What follows when nobody knows whether a write happened."""

    policy: Literal["verify", "ask", "assume", "fail"]
    operation: Annotated[str, Field(description="The one that is asked.")] = ""
    role: Annotated[str, Field(description="The people who are asked.")] = ""
    within: Annotated[float, Field(description="Seconds that they have.")] = 0


class Model(_Closed):
    """Which model a name stands for."""

    provider: Annotated[str, Field(description="As `anthropic` or `scripted`.")]
    model: Annotated[str, Field(description="The model as its provider calls it.")]


class Operation(_Closed):
    """An operation of a tool."""

    effect: Literal["pure", "read", "write"]
    key: Annotated[str, Field(description="The parameter that makes a repeated write harmless.")] = ""
    on_doubt: Annotated[Doubt | None, Field(description="What follows when nobody knows whether it happened.")] = None
    tool: Annotated[str, Field(description="Of an MCP server: the tool as the server calls it.")] = ""
    returns: Annotated[str, Field(description="Of an MCP server: what of the answer is the result.")] = ""


class Tool(_Closed):
    """A tool: where it is, and what it can do."""

    protocol: Annotated[str, Field(description="As `python`, `http` or `mcp`.")]
    module: Annotated[str, Field(description="Of Python tools: the module.")] = ""
    base: Annotated[str | None, Field(description="The address, or `env:NAME` where the environment says it.")] = None
    command: Annotated[
        list[str], Field(description="Of an MCP server that is started: the program and its words.")
    ] = []
    env: Annotated[list[str], Field(description="Variables that the started server gets to see.")] = []
    secrets: Annotated[list[str], Field(description="Secrets that the started server gets to see.")] = []
    operations: Annotated[dict[str, Operation], Field(description="By name.")]


class Agent(_Closed):
    """A model with tools."""

    model: Annotated[str, Field(description="The name of its model.")]
    tools: Annotated[dict[str, str], Field(description="Operations by the name that the model sees.")]
    max_turns: Annotated[int, Field(description="Replies in one run at most.", ge=1)]
    repair: Annotated[int, Field(description="How often an answer that does not fit is sent back.", ge=0)]


class Manifest(_Closed):
    """What the runtime enforces and people review: `manifest.json` of a package."""

    format: Literal[3]
    name: Annotated[str, Field(description="The name of the package.")]
    plan: Annotated[str, Field(description="Digest of the plan.", pattern="^sha256:[0-9a-f]{64}$")]
    compiler: Annotated[str, Field(description="Version of the compiler.")]
    workflow: Annotated[str, Field(description="The main workflow.")]
    models: Annotated[dict[str, Model], Field(description="By name.")]
    tools: Annotated[dict[str, Tool], Field(description="By name.")]
    agents: Annotated[dict[str, Agent], Field(description="By name.")]
    secrets: Annotated[list[str], Field(description="Every secret of the package.")]
    env: Annotated[list[str], Field(description="Every variable of the environment that is read.")]
    input: Annotated[_Schema, Field(description="JSON Schema of the input of the main workflow.")]
    output: Annotated[_Schema, Field(description="JSON Schema of its result.")]
    permissions: Annotated[Grants, Field(description="What the main workflow may touch.")]
    bounds: Annotated[Bounds, Field(description="What a run of the main workflow may cost.")]
    waits: _Waits = {}
    budget: _Budget = Budget()
    workflows: Annotated[dict[str, Workflow], Field(description="The other workflows, by name.")]


def manifest_schema() -> dict[str, Any]:
    """The schema of `manifest.json`."""
    made = Manifest.model_json_schema()
    made["properties"]["format"]["const"] = FORMAT
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}
