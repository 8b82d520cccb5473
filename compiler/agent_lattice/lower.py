"""Program to plan: what a run needs, in a fixed order, with the least permissions and a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from agent_lattice_runtime.canonical import canonical

from agent_lattice import plan
from agent_lattice.plan import EnvRef, Grants, Permissions
from agent_lattice.plan_data import plan_data
from agent_lattice.program import Program
from agent_lattice.records import fields, replace
from agent_lattice.structure import structured
from agent_lattice.surface import server_key

HOSTS = {"anthropic": "api.anthropic.com", "openai": "api.openai.com", "ollama": "localhost:11434"}
"""Where a provider is when no `base_url` is given."""


def lower(program: Program, main: plan.Workflow) -> plan.Plan:
    """The plan that runs `main`; it carries all workflows of the main module, for its tests."""
    values = [
        symbol.value for module in program.modules for symbol in module.symbols.values() if symbol.module is module
    ]
    models = {value.name: value for value in values if isinstance(value, plan.Model)}
    tools = {value.name: value for value in values if isinstance(value, plan.ToolSet)}
    roots = [symbol.value for symbol in program.main.of_sort("workflow")]
    workflows = _reachable(roots, program.workflows)
    agents = _needed_agents(workflows, [value for value in values if isinstance(value, plan.Agent)])
    used = _used_operations(workflows, agents, tools)
    needed = _needed_models(workflows, agents, models)
    grants = _Grants(program.workflows, agents, models, tools)
    made = plan.Plan(
        format=plan.FORMAT,
        name=main.name,
        main=main.name,
        doc=main.doc,
        records=tuple(sorted(program.records, key=lambda record: record.name)),
        unions=tuple(sorted(program.unions, key=lambda union: union.name)),
        models=tuple(models[name] for name in sorted(needed)),
        tools=tuple(_trimmed(tools[name], used) for name in sorted({operation.split(".")[0] for operation in used})),
        agents=tuple(agents),
        workflows=tuple(sorted(map(structured, workflows), key=lambda workflow: workflow.name)),
        tests=tuple(sorted(program.tests, key=lambda test: test.name)),
        permissions=tuple((workflow.name, grants.of(workflow)) for workflow in sorted(workflows, key=lambda w: w.name)),
        files=tuple(plan.SourceFile(path, text) for path, text in sorted(program.python_files.items())),
        replies=tuple(plan.SourceFile(path, text) for path, text in sorted(program.replies.items())),
    )
    digest = hashlib.sha256(canonical(plan_data(made)).encode()).hexdigest()
    return replace(made, digest=f"sha256:{digest}")


def _reachable(roots: Iterable[plan.Workflow], by_name: dict[str, plan.Workflow]) -> list[plan.Workflow]:
    found = {root.name: by_name[root.name] for root in roots}
    queue = list(found.values())
    for workflow in queue:
        for op in plan.walk(workflow.body):
            if isinstance(op, plan.Call) and op.workflow not in found:
                found[op.workflow] = by_name[op.workflow]
                queue.append(by_name[op.workflow])
    return list(found.values())


def _needed_agents(workflows: Iterable[plan.Workflow], agents: Iterable[plan.Agent]) -> list[plan.Agent]:
    run = {op.agent for workflow in workflows for op in plan.walk(workflow.body) if isinstance(op, plan.Run)}
    return sorted((agent for agent in agents if agent.name in run), key=lambda agent: agent.name)


def _used_operations(
    workflows: Iterable[plan.Workflow], agents: Iterable[plan.Agent], tools: dict[str, plan.ToolSet]
) -> set[str]:
    """What steps and agents call, what takes back what they did, and what says whether it happened."""
    steps = [op for workflow in workflows for op in plan.walk(workflow.body) if isinstance(op, plan.Tool)]
    called = {name for op in steps for name in (op.operation, *([op.undo.operation] if op.undo else []))}
    called |= {offer.operation for agent in agents for offer in agent.offers}
    doubts = (op.doubt for tool in tools.values() for op in tool.operations if f"{tool.name}.{op.name}" in called)
    return called | {doubt.operation for doubt in doubts if doubt and doubt.operation}


def _trimmed(tool: plan.ToolSet, used: set[str]) -> plan.ToolSet:
    """The tool with only the operations that are called."""
    return replace(tool, operations=tuple(op for op in tool.operations if f"{tool.name}.{op.name}" in used))


def _needed_models(
    workflows: Iterable[plan.Workflow], agents: Iterable[plan.Agent], models: dict[str, plan.Model]
) -> set[str]:
    asking: list[plan.Ask | plan.Agent] = list(agents)
    asking += [op for workflow in workflows for op in plan.walk(workflow.body) if isinstance(op, plan.Ask)]
    return {model.name for one in asking for model in _models_of(one, models)}


def _models_of(asking: plan.Ask | plan.Agent, models: dict[str, plan.Model]) -> Iterator[plan.Model]:
    """The models an ask or an agent may turn to: its own, the one an ask escalates to, and their fallbacks."""
    for name in (asking.model, asking.escalate if isinstance(asking, plan.Ask) else None):
        seen: set[str] = set()
        while name is not None and name not in seen:
            seen.add(name)
            yield models[name]
            name = models[name].fallback


class _Grants:
    """What each workflow may touch: its own steps one by one, those of children by reference, so that it stays small."""

    def __init__(
        self,
        workflows: dict[str, plan.Workflow],
        agents: Iterable[plan.Agent],
        models: dict[str, plan.Model],
        tools: dict[str, plan.ToolSet],
    ) -> None:
        self.workflows = workflows
        self.agents = {agent.name: agent for agent in agents}
        self.models = models
        self.tools = tools
        self.operations = {f"{tool.name}.{op.name}": op for tool in tools.values() for op in tool.operations}
        self.known: dict[str, Grants] = {}

    def of(self, workflow: plan.Workflow) -> Grants:
        if workflow.name not in self.known:
            steps = dict(sorted(self._steps(workflow)))
            calls = {op.step: op.workflow for op in plan.walk(workflow.body) if isinstance(op, plan.Call)}
            children = [self.of(self.workflows[child]).total for child in sorted(set(calls.values()))]
            total = _union([*steps.values(), *children])
            self.known[workflow.name] = Grants(total, tuple(steps.items()), tuple(sorted(calls.items())))
        return self.known[workflow.name]

    def _steps(self, workflow: plan.Workflow) -> Iterator[tuple[str, Permissions]]:
        for op in plan.walk(workflow.body):
            if isinstance(op, plan.Tool):
                yield op.step, self._tool(op.operation)
                if op.undo:
                    yield f"{op.step}.compensate", self._tool(op.undo.operation)
            elif isinstance(op, plan.Ask):
                yield op.step, _union(map(_model, _models_of(op, self.models)))
            elif isinstance(op, plan.Run):
                yield from self._agent(op.step, self.agents[op.agent])

    def _agent(self, step: str, agent: plan.Agent) -> Iterator[tuple[str, Permissions]]:
        """A turn asks the models and touches nothing else; each call touches what its own operation does."""
        yield f"{step}.turn", _union(map(_model, _models_of(agent, self.models)))
        for offer in agent.offers:
            yield f"{step}.turn.{offer.name}", self._tool(offer.operation)

    def _tool(self, name: str) -> Permissions:
        """What a call of an operation touches, and what says whether it happened."""
        tool_name = name.partition(".")[0]
        tool, operation = self.tools[tool_name], self.operations[name]
        verify = operation.doubt.operation if operation.doubt else None
        return _union(
            (
                access(tool),
                *([self._tool(verify)] if verify else []),
                Permissions(
                    tools=(tool_name,),
                    operations=(name,),
                    hosts=operation.hosts,
                    secrets=operation.secrets,
                    env=operation.env,
                    files=operation.files,
                ),
            )
        )


def access(tool: plan.ToolSet) -> Permissions:
    """What speaking to a tool takes, whatever is asked of it."""
    return Permissions(
        hosts=(_host(tool.base),) if tool.base else (),
        secrets=_sorted({*tool.secrets, *([tool.auth.secret] if tool.auth else [])}),
        env=_sorted({*tool.env, *([tool.base.name] if isinstance(tool.base, EnvRef) else [])}),
        programs=(server_key(tool),) if tool.command else (),
    )


def _model(model: plan.Model) -> Permissions:
    host = _host(model.base_url) if model.base_url else HOSTS.get(model.provider)
    return Permissions(
        models=(model.name,),
        hosts=(host,) if host else (),
        secrets=(model.key,) if model.key else (),
        env=(model.base_url.name,) if isinstance(model.base_url, EnvRef) else (),
    )


def _host(base: str | EnvRef) -> str:
    if isinstance(base, EnvRef):
        return f"env:{base.name}"
    url = urlsplit(base)
    return f"{url.hostname}:{url.port}" if url.port else str(url.hostname)


def _union(granted: Iterable[Permissions]) -> Permissions:
    all_granted = list(granted)
    return Permissions(
        *(_sorted({item for each in all_granted for item in getattr(each, f.name)}) for f in fields(Permissions))
    )


def _sorted(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(items))
