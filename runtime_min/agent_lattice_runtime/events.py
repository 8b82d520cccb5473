"""The catalogue of event types: what each one means and which fields its payload has.

It is closed: a type that is not here does not occur, apart from `custom.<name>`, which `emit` makes. A change of the
catalogue is a new VERSION (`format` in run.started).
"""

from __future__ import annotations

from .errors import CATALOGUE
from .run import FORMAT as VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": "integer", "minimum": 1}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_CLASS: Schema = {"enum": list(CATALOGUE)}
_ANY: Schema = {}
_ARGS: Schema = {
    "description": "the arguments by name, or {sha256} of their canonical JSON when that has over 1024 characters",
    "type": "object",
}
_ERROR = {
    "error": _CLASS,
    "message": _TEXT,
    "retryable": {"type": "boolean"},
    "details?": _TEXTS,
}
_HOOK = {"args": _ARGS, "client": _TEXT, "tool": {"description": "what the client calls it", "type": "string"}}
_TRIES = {"tries?": {"type": "array", "items": {"type": "object"}}}
_CALL = {"attempt": _NUMBER, "gen_ai.provider.name": _TEXT, "gen_ai.request.model": _TEXT}


def _object(fields: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": {name.rstrip("?"): schema for name, schema in fields.items()},
        "required": [name for name in fields if not name.endswith("?")],
        "additionalProperties": False,
    }


# type -> (meaning, payload fields; a name that ends in "?" may be absent)
EVENTS: Mapping[str, tuple[str, Mapping[str, Schema]]] = {
    "run.started": (
        "the first event of every run",
        {
            "compiler": _TEXT,
            "format": {"type": "integer", "minimum": 1, "maximum": VERSION},
            "input": {"type": "object"},
            "plan": _TEXT,
            "workflow": _TEXT,
        },
    ),
    "run.resumed": ("a process goes on with a run that another one left; `plan` is its plan", {"plan": _TEXT}),
    "run.completed": ("the last event of a run that ended well", {"result": _ANY}),
    "run.failed": ("the last event of a run that failed; `step` where", {**_ERROR, "step?": _TEXT}),
    "run.cancelled": ("the last event of a run that somebody cancelled; `message` says why", {"message": _TEXT}),
    "step.completed": (
        "a pure or reading step has its result, or an ask or an agent its valid answer",
        {"args?": _ARGS, "ms?": _COUNT, "op?": _TEXT, "result": _ANY},
    ),
    "step.failed": (
        "a pure or reading step, an ask or an agent has failed",
        {**_ERROR, **_TRIES, "args?": _ARGS, "ms?": _COUNT, "op?": _TEXT},
    ),
    "effect.intended": (
        "a write is about to be made; durable before the call",
        {"args": _ARGS, "key?": _TEXT, "op": _TEXT},
    ),
    "effect.committed": ("the write has been made", {"ms": _COUNT, "result": _ANY}),
    "effect.failed": ("the write has failed", {**_ERROR, **_TRIES, "ms": _COUNT}),
    "effect.in_doubt": (
        "the run was interrupted between intent and outcome of a write that may not be repeated",
        {"message": _TEXT, "op": _TEXT},
    ),
    "llm.requested": (
        "a model is about to be asked; durable before the call",
        {**_CALL, "args": _ARGS, "model": _TEXT},
    ),
    "llm.completed": (
        "the model has answered; `cost_usd` is null where no prices are declared",
        {
            **_CALL,
            "cost_usd": {"type": ["number", "null"], "minimum": 0},
            "gen_ai.response.finish_reasons": {
                "type": "array",
                "items": {"enum": ["stop", "length", "content_filter", "other"]},
                "minItems": 1,
            },
            "gen_ai.response.id": _TEXT,
            "gen_ai.response.model": _TEXT,
            "gen_ai.usage.cached_tokens": _COUNT,
            "gen_ai.usage.input_tokens": _COUNT,
            "gen_ai.usage.output_tokens": _COUNT,
            "kept?": {
                "description": "what the provider is shown again beside the results of the calls",
                "type": "array",
            },
            "ms": _COUNT,
            "text": _TEXT,
            "tool_calls?": {
                "description": "the tools that the model of an agent wants called, in their order, as it wrote them",
                "type": "array",
                "items": _object({"arguments": _TEXT, "id": _TEXT, "name": _TEXT}),
                "minItems": 1,
            },
        },
    ),
    "llm.failed": (
        "a try of a model call has failed; the last try of an attempt has `ms`",
        {**_CALL, **_ERROR, "ms?": _COUNT, "try": _NUMBER},
    ),
    "llm.invalid": (
        "the answer of this attempt is not valid",
        {"attempt": _NUMBER, "error": _CLASS, "errors": {**_TEXTS, "minItems": 1}},
    ),
    "llm.repaired": (
        "this attempt shows the model what was wrong with its last answer",
        {"attempt": _NUMBER, "model": _TEXT},
    ),
    "llm.escalated": (
        "this attempt asks the larger model",
        {"attempt": _NUMBER, "from": _TEXT, "model": _TEXT},
    ),
    "llm.fell_back": (
        "this attempt asks the fallback of a model that failed",
        {"attempt": _NUMBER, "error": _CLASS, "from": _TEXT, "model": _TEXT},
    ),
    "tool.rejected": (
        "a call that an agent's model asked for is not made: no such tool, or arguments that do not fit; the model is told",
        {"error": _CLASS, "errors": {**_TEXTS, "minItems": 1}, "tool": _TEXT},
    ),
    "policy.denied": (
        "the manifest does not allow what the step wanted",
        {"item": _TEXT, "kind": _TEXT, "message": _TEXT},
    ),
    "client.called": (
        "a coding agent whose model follows the workflow has called an operation or a role",
        {**_HOOK, "result": _ANY},
    ),
    "client.failed": ("such a call has failed", {**_HOOK, "result": _ANY}),
    "client.denied": ("the coding agent has refused such a call", _HOOK),
    "custom.*": ("published by `emit`; the payload is the author's", {}),
}
_AT_RUN = ("run.started", "run.resumed", "run.completed", "run.failed", "run.cancelled")


def event_schema(kind: str) -> Schema:
    """The JSON Schema (2020-12) of an event of that type in the form of `events --json`."""
    meaning, fields = EVENTS[kind]
    payload = _ANY if kind == "custom.*" else _object(fields)
    step = {"const": ""} if kind in _AT_RUN else {"type": "string", "minLength": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind,
        "description": meaning,
        **_object(
            {
                "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "payload": payload,
                "redaction": {
                    "type": ["object", "null"],
                    "properties": {"secrets": _TEXTS},
                    "required": ["secrets"],
                    "additionalProperties": False,
                },
                "run_id": _TEXT,
                "seq": _NUMBER,
                "step": step,
                "ts": {"description": "microseconds since 1970", "type": "integer"},
                "type": {"pattern": r"^custom\.."} if kind == "custom.*" else {"const": kind},
            }
        ),
    }
