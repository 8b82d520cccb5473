"""What a log says of each step, put together: what it was asked, and what came of it."""

from __future__ import annotations

from .canonical import recorded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .journal import EventRow

# Fields that differ from run to run although the same was done and the same came of it.
_VOLATILE = frozenset(
    (
        "attempt",
        "cost_usd",
        "delivery",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.response.id",
        "gen_ai.response.model",
        "gen_ai.usage.cached_tokens",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "kept",
        "key",
        "ms",
        "retryable",
        "shown",
        "try",
        "tries",
        "until",
        "used",
    )
)
# What a field tells of its step, where its own name does not say it.
_ASPECTS = {
    "op": "operation",
    "args": "arguments",
    "message": "error",
    "error": "error",
    "details": "error",
    "text": "answer",
    "tool_calls": "answer",
    "gen_ai.response.finish_reasons": "answer",
    "errors": "problems",
}
_ENDED = {
    "step.completed": "ok",
    "effect.committed": "ok",
    "llm.completed": "ok",
    "client.called": "ok",
    "timer.fired": "ok",
    "approval.decided": "ok",
    "step.withdrawn": "withdrawn",
    "compensation.completed": "ok",
    "step.failed": "failed",
    "effect.failed": "failed",
    "llm.failed": "failed",
    "client.failed": "failed",
    "compensation.failed": "failed",
    "effect.in_doubt": "in doubt",
    "llm.invalid": "invalid",
    "tool.rejected": "rejected",
    "policy.denied": "denied",
    "client.denied": "denied",
}
ASKED = frozenset(("operation", "arguments", "model", "request", "event", "payload", "role", "question"))
"""Aspects that the code decides; the others are what the world answered."""


class StepRecord:
    """A step of a log: `seq` of its first event, `status`, and its aspects (arguments, result, answer, error, …) by name."""

    __slots__ = ("aspects", "seq", "status", "step")

    def __init__(self, step: str, seq: int) -> None:
        self.step = step
        self.seq = seq
        self.status = "open"
        self.aspects: dict[str, Any] = {}

    @property
    def outcome(self) -> object:
        """What came of it: a result, an answer, the failure as a sentence; None when nothing did."""
        for name in ("result", "answer", "error", "problems", "payload"):
            if name in self.aspects:
                return self.aspects[name]
        rest = {name: value for name, value in self.aspects.items() if name not in ASKED}
        return rest or None

    def data(self) -> dict[str, object]:
        """All of it as JSON data."""
        return {"step": self.step, "seq": self.seq, "status": self.status} | self.aspects


def step_records(events: Iterable[EventRow]) -> dict[str, StepRecord]:
    """The steps of a log by their paths, in the order of their first events."""
    found: dict[str, StepRecord] = {}
    for seq, _, kind, step, payload, _, _ in events:
        if step and kind[:4] != "run.":
            _add(found.setdefault(step, StepRecord(step, seq)), kind, recorded(payload))
    return found


def step_record(step: str, events: Iterable[tuple[str, str]]) -> StepRecord:
    """A step of these (type, payload text)."""
    record = StepRecord(step, 0)
    for kind, payload in events:
        _add(record, kind, recorded(payload))
    return record


def _add(record: StepRecord, kind: str, payload: Any) -> None:
    if kind[:7] == "custom.":
        record.status = "ok"
        record.aspects |= {"event": kind, "payload": payload}
        return
    record.status = _ENDED.get(kind, record.status)
    if kind in ("step.failed", "effect.failed", "llm.failed", "compensation.failed"):
        record.aspects["error"] = sentence(payload)
        payload = {name: value for name, value in payload.items() if name in ("op", "args")}
    elif kind == "llm.requested":
        record.aspects["request"] = payload.get("args")
        payload = {"model": payload.get("model")}
    elif kind == "llm.completed":
        record.aspects.pop("error", None)
        record.aspects["answer"] = _answer(payload)
        return
    for name, value in payload.items():
        if name not in _VOLATILE:
            record.aspects[_ASPECTS.get(name, name)] = value


def _answer(payload: Mapping[str, Any]) -> object:
    """The text of a model's answer; with the calls that it asks for when there are some."""
    calls = payload.get("tool_calls")
    if not calls:
        return payload.get("text")
    return {"text": payload.get("text"), "calls": [[call.get("name"), call.get("arguments")] for call in calls]}


def sentence(failure: Mapping[str, Any]) -> str:
    """A recorded failure in one line."""
    return f"{failure.get('error')}: {failure.get('message')}"
