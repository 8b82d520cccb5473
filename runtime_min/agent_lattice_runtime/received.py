"""What has come to a run from outside, as its log says: signals, decisions, resolutions of doubt, the wish to cancel it."""

from __future__ import annotations

from .canonical import recorded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .journal import EventRow

    Payload = dict[str, Any]


class Received:
    """The deliveries of one run in the order of its log. `cancelling` is the payload of the wish to cancel it, None without one."""

    __slots__ = ("_decisions", "_resolutions", "_signals", "_taken", "cancelling", "ids")

    def __init__(self) -> None:
        self._signals: dict[str, list[tuple[int, Payload]]] = {}  # name -> (ts, payload)
        self._decisions: dict[str, list[tuple[int, Payload]]] = {}  # step -> the same
        self._resolutions: dict[str, list[tuple[int, Payload]]] = {}
        self._taken: set[str] = set()  # deliveries that a step has for itself
        self.ids: set[str] = set()
        self.cancelling: Payload | None = None

    def add(self, event: EventRow) -> None:
        """An event of one of the types OUTSIDE."""
        _, ts, kind, step, text, _, _ = event
        payload: Payload = recorded(text)
        delivery = str(payload.get("delivery", ""))
        if delivery in self.ids:
            return
        self.ids.add(delivery)
        if kind == "signal.received":
            self._signals.setdefault(str(payload.get("name")), []).append((ts, payload))
        elif kind == "approval.decided":
            self._decisions.setdefault(step, []).append((ts, payload))
        elif kind == "effect.resolved":
            self._resolutions.setdefault(step, []).append((ts, payload))
        elif self.cancelling is None:
            self.cancelling = payload

    def take(self, completed: str) -> None:
        """A step has completed with a signal: it is nobody else's any more."""
        payload = recorded(completed)
        if payload.get("op") == "signal":
            self._taken.add(str(payload.get("delivery", "")))

    def signal(self, name: str, until: int) -> Payload | None:
        """The first signal of that name that came in time and that no step has taken; it is taken now."""
        for ts, payload in self._signals.get(name, ()):
            if payload["delivery"] not in self._taken and ts <= until:
                self._taken.add(payload["delivery"])
                return payload
        return None

    def decision(self, step: str, until: int, shown: str) -> Payload | None:
        """What was decided first, in time, by somebody who was shown exactly that."""
        for ts, payload in self._decisions.get(step, ()):
            if ts <= until and payload.get("shown") == shown:
                return payload
        return None

    def resolution(self, step: str, until: int) -> Payload | None:
        """What somebody said in time of the write of that step and attempt."""
        return next((payload for ts, payload in self._resolutions.get(step, ()) if ts <= until), None)
