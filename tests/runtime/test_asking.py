"""The ask step: typed answers, repair, escalation, fallback, cost, and the same again from the log."""

from __future__ import annotations

from typing import Any

import pytest
from agent_lattice_runtime.answers import json_answer
from agent_lattice_runtime.asking import load_provider
from agent_lattice_runtime.canonical import recorded
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.models import Model, Reply
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from hypothesis import given
from hypothesis import strategies as st

from .samples import (
    FAST,
    JUDGE,
    SHAKY,
    TEXT,
    VERDICT,
    Crash,
    CrashingStore,
    asks,
    manifest,
    replies,
    run,
    types,
    workflow,
)

GOOD = '{"verdict":"approve","confidence":1}'
UNSURE = '{"verdict":"approve","confidence":0.1}'
SURE = ((lambda answer: answer["confidence"] >= 0.6, "needs confidence >= 0.6"),)


def asking(model: Model = FAST, *, output: Any = VERDICT, checks: Any = SURE, **bounds: Any) -> Any:
    async def flow(ctx: Context) -> Any:
        return await ctx.ask("triage", model, output=output, system="Decide.", prompt="Is it?", checks=checks, **bounds)

    return workflow(flow, manifest(triage=asks("fast", "judge", "shaky")))


def events(store: Any, kind: str) -> list[Any]:
    return [recorded(event[4]) for event in store.events(store.find("r1")) if event[2] == kind]


def scripted(*entries: Any) -> dict[str, Any]:
    return {
        "replies": [
            {"step": "triage", "text": entry} if isinstance(entry, str) else {"step": "triage", **entry}
            for entry in entries
        ]
    }


def test_a_good_answer() -> None:
    usage = {"input_tokens": 1000, "output_tokens": 200}
    outcome, store = run(asking(), scripted=scripted({"text": GOOD, "usage": usage}))
    assert outcome.result == {"verdict": "approve", "confidence": 1.0}
    assert types(store) == [
        "run.started", "triage#1 llm.requested", "triage#1 llm.completed", "triage step.completed", "run.completed",
    ]  # fmt: skip
    (completed,) = events(store, "llm.completed")
    assert completed["cost_usd"] == 0.002
    assert completed["gen_ai.usage.input_tokens"] == 1000
    assert completed["gen_ai.response.finish_reasons"] == ["stop"]


def test_repair_shows_the_model_its_answer_and_the_mistakes() -> None:
    outcome, store = run(asking(repair=2), scripted=scripted("no", UNSURE, GOOD))
    assert outcome.failure is None
    asked = [event["args"].get("messages") for event in events(store, "llm.requested")]
    assert [len(messages or ()) for messages in asked] == [1, 3, 5]
    assert asked[1][1] == {"role": "assistant", "content": "no"}
    assert "the answer is not JSON" in asked[1][2]["content"]
    assert "needs confidence >= 0.6" in asked[2][4]["content"]
    assert [event["error"] for event in events(store, "llm.invalid")] == ["malformed_output", "validation"]


def test_then_the_larger_model_once_with_a_history_of_its_own() -> None:
    outcome, store = run(asking(repair=1, escalate=JUDGE), scripted=scripted("no", UNSURE, GOOD))
    assert outcome.failure is None
    last = events(store, "llm.requested")[2]
    assert (last["model"], len(last["args"]["messages"])) == ("judge", 1)
    assert last["args"]["messages"][0]["content"].startswith("Is it?\n\n")
    assert "needs confidence >= 0.6" in last["args"]["messages"][0]["content"]
    assert events(store, "llm.escalated") == [{"attempt": 3, "from": "fast", "model": "judge"}]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (["no"] * 3, "malformed_output"),
        ([UNSURE] * 3, "validation"),
        (["no", "no", '{"verdict":1,"confidence":1}'], "validation"),
    ],
)
def test_then_a_typed_failure(answers: list[str], code: str) -> None:
    flow = asking(repair=1, escalate=JUDGE)
    outcome, store = run(flow, scripted=scripted(*answers))
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.step) == (code, "triage")
    assert types(store)[-2:] == ["triage step.failed", "run.failed"]
    assert replay(flow, "r1", store).divergence is None


def test_without_repair_one_bad_answer_is_enough() -> None:
    outcome, store = run(asking(), scripted=scripted(UNSURE, GOOD))
    assert outcome.failure is not None
    assert len(events(store, "llm.requested")) == 1


def test_a_model_that_fails_is_replaced_by_its_fallback() -> None:
    outcome, store = run(asking(SHAKY), scripted=scripted({"error": {"code": "unavailable", "message": "down"}}, GOOD))
    assert outcome.failure is None
    assert events(store, "llm.fell_back") == [{"attempt": 2, "error": "unavailable", "from": "shaky", "model": "judge"}]
    assert events(store, "llm.failed")[0]["message"] == "down"


def test_a_model_that_fails_without_fallback_fails_the_step() -> None:
    flow = asking(SHAKY)
    down = {"error": {"code": "rate_limited", "message": "slow"}}
    outcome, store = run(flow, scripted=scripted(down, down))
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.retryable) == ("rate_limited", True)
    assert replay(flow, "r1", store).divergence is None


class Provider:
    """A provider whose replies are given; counts its calls."""

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes = list(outcomes)

    def complete(self, request: Any, deps: Any) -> Reply:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, Reply)
        return outcome


