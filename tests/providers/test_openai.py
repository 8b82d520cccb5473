from __future__ import annotations

import json

import pytest
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.models import Env
from agent_lattice_runtime.providers import ollama, openai

from .callers import KEY, TRIAGE, deps_for, model_at, request_to
from .fake_answers import as_json, openai_completion
from .fake_services import FakeServices


def test_a_text_answer_with_its_usage(services: FakeServices) -> None:
    reply = openai.complete(request_to(model_at(f"{services.url}/v1")), deps_for(services.url))
    assert (reply.text, reply.finish_reason, reply.model) == ("Hello.", "stop", "gpt-5-2025-08-07")
    assert reply.response_id == "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT"
    assert (reply.input_tokens, reply.cached_tokens, reply.output_tokens) == (125, 100, 7)


def test_the_request_as_documented(services: FakeServices) -> None:
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    model = model_at(f"{services.url}/v1/", temperature=0.5, max_tokens=800)
    openai.complete(request_to(model, messages=messages), deps_for(services.url))
    (request,) = services.received
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json == {
        "model": "test-model",
        "max_tokens": 800,
        "temperature": 0.5,
        "messages": [{"role": "system", "content": "You decide."}, *messages],
    }


@pytest.mark.parametrize(("own", "name"), [(True, "max_completion_tokens"), (False, "max_tokens")])
def test_the_name_of_the_output_limit(own: bool, name: str) -> None:
    body = openai.body_of(request_to(model_at(None, max_tokens=5)), own_service=own)
    assert {key: value for key, value in body.items() if key.startswith("max_")} == {name: 5}


def test_a_structured_answer_is_strict(services: FakeServices) -> None:
    model = model_at(f"{services.url}/v1")
    reply = openai.complete(request_to(model, TRIAGE, schema_name="Triage?"), deps_for(services.url))
    assert json.loads(reply.text) == {"verdict": "approve", "reason": "text", "confidence": 0.5, "note": "text"}
    form = services.received[0].json["response_format"]
    assert form["type"] == "json_schema"
    assert (form["json_schema"]["name"], form["json_schema"]["strict"]) == ("Triage_", True)
    assert form["json_schema"]["schema"]["properties"]["confidence"] == {
        "type": "number",
        "minimum": 0.0,
        "maximum": 1.0,
    }


def test_a_map_is_asked_for_without_strictness(services: FakeServices) -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    reply = openai.complete(request_to(model_at(f"{services.url}/v1"), schema), deps_for(services.url))
    assert reply.text == "{}"
    assert services.received[0].json["response_format"]["json_schema"]["strict"] is False


def test_an_answer_that_is_not_an_object_travels_in_one(services: FakeServices) -> None:
    schema = {"enum": ["a", "b"]}
    reply = openai.complete(request_to(model_at(f"{services.url}/v1"), schema), deps_for(services.url))
    assert reply.text == '"a"'


@pytest.mark.parametrize(
    ("reason", "finish_reason"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "refusal"), ("tool_calls", "stop")],
)
def test_finish_reasons(services: FakeServices, reason: str, finish_reason: str) -> None:
    services.plan(openai_completion("x", finish_reason=reason))
    reply = openai.complete(request_to(model_at(f"{services.url}/v1")), deps_for(services.url))
    assert reply.finish_reason == finish_reason


def test_a_refusal_has_the_models_words(services: FakeServices) -> None:
    reply = openai.complete(request_to(model_at(f"{services.url}/refusal/v1"), TRIAGE), deps_for(services.url))
    assert (reply.finish_reason, reply.text) == ("refusal", "I'm sorry, I cannot assist with that request.")


def test_text_in_parts() -> None:
    message = {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, "c"]}
    assert openai.reply_of({"choices": [{"message": message}]}, request_to(model_at(None))).text == "ab"


@pytest.mark.parametrize("answer", [{}, {"choices": []}, {"choices": [{}]}, {"choices": [3]}, {"choices": "x"}])
def test_a_200_that_is_no_completion(services: FakeServices, answer: dict[str, object]) -> None:
    services.plan(as_json(answer))
    with pytest.raises(Failure, match="no message") as caught:
        openai.complete(request_to(model_at(f"{services.url}/v1")), deps_for(services.url))
    assert caught.value.code == "malformed_output"


def test_the_service_itself_is_not_asked_without_a_key() -> None:
    with pytest.raises(Failure, match="model fast has no key"):
        openai.complete(request_to(model_at(None, key=None)), deps_for("https://api.openai.com"))


def test_a_compatible_server_needs_no_key(services: FakeServices) -> None:
    model = model_at(f"{services.url}/compatible/v1", key=None)
    assert openai.complete(request_to(model), deps_for(services.url)).text == "Hello."
    assert "authorization" not in services.received[0].headers


def test_ollama_by_a_host_from_the_environment(services: FakeServices) -> None:
    deps = deps_for(services.url, environ={"OLLAMA_HOST": f"{services.url}/compatible/v1"})
    reply = ollama.complete(request_to(model_at(Env("OLLAMA_HOST"), key=None), TRIAGE), deps)
    assert json.loads(reply.text)["verdict"] == "approve"
    assert services.received[0].json["max_tokens"] == 1024


def test_ollama_listens_on_this_machine_by_default() -> None:
    deps = deps_for("http://127.0.0.1:1")
    with pytest.raises(Failure):
        ollama.complete(request_to(model_at(None, key=None)), deps)
    assert deps.asked_hosts == [("localhost", 11434)]


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("box", "http://box:11434/v1"),
        ("127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://box:11434", "http://box:11434/v1"),
        ("https://box/", "https://box/v1"),
        ("https://box/api/v1", "https://box/api/v1"),
    ],
)
def test_addresses_of_ollama(address: str, url: str) -> None:
    assert ollama.full_url(address) == url
