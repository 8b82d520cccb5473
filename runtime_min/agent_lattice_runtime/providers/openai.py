"""OpenAI's chat completions, and the many servers that speak the same.

Of the two names for the output limit OpenAI's own service gets `max_completion_tokens` (`max_tokens` is deprecated
there and an error for reasoning models); every other server gets `max_tokens`: Ollama and older llama.cpp servers
know no other and would ignore the limit without a word.

Where an agent may call tools, only OpenAI's own service is given the schema of the answer as `response_format`: others,
Ollama among them, bind every reply to it and so keep the model from calling anything. They get it in words.
"""

from __future__ import annotations

from ..errors import Failure
from ..models import Reply, ToolCall
from ..urls import split_url
from .services import Call, answer_of, count_in, key_of, text_in
from .strict_schema import Inexpressible, as_object, strict, unwrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..models import Deps, Message, Request

BASE_URL = "https://api.openai.com/v1"

# What strict mode documents beyond types; patterns are left out because their dialect is not documented.
ENFORCED = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems"}
)
_OWN_HOSTS = (".openai.com", ".openai.azure.com")
_FINISH = {"stop": "stop", "tool_calls": "stop", "length": "length", "content_filter": "refusal"}


def complete(request: Request, deps: Deps) -> Reply:
    """One answer of a chat model; `base_url` ends in `/v1`. Raises Failure, retries as the model declares."""
    key = key_of(request, deps, "OpenAI")
    base_url = BASE_URL if request.model.base_url is None else deps.text(request.model.base_url)
    return chat(request, deps, base_url, key)


def chat(request: Request, deps: Deps, base_url: str, key: str | None) -> Reply:
    """One chat completion of the server at `base_url`."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    own_service = f".{split_url(base_url)[0].host}".endswith(_OWN_HOSTS)
    call = Call(base_url, "/chat/completions", headers, body_of(request, own_service=own_service))
    return answer_of(call, request, deps, lambda answer: reply_of(answer, request))


def body_of(request: Request, *, own_service: bool) -> dict[str, object]:
    """The request body, for OpenAI itself (`own_service`) or for a server that is compatible with it."""
    model = request.model
    offers = request.offers if request.offers and request.may_call else ()
    bound = request.schema is not None and (own_service or not offers)
    words = request.system if bound else _in_words(request)
    system = [{"role": "system", "content": words}] if words else []
    body: dict[str, object] = {
        "model": model.model,
        "messages": [*system, *map(_message, request.messages)],
        "max_completion_tokens" if own_service else "max_tokens": model.max_tokens,
    }
    if model.temperature is not None:
        body["temperature"] = model.temperature
    if offers:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": offer.name, "description": offer.description, "parameters": offer.schema},
            }
            for offer in offers
        ]
    if bound and request.schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": _format(request, request.schema)}
    return body


def _in_words(request: Request) -> str:
    """The system prompt and, for an answer that is no plain text, what it must look like."""
    from json import dumps

    if request.schema is None:
        return request.system
    schema = dumps(as_object(request.schema)[0], ensure_ascii=False)
    form = f"When no more tools are needed, answer with JSON alone, of this JSON Schema:\n{schema}"
    return f"{request.system}\n\n{form}" if request.system else form


def _message(message: Message) -> dict[str, Any]:
    if message["role"] == "tool":
        return {"role": "tool", "tool_call_id": message["id"], "content": message["content"]}
    made = {"role": message["role"], "content": message["content"]}
    if calls := message.get("calls"):
        return made | {"tool_calls": list(map(_function_call, calls))}
    return made


def _function_call(call: dict[str, str]) -> dict[str, object]:
    return {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}


def _format(request: Request, declared: dict[str, object]) -> dict[str, object]:
    schema, _ = as_object(declared)
    name = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in request.schema_name)[:64]
    try:
        return {"name": name or "answer", "strict": True, "schema": strict(schema, enforced=ENFORCED)}
    except Inexpressible:  # then the schema guides the model without binding it
        return {"name": name or "answer", "strict": False, "schema": schema}


def reply_of(answer: dict[str, object], request: Request) -> Reply:
    """The reply in the body of a 200; raises Failure malformed_output when it is not a chat completion."""
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise Failure("malformed_output", "the answer of the chat service holds no message")
    refusal = text_in(message, "refusal")
    text = refusal or _text(message.get("content"))
    if request.schema is not None and not refusal and as_object(request.schema)[1]:
        text = unwrapped(text)
    usage = answer.get("usage")
    return Reply(
        text=text,
        input_tokens=count_in(usage, "prompt_tokens"),
        output_tokens=count_in(usage, "completion_tokens"),
        cached_tokens=count_in(usage, "prompt_tokens_details", "cached_tokens"),
        finish_reason="refusal" if refusal else _FINISH.get(text_in(choice, "finish_reason"), "other"),
        model=text_in(answer, "model"),
        response_id=text_in(answer, "id"),
        calls=_calls(message.get("tool_calls")) if request.offers is not None and not refusal else (),
    )


def _calls(wanted: object) -> list[ToolCall]:
    """The tools that are to be called; what is no call has no name, so that the model is told."""
    return [_call(entry) for entry in wanted] if isinstance(wanted, list) else []


def _call(entry: object) -> ToolCall:
    from json import dumps

    call = entry if isinstance(entry, dict) else {}
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    arguments = function.get("arguments", "")
    text = arguments if isinstance(arguments, str) else dumps(arguments, ensure_ascii=False)
    return ToolCall(text_in(call, "id"), text_in(function, "name"), text)


def _text(content: object) -> str:
    """The text of a message; some servers give it in parts, as requests may."""
    if isinstance(content, list):
        return "".join(text_in(part, "text") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
