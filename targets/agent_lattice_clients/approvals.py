"""Which operations come behind a decision of people: where a model follows the steps, its client asks a person before it calls them."""

from __future__ import annotations

from agent_lattice import plan

from agent_lattice_clients.capabilities import operations_of

_APART = (plan.If, plan.Match, plan.Parallel, plan.Race)
"""Operations of whose blocks none comes behind another."""


def behind_approval(made: plan.Plan) -> frozenset[str]:
    """The writes of the main workflow, and of those that it calls, that may be made after people were asked."""
    following = _Following(made)
    following.workflow(made.main, behind=False)
    effects = {f"{tool.name}.{op.name}": op.effect for tool in made.tools for op in tool.operations}
    return frozenset(operation for operation in following.found if effects[operation] == "write")


class _Following:
    """Goes through workflows in the order of their steps; `found` is what comes behind an approval."""

    def __init__(self, made: plan.Plan) -> None:
        self.found: set[str] = set()
        self._made = made
        self._bodies = {workflow.name: workflow.body for workflow in made.workflows}
        self._known: dict[tuple[str, bool], bool] = {}

    def workflow(self, name: str, *, behind: bool) -> bool:
        """Whether people may have been asked when it is over; they have before, if it is `behind`."""
        if (name, behind) not in self._known:
            self._known[name, behind] = self._block(self._bodies[name], behind)
        return self._known[name, behind]

    def _block(self, block: plan.Block, behind: bool) -> bool:
        for op in block:
            behind = self._op(op, behind)
        return behind

    def _op(self, op: plan.Op, behind: bool) -> bool:
        if behind:
            self.found.update(operations_of(self._made, op))
        if isinstance(op, plan.Approve):
            return True
        if isinstance(op, plan.Call):
            return self.workflow(op.workflow, behind=behind)
        blocks = plan.blocks(op)
        if isinstance(op, _APART):
            ends = [self._block(block, behind) for block in blocks]
            return behind or True in ends
        after = behind
        for block in blocks:
            after = self._block(block, after)
        if after and not behind and isinstance(op, plan.Each | plan.Loop):  # the next turn comes behind this one
            for block in blocks:
                self._block(block, True)
        return after
