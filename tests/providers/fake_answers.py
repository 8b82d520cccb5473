"""What the real services answer, errors and headers included, and what they refuse, as their documentation has it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

ANTHROPIC_FIELDS = {
    *("model", "max_tokens", "messages", "system", "temperature", "top_p", "top_k", "stop_sequences", "stream"),
    *("metadata", "service_tier", "thinking", "tools", "tool_choice", "output_config"),
}
OPENAI_FIELDS = {
    *(
        "model",
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "n",
        "stop",
        "stream",
        "seed",
    ),
    *("response_format", "tools", "tool_choice", "user", "reasoning_effort", "frequency_penalty", "presence_penalty"),
}
ANTHROPIC_KEYWORDS = {
    *("type", "enum", "const", "anyOf", "allOf", "$ref", "$defs", "properties", "required", "additionalProperties"),
    *("items", "description", "title", "format", "minItems", "default"),
}
OPENAI_KEYWORDS = {
    *("type", "enum", "const", "anyOf", "$ref", "$defs", "properties", "required", "additionalProperties", "items"),
    *("description", "title", "pattern", "format", "minItems", "maxItems", "multipleOf"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
}


@dataclass
class Answer:
    """What is sent back. `fault`: None, "slow" (a byte per `pace` seconds), "slow head", "cut" (after half the body),
    "reset", "silent", "garbage" (the body is all that is sent)."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: str | None = None
    pace: float = 1.0


def as_json(value: object, status: int = 200, **headers: str) -> Answer:
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), {"content-type": "application/json", **names})


# Anthropic: https://platform.claude.com/docs/en/api/errors and /messages


def anthropic_message(
    text: str, *, stop_reason: str = "end_turn", usage: Json | None = None, content: list[Json] | None = None
) -> Answer:
    message = {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5-20251001",
        "content": [{"type": "text", "text": text}] if content is None else content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage
        or {
            "input_tokens": 20,
            "cache_creation_input_tokens": 5,
            "cache_read_input_tokens": 100,
            "output_tokens": 7,
            "service_tier": "standard",
        },
    }
    return as_json(message, request_id="req_018EeWyXxfu5pfWkrYcMdjWG")


def anthropic_error(status: int, kind: str, message: str, **headers: str) -> Answer:
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"}
    return as_json(body, status, request_id="req_011CSHoEeqs5C35K2UUqR7Fy", **headers)


def answer_anthropic(path: str, headers: dict[str, str], body: Json) -> Answer:
    """The answer of the Messages API to one request."""
    if path != "/v1/messages":
        return anthropic_error(404, "not_found_error", "Not Found")
    if not headers.get("x-api-key"):
        return anthropic_error(401, "authentication_error", "x-api-key header is required")
    problem = _anthropic_problem(headers, body)
    if problem:
        return anthropic_error(400, "invalid_request_error", problem)
    answer_tool = [tool for tool in body.get("tools", ()) if tool["name"] == "answer"]
    offered = [tool for tool in body.get("tools", ()) if tool not in answer_tool]
    worked = any(isinstance(message["content"], list) for message in body["messages"])
    may_call = body.get("tool_choice", {}).get("type") != "none"
    if called := (offered if offered and not worked else answer_tool) if may_call else []:
        return anthropic_message(
            "", content=[tool_use(n, tool) for n, tool in enumerate(called)], stop_reason="tool_use"
        )
    schema = body.get("output_config", {}).get("format", {}).get("schema")
    return anthropic_message(json.dumps(instance_of(schema)) if schema else "Hello.")


def tool_use(number: int, tool: Json, **changes: Any) -> Json:
    """A block in which a model calls a tool as its schema wants it."""
    given = {
        "id": f"toolu_{number}A09q90qw90lq917835lq9",
        "name": tool["name"],
        "input": instance_of(tool["input_schema"]),
    }
    return {"type": "tool_use", **given, **changes}


def _anthropic_problem(headers: dict[str, str], body: Json) -> str:
    if headers.get("anthropic-version") != "2023-06-01":
        return "anthropic-version: header is required"
    if unknown := sorted(body.keys() - ANTHROPIC_FIELDS):
        return f"{unknown[0]}: Extra inputs are not permitted"
    if not isinstance(body.get("model"), str):
        return "model: Field required"
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        return "max_tokens: must be greater than or equal to 1"
    if not 0 <= body.get("temperature", 0) <= 1:
        return "temperature: range: 0..1"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages: at least one message is required"
    if any(m.get("role") not in ("user", "assistant") or not m.get("content") for m in messages):
        return "messages: roles must be user or assistant, content must be non-empty"
    if problem := _anthropic_calls_problem(messages, body.get("tools", ())):
        return problem
    if messages[0]["role"] != "user":
        return 'messages: first message must use the "user" role'
    if any(
        not re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", t["name"]) or "input_schema" not in t for t in body.get("tools", ())
    ):
        return "tools: invalid"
    output = body.get("output_config", {}).get("format")
    if output is None:
        return ""
    if output.get("type") != "json_schema":
        return "output_config.format.type: Input should be 'json_schema'"
    return schema_problem(output.get("schema"), ANTHROPIC_KEYWORDS, all_required=False, recursion=False)


