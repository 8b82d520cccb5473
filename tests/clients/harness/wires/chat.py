"""OpenAI Chat Completions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from clients.harness.requests import entries, joined
from clients.harness.scripts import Answer

PATH = "/chat/completions"
_USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def tools(body: Mapping[str, Any]) -> Iterator[str]:
    """The names of the tools that are offered."""
    return (tool["function"]["name"] for tool in entries(body.get("tools")) if "function" in tool)


def results(body: Mapping[str, Any]) -> dict[str, str]:
    """What calls brought, by their ids."""
    told = (message for message in entries(body.get("messages")) if message.get("role") == "tool")
    return {message["tool_call_id"]: joined(message.get("content")) for message in told}


def whole(answer: Answer, model: str) -> dict[str, Any]:
    """An answer at once."""
    message = {"role": "assistant", "content": answer.says or None, "refusal": None}
    message |= {"tool_calls": _calls(answer)} if answer.calls else {}
    choice = {"index": 0, "message": message, "finish_reason": _end(answer), "logprobs": None}
    return _completion(model) | {"object": "chat.completion", "choices": [choice], "usage": _USAGE}


def events(answer: Answer, model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """An answer bit by bit; its events have no names."""
    yield "", _chunk(model, {"role": "assistant", "content": answer.says})
    for index, call in enumerate(_calls(answer)):
        yield "", _chunk(model, {"tool_calls": [{"index": index, **call}]})
    yield "", _chunk(model, {}, _end(answer))
    yield "", _completion(model) | {"object": "chat.completion.chunk", "choices": [], "usage": _USAGE}


def _chunk(model: str, delta: dict[str, Any], end: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": end}
    return _completion(model) | {"object": "chat.completion.chunk", "choices": [choice]}


def _completion(model: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "created": 0, "model": model}


def _calls(answer: Answer) -> list[dict[str, Any]]:
    return [
        {"id": id, "type": "function", "function": {"name": call.tool, "arguments": json.dumps(call.arguments)}}
        for id, call in answer.calls.items()
    ]


def _end(answer: Answer) -> str:
    return "tool_calls" if answer.calls else "stop"
