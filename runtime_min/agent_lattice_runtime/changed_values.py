"""Other values in a log that is taken over: of parameters, and of what earlier steps gave."""

from __future__ import annotations

from .canonical import canonical, parse, recorded
from .errors import Failure
from .execute import redactor_of
from .models import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .journal import EventRow
    from .models import Check, Workflow


def changed(
    workflow: Workflow, run_id: str, given: Any, kept: list[EventRow], changes: Mapping[str, str], step: str
) -> tuple[Any, list[EventRow]]:
    """The input and the events with the changes, which are texts: JSON, or a plain text where that is what fits. Raises
    Failure not_found for what is no parameter and no earlier step with a result, validation for a value of another type."""
    redactor = redactor_of(workflow)
    parameters = _parameters(workflow, given)
    given, events = dict(given), list(kept)
    for name, text in changes.items():
        text = redactor.text(text)
        if name in parameters:
            given[name] = _fitting(text, lambda value, name=name: _check_input(workflow, {**given, name: value}))
        else:
            places = [place for place, event in enumerate(events) if _holds_result(event, name)]
            if not places:
                raise _unknown(run_id, name, parameters, events, step)
            _put(workflow, events, places[-1], text)
    return given, events


def _parameters(workflow: Workflow, given: Any) -> set[str]:
    """The names of a workflow's parameters: also those that this input leaves out."""
    schema = workflow.manifest.get("input")
    known = schema.get("properties") if isinstance(schema, dict) else None
    return {*given, *(known if isinstance(known, dict) else ())}


def _check_input(workflow: Workflow, value: Any) -> None:
    decode(workflow.input, value, "the input")


def _fitting(text: str, check: Any) -> Any:
    """The value of a text: as JSON, or the text itself where the JSON is none or of another type. Raises Failure validation."""
    try:
        value: Any = parse(text, "the value")
    except Failure:
        value = text
    try:
        check(value)
    except Failure:
        if value == text and isinstance(value, str):
            raise
        try:
            check(text)
        except Failure:
            check(value)
        return text
    return recorded(canonical(value))


def _holds_result(event: EventRow, step: str) -> bool:
    return event[3] == step and event[2] in ("step.completed", "effect.committed")


def _put(workflow: Workflow, events: list[EventRow], place: int, text: str) -> None:
    """Give a step another result; of a model's step the answer is another, too."""
    event = events[place]
    payload = recorded(event[4])
    op = payload.get("op") or _operation(events, event[3])
    check = _check_of(workflow, str(op)) if op else None
    asked = None if op else _answer(events, event[3])
    if asked is not None:
        said = recorded(events[asked][4])
        plain = isinstance(payload["result"], str) and said["text"] == payload["result"]
        value = text if plain else _json(text)
        said["text"] = text if plain else canonical(value)
        events[asked] = _with(events[asked], said)
    else:
        value = _fitting(
            text, lambda value: None if check is None else decode(check, value, f"the result of {event[3]}")
        )
    events[place] = _with(event, payload | {"result": value})


def _json(text: str) -> Any:
    try:
        return parse(text, "the value")
    except Failure:
        return text


def _with(event: EventRow, payload: Mapping[str, object]) -> EventRow:
    seq, ts, kind, step, _, redaction, digest = event
    return (seq, ts, kind, step, canonical(payload), redaction, digest)


def _operation(events: Iterable[EventRow], step: str) -> str | None:
    """The operation of a write, which its intent names."""
    intents = (recorded(event[4]).get("op") for event in events if event[2] == "effect.intended" and event[3] == step)
    return next(intents, None)


def _check_of(workflow: Workflow, op: str) -> Check | None:
    """The validator of what an operation gives: the constant of the generated code that has its name."""
    for value in workflow.function.__globals__.values():
        if getattr(value, "name", None) == op and hasattr(value, "effect"):
            check: Check = value.output
            return check
    return None


def _answer(events: list[EventRow], step: str) -> int | None:
    """The place of the last answer of a model in a step: of the ask itself, or of the last turn of an agent."""
    found = None
    for place, event in enumerate(events):
        if event[2] == "llm.completed" and event[3].startswith((f"{step}#", f"{step}.turn[")):
            found = place
    return found


def _unknown(run_id: str, name: str, parameters: set[str], events: Iterable[EventRow], step: str) -> Failure:
    from difflib import get_close_matches

    known = [*sorted(parameters), *dict.fromkeys(event[3] for event in events if _holds_result(event, event[3]))]
    if any(event[3] == name for event in events):
        return Failure("validation", f"the step {name} of run {run_id} has no result that could be another one")
    near = get_close_matches(name, known, 3, 0.5)
    details = [f"did you mean {' or '.join(near)}?"] if near else [f"there are {', '.join(known[:20]) or 'none'}"]
    before = f"before {step} " if step else ""
    message = f"{name} is no parameter of {run_id}, and no step that has a result {before}there"
    return Failure("not_found", message, details=details)
