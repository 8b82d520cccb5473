"""OpenAI Responses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from clients.harness.requests import entries, joined
from clients.harness.scripts import Answer, Call

PATH = "/responses"
_USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 120,
}
_PARTS = {
    "function_call": ("function_call_arguments", "arguments"),
    "custom_tool_call": ("custom_tool_call_input", "input"),
}


def tools(body: Mapping[str, Any]) -> Iterator[str]:
    """The names of the tools that are offered, also within the conversation."""
    lists = [body.get("tools"), *(item.get("tools") for item in entries(body.get("input")))]
    for tool in (tool for offered in lists for tool in entries(offered)):
        if tool.get("type") == "namespace":
            yield from (f"{tool['name']}/{inner['name']}" for inner in entries(tool.get("tools")))
        else:
            yield tool.get("name") or tool.get("type") or ""


def results(body: Mapping[str, Any]) -> dict[str, str]:
    """What calls brought, by their ids."""
    return {item["call_id"]: joined(item["output"]) for item in entries(body.get("input")) if "output" in item}


def whole(answer: Answer, model: str) -> dict[str, Any]:
    """An answer at once."""
    return _response(model) | {"status": "completed", "output": _items(answer), "usage": _USAGE}


def events(answer: Answer, model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """An answer bit by bit: names of events and their data."""
    steps = [("response.created", {"response": _response(model)})]
    for index, item in enumerate(_items(answer)):
        place = {"item_id": item["id"], "output_index": index}
        steps += _said(item, place) if item["type"] == "message" else _called(item, place)
        steps.append(("response.output_item.done", {"output_index": index, "item": item}))
    steps.append(("response.completed", {"response": whole(answer, model)}))
    for number, (name, data) in enumerate(steps):
        yield name, {"type": name, "sequence_number": number, **data}


def _said(item: dict[str, Any], place: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    part, place_in = item["content"][0], place | {"content_index": 0}
    begun = item | {"status": "in_progress", "content": []}
    return [
        ("response.output_item.added", {"output_index": place["output_index"], "item": begun}),
        ("response.content_part.added", place_in | {"part": part | {"text": ""}}),
        ("response.output_text.delta", place_in | {"delta": part["text"]}),
        ("response.output_text.done", place_in | {"text": part["text"]}),
        ("response.content_part.done", place_in | {"part": part}),
    ]


def _called(item: dict[str, Any], place: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    event, field = _PARTS[item["type"]]
    begun = item | {"status": "in_progress", field: ""}
    return [
        ("response.output_item.added", {"output_index": place["output_index"], "item": begun}),
        (f"response.{event}.delta", place | {"delta": item[field]}),
        (f"response.{event}.done", place | {field: item[field]}),
    ]


def _response(model: str) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 0,
        "status": "in_progress",
        "model": model,
        "output": [],
        "error": None,
    }


def _items(answer: Answer) -> list[dict[str, Any]]:
    text = {"type": "output_text", "text": answer.says, "annotations": []}
    message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [text]}
    return [*([message] if answer.says else []), *(_call(id, call) for id, call in answer.calls.items())]


def _call(id: str, call: Call) -> dict[str, Any]:
    item = {"id": f"item_{id}", "call_id": id, "name": call.tool, "status": "completed"}
    if call.source is not None:
        return item | {"type": "custom_tool_call", "input": call.source}
    space = {"namespace": call.space} if call.space else {}
    return item | space | {"type": "function_call", "arguments": json.dumps(call.arguments)}
