"""Every way in which a model service can fail, for both providers alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.models import Reply
from agent_lattice_runtime.providers import anthropic, openai
from agent_lattice_runtime.transport import HttpFailure

from .callers import KEY, RecordingDeps, deps_for, model_at, request_to
from .fake_answers import Answer
from .fake_services import FakeServices

Ask = Callable[..., tuple[Reply, RecordingDeps]]


@pytest.fixture(params=["anthropic", "openai"])
def ask(request: pytest.FixtureRequest, services: FakeServices) -> Ask:
    """Ask one provider in a scenario of the fake server: the reply and the surroundings it was made in."""

    def asked(scenario: str = "", deps: RecordingDeps | None = None, **options: Any) -> tuple[Reply, RecordingDeps]:
        base = f"{services.url}/{scenario}".rstrip("/")
        surroundings = deps or deps_for(services.url)
        if request.param == "anthropic":
            return anthropic.complete(request_to(model_at(base, **options)), surroundings), surroundings
        return openai.complete(request_to(model_at(f"{base}/v1", **options)), surroundings), surroundings

    return asked


@pytest.mark.parametrize(
    ("scenario", "code", "attempts"),
    [
        ("unauthorized", "auth", 1),
        ("forbidden", "auth", 1),
        ("unknown_model", "not_found", 1),
        ("too_large", "validation", 1),
        ("malformed", "malformed_output", 1),
        ("rate_limited", "rate_limited", 3),
        ("server_error", "unavailable", 3),
        ("gateway_timeout", "timeout", 3),
        ("overloaded", "unavailable", 3),
        ("cut", "unavailable", 3),
        ("reset", "unavailable", 3),
    ],
)
def test_the_class_of_a_failure_and_its_retries(
    ask: Ask, services: FakeServices, scenario: str, code: str, attempts: int
) -> None:
    with pytest.raises(Failure) as caught:
        ask(scenario)
    assert caught.value.code == code
    assert len(services.received) == attempts
    assert [failure.code for failure in caught.value.attempts] == [code] * (attempts - 1)


@pytest.mark.parametrize("scenario", ["rate_limited_once", "server_error_once", "overloaded_once", "cut_once"])
def test_a_second_attempt_can_succeed_and_the_first_is_told(ask: Ask, scenario: str) -> None:
    reply, deps = ask(scenario)
    assert reply.text == "Hello."
    assert len(reply.attempts) == len(deps.pauses) == 1


def test_the_services_own_words_are_kept(ask: Ask) -> None:
    with pytest.raises(Failure, match=r"answered 40[14]: \w+_error: ") as caught:
        ask("unauthorized")
    assert isinstance(caught.value, HttpFailure)
    assert caught.value.status == 401


def test_no_retries_when_none_are_declared(ask: Ask, services: FakeServices) -> None:
    with pytest.raises(Failure):
        ask("overloaded", retries=0)
    assert len(services.received) == 1


def test_retry_after_is_honoured(ask: Ask) -> None:
    _, deps = ask("rate_limited_once")
    assert deps.pauses == [2.0]


def test_a_retry_after_beyond_the_deadline_is_not_waited_for(ask: Ask, services: FakeServices) -> None:
    services.plan(Answer(429, b"", {"retry-after": "3600"}))
    with pytest.raises(HttpFailure) as caught:
        ask()
    assert (caught.value.code, caught.value.retry_after) == ("rate_limited", 3600.0)
    assert len(services.received) == 1


def test_pauses_grow_with_jitter_and_are_the_same_every_time(ask: Ask, services: FakeServices) -> None:
    def pauses(seed: str) -> list[float]:
        deps = deps_for(services.url, seed=seed)
        with pytest.raises(Failure):
            ask("overloaded", deps, retries=5, timeout=60.0)
        return deps.pauses

    first = pauses("run-1")
    assert len(first) == 5
    assert all(top / 2 <= pause < top for pause, top in zip(first, (0.5, 1, 2, 4, 8), strict=True))
    assert pauses("run-1") == first
    assert pauses("run-2") != first


def test_attempts_end_with_the_time_of_all_attempts(ask: Ask, services: FakeServices) -> None:
    with pytest.raises(Failure):
        ask("overloaded", retries=50, timeout=0.5)
    assert 4 <= len(services.received) < 12  # 25 s, in pauses of up to 8 s


def test_a_slow_body_ends_at_the_deadline(ask: Ask, services: FakeServices) -> None:
    started = time.monotonic()
    with pytest.raises(Failure, match=r"no complete answer within 0\.5 s") as caught:
        ask("slow", timeout=0.5, retries=0)
    assert caught.value.code == "timeout"
    assert time.monotonic() - started < 0.9


def test_every_attempt_has_the_timeout_and_all_together_their_sum(ask: Ask, services: FakeServices) -> None:
    started = time.monotonic()
    deps = deps_for(services.url)
    with pytest.raises(Failure) as caught:
        ask("slow", deps, timeout=0.6, retries=1)
    assert [failure.code for failure in (*caught.value.attempts, caught.value)] == ["timeout", "timeout"]
    assert len(services.received) == 2
    assert time.monotonic() - started + sum(deps.pauses) < 1.4  # 2 x 0.6 s, the pause between them taken off


def test_a_spent_quota_is_not_asked_again(ask: Ask, services: FakeServices) -> None:
    with pytest.raises(Failure) as caught:
        ask("quota")
    assert not caught.value.retryable
    assert len(services.received) == 1


@pytest.mark.parametrize(("scenario", "finish_reason"), [("refusal", "refusal"), ("truncated", "length")])
def test_answers_that_are_not_whole_say_so(ask: Ask, scenario: str, finish_reason: str) -> None:
    reply, _ = ask(scenario)
    assert reply.finish_reason == finish_reason


def test_a_prompt_that_a_filter_stops_is_refused(ask: Ask, services: FakeServices) -> None:
    services.plan(Answer(400, b'{"error": {"message": "filtered", "code": "content_filter"}}'))
    with pytest.raises(Failure) as caught:
        ask()
    assert caught.value.code == "refused"


def test_a_redirect_is_not_followed(ask: Ask, services: FakeServices) -> None:
    services.plan(Answer(307, b"", {"location": f"{services.url}/elsewhere"}))
    with pytest.raises(Failure, match="not followed") as caught:
        ask()
    assert (caught.value.code, caught.value.retryable) == ("unavailable", False)
    assert len(services.received) == 1


def test_a_key_in_the_services_words_does_not_come_back(ask: Ask, services: FakeServices) -> None:
    words = "x" * 480 + f" your key {KEY} is wrong"  # a plain cut at 500 characters would leave half of the key
    services.plan(Answer(401, words.encode()))
    with pytest.raises(Failure) as caught:
        ask()
    assert KEY[:8] not in str(caught.value)
    assert len(caught.value.message) < 600


def test_a_host_that_is_not_permitted_is_never_reached(ask: Ask, services: FakeServices) -> None:
    with pytest.raises(Failure) as caught:
        ask(deps=RecordingDeps("example.org"))
    assert caught.value.code == "permission_denied"
    assert services.received == []


def test_a_key_that_cannot_be_sent_is_not_quoted(ask: Ask, services: FakeServices) -> None:
    with pytest.raises(Failure, match="cannot be sent") as caught:
        ask(deps=deps_for(services.url, environ={"KEY": "sk-one\nsk-two"}))
    assert caught.value.code == "validation"
    assert "sk-" not in str(caught.value)


def test_a_key_does_not_leave_this_machine_in_the_clear() -> None:
    deps = RecordingDeps("192.0.2.1:80")
    with pytest.raises(Failure, match="a key is not sent there") as caught:
        openai.complete(request_to(model_at("http://192.0.2.1/v1")), deps)
    assert caught.value.code == "permission_denied"


def test_cancelling_ends_the_waiting(services: FakeServices) -> None:
    deps = deps_for(services.url)
    deps.cancelled = lambda: bool(services.received)
    started = time.monotonic()
    with pytest.raises(Failure) as caught:
        anthropic.complete(request_to(model_at(f"{services.url}/slow")), deps)
    assert caught.value.code == "cancelled"
    assert time.monotonic() - started < 1.0


def test_cancelling_ends_the_pauses(services: FakeServices) -> None:
    class Stopping(RecordingDeps):
        def sleep(self, seconds: float) -> None:
            raise Failure("cancelled", "the run is being stopped")

    deps = Stopping(services.url.removeprefix("http://"))
    with pytest.raises(Failure) as caught:
        anthropic.complete(request_to(model_at(f"{services.url}/overloaded")), deps)
    assert caught.value.code == "cancelled"
