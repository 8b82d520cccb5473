"""What a run did when, and how long it took: the events of each step put together."""

from __future__ import annotations

from .canonical import recorded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .journal import EventRow

_OPENING = frozenset({"effect.intended", "llm.requested"})
_ENDS = frozenset({"run.completed", "run.failed", "run.cancelled"})
OPEN, WAITS, STOPPED = "going on", "waits", "stopped"
_STATUS = {
    "step.completed": "ok",
    "effect.committed": "ok",
    "llm.completed": "ok",
    "client.called": "ok",
    "step.failed": "failed",
    "effect.failed": "failed",
    "effect.in_doubt": "in doubt",
    "llm.failed": "failed",
    "llm.invalid": "invalid",
    "policy.denied": "denied",
    "client.failed": "failed",
    "client.denied": "denied",
    "tool.rejected": "rejected",
    "step.retried": "tried again",
    "approval.requested": WAITS,
    "approval.decided": "ok",
    "step.withdrawn": "withdrawn",
    "branch.taken": "ok",
    "compensation.completed": "ok",
    "compensation.failed": "failed",
    "budget.warned": "warned",
    "budget.exceeded": "failed",
}


class Span:
    """Work of a step: `start` and `end` in µs since 1970, `status` one of the words above, `about` what the events say of it."""

    __slots__ = ("about", "end", "start", "status", "step")

    def __init__(self, step: str, start: int) -> None:
        self.step = step
        self.start = self.end = start
        self.status = OPEN
        self.about: dict[str, Any] = {}

    @property
    def depth(self) -> int:
        """How many steps it is inside of: `a.b#2` is inside of `a.b` and `a`."""
        return sum(1 for letter in self.step if letter in ".#")


def spans(events: Iterable[EventRow]) -> list[Span]:
    """The work of a run in the order in which it began; what ends at one moment stands below what it is a part of."""
    found: dict[object, Span] = {}
    for event in events:
        kind, step = event[2], event[3]
        if kind in _ENDS:
            _stop(found.values())
        if kind[:4] == "run." or kind in ("llm.repaired", "signal.received"):
            continue
        key = (step, event[0]) if kind[:7] in ("client.", "custom.") or kind == "tool.rejected" else step
        _told(found.setdefault(key, Span(step, event[1])), event)
    _stretch(found)
    return sorted(found.values(), key=lambda span: (span.start, span.step))


def _stop(left: Iterable[Span]) -> None:
    """Nothing of a run that is over goes on."""
    for span in left:
        if span.status in (OPEN, WAITS):
            span.status = STOPPED


def _told(span: Span, event: EventRow) -> None:
    _, ts, kind, _, payload, _, _ = event
    said = recorded(payload)
    about: dict[str, Any] = said if isinstance(said, dict) and kind[:7] != "custom." else {}
    if kind in _OPENING and span.status != OPEN:
        span.status = OPEN  # another process tries it again
    elif kind[:7] == "custom.":
        span.status = "event"
    else:
        span.status = _settled(kind, span.about | about) or _STATUS.get(kind, span.status)
    if kind not in _OPENING and isinstance(about.get("ms"), int):
        span.start = min(span.start, ts - about["ms"] * 1000)
    span.end = max(span.end, ts)
    span.about |= about


def _settled(kind: str, about: dict[str, Any]) -> str:
    """What has become of a write in doubt, or of a step that waited; "" for any other event."""
    if kind == "effect.verified":
        return "ok" if about["done"] else "not done"
    if kind == "effect.resolved":
        return {"done": "ok", "redo": "not done"}.get(about["as"], "failed")
    if kind == "timer.set" and about["kind"] in ("wait", "signal"):
        return WAITS
    if kind == "timer.fired":
        return "ok" if about.get("kind") == "wait" else "late"
    return ""


def _stretch(found: dict[object, Span]) -> None:
    """A step begins with the first thing inside of it."""
    by_step = {key: span for key, span in found.items() if isinstance(key, str)}
    for span in found.values():
        for outer in _around(span.step):
            if outer in by_step:
                by_step[outer].start = min(by_step[outer].start, span.start)


def _around(step: str) -> Iterator[str]:
    """The paths that a path is inside of, the innermost first."""
    for place in range(len(step) - 1, 0, -1):
        if step[place] in ".#":
            yield step[:place]


def note(span: Span) -> str:
    """What stands beside a step: the operation, the model with what it used, or what went wrong."""
    about = span.about
    if span.status in ("failed", "denied", "in doubt"):
        return ": ".join(str(about[key]) for key in ("error", "message") if about.get(key)) or str(
            about.get("tool", "")
        )
    model = about.get("gen_ai.response.model") or about.get("gen_ai.request.model")
    if model:
        used = [about.get(f"gen_ai.usage.{side}_tokens") for side in ("input", "output")]
        tokens = f"  {used[0]}+{used[1]} tokens" if None not in used else ""
        cost = f"  {about['cost_usd']:.6f} USD" if isinstance(about.get("cost_usd"), float) else ""
        wrong = "; ".join(map(str, about.get("errors", ())))
        return f"{model}{tokens}{cost}" + (f"  {wrong}" if wrong else "")
    return str(about.get("op") or about.get("client") or "; ".join(map(str, about.get("errors", ()))))


def totals(found: Iterable[Span]) -> dict[str, float]:
    """Model calls, tokens and cost of a run, as far as they were told."""
    sums: dict[str, float] = {"calls": 0, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0}
    for span in found:
        if "gen_ai.usage.input_tokens" in span.about:
            sums["calls"] += 1
            sums["input_tokens"] += span.about["gen_ai.usage.input_tokens"]
            sums["output_tokens"] += span.about["gen_ai.usage.output_tokens"]
            sums["cost_usd"] += span.about.get("cost_usd") or 0.0
    return sums
