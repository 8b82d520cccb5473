"""Grants: what an entry stands for, and that nothing else is allowed."""

from __future__ import annotations

import pytest
from agent_lattice_runtime.errors import CATALOGUE, Failure, failure_payload, restore_failure
from agent_lattice_runtime.models import Deps, Env
from agent_lattice_runtime.permissions import KEYS, NOTHING, Denied, Grant, endpoints, grants, split_port
from agent_lattice_runtime.redaction import Redactor
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("Bank.internal", {("bank.internal", 80), ("bank.internal", 443)}),
        ("bank.internal:8443", {("bank.internal", 8443)}),
        ("[::1]:8080", {("::1", 8080)}),
        ("::1", {("::1", 80), ("::1", 443)}),
        ("env:BASE", {("host.test", 9000)}),
        ("env:PLAIN", {("host.test", 80)}),
        ("env:UNSET", set()),
        ("env:ODD", set()),
    ],
)
def test_what_a_host_entry_stands_for(
    entry: str, expected: set[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASE", "https://user:pw@Host.test:9000/api?x#y")
    monkeypatch.setenv("PLAIN", "http://host.test")
    monkeypatch.setenv("ODD", "not a url")
    monkeypatch.delenv("UNSET", raising=False)
    assert set(endpoints(entry)) == expected


@given(st.text(max_size=20))
def test_any_entry_can_be_read(entry: str) -> None:
    host, port = split_port(entry)
    assert isinstance(host, str)
    assert port is None or port >= 0
    assert isinstance(endpoints(entry), tuple)


def test_nothing_is_allowed_by_default() -> None:
    for kind in KEYS:
        assert getattr(NOTHING, kind) == ()
    with pytest.raises(Denied) as caught:
        NOTHING.require("models", "fast", "triage")
    assert (caught.value.kind, caught.value.item) == ("models", "fast")
    assert caught.value.message == "step triage may not use the model fast"
    with pytest.raises(Denied, match=r"may not connect to h:443"):
        NOTHING.require_host("h", 443, "s")


def test_the_manifest_is_read_strictly() -> None:
    table = grants({"permissions": {"steps": {"a": {"operations": ["x.y"], "hosts": None}}}})
    assert table["a"].operations == ("x.y",)
    assert table["a"].hosts == ()
    assert grants({}) == {}
    for wrong in ({"steps": []}, {"steps": {"a": 1}}, {"calls": []}):
        with pytest.raises(Failure):
            grants({"permissions": wrong})


def test_variables_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE", "v")
    deps = Deps("s", Grant(env=("BASE", "GONE"), hosts=("h",)), Redactor())
    assert deps.text(Env("BASE")) == "v"
    assert deps.text("plain") == "plain"
    deps.allow_host("H", 443)
    for name, code in (("GONE", "validation"), ("OTHER", "permission_denied")):
        with pytest.raises(Failure) as caught:
            deps.env(name)
        assert caught.value.code == code


def test_waiting_ends_when_the_run_is_stopped() -> None:
    stopped = Deps("s", NOTHING, Redactor(), cancelled=lambda: True)
    with pytest.raises(Failure) as caught:
        stopped.sleep(60)
    assert caught.value.code == "cancelled"
    Deps("s", NOTHING, Redactor()).sleep(0.01)


def test_jitter_depends_on_the_run_and_the_step_only() -> None:
    def jitter(seed: str, step: str, attempt: int) -> float:
        return Deps(step, NOTHING, Redactor(), seed=seed).jitter(attempt)

    assert jitter("r", "s", 1) == jitter("r", "s", 1)
    assert len({jitter("r", "s", 1), jitter("r", "s", 2), jitter("r", "t", 1), jitter("q", "s", 1)}) == 4
    assert all(0 <= jitter("r", "s", attempt) < 1 for attempt in range(50))


@given(st.sampled_from(sorted(CATALOGUE)), st.text(), st.lists(st.text(), max_size=3))
def test_failures_survive_their_event(code: str, message: str, details: list[str]) -> None:
    failure = Failure(code, message, details=details)
    again = restore_failure(failure_payload(failure), "s")
    assert (again.code, again.message, again.details, again.retryable, again.step) == (
        code, message, tuple(details), CATALOGUE[code][0], "s",
    )  # fmt: skip


def test_the_catalogue_is_closed() -> None:
    assert Failure("made_up", "m").code == "internal"
    assert len(CATALOGUE) == 14
    assert [code for code, (retryable, _) in CATALOGUE.items() if retryable] == [
        "timeout",
        "rate_limited",
        "unavailable",
    ]
