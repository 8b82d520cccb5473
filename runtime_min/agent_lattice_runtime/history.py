"""What the log of a run says has already happened, by step: the memory that resume and replay consult."""

from __future__ import annotations

from .canonical import recorded
from .errors import Failure, restore_failure
from .journal import ENDINGS, OUTSIDE
from .received import Received

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .journal import EventRow
    from .step_records import StepRecord

_NO_EVENTS: dict[str, str] = {}


class History:
    """The recorded events of a run. `started` and `ended` hold the payloads of its first and its terminal event, `begun` is
    the time of the first in µs, `received` what came from outside, `places` the numbers of the events
    that settled writes and `intended` the times in µs of those before writes, by step."""

    __slots__ = ("_reached", "_steps", "begun", "ended", "intended", "last", "places", "received", "started", "status")

    def __init__(self, events: Iterable[EventRow] = ()) -> None:
        self._steps: dict[str, dict[str, str]] = {}  # step -> type -> payload text
        self._reached: set[str] = set()
        self.started: dict[str, Any] = {}
        self.ended: dict[str, Any] = {}
        self.begun = 0
        self.status = "new"
        self.last: EventRow | None = None
        self.received = Received()
        self.places: dict[str, int] = {}
        self.intended: dict[str, int] = {}
        for event in events:
            self._add(event)

    def _add(self, event: EventRow) -> None:
        self.last = event
        seq, ts, kind, step, payload, _, _ = event
        if kind in OUTSIDE:
            self.received.add(event)
        elif kind[:4] == "run.":
            self._add_of_run(kind, ts, payload)
        elif kind == "llm.failed":
            self._steps.setdefault(step, {})[kind] = payload  # the last try is the one that counts
        else:
            self._steps.setdefault(step, {}).setdefault(kind, payload)
            if kind in ("effect.committed", "effect.in_doubt"):
                self.places[step] = seq
            elif kind == "effect.intended":
                self.intended[step] = ts
            elif kind == "step.completed" and '"delivery":' in payload:
                self.received.take(payload)

    def _add_of_run(self, kind: str, ts: int, payload: str) -> None:
        if kind in ENDINGS:
            self.ended, self.status = recorded(payload), kind[4:]
            return
        if not self.begun:
            self.started = recorded(payload)
            self.begun = self.started.get("forked_from", {}).get("at", ts)
        self.status = "running" if kind in ("run.started", "run.resumed") else kind[4:]

    @property
    def cut(self) -> bool:
        """Whether the code may have more to do than the log says: the run goes on, or was cancelled."""
        return self.status in ("queued", "running", "waiting", "cancelled")

    def failure(self) -> Failure | None:
        """How a run that is over has failed; None when it has not."""
        if self.status == "cancelled":
            return cancellation(str(self.ended.get("message", "")))
        return restore_failure(self.ended, str(self.ended.get("step", ""))) if self.status == "failed" else None

    def at(self, step: str) -> dict[str, str]:
        """The payload texts of a step's events by type; empty for a step that has not happened."""
        events = self._steps.get(step)
        if events is None:
            return _NO_EVENTS
        self._reached.add(step)
        return events

    def steps(self) -> Iterable[tuple[str, dict[str, str]]]:
        """The recorded steps in the order of the log, with the payload texts of their events by type."""
        return self._steps.items()

    def record(self, step: str) -> StepRecord:
        """What the log says of a step, put together; for messages."""
        from .step_records import step_record

        return step_record(step, self._steps.get(step, _NO_EVENTS).items())

    def unreached(self) -> list[str]:
        """The recorded steps that nobody asked for, in the order of the log."""
        return [step for step in self._steps if step not in self._reached]


def cancellation(message: str) -> Failure:
    """The outcome of a run that was cancelled, and why."""
    return Failure("cancelled", f"the run was cancelled: {message}" if message else "the run was cancelled")


def require_same(step: str, what: str, recorded_text: str, current_text: str) -> None:
    """Raises Divergence unless the code wants what the log says was done."""
    if recorded_text != current_text:
        from .divergences import differing

        raise differing(step, what, recorded_text, current_text)