@pytest.fixture
def provided(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(*outcomes: Any) -> Provider:
        provider = Provider(*outcomes)
        monkeypatch.setattr("agent_lattice_runtime.asking.load_provider", lambda name: provider)
        return provider

    return use


def test_a_refusal_is_typed_and_its_usage_recorded(provided: Any) -> None:
    provided(Reply(text="", finish_reason="refusal", input_tokens=5, model="m"))
    flow = asking(repair=2)
    outcome, store = run(flow)
    assert outcome.failure is not None
    assert outcome.failure.code == "refused"
    assert events(store, "llm.completed")[0]["gen_ai.response.finish_reasons"] == ["content_filter"]
    assert replay(flow, "r1", store).divergence is None


def test_an_answer_that_was_cut_off_is_repaired(provided: Any) -> None:
    provided(Reply(text=GOOD[:10], finish_reason="length"), Reply(text=GOOD))
    outcome, store = run(asking(repair=1))
    assert outcome.failure is None
    assert "token limit" in events(store, "llm.invalid")[0]["errors"][0]


def test_tries_before_the_last_one_are_events(provided: Any) -> None:
    early = (Failure("timeout", "t1"), Failure("unavailable", "t2"))
    provided(Reply(text=GOOD, attempts=early))
    _, store = run(asking())
    assert [(event["try"], event["error"]) for event in events(store, "llm.failed")] == [
        (1, "timeout"),
        (2, "unavailable"),
    ]
    last = Failure("timeout", "t3")
    last.attempts = early
    provided(last)
    flow = asking()
    outcome, store = run(flow)
    assert [event["try"] for event in events(store, "llm.failed")] == [1, 2, 3]
    assert outcome.failure is not None
    assert outcome.failure.message == "t3"
    found = replay(flow, "r1", store)
    assert found.divergence is None
    assert found.failure is not None
    assert found.failure.message == "t3"


def test_a_defect_in_a_provider_is_an_internal_failure(provided: Any) -> None:
    provided(KeyError("choices"))
    outcome, _ = run(asking())
    assert outcome.failure is not None
    assert outcome.failure.code == "internal"


def test_plain_text_is_taken_as_it_is() -> None:
    flow = asking(output=TEXT, checks=())
    assert run(flow, scripted=scripted("```\nnot json {"))[0].result == "```\nnot json {"
    assert run(flow, scripted=scripted(""))[0].result == ""


def test_an_answer_of_null_is_an_answer() -> None:
    from .samples import Output, check_any

    flow = asking(output=Output(name="Any", schema={}, check=check_any), checks=())
    outcome, store = run(flow, scripted=scripted("null"))
    assert (outcome.result, outcome.failure) == (None, None)
    assert replay(flow, "r1", store).divergence is None


def test_a_check_that_fails_itself_is_a_failed_check() -> None:
    flow = asking(checks=((lambda answer: answer["nothing"], "never"),))
    outcome, _ = run(flow, scripted=scripted(GOOD))
    assert outcome.failure is not None
    assert outcome.failure.details == ("never ('nothing')",)


@pytest.mark.parametrize("at", range(1, 6))
@pytest.mark.parametrize("after", [False, True])
def test_an_answer_that_is_recorded_is_not_asked_for_again(at: int, after: bool, provided: Any) -> None:
    provider = provided(Reply(text="no"), Reply(text=UNSURE), *[Reply(text=GOOD)] * 3)
    flow, store = asking(repair=3), MemoryStore()
    with pytest.raises(Crash):
        start(flow, {}, CrashingStore(store, at, after), "r1")  # type: ignore[arg-type]
        raise Crash
    known = len(events(store, "llm.completed")) if store.runs() else 0
    left = len(provider.outcomes)
    provider.outcomes[:] = [Reply(text="no"), Reply(text=UNSURE), Reply(text=GOOD)][known:]
    outcome = start(flow, {}, store, "r1", Setting())
    assert outcome.failure is None
    assert len(events(store, "llm.completed")) == 3
    assert provider.outcomes == []
    assert left <= 5
    assert replay(flow, "r1", store).divergence is None


def test_a_changed_prompt_diverges() -> None:
    _, store = run(asking(), scripted=scripted(GOOD))

    async def flow(ctx: Context) -> Any:
        return await ctx.ask("triage", FAST, output=VERDICT, system="Decide.", prompt="Is it not?", checks=SURE)

    divergence = replay(workflow(flow, manifest(triage=asks("fast"))), "r1", store).divergence
    assert divergence is not None
    assert (divergence.step, divergence.message) == ("triage#1", "step triage#1 differs in its request")


@pytest.mark.parametrize(
    "text", ["1 2", "", "```json\n```", "{}x", "Sure: {}", "NaN", "[" * 5000, "```\n{}\n``` done", "1" * 5000]
)
def test_what_is_not_exactly_one_json_value_is_malformed(text: str) -> None:
    with pytest.raises(Failure) as caught:
        json_answer(text)
    assert caught.value.code == "malformed_output"


@pytest.mark.parametrize("text", ["{}", " {}\n", "```json\n{}\n```", "```\n{}```"])
def test_json_alone_or_in_a_fence(text: str) -> None:
    assert json_answer(text) == {}


@given(st.text(max_size=60) | st.sampled_from(['"\\ud800"', "1e999", '{"a":1,"a":2}']))
def test_any_answer_ends_in_a_result_or_a_typed_failure(text: str) -> None:
    outcome, store = run(asking(output=VERDICT, repair=1), scripted=replies(triage=[text, text]))
    assert outcome.failure is not None
    assert outcome.failure.code in ("malformed_output", "validation")
    assert types(store)[-1] == "run.failed"


def test_unknown_providers() -> None:
    for name in ("nobody", "../x", "", "a.b"):
        with pytest.raises(Failure, match="no model provider"):
            load_provider(name)
