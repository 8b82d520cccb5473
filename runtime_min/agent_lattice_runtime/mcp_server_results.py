"""The forms in which results of calls are told, and the schemas that describe them."""

from __future__ import annotations

from .canonical import canonical, recorded
from .checks import MAX_SAFE
from .errors import failure_payload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .errors import Failure
    from .mcp_server_methods import Result

RUN_ID: Result = {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,100}$"}
COUNT: Result = {"type": "integer", "minimum": 0}
LIMIT: Result = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
_ERROR: Result = {
    "type": "object",
    "properties": {
        "error": {"type": "string"},
        "message": {"type": "string"},
        "retryable": {"type": "boolean"},
        "details": {"type": "array", "items": {"type": "string"}},
        "step": {"type": "string"},
    },
    "required": ["error", "message", "retryable"],
}
_STATUS: Result = {"enum": ["queued", "running", "waiting", "completed", "failed", "cancelled"]}
EVENTS: Result = {
    "type": "object",
    "properties": {
        "run_id": RUN_ID,
        "status": _STATUS,
        "events": {"type": "array", "items": {"type": "object"}},
        "next": COUNT
        | {"description": "What `after` is to be for the events that follow; absent when there are none yet."},
        "error": _ERROR,
    },
}


def state_schema(output: Mapping[str, Any]) -> Result:
    """The schema of the state of a run whose result is described by `output`."""
    result = {key: value for key, value in output.items() if key != "$defs"}
    last = {"seq": COUNT, "type": {"type": "string"}, "step": {"type": "string"}}
    properties = {
        "run_id": RUN_ID,
        "status": _STATUS,
        "driven": {"type": "boolean", "description": "Whether this server goes on with the run just now."},
        "last": {"type": "object", "description": "The latest event.", "properties": last},
        "waiting_for": {"type": "string", "description": "What a run waits for, in words."},
        "waits": {"type": "array", "description": "The same as data.", "items": {"type": "object"}},
        "result": result,
        "error": _ERROR,
    }
    return {"type": "object", "properties": properties} | ({"$defs": output["$defs"]} if "$defs" in output else {})


def described(failure: Failure) -> Result:
    """A failure as data."""
    return failure_payload(failure) | ({"step": failure.step} if failure.step else {})


def succeeded(value: Mapping[str, Any], text: str | None = None) -> Result:
    """The result of a call as text and as data. An int or float that JSON has no number for stays out of the data, whose
    schema would not allow it, together with the `result` that holds it; the text has it in the wire form."""
    text = canonical(value) if text is None else text
    data = value if is_plain(value.get("result")) else {key: item for key, item in value.items() if key != "result"}
    return {"content": [{"type": "text", "text": text}], "structuredContent": recorded(canonical(data))}


def failed(state: Mapping[str, Any]) -> Result:
    """The result of a call that failed: in words with class and run, and as data."""
    error = state["error"]
    where = f"step {error['step']}: " if "step" in error else ""
    run = f"run {state['run_id']}: " if "run_id" in state else ""
    details = "".join(f"\n  {line}" for line in error.get("details", ()) if line not in error["message"])
    text = f"{run}{where}{error['error']}: {error['message']}{details}"
    return {"content": [{"type": "text", "text": text}], "structuredContent": dict(state), "isError": True}


def is_plain(value: object) -> bool:
    """Whether every number in a value is one in JSON, too."""
    if isinstance(value, dict):
        return all(map(is_plain, value.values()))
    if isinstance(value, list):
        return all(map(is_plain, value))
    if isinstance(value, int):
        return abs(value) <= MAX_SAFE
    return not isinstance(value, float) or value - value == 0
