"""How a run stands, by its log alone: what it waits for, which questions are open, why it ended as it did; for people."""

from __future__ import annotations

from .canonical import recorded
from .deliveries import open_approvals
from .history import History
from .journal import OUTSIDE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .journal import EventRow

    Payload = Mapping[str, Any]

# What may be in the log although a process got no further than the one before it.
_NO_PROGRESS = OUTSIDE | {"run.resumed", "llm.requested", "effect.intended"}


class Standing:
    """What the events of a run say about it: `history`, `asked` (the payloads of open questions by step), and the `waits` of a run
    that nobody drives, without what has come since then; of one that goes on, the questions that can be answered. At `now`, in µs
    since 1970: what was asked until then is not open any more."""

    __slots__ = ("_events", "asked", "history", "waits")

    def __init__(self, events: Iterable[EventRow], now: int = 0) -> None:
        self._events = list(events)
        self.history = History(self._events)
        self.asked = open_approvals(self.history, now)
        self.waits: list[dict[str, Any]] = []
        if self.history.status == "waiting":
            self.waits = [entry | self._question(entry) for entry in self._on() if not self._has_come(entry)]
        elif self.history.status == "running":
            self.waits = [{"kind": "approval", "step": step} | asked for step, asked in self.asked.items()]

    def _on(self) -> list[dict[str, Any]]:
        """What the latest event run.waiting names."""
        told = next(event for event in reversed(self._events) if event[2] == "run.waiting")
        return list(recorded(told[4])["on"])

    def _question(self, entry: Payload) -> dict[str, Any]:
        return self.asked.get(entry["step"], {}) if entry["kind"] == "approval" else {}

    def _has_come(self, entry: Payload) -> bool:
        kind, step, received = entry["kind"], entry["step"], self.history.received
        if kind == "approval":
            return step not in self.asked
        if kind == "signal":
            return received.signal(entry["name"], entry["until"]) is not None
        return kind == "doubt" and received.resolution(step, entry["until"]) is not None

    @property
    def deaths(self) -> int:
        """How many processes in a row have left the run without having got any further."""
        count = 0
        for event in reversed(self._events):
            if event[2] not in _NO_PROGRESS:
                break
            count += event[2] == "run.resumed"
        return count


def waiting_words(entry: Payload, moment: str) -> str:
    """One thing that a run waits for, for people; `moment` is its deadline as a text."""
    kind, step = entry["kind"], entry["step"]
    if kind == "parked":
        why = "it is a fork" if entry.get("name") == "fork" else "one process after the other has died of it"
        return f"somebody who resumes it: {why}"
    until = f" until {moment}" if moment else ""
    if kind == "approval":
        return f"approval {step} by {entry['role']}{until}"
    if kind == "signal":
        return f"signal {entry['name']} at {step}{until}"
    if kind == "doubt":
        return f"somebody to resolve {step}{until}"
    return f"{step}{until}"


def ending_words(ended: Payload) -> list[str]:
    """What the last event of a run tells beside the failure, for people, a line each: which try it was, the failures that
    led to it, what was taken back, and what could not be."""
    lines = []
    cause, undone = ended.get("cause") or {}, ended.get("compensations") or {}
    if cause.get("attempt", 1) != 1:
        lines.append(f"it was attempt {cause['attempt']}")
    lines += [f"after {_failure_words(link)}" for link in cause.get("chain", ())]
    if undone.get("done"):
        lines.append(f"taken back: {', '.join(map(str, undone['done']))}")
    return lines + [f"could not be taken back: {_failure_words(failed)}" for failed in undone.get("failed", ())]


def _failure_words(payload: Payload) -> str:
    where = f"step {payload['step']}: " if payload.get("step") else ""
    return f"{where}{payload.get('error', 'internal')}: {payload.get('message', '')}"
