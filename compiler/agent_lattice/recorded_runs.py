"""Recorded runs tried with the code of another version: each is replayed, nothing is performed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_lattice_runtime.canonical import recorded
from agent_lattice_runtime.commands.inputs import open_store
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.journal import TERMINAL
from agent_lattice_runtime.replay import replay

from agent_lattice.loading import load
from agent_lattice.plan_definitions import Definitions
from agent_lattice.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agent_lattice_runtime.journal import EventRow, RunRow
    from agent_lattice_runtime.models import Workflow
    from agent_lattice_runtime.stores import Store

    from agent_lattice.plan import Plan


@record
class Trial:
    """What came of replaying a run. When it does not agree, `step` and `message` say where and why, `likely` names the edit."""

    run_id: str
    status: str
    agrees: bool
    step: str = ""
    message: str = ""
    likely: str = ""

    def data(self) -> dict[str, Any]:
        """All of it as JSON data."""
        return {
            "run_id": self.run_id,
            "status": self.status,
            "agrees": self.agrees,
            "step": self.step,
            "message": self.message,
            "likely": self.likely,
        }


def tried(old: Plan, new: Plan, path: str, *, unfinished: bool) -> list[Trial]:
    """The runs of the workflow in the store at `path`, or those of them that have not ended. Raises Failure when the store cannot be
    used."""
    workflow, definitions = load(new), Definitions(old, new, {}, {})
    store = open_store(path, readonly=True)
    try:
        rows = [row for row in store.runs() if row.workflow == old.main]
        return [
            _tried(workflow, definitions, store, row) for row in rows if not unfinished or row.status not in TERMINAL
        ]
    finally:
        store.close()


def _tried(workflow: Workflow, definitions: Definitions, store: Store, row: RunRow) -> Trial:
    try:
        divergence = replay(workflow, row.run_id, store).divergence
        if divergence is not None:
            why = f"; likely: {divergence.likely}" if divergence.likely else ""
            message = f"{divergence.message}{why}"
            return Trial(row.run_id, row.status, False, divergence.step, message, divergence.likely)
        if found := _pending(definitions, store.events(row)):
            return Trial(row.run_id, row.status, False, *found)
    except (Failure, ValueError, TypeError, AttributeError, KeyError) as error:
        message = error.message if isinstance(error, Failure) else "its log is damaged: see `lattice verify`"
        return Trial(row.run_id, row.status, False, "", message)
    return Trial(row.run_id, row.status, True)


def _pending(definitions: Definitions, events: Iterable[EventRow]) -> tuple[str, str] | None:
    """A write without outcome whose operation is another one now: a replay stops before it, a resume would make it anew."""
    pending: dict[str, str] = {}
    for _, _, kind, step, payload, _, _ in events:
        if kind == "effect.intended":
            pending[step] = str(recorded(payload).get("op"))
        elif kind in ("effect.committed", "effect.failed"):
            pending.pop(step, None)
    for step, operation in pending.items():
        if reason := definitions.operation_problem(operation):
            return step, f"the write at step {step} has no outcome yet, and {reason}"
    return None
