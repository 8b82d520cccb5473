"""What a divergence means for whoever reads it: both sides as far as they differ, and the edit that likely caused it."""

from __future__ import annotations

from .canonical import canonical, recorded
from .differences import counted, differences
from .errors import Divergence
from .step_records import StepRecord, step_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from .history import History
    from .yielded import Call

_MOST = 8  # places that are listed

_LIKELY = {
    "operation": "the step calls another operation now",
    "event": "the event has another name now",
    "model": "the step asks another model now",
    "kind of wait": "the step waits for something else now",
    "kind of effect": "the operation has another effect now, or the step is of another kind",
    "question": "the question, its values or its deadline were changed",
    "llm.invalid": "the checks or the type of the answer were changed",
    "llm.repaired": "the number of repairs, or the model, was changed",
    "llm.escalated": "`escalate` was changed",
    "llm.fell_back": "the `fallback` of a model was changed",
    "step.completed": "the type of the answer was changed",
    "step.failed": "the step fails in another way now: its repairs, checks or bounds were changed",
    "branch.taken": "the branches, or how many of them are needed, were changed",
}
_KINDS = {
    "int": "number",
    "float": "number",
    "bool": "truth value",
    "str": "text",
    "list": "list",
    "dict": "record",
    "NoneType": "null",
}


def differing(step: str, what: str, log: str, code: str) -> Divergence:
    """The step is there and is not the same; both sides are canonical texts, or words."""
    where = f"step {step} differs in its {what}"
    sides: tuple[str, ...]
    if what == "operation" and log == "None":
        sides = ("the log says: a model was asked, or something was waited for", f"the code does: {code}")
        return Divergence(where, step=step, details=sides, likely="the step is of another kind now")
    places = _places(log, code)
    if not places:
        sides = (f"the log says: {counted(log)}", f"the code does: {counted(code)}")
        return Divergence(where, step=step, details=sides, likely=_LIKELY.get(what, ""))
    if [place for place, _, _ in places] == ["sha256"]:
        sides = ("only digests are kept of more than 1,024 characters: they differ",)
    else:
        lines = [line for place, one, other in places[:_MOST] for line in _sides(place, one, other)]
        sides = (*lines, *([f"and {len(places) - _MOST} more"] if len(places) > _MOST else []))
    return Divergence(where, step=step, details=sides, likely=_likely(what, recorded(log), recorded(code), places))


def _places(log: str, code: str) -> list[tuple[str, str, str]]:
    """Where two canonical texts of records differ; nothing for other texts."""
    if not (log.startswith("{") and code.startswith("{")):
        return []
    try:
        return list(differences(recorded(log), recorded(code)))
    except ValueError:
        return []


def _sides(place: str, one: str, other: str) -> tuple[str, str]:
    return f"the log says: {place} = {one}", f"the code does: {place} = {other}"


def _likely(what: str, log: Any, code: Any, places: Sequence[tuple[str, str, str]]) -> str:
    """The edit that explains how two records differ."""
    if what == "request":
        return _of_request([place for place, _, _ in places], log, code)
    if what not in ("arguments", "payload"):
        return _LIKELY.get(what, "")
    names = list(dict.fromkeys(place.partition(".")[0].partition("[")[0] for place, _, _ in places))
    word = "argument" if what == "arguments" else "value"
    if names == ["sha256"]:
        return f"an expression of its {word}s was changed, or what it is computed from"
    told = []
    for name in names:
        if name not in log:
            told.append(f"{word} `{name}` was added")
        elif name not in code:
            told.append(f"{word} `{name}` was removed")
        elif (old := _kind(log[name])) != (new := _kind(code[name])):
            told.append(f"{word} `{name}` is a {new} now, no {old}")
        else:
            told.append(f"the expression of {word} `{name}` was changed, or what it is computed from")
    return "; ".join(told)


def _kind(value: object) -> str:
    return _KINDS.get(type(value).__name__, "value")


def _of_request(places: Sequence[str], log: Mapping[str, Any], code: Mapping[str, Any]) -> str:
    if places == ["sha256"]:
        return "the prompt or the system prompt was changed, or what stands in it"
    told = []
    if "output" in places:
        told.append(f"the type of the answer was changed from {log.get('output')} to {code.get('output')}")
    if any(place.startswith("system") for place in places):
        told.append("the system prompt was changed, or what stands in it")
    if any(place.startswith("messages[0]") for place in places):
        told.append("the prompt was changed, or what stands in it")
    elif any(place.startswith("messages") for place in places):
        told.append("the checks or the type of an earlier answer were changed, or what a tool's result looks like")
    if any(place.startswith("tools") for place in places):
        told.append("the agent's tools or its number of turns were changed")
    return "; ".join(told)


