"""Agents over the wire: each provider's own tool calling, well and badly, against servers that check what they are sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.models import Model, Output
from agent_lattice_runtime.providers import anthropic, openai
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Run, Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from runtime.agent_samples import desk, tools
from runtime.samples import World, check_verdict, types

from .callers import KEY, model_at, request_to
from .fake_answers import Answer, anthropic_message, openai_completion
from .fake_services import FakeServices

VERDICT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"verdict": {"enum": ["approve", "reject"]}, "confidence": {"const": 1.0}},
    "required": ["verdict", "confidence"],
    "additionalProperties": False,
}
VERDICT = Output(name="Verdict", schema=VERDICT_SCHEMA, check=check_verdict)
OPEN_VERDICT = Output(
    name="Verdict", schema=VERDICT_SCHEMA | {"additionalProperties": {"type": "string"}}, check=check_verdict
)
PATHS = {"anthropic": "", "openai": "/v1", "ollama": "/compatible/v1"}
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


@pytest.fixture(params=PATHS)
def provider(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("KEY", KEY)
    return str(request.param)


def work(
    services: FakeServices, provider: str, output: Output = VERDICT, **more: Any
) -> tuple[Run, MemoryStore, World]:
    """One run of the agent at the desk with a model of that provider; a replay of it finds nothing."""
    model = Model(
        name="m", provider=provider, model="m-1", key="KEY", base_url=services.url + PATHS[provider], timeout=5.0,
        retries=more.pop("retries", 0),
    )  # fmt: skip
    grant = {"models": ["m"], "hosts": [f"127.0.0.1:{services.port}"], "secrets": ["KEY"]}
    world, store = World(), MemoryStore()
    flow = desk(world, model=model, output=output, found__turn=grant, **more)
    outcome = start(flow, {}, store, "r1", Setting())
    done, asked = list(world.done), len(services.received)
    assert replay(flow, "r1", store).divergence is None
    assert (world.done, len(services.received)) == (done, asked)
    return outcome, store, world


def bodies(services: FakeServices) -> list[Any]:
    return [request.json for request in services.received]


def said(provider: str, *wanted: tuple[Any, Any, Any], text: str = "") -> Answer:
    """A reply with calls: (id, name, arguments), as the provider writes them."""
    if provider == "anthropic":
        blocks = [{"type": "tool_use", "id": id, "name": name, "input": given} for id, name, given in wanted]
        content = [{"type": "text", "text": text}, *blocks] if text else blocks
        return anthropic_message("", content=content, stop_reason="tool_use")
    entries = [
        {"id": id, "type": "function", "function": {"name": name, "arguments": given}} for id, name, given in wanted
    ]
    return openai_completion(text or None, calls=entries, finish_reason="tool_calls")


def written(provider: str, given: object) -> object:
    """Arguments as the provider has them in a reply."""
    return given if provider == "anthropic" else json.dumps(given)


def test_all_tools_then_an_answer(services: FakeServices, provider: str) -> None:
    outcome, store, world = work(services, provider)
    assert outcome.result == {"verdict": "approve", "confidence": 1.0}
    assert sorted(name for name, _ in world.done) == ["desk.file", "desk.search", "desk.stamp"]
    assert len(services.received) == 2
    assert "found.turn[0].desk_fail[3] step.failed" in types(store)


def test_the_requests_as_documented(services: FakeServices, provider: str) -> None:
    services.plan(said(provider, ("id-1", "desk_search", written(provider, {"text": "a"})), text="Let me see."))
    outcome, _, _ = work(services, provider)
    assert outcome.result == {"verdict": "approve", "confidence": 1.0}
    first, second = bodies(services)
    if provider == "anthropic":
        assert first["tools"][0] == {"name": "desk_search", "description": "desk.search", "input_schema": SCHEMA}
        assert first["tool_choice"] == {"type": "auto"}
        assert first["output_config"]["format"]["type"] == "json_schema"
        assert second["messages"][1:] == [
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "Let me see."},
                    {"type": "tool_use", "id": "id-1", "name": "desk_search", "input": {"text": "a"}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "id-1", "content": '["a","ü"]'}]},
        ]
        return
    function = {"name": "desk_search", "description": "desk.search", "parameters": SCHEMA}
    assert first["tools"][0] == {"type": "function", "function": function}
    call = {"id": "id-1", "type": "function", "function": {"name": "desk_search", "arguments": '{"text":"a"}'}}
    assert second["messages"][2:] == [
        {"role": "assistant", "content": "Let me see.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "id-1", "content": '["a","ü"]'},
    ]
    assert "response_format" not in first, "this server is not OpenAI's own"
    assert first["messages"][0]["content"].endswith(json.dumps(VERDICT_SCHEMA))


def test_what_a_model_gets_wrong_it_is_told(services: FakeServices, provider: str) -> None:
    good = written(provider, {"text": "a"})
    wrong = [
        ("x", "desk_serch", good), ("x", "desk_search", good), ("", "desk search!", good), (None, None, None),
        ("é", "desk_file", written(provider, {"txt": 1})), ("y", "desk_file", [1]), ("z", "desk_file", "{"),
        ("w", "desk_file", written(provider, [1])), (3, "desk_file", 3.5),
    ]  # fmt: skip
    services.plan(said(provider, *wrong, text="So."))
    outcome, store, world = work(services, provider)
    assert outcome.failure is None
    assert [name for name, _ in world.done] == ["desk.search"]
    assert sum(line.endswith("tool.rejected") for line in types(store)) == len(wrong) - 1


@pytest.mark.parametrize("calls", [None, "x", {}, [None], ["x"], [{}], [{"function": 3}], [{"function": {"name": []}}]])
def test_what_is_no_call(calls: Any, services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", KEY)
    services.plan(openai_completion('{"verdict": "approve", "confidence": 1}', calls=calls))
    outcome, store, world = work(services, "openai")
    assert outcome.failure is None
    assert world.done == [] or len(services.received) == 2
    assert ("found.turn[0].call[0] tool.rejected" in types(store)) == (isinstance(calls, list))


def test_a_connection_that_breaks_between_the_turns(services: FakeServices, provider: str) -> None:
    first = said(provider, ("a", "desk_file", written(provider, {"text": "a"})))
    cut = Answer(200, b'{"id": "msg_1", "type":', fault="cut")
    services.plan(first, cut)
    outcome, _, world = work(services, provider, retries=1)
    assert outcome.failure is None
    assert len(world.done) == 1
    services.plan(first, cut)
    outcome, _, world = work(services, provider)
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.step) == ("unavailable", "found.turn[1]")
    assert len(world.done) == 1


def test_in_the_last_turn_the_model_must_answer(services: FakeServices, provider: str) -> None:
    call = ("a", "desk_search", written(provider, {"text": "a"}))
    services.plan(said(provider, call))
    outcome, _, _ = work(services, provider, max_turns=2)
    assert outcome.failure is None
    last = bodies(services)[1]
    if provider == "anthropic":
        assert last["tool_choice"] == {"type": "none"}
    else:
        assert "tools" not in last
    assert last.get("response_format") or last.get("output_config") or provider == "openai"
    services.plan(said(provider, call), said(provider, ("b", *call[1:])))
    outcome, _, _ = work(services, provider, max_turns=2)
    assert outcome.failure is not None
    assert outcome.failure.code == "budget_exceeded"


def test_an_answer_that_no_schema_can_bind(services: FakeServices, provider: str) -> None:
    """At Anthropic it is given by calling a tool, beside those of the agent."""
    outcome, _, _ = work(services, provider, OPEN_VERDICT)
    assert outcome.result == {"verdict": "approve", "confidence": 1.0}
    if provider == "anthropic":
        assert [tool["name"] for tool in bodies(services)[0]["tools"]][-1] == "answer"
        both = ("b", "answer", {"verdict": "reject", "confidence": 1.0})
        services.plan(said(provider, ("a", "desk_search", {"text": "a"}), both))
        outcome, store, _ = work(services, provider, OPEN_VERDICT)
        assert outcome.result["verdict"] == "approve", "an answer beside calls knows nothing of their results"
        assert not any(line.endswith("tool.rejected") for line in types(store))


def test_thoughts_go_back_as_they_came(services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", KEY)
    thoughts = [
        {"type": "thinking", "thinking": "hm", "signature": "Eqo="},
        {"type": "redacted_thinking", "data": "Emw="},
    ]
    call = {"type": "tool_use", "id": "a", "name": "desk_search", "input": {"text": "a"}}
    services.plan(anthropic_message("", content=[*thoughts, {"type": "text", "text": " "}, call]))
    outcome, _, _ = work(services, "anthropic")
    assert outcome.failure is None
    assert bodies(services)[1]["messages"][1]["content"] == [*thoughts, call]


def test_openai_itself_is_given_the_schema_beside_tools() -> None:
    request = request_to(model_at(None), VERDICT_SCHEMA, offers=tools(World()))
    body = openai.body_of(request, own_service=True)
    assert "response_format" in body
    assert len(body["tools"]) == 4  # type: ignore[arg-type]
    assert body["messages"][0] == {"role": "system", "content": "You decide."}  # type: ignore[index]


def test_a_question_without_tools_is_asked_as_before() -> None:
    request = request_to(model_at(None), VERDICT_SCHEMA)
    assert not {"tools", "tool_choice"} & anthropic.body_of(request).keys()
    assert "tools" not in openai.body_of(request, own_service=False)
