"""Anthropic's Messages API: https://platform.claude.com/docs/en/api/messages."""

from __future__ import annotations

from ..errors import Failure
from ..models import Reply, ToolCall
from .services import Call, answer_of, count_in, key_of, text_in
from .strict_schema import Inexpressible, as_object, strict, unwrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..models import Deps, Message, Request

BASE_URL = "https://api.anthropic.com"
VERSION = "2023-06-01"
ANSWER_TOOL = "answer"

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


def complete(request: Request, deps: Deps) -> Reply:
    """One answer of a Claude model; `base_url` ends before `/v1`. Raises Failure, retries as the model declares."""
    key = key_of(request, deps, "Anthropic")
    headers = {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})
    base_url = deps.text(BASE_URL if request.model.base_url is None else request.model.base_url)
    call = Call(base_url, "/v1/messages", headers, body_of(request))
    return answer_of(call, request, deps, lambda answer: reply_of(answer, request))


def body_of(request: Request) -> dict[str, object]:
    """The request body. A schema goes into `output_config`; one that constrained decoding cannot hold (open maps,
    recursion) becomes the input of a tool instead, beside those that an agent offers."""
    model = request.model
    body: dict[str, object] = {
        "model": model.model,
        "max_tokens": model.max_tokens,
        "messages": _messages(request.messages),
    }
    if request.system:
        body["system"] = request.system
    if model.temperature is not None:
        body["temperature"] = model.temperature
    tools = [
        {"name": offer.name, "description": offer.description, "input_schema": offer.schema}
        for offer in request.offers or ()
    ]
    if tools:  # they stay when they may not be called any more: the calls in the conversation refer to them
        body |= {"tools": tools, "tool_choice": {"type": "auto" if request.may_call else "none"}}
    if request.schema is not None:
        output = _output(request, request.schema)
        body |= output | {"tools": [*tools, *output["tools"]]} if "tools" in output else output
    return body


def _messages(messages: Sequence[Message]) -> list[dict[str, object]]:
    """Texts as they are, calls as `tool_use` blocks; the results of one reply's calls stand in one user message."""
    made: list[dict[str, Any]] = []
    results: list[dict[str, object]] = []
    for message in messages:
        if message["role"] == "tool":
            if not results:
                made.append({"role": "user", "content": results})
            result = {"type": "tool_result", "tool_use_id": message["id"], "content": message["content"]}
            results.append(result | ({"is_error": True} if message.get("error") else {}))
            continue
        results = []
        content = _said(message) if message.get("calls") else message["content"]
        made.append({"role": message["role"], "content": content})
    return made


def _said(message: Message) -> list[object]:
    """The blocks of a reply with calls: what the service wants back as it was, the text, the calls."""
    from json import loads

    text = [{"type": "text", "text": message["content"]}] if message["content"].strip() else []
    calls = [
        {"type": "tool_use", "id": call["id"], "name": call["name"], "input": loads(call["arguments"])}
        for call in message["calls"]
    ]
    return [*message.get("kept", ()), *text, *calls]


def _output(request: Request, declared: dict[str, object]) -> dict[str, Any]:
    schema, _ = as_object(declared)
    try:
        return {"output_config": {"format": {"type": "json_schema", "schema": strict(schema, recursion=False)}}}
    except Inexpressible:
        tool = {"name": ANSWER_TOOL, "description": f"Give the answer: {request.schema_name}.", "input_schema": schema}
        # Forcing the call by tool_choice is refused while a model thinks, which some always do: so it is asked for.
        instruction = f"Answer by calling the tool {ANSWER_TOOL} exactly once."
        system = f"{request.system}\n\n{instruction}" if request.system else instruction
        return {"tools": [tool], "tool_choice": {"type": "auto"}, "system": system}


def reply_of(answer: dict[str, object], request: Request) -> Reply:
    """The reply in the body of a 200; raises Failure malformed_output when it is not a message."""
    blocks = answer.get("content")
    if answer.get("type") != "message" or not isinstance(blocks, list):
        raise Failure("malformed_output", "the answer of Anthropic is not a message")
    usage = answer.get("usage")
    cached = count_in(usage, "cache_read_input_tokens")
    # Anthropic counts what went into and came out of its cache apart from `input_tokens`.
    fresh = count_in(usage, "input_tokens") + count_in(usage, "cache_creation_input_tokens")
    found = [block for block in blocks if isinstance(block, dict)]
    calls = _calls(found) if request.offers is not None else []
    return Reply(
        text=_text(found, request),
        input_tokens=fresh + cached,
        output_tokens=count_in(usage, "output_tokens"),
        cached_tokens=cached,
        finish_reason=_FINISH.get(text_in(answer, "stop_reason"), "other"),
        model=text_in(answer, "model"),
        response_id=text_in(answer, "id"),
        calls=calls,
        # Thoughts carry a signature, and the results of calls are refused without the thoughts that led to them.
        kept=[block for block in found if str(block.get("type")).endswith("thinking")] if calls else (),
    )


def _calls(found: list[dict[str, object]]) -> list[ToolCall]:
    """The tools that are to be called. An answer given at the same time is no answer: it knows no results yet."""
    from json import dumps

    return [
        ToolCall(text_in(block, "id"), text_in(block, "name"), dumps(block.get("input"), ensure_ascii=False))
        for block in found
        if block.get("type") == "tool_use" and block.get("name") != ANSWER_TOOL
    ]


def _text(found: list[dict[str, object]], request: Request) -> str:
    from json import dumps

    calls = [block for block in found if block.get("type") == "tool_use" and block.get("name") == ANSWER_TOOL]
    if calls:
        text = dumps(calls[0].get("input"), ensure_ascii=False)
    else:
        text = "".join(text_in(block, "text") for block in found if block.get("type") == "text")
    if request.schema is not None and as_object(request.schema)[1]:
        return unwrapped(text)
    return text