def unrecorded(
    history: History, left: Sequence[str], call: Call | None, step: str, known: Collection[str]
) -> Divergence:
    """The code comes to a step that the log does not have, although it has others that were not come to (`left`), or has an
    end. `known` are the static ids of the steps that the code has."""
    message = f"the code reaches step {step}, which the log does not have"
    code = f"the code does: step {step}" + (f", {call.what}" if call is not None and call.what else "")
    if not left:
        ended = f"the log says: run.{history.status}"
        return Divergence(message, step=step, details=(ended, code), likely=f"step {step} was added")
    first = left[0]
    asked = _asked(call) if call is not None else {}
    same = next((other for other in left if asked and _same(asked, history.record(other))), None)
    said = history.record(same or first)
    log = f"the log says: step {same or first}{_named(said)}"
    if same is not None:
        likely = f"step {_base(same)} was renamed to {_base(step)}: the same operation with the same arguments"
    elif _static(first) not in known and _known_kind(said):
        likely = f"step {_base(first)} was removed, or {_base(step)} stands in its place"
    else:
        likely = (
            f"step {_base(step)} was added or moved before {_base(first)}, or a condition leads to another branch now"
        )
    return Divergence(message, step=step, details=(log, code), likely=likely)


def missing(history: History, step: str, known: Collection[str]) -> Divergence:
    """The code has come to its end without a step that the log has."""
    said = history.record(step)
    gone = _static(step) not in known and _known_kind(said)
    likely = (
        f"step {_base(step)} was removed"
        if gone
        else f"a condition leads past step {_base(step)} now, or it was removed"
    )
    details = (f"the log says: step {step}{_named(said)}", "the code does: nothing of it")
    return Divergence(
        f"the log has step {step}, which the code does not reach", step=step, details=details, likely=likely
    )


def ended_otherwise(log: str, code: str) -> Divergence:
    """All steps are the same, the end is not; both sides are like `run.completed {…}`."""
    (one, said), (other, done) = (text.partition(" ")[::2] for text in (log, code))
    message = "the run ends in another way than the log says"
    if one == other and (places := _places(said, done)):
        lines = tuple(line for place in places[:_MOST] for line in _sides(*place))
        return Divergence(message, details=lines, likely="what the workflow returns, or fails with, was changed")
    sides = (f"the log says: {counted(log)}", f"the code does: {counted(code)}")
    return Divergence(message, details=sides, likely="a `return` or `fail`, or the condition before it, was changed")


def more_of(step: str, kind: str, payload: str) -> Divergence:
    """The code has an event of a finished run's step that the log does not have."""
    details = (f"the log says: nothing of {kind}", f"the code does: {counted(payload)}")
    message = f"step {step} has an event that the log does not have"
    return Divergence(
        message, step=step, details=details, likely=_LIKELY.get(kind, "what the step does after its call was changed")
    )


def _asked(call: Call) -> dict[str, Any]:
    """What a call asks for, in the words of a step record."""
    if call.intent is not None:
        kind, step, payload, _ = call.intent
        record = step_record(step, [(kind, payload)])
        return {
            name: record.aspects[name]
            for name in ("operation", "arguments", "model", "request", "payload")
            if name in record.aspects
        }
    if len(call.arguments) == 3 and isinstance(call.arguments[1], dict):
        return {"operation": call.what, "arguments": call.arguments[1]}
    return {}


def _same(asked: Mapping[str, Any], record: StepRecord) -> bool:
    return all(canonical(record.aspects.get(name)) == canonical(value) for name, value in asked.items())


def _named(record: StepRecord) -> str:
    for name in ("operation", "model", "event"):
        if name in record.aspects:
            return f", {record.aspects[name]}"
    return ""


def _known_kind(record: StepRecord) -> bool:
    """Whether the code's list of steps would have a step of this kind: only what may touch something is in it."""
    return "operation" in record.aspects or "model" in record.aspects


def _base(step: str) -> str:
    return step.partition("#")[0]


def _static(step: str) -> str:
    """The static id of a path: without indices and attempts."""
    return ".".join(part.partition("[")[0] for part in _base(step).split("."))
