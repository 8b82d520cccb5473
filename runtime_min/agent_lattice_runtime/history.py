"""What the log of a run says has already happened, by step: the memory that resume and replay consult."""

from __future__ import annotations

from .canonical import recorded
from .errors import Divergence, Failure, restore_failure
from .journal import ENDINGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .journal import EventRow

_NO_EVENTS: dict[str, str] = {}


class History:
    """The recorded events of a run. `started` and `ended` hold the payloads of its first and its terminal event."""

    __slots__ = ("_reached", "_steps", "ended", "last", "started", "status")

    def __init__(self, events: Iterable[EventRow] = ()) -> None:
        self._steps: dict[str, dict[str, str]] = {}  # step -> type -> payload text
        self._reached: set[str] = set()
        self.started: dict[str, Any] = {}
        self.ended: dict[str, Any] = {}
        self.status = "new"
        self.last: EventRow | None = None
        for event in events:
            self._add(event)

    def _add(self, event: EventRow) -> None:
        self.last = event
        _, _, kind, step, payload, _, _ = event
        if kind == "run.started":
            self.started, self.status = recorded(payload), "running"
        elif kind in ENDINGS:
            self.ended, self.status = recorded(payload), kind[4:]
        elif kind == "llm.failed":
            self._steps.setdefault(step, {})[kind] = payload  # the last try is the one that counts
        elif kind != "run.resumed":
            self._steps.setdefault(step, {}).setdefault(kind, payload)

    @property
    def cut(self) -> bool:
        """Whether the code may have more to do than the log says: the run goes on, or was cancelled."""
        return self.status in ("running", "cancelled")

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

    def unreached(self) -> list[str]:
        """The recorded steps that nobody asked for, in the order of the log."""
        return [step for step in self._steps if step not in self._reached]


def cancellation(message: str) -> Failure:
    """The outcome of a run that was cancelled, and why."""
    return Failure("cancelled", f"the run was cancelled: {message}" if message else "the run was cancelled")


def require_same(step: str, what: str, recorded_text: str, current_text: str) -> None:
    """Raises Divergence unless the code wants what the log says was done."""
    if recorded_text != current_text:
        details = (f"the log says: {_short(recorded_text)}", f"the code does: {_short(current_text)}")
        raise Divergence(f"step {step} differs in its {what}", step=step, details=details)


def _short(text: str, limit: int = 300) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
