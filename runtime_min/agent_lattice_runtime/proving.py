"""Trying a log that was made up: whether the code of a workflow agrees with it, before anybody relies on it."""

from __future__ import annotations

from .engine import Loop
from .errors import Divergence, Failure
from .execute import body_of, input_of, redactor_of
from .history import History
from .journal import RunRow
from .replay import Nowhere
from .run import Run, Setting
from .time_travel import belongs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .journal import EventRow
    from .models import Workflow


class _Tried(Run):
    """A replay that does not take a changed answer which is not valid for one that the model is to correct."""

    __slots__ = ("changed", "refused")

    changed: Iterable[str]
    refused: Failure | None

    def note(self, kind: str, step: str, payload: Mapping[str, object], secrets: Sequence[str] = ()) -> None:
        if kind == "llm.invalid" and kind not in self.recorded(step) and self.refused is None:
            name = next((name for name in self.changed if belongs(step, name)), None)
            if name is not None:
                self.refused = Failure(
                    "validation", f"the new result of {name} is not valid", details=payload["errors"]
                )
        super().note(kind, step, payload, secrets)


def prove(workflow: Workflow, row: RunRow, events: list[EventRow], changed: Iterable[str]) -> None:
    """Replay a log of an unfinished run. Raises Failure validation for the input, or for one of the `changed` steps whose result does
    not fit, Divergence when the code does something else."""
    running = RunRow(row.run_id, row.workflow, row.plan, status="running")
    run = _Tried(workflow, running, redactor_of(workflow), Setting(), History(events), performs=False)
    run.changed, run.refused = list(changed), None
    Loop(Nowhere()).drive([(run, body_of(workflow, run, input_of(run)))])
    if run.refused is not None:
        raise run.refused
    if isinstance(run.failure, Divergence):
        raise run.failure
    if run.failure is not None and run.failure.message.startswith("the recorded result of"):
        raise run.failure
