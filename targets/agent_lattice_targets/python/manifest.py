"""manifest.json: what the runtime enforces and people review."""

from __future__ import annotations

import json
from typing import Any

from agent_lattice import __version__, plan
from agent_lattice.bounds import Bound, Bounds, bounds
from agent_lattice.plan_data import data
from agent_lattice.records import fields

from agent_lattice_targets.python.schemas import json_schema, params_schema
from agent_lattice_targets.python.waits import limits, on_doubt, waits

FORMAT = 3
"""Version of the manifest's shape."""


def manifest(made: plan.Plan) -> dict[str, Any]:
    """Its data."""
    grants = dict(made.permissions)
    by_name = {workflow.name: workflow for workflow in made.workflows}
    called = {child for granted in grants.values() for _, child in granted.calls}
    worst = bounds(made)
    others = sorted({*by_name} - {made.main} | called)
    secrets = {secret for granted in grants.values() for secret in granted.total.secrets}
    env = {name for granted in grants.values() for name in granted.total.env}
    return {
        "format": FORMAT,
        "name": made.name,
        "plan": made.digest,
        "compiler": __version__,
        "workflow": made.main,
        "models": {model.name: {"provider": model.provider, "model": model.model} for model in made.models},
        "tools": {tool.name: _tool(tool) for tool in made.tools},
        "agents": {agent.name: _agent(agent) for agent in made.agents},
        "secrets": sorted(secrets),
        "env": sorted(env),
        **_workflow(by_name[made.main], grants[made.main], worst[made.main]),
        "workflows": {name: _workflow(by_name[name], grants[name], worst[name]) for name in others},
    }


def manifest_text(made: plan.Plan) -> str:
    return json.dumps(manifest(made), indent=2, ensure_ascii=False) + "\n"


def _workflow(workflow: plan.Workflow, grants: plan.Grants, worst: Bounds) -> dict[str, Any]:
    waiting, limited = dict(waits(workflow)), limits(workflow.budget)
    return {
        "input": params_schema(workflow.params),
        "output": json_schema(workflow.type),
        "permissions": {
            "total": data(grants.total),
            "steps": {step: data(granted) for step, granted in grants.steps},
            "calls": dict(grants.calls),
        },
        "bounds": {**_bound(worst.total), "models": {name: _bound(bound) for name, bound in worst.models}},
        **({"waits": waiting} if waiting else {}),
        **({"budget": limited} if limited else {}),
    }


def _bound(bound: Bound) -> dict[str, Any]:
    return {field.name: getattr(bound, field.name) for field in fields(Bound)}


def _agent(agent: plan.Agent) -> dict[str, Any]:
    tools = {offer.name: offer.operation for offer in agent.offers}
    return {"model": agent.model, "tools": tools, "max_turns": agent.max_turns, "repair": agent.repair}


def _tool(tool: plan.ToolSet) -> dict[str, Any]:
    base = f"env:{tool.base.name}" if isinstance(tool.base, plan.EnvRef) else tool.base
    place: dict[str, Any] = {"module": tool.module} if tool.module else {"base": base}
    if tool.command:
        place = {"command": list(tool.command), "env": list(tool.env), "secrets": list(tool.secrets)}
    return {"protocol": tool.protocol, **place, "operations": {op.name: _operation(op) for op in tool.operations}}


def _operation(op: plan.Operation) -> dict[str, Any]:
    remote = {"tool": op.remote, "returns": op.returns} if op.remote is not None else {}
    doubt = {"on_doubt": on_doubt(op.doubt)} if op.doubt is not None else {}
    return {"effect": op.effect} | ({"key": op.key} if op.key else {}) | doubt | remote