def _anthropic_calls_problem(messages: list[Json], tools: Any) -> str:
    """The blocks of calls and results belong together: unique ids, all results at once in the next message."""
    blocks = [m["content"] if isinstance(m["content"], list) else [] for m in messages]
    uses = [[block for block in content if block["type"] == "tool_use"] for content in blocks]
    ids = [block["id"] for content in uses for block in content]
    if ids and not tools:
        return "Requests which include `tool_use` or `tool_result` blocks must define tools."
    if len(set(ids)) < len(ids) or not all(re.fullmatch(r"[a-zA-Z0-9_-]+", id) for id in ids):
        return "messages: `tool_use` ids must be unique"
    if any(not isinstance(block["input"], dict) for content in uses for block in content):
        return "tool_use.input: Input should be a valid dictionary"
    if any(not re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", block["name"]) for content in uses for block in content):
        return "tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"
    if any(block["type"] == "text" and not block["text"].strip() for content in blocks for block in content):
        return "messages: text content blocks must contain non-whitespace text"
    for place, content in enumerate(uses):
        following = blocks[place + 1] if place + 1 < len(blocks) else []
        results = [block["tool_use_id"] for block in following if block["type"] == "tool_result"]
        if results != [block["id"] for block in content]:
            return f"messages.{place}: `tool_use` ids were found without `tool_result` blocks immediately after"
    return ""


# OpenAI: https://platform.openai.com/docs/api-reference/chat and /guides/error-codes


def openai_completion(
    content: str | None,
    *,
    finish_reason: str = "stop",
    refusal: str | None = None,
    usage: Json | None = None,
    calls: Any = None,
) -> Answer:
    message = {"role": "assistant", "content": content, "refusal": refusal, "annotations": []}
    message |= {} if calls is None else {"tool_calls": calls}
    completion = {
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion",
        "created": 1741569952,
        "model": "gpt-5-2025-08-07",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}],
        "usage": usage
        or {
            "prompt_tokens": 125,
            "completion_tokens": 7,
            "total_tokens": 132,
            "prompt_tokens_details": {"cached_tokens": 100, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "service_tier": "default",
    }
    return as_json(completion, x_request_id="req_3f2e", openai_version="2020-10-01")


def openai_error(status: int, kind: str, message: str, code: str | None = None, **headers: str) -> Answer:
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return as_json(body, status, x_request_id="req_3f2e", **headers)


def answer_openai(path: str, headers: dict[str, str], body: Json) -> Answer:
    """The answer of the chat completions API to one request; a Bearer key is needed as at OpenAI itself."""
    if not headers.get("authorization", "").startswith("Bearer "):
        return openai_error(401, "invalid_request_error", "You didn't provide an API key.")
    return answer_compatible(path, body)


def answer_compatible(path: str, body: Json) -> Answer:
    """The answer of a compatible server (Ollama, vLLM): the same, but no key is needed."""
    if path != "/v1/chat/completions":
        return openai_error(404, "invalid_request_error", f"Invalid URL (POST {path})")
    problem = _openai_problem(body)
    if problem:
        return openai_error(400, "invalid_request_error", problem)
    form = body.get("response_format", {}).get("json_schema")
    if body.get("tools") and not any(message["role"] == "tool" for message in body["messages"]):
        calls = [function_call(number, tool["function"]) for number, tool in enumerate(body["tools"])]
        return openai_completion(None, calls=calls, finish_reason="tool_calls")
    schema = form["schema"] if form else _schema_in_words(body["messages"])
    return openai_completion(json.dumps(instance_of(schema)) if schema else "Hello.")


def function_call(number: int, tool: Json, **changes: Any) -> Json:
    """An entry in which a model calls a tool as its schema wants it."""
    given = {"name": tool["name"], "arguments": json.dumps(instance_of(tool["parameters"]))}
    return {"id": f"call_{number}DdmO9pD3xa9XTPNJ32zg2hcA", "type": "function", "function": {**given, **changes}}


def _schema_in_words(messages: list[Json]) -> Any:
    """The JSON Schema that the system prompt ends in, if it does."""
    last = str(messages[0]["content"]).rpartition("\n")[2] if messages[0]["role"] == "system" else ""
    return json.loads(last) if last.startswith("{") else None


def _openai_problem(body: Json) -> str:
    if unknown := sorted(body.keys() - OPENAI_FIELDS):
        return f"Unrecognized request argument supplied: {unknown[0]}"
    if not isinstance(body.get("model"), str):
        return "you must provide a model parameter"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "Missing required parameter: 'messages'."
    roles = ("system", "developer", "user", "assistant", "tool")
    if any(m.get("role") not in roles or not isinstance(m.get("content"), str) for m in messages):
        return "Invalid value in 'messages'."
    if problem := _openai_calls_problem(messages, body.get("tools")):
        return problem
    if {"max_tokens", "max_completion_tokens"} <= body.keys():
        return "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
    if "response_format" not in body:
        return ""
    form = body["response_format"].get("json_schema")
    if body["response_format"].get("type") != "json_schema" or not isinstance(form, dict):
        return "Missing required parameter: 'response_format.json_schema'."
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", form.get("name", "")):
        return "Invalid 'response_format.json_schema.name'."
    if not form.get("strict"):
        return ""
    return schema_problem(form.get("schema"), OPENAI_KEYWORDS, all_required=True, recursion=True)


def _openai_calls_problem(messages: list[Json], tools: Any) -> str:
    """Every call is answered, in messages of their own right behind it; arguments are text, of JSON for many servers."""
    if tools is not None and not tools:
        return "[] is too short - 'tools'"
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message.get("tool_call_id") not in waiting:
                return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
            waiting.remove(message["tool_call_id"])
        elif waiting:
            return "An assistant message with 'tool_calls' must be followed by tool messages"
        for call in message.get("tool_calls", ()):
            function = call["function"]
            if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", function["name"]):
                return "Invalid 'messages.tool_calls.function.name': string does not match pattern"
            if not isinstance(json.loads(function["arguments"]), dict) or call["id"] in waiting or not call["id"]:
                return "invalid tool call arguments"
            waiting.append(call["id"])
    return "An assistant message with 'tool_calls' must be followed by tool messages" if waiting else ""


# What constrained decoding accepts


def schema_problem(schema: Any, keywords: set[str], *, all_required: bool, recursion: bool) -> str:
    """Why a service would refuse a schema, "" when it would not."""
    if not isinstance(schema, dict) or schema.get("type") != "object" or "anyOf" in schema:
        return "schema must be a JSON Schema of 'type: \"object\"' at its root"
    definitions = schema.get("$defs", {})
    if not recursion and any(_reaches(definitions, name, name, set()) for name in definitions):
        return "recursive schemas are not supported"
    return next(filter(None, (_problem(node, keywords, all_required) for node in _nodes(schema))), "")


def _problem(node: Any, keywords: set[str], all_required: bool) -> str:
    if not isinstance(node, dict):
        return "a schema must be an object"
    if unknown := sorted(node.keys() - keywords):
        return f"'{unknown[0]}' is not permitted"
    if "$ref" in node and len(node) > 1:
        return "$ref cannot have keywords beside it"
    if node.get("type") == "object" and node.get("additionalProperties") is not False:
        return "'additionalProperties' is required to be supplied and to be false"
    if all_required and set(node.get("required", ())) != set(node.get("properties", ())):
        return "'required' is required to include every key in properties"
    if not {"type", "enum", "const", "anyOf", "$ref"} & node.keys():
        return "schema must have a 'type' key"
    return ""


def _nodes(schema: Any) -> list[Any]:
    found = [schema]
    if isinstance(schema, dict):
        below = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", ())]
        for node in [*below, *([schema["items"]] if "items" in schema else ())]:
            found += _nodes(node)
    return found


def _reaches(definitions: Json, start: str, goal: str, seen: set[str]) -> bool:
    references = set(re.findall(r'"\$ref": "#/\$defs/([^"]*)"', json.dumps(definitions.get(start, {}))))
    if goal in references:
        return True
    return any(_reaches(definitions, name, goal, seen | {name}) for name in references - seen)


def instance_of(schema: Json, definitions: Json | None = None, depth: int = 0) -> object:
    """A value that a schema allows, as a model bound to it would give."""
    known = schema.get("$defs", {}) if definitions is None else definitions
    if "$ref" in schema:
        return instance_of(known[schema["$ref"].removeprefix("#/$defs/")], known, depth + 1)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    if "anyOf" in schema:
        return instance_of(schema["anyOf"][-1 if depth > 20 else 0], known, depth + 1)
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: instance_of(node, known, depth + 1) for name, node in fields.items()}
    if kind == "array":
        count = schema.get("minItems", 0 if depth > 20 else 1)
        return [instance_of(schema["items"], known, depth + 1) for _ in range(count)]
    plain: Json = {"string": "text", "integer": 1, "number": 0.5, "boolean": True, "null": None}
    return max(plain[kind], schema["minimum"]) if "minimum" in schema else plain[kind]
