"""Anthropic Messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from clients.harness.requests import entries, joined
from clients.harness.scripts import Answer

PATH = "/messages"
_USAGE = {"input_tokens": 100, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 20}


def tools(body: Mapping[str, Any]) -> Iterator[str]:
    """The names of the tools that are offered."""
    return (tool["name"] for tool in entries(body.get("tools")) if "name" in tool)


def results(body: Mapping[str, Any]) -> dict[str, str]:
    """What calls brought, by their ids."""
    blocks = (block for message in entries(body.get("messages")) for block in entries(message.get("content")))
    return {
        block["tool_use_id"]: joined(block.get("content")) for block in blocks if block.get("type") == "tool_result"
    }


def whole(answer: Answer, model: str) -> dict[str, Any]:
    """An answer at once."""
    return _message(model) | {"content": _blocks(answer), "stop_reason": _end(answer)}


def events(answer: Answer, model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """An answer bit by bit: names of events and their data."""
    started = _message(model) | {"content": [], "stop_reason": None}
    yield "message_start", {"type": "message_start", "message": started}
    for index, block in enumerate(_blocks(answer)):
        if block["type"] == "text":
            empty, delta = block | {"text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            empty, delta = (
                block | {"input": {}},
                {"type": "input_json_delta", "partial_json": json.dumps(block["input"])},
            )
        yield "content_block_start", {"type": "content_block_start", "index": index, "content_block": empty}
        yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
    end = {"stop_reason": _end(answer), "stop_sequence": None}
    yield "message_delta", {"type": "message_delta", "delta": end, "usage": {"output_tokens": 20}}
    yield "message_stop", {"type": "message_stop"}


def _message(model: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "stop_sequence": None,
        "usage": _USAGE,
    }


def _blocks(answer: Answer) -> list[dict[str, Any]]:
    said = [{"type": "text", "text": answer.says}] if answer.says else []
    calls = answer.calls.items()
    return [*said, *({"type": "tool_use", "id": id, "name": call.tool, "input": call.arguments} for id, call in calls)]


def _end(answer: Answer) -> str:
    return "tool_use" if answer.calls else "end_turn"
