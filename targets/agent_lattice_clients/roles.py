"""The roles of a workflow: who is asked to do one step, with which tools and by which words."""

from __future__ import annotations

from collections.abc import Iterator

from agent_lattice import plan, types
from agent_lattice.records import record
from agent_lattice.terms import Template
from agent_lattice_runtime.client_names import slug, tool_names

from agent_lattice_clients.capabilities import agent_of, reached


@record
class Role:
    """A sub-agent: an `ask` step, or an agent. `operations` (`tool.op`) are all that it may call; it answers with a `type`."""

    id: str
    title: str
    subject: str
    """What checks call the answer."""
    model: str | None
    """The name of its declaration; None for whatever the client uses."""
    type: types.Type
    system: Template | None
    checks: tuple[plan.Check, ...]
    operations: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    """What the server calls them."""
    max_turns: int | None = None
    task: Template | None = None
    """What an agent is told to do; an ask gets its text from who asks."""
    params: tuple[plan.Param, ...] = ()


class Roles:
    """The roles of a plan. Two steps never share one, and agents have one each."""

    def __init__(self, made: plan.Plan) -> None:
        self._made = made
        self._taken: set[str] = set()
        self.tools = tool_names(made.grants.total.operations)
        """What the package's server calls the operations of the workflow, all different."""
        self.asks: dict[tuple[str, str], Role] = {}
        """By workflow and step."""
        self.agents: dict[str, Role] = {}
        for workflow in reached(made):
            for op in plan.walk(workflow.body):
                if isinstance(op, plan.Ask):
                    self.asks[workflow.name, op.step] = self._ask(workflow, op)
                elif isinstance(op, plan.Run) and op.agent not in self.agents:
                    self.agents[op.agent] = self._agent(agent_of(made, op.agent))

    def __iter__(self) -> Iterator[Role]:
        yield from self.asks.values()
        yield from self.agents.values()

    def _ask(self, workflow: plan.Workflow, op: plan.Ask) -> Role:
        place = op.step if workflow.name == self._made.main else f"{workflow.name}.{op.step}"
        title = f"Answers the step {place} of the workflow {self._made.name}"
        return Role(self._id(place), title, op.name, op.model, op.type, op.system, op.checks)

    def _agent(self, agent: plan.Agent) -> Role:
        title = agent.doc or f"The agent {agent.name} of the workflow {self._made.name}"
        operations = tuple(sorted({offer.operation for offer in agent.offers}))
        return Role(
            self._id(agent.name),
            title,
            "answer",
            agent.model,
            agent.type,
            agent.system,
            agent.checks,
            operations,
            tuple(self.tools[name] for name in operations),
            agent.max_turns,
            agent.prompt,
            agent.params,
        )

    def _id(self, place: str) -> str:
        wanted = slug(f"{self._made.name}-{place}")
        found, count = wanted, 1
        while found in self._taken:
            count += 1
            found = f"{wanted}-{count}"
        self._taken.add(found)
        return found
