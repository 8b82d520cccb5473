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
_TIME: Schema = {"description": "microseconds since 1970", "type": "integer"}
_DELIVERY: dict[str, Schema] = {"by?": _TEXT, "delivery": {"type": "string", "minLength": 1}}
_DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_BUDGET: dict[str, Schema] = {
    "limit": {"type": "number"},
    "used": {"type": "number"},
    "what": {"enum": ["usd", "tokens", "calls", "time"]},
}
_CALL = {"attempt": _NUMBER, "gen_ai.provider.name": _TEXT, "gen_ai.request.model": _TEXT}


def _object(fields: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": {name.rstrip("?"): schema for name, schema in fields.items()},
        "required": [name for name in fields if not name.endswith("?")],
        "additionalProperties": False,
    }


_HEAD = {
    "compiler": _TEXT,
    "format": {"type": "integer", "minimum": 1, "maximum": VERSION},
    "input": {"type": "object"},
    "plan": _TEXT,
    "workflow": _TEXT,
    "forked_from?": _object({"at": _COUNT, "changed?": _TEXTS, "run": _TEXT, "seq": _NUMBER, "step": _TEXT}),
}
_WAIT = _object(
    {
        "kind": {"enum": ["timer", "retry", "signal", "approval", "doubt", "parked"]},
        "step": _TEXT,
        "until": {"type": ["integer", "null"]},
        "name?": _TEXT,
        "op?": _TEXT,
        "role?": _TEXT,
    }
)
_COMPENSATIONS = _object(
    {
        "done": _TEXTS,
        "failed": {"type": "array", "items": _object({"error": _CLASS, "message": _TEXT, "step": _TEXT})},
    }
)
_LINK = _object({"error": _CLASS, "message": _TEXT, "step": _TEXT})
_CAUSE = _object({"attempt": _NUMBER, "chain": {"type": "array", "items": _LINK}, "error": _CLASS, "step": _TEXT})

# type -> (meaning, payload fields; a name that ends in "?" may be absent)
EVENTS: Mapping[str, tuple[str, Mapping[str, Schema]]] = {
    "run.queued": ("the first event of a run that waits for a worker", _HEAD),
    "run.started": (
        "the first event of a run, or a queued one begins; then only its plan is told; `forked_from` is where a fork parts from "
        "another run, and since when it goes on by itself",
        {name if name == "plan" else f"{name.rstrip('?')}?": schema for name, schema in _HEAD.items()},
    ),
    "run.waiting": (
        "nothing of the run goes on, and no process is kept for it; `on` says for what it waits, until when",
        {"on": {"type": "array", "items": _WAIT}},
    ),
    "run.resumed": (
        "a process goes on with a run that waited, or that another one left; `plan` is its plan",
        {"plan": _TEXT},
    ),
    "run.cancelling": (
        "somebody has cancelled the run: it starts nothing more, and takes back what it did",
        {"message": _TEXT, **_DELIVERY},
    ),
    "run.completed": ("the last event of a run that ended well", {"result": _ANY}),
    "run.failed": (
        "the last event of a run that failed; `step` where, `cause` why, the latest failure before it first",
        {**_ERROR, "cause?": _CAUSE, "compensations?": _COMPENSATIONS, "step?": _TEXT},
    ),
    "run.cancelled": (
        "the last event of a run that somebody cancelled; `message` says why",
        {"compensations?": _COMPENSATIONS, "message": _TEXT},
    ),
    "step.completed": (
        "a pure or reading step has its result, an ask or an agent its valid answer, a step that waits its signal",
        {"args?": _ARGS, "delivery?": _TEXT, "ms?": _COUNT, "op?": _TEXT, "result": _ANY},
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
        "nobody knows whether the write happened: the run was interrupted between intent and outcome, or `cause`; `policy` "
        "is what follows",
        {
            "cause?": _object(_ERROR),
            "message": _TEXT,
            "op": _TEXT,
            "policy": {"enum": ["retry", "verify", "ask", "assume", "fail"]},
        },
    ),
    "effect.verified": (
        "a reading operation was asked whether the write happened",
        {"done": {"type": "boolean"}, "op": _TEXT, "result?": _ANY},
    ),
    "effect.resolved": (
        "somebody says what became of a write in doubt",
        {"as": {"enum": ["done", "redo", "fail"]}, "by": _TEXT, "delivery": _DELIVERY["delivery"], "result?": _ANY},
    ),
    "step.retried": (
        "the step has failed and is tried again, not before `until`",
        {**_ERROR, "attempt": _NUMBER, "until": _TIME},
    ),
    "step.withdrawn": ("nobody needs an answer to what the step asks people any more", {}),
    "timer.set": (
        "the step waits until then at most",
        {"kind": {"enum": ["wait", "signal", "timeout", "doubt", "budget"]}, "until": _TIME},
    ),
    "timer.fired": ("the time is over", {}),
    "signal.received": ("somebody has sent the run a value", {"name": _TEXT, "payload": _ANY, **_DELIVERY}),
    "approval.requested": (
        "people are asked; `shown` is the sha256 of the canonical JSON of the question and the values",
        {"question": _TEXT, "role": _TEXT, "shown": _DIGEST, "until": _TIME, "values": {"type": "object"}},
    ),
    "approval.decided": (
        "somebody has decided what was shown, and changed these values",
        {
            "approved": {"type": "boolean"},
            "by": _TEXT,
            "delivery": _DELIVERY["delivery"],
            "reason?": _TEXT,
            "shown": _DIGEST,
            "values?": {"type": "object"},
        },
    ),
    "branch.taken": (
        "the first branches have ended well, the others are stopped; `winners` are their numbers from 0",
        {"winners": {"type": "array", "items": _COUNT, "minItems": 1}},
    ),
    "compensation.started": ("what the step `of` did is about to be taken back", {"of": _TEXT, "op": _TEXT}),
    "compensation.completed": ("it is taken back", {}),
    "compensation.failed": ("it could not be taken back", _ERROR),
    "budget.warned": ("most of a budget is used", _BUDGET),
    "budget.exceeded": (
        "a budget does not allow what the step was about to do, which may need so much more",
        {**_BUDGET, "failure": _object(_ERROR)},
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
_AT_RUN = ("signal.received", *(kind for kind in EVENTS if kind[:4] == "run."))


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
