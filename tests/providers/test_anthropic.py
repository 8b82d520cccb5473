from __future__ import annotations

import json

import pytest
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.models import Env
from agent_lattice_runtime.providers.anthropic import body_of, complete, reply_of

from .callers import KEY, TRIAGE, deps_for, model_at, request_to
from .fake_answers import anthropic_message, as_json
from .fake_services import FakeServices


def test_a_text_answer_with_its_usage(services: FakeServices) -> None:
    reply = complete(request_to(model_at(services.url)), deps_for(services.url))
    assert (reply.text, reply.finish_reason, reply.model) == ("Hello.", "stop", "claude-haiku-4-5-20251001")
    assert reply.response_id == "msg_01XFDUDYJgAACzvnptvVoYEL"
    # fresh + written to the cache + read from it: what the other providers call input
    assert (reply.input_tokens, reply.cached_tokens, reply.output_tokens) == (125, 100, 7)
    assert reply.attempts == ()


def test_the_request_as_documented(services: FakeServices) -> None:
    model = model_at(services.url, temperature=0.0, max_tokens=800)
    complete(request_to(model), deps_for(services.url))
    (request,) = services.received
    assert (request.method, request.path) == ("POST", "/v1/messages")
    assert request.headers["x-api-key"] == KEY
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert request.headers["content-type"] == "application/json"
    assert "authorization" not in request.headers
    assert request.json == {
        "model": "test-model",
        "max_tokens": 800,
        "temperature": 0.0,
        "system": "You decide.",
        "messages": [{"role": "user", "content": "It broke."}],
    }


def test_no_temperature_unless_declared_because_newer_models_refuse_it() -> None:
    assert "temperature" not in body_of(request_to(model_at(None)))


def test_a_structured_answer_goes_through_output_config(services: FakeServices) -> None:
    reply = complete(request_to(model_at(services.url), TRIAGE), deps_for(services.url))
    assert json.loads(reply.text) == {"verdict": "approve", "reason": "text", "confidence": 0.5, "note": "text"}
    form = services.received[0].json["output_config"]["format"]
    assert form["type"] == "json_schema"
    assert form["schema"]["properties"]["confidence"] == {"type": "number", "description": "at least 0.0; at most 1.0"}


def test_an_answer_that_is_not_an_object_travels_in_one(services: FakeServices) -> None:
    schema = {"type": "array", "items": {"type": "string"}, "minItems": 2}
    reply = complete(request_to(model_at(services.url), schema), deps_for(services.url))
    assert json.loads(reply.text) == ["text"]
    assert list(services.received[0].json["output_config"]["format"]["schema"]["properties"]) == ["value"]


MAP = {
    "type": "object",
    "properties": {"labels": {"type": "object", "additionalProperties": {"type": "string"}}},
    "required": ["labels"],
    "additionalProperties": False,
}


def test_a_map_is_asked_for_as_the_input_of_a_tool(services: FakeServices) -> None:
    reply = complete(request_to(model_at(services.url), MAP), deps_for(services.url))
    assert json.loads(reply.text) == {"labels": {}}
    assert reply.finish_reason == "stop"
    body = services.received[0].json
    assert "output_config" not in body
    assert body["tools"][0]["input_schema"] == MAP
    assert body["system"].startswith("You decide.\n\nAnswer by calling the tool")


def test_a_recursive_type_is_asked_for_as_the_input_of_a_tool(services: FakeServices) -> None:
    tree = {
        "type": "object",
        "properties": {"below": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]}},
        "required": ["below"],
        "additionalProperties": False,
    }
    schema = {"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}}
    reply = complete(request_to(model_at(services.url), schema, system=""), deps_for(services.url))
    assert "below" in json.loads(reply.text)
    assert services.received[0].json["system"].startswith("Answer by calling")


@pytest.mark.parametrize(
    ("stop_reason", "finish_reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        ("pause_turn", "other"),
    ],
)
def test_stop_reasons(services: FakeServices, stop_reason: str, finish_reason: str) -> None:
    services.plan(anthropic_message("x", stop_reason=stop_reason))
    reply = complete(request_to(model_at(services.url)), deps_for(services.url))
    assert reply.finish_reason == finish_reason


def test_thinking_blocks_are_no_part_of_the_text() -> None:
    blocks = [{"type": "thinking", "thinking": "hm", "signature": "x"}, {"type": "text", "text": "a"}]
    answer = json.loads(anthropic_message("", content=[*blocks, {"type": "text", "text": "b"}]).body)
    assert reply_of(answer, request_to(model_at(None))).text == "ab"


@pytest.mark.parametrize("answer", [{}, {"type": "message"}, {"type": "error", "content": []}, {"content": "x"}])
def test_a_200_that_is_no_message(services: FakeServices, answer: dict[str, object]) -> None:
    services.plan(as_json(answer))
    with pytest.raises(Failure, match="not a message") as caught:
        complete(request_to(model_at(services.url)), deps_for(services.url))
    assert caught.value.code == "malformed_output"


def test_a_base_url_from_the_environment(services: FakeServices) -> None:
    deps = deps_for(services.url, environ={"CLAUDE_URL": services.url + "/"})
    assert complete(request_to(model_at(Env("CLAUDE_URL"))), deps).text == "Hello."


def test_the_service_itself_is_not_asked_without_a_key() -> None:
    with pytest.raises(Failure, match="model fast has no key") as caught:
        complete(request_to(model_at(None, key=None)), deps_for("https://api.anthropic.com"))
    assert caught.value.code == "auth"


def test_the_default_host_needs_permission_too() -> None:
    deps = deps_for("http://127.0.0.1:1")
    with pytest.raises(Failure) as caught:
        complete(request_to(model_at(None)), deps)
    assert caught.value.code == "permission_denied"
    assert deps.asked_hosts == [("api.anthropic.com", 443)]
