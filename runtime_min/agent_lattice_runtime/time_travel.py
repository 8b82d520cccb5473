"""The state of a recorded run where it comes to a step: its variables, and what its steps have given so far."""

from __future__ import annotations

import sys
from contextlib import suppress

from .engine import Loop
from .errors import Divergence, Failure
from .execute import body_of, continued, find_run, input_of
from .history import History
from .journal import RunRow
from .replay import Nowhere
from .run import Setting
from .step_records import step_records
from .variables import scopes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .journal import EventRow
    from .models import Workflow
    from .step_records import StepRecord
    from .stores import Store
    from .variables import Scope


class Moment:
    """A run just before a step. `seq` is the number of the step's first event, None when the log has none yet; `scopes`
    are the functions going on, the run's own first; `steps` what had begun by then, in the order of the log."""

    __slots__ = ("run_id", "scopes", "seq", "step", "steps")

    def __init__(
        self, run_id: str, step: str, seq: int | None, scopes: Sequence[Scope], steps: Sequence[StepRecord]
    ) -> None:
        self.run_id = run_id
        self.step = step
        self.seq = seq
        self.scopes = scopes
        self.steps = steps


class _Arrived(BaseException):
    """Thrown out of the workflow where it comes to the step."""


class _Watched(History):
    """A history that stops the workflow where it asks for a step, and keeps what its variables were."""

    __slots__ = ("found", "until", "workflow")

    def __init__(self, events: Iterable[EventRow], until: str, workflow: Workflow) -> None:
        super().__init__(events)
        self.until = until
        self.workflow = workflow
        self.found: list[Scope] | None = None

    def at(self, step: str) -> dict[str, str]:
        if self.found is not None:  # a `finally` of the workflow goes on while it is being stopped
            raise _Arrived
        if belongs(step, self.until):
            self.found = scopes(sys._getframe(), self.workflow)
            raise _Arrived
        return super().at(step)


def belongs(step: str, wanted: str) -> bool:
    """Whether a path is that of the step `wanted`, of one of its attempts, turns or items, or of a step inside it."""
    return step == wanted or (step.startswith(wanted) and step[len(wanted)] in ".[#")


def moment(workflow: Workflow, run_id: str, store: Store, step: str, setting: Setting | None = None) -> Moment:
    """The run just before `step`, as the code of today computes it from the log; nothing is performed. One with mocks needs them in
    its setting.

    Raises Failure not_found for a step that neither the log nor the code comes to, Divergence when the code no longer
    does what the log says before it gets there.
    """
    stored = find_run(store, run_id)
    row = RunRow(stored.run_id, stored.workflow, stored.plan, key=stored.key, status="running")
    run = continued(workflow, row, store, setting or Setting(), performs=False)
    events = list(store.events(stored))
    run.history = watched = _Watched(events, step, workflow)
    with suppress(_Arrived):
        Loop(Nowhere()).drive([(run, body_of(workflow, run, input_of(run)))])
    if watched.found is None:
        if isinstance(run.failure, Divergence):
            raise run.failure
        raise unknown_step(run_id, step, events)
    seq = first_event(events, step)
    before = events if seq is None else events[: seq - 1]
    return Moment(run_id, step, seq, watched.found, list(step_records(before).values()))


def first_event(events: Iterable[EventRow], step: str) -> int | None:
    """The number of the first event of a step, or of what is inside it; None when there is none."""
    return next((event[0] for event in events if event[3] and belongs(event[3], step)), None)


def unknown_step(run_id: str, step: str, events: Iterable[EventRow]) -> Failure:
    """The failure for a step that a run does not have: with the steps that may have been meant."""
    from difflib import get_close_matches

    known: dict[str, None] = {}
    for event in events:
        path = event[3]
        known.update(dict.fromkeys([path, path.partition("#")[0], *_around(path)]) if path else {})
    near = get_close_matches(step, known, 3, 0.5)
    details = [f"did you mean {' or '.join(near)}?"] if near else [f"`events {run_id}` lists them"]
    return Failure("not_found", f"run {run_id} does not come to a step {step}", details=details)


def _around(path: str) -> list[str]:
    """The steps that a path is inside of: `a[3].b` is inside of `a[3]` and `a`."""
    return [path[:place] for place, letter in enumerate(path) if letter in ".["]
