"""Secrets: in no event, no message, no result, however they are spelled."""

from __future__ import annotations

import base64
import json
import urllib.parse
from typing import Any

import pytest
from agent_lattice_runtime.canonical import canonical, recorded
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.models import Deps
from agent_lattice_runtime.permissions import Grant
from agent_lattice_runtime.redaction import Redactor
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.verify import verify
from hypothesis import given
from hypothesis import strategies as st

from .samples import World, manifest, workflow

SECRET = 's3cr/et+"\\ü value'
SECRETS = st.text(st.characters(exclude_categories=("Cs",)), min_size=6, max_size=30)


def redactor(value: str = SECRET) -> Redactor:
    made = Redactor()
    made.register("TOKEN", value)
    return made


@given(secret=SECRETS, before=st.text(max_size=10), after=st.text(max_size=10))
def test_no_usual_spelling_gets_through(secret: str, before: str, after: str) -> None:
    made = redactor(secret)
    raw = secret.encode()
    spellings = [
        secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], canonical(secret)[1:-1],
        urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret), raw.hex(),
    ]  # fmt: skip
    for spelling in spellings:
        assert "[secret TOKEN]" in made.text(f"{before}{spelling}{after}")
        assert made.found_in(f"{before}{spelling}{after}")
    if len(raw) >= 9:
        for lead in (b"", b"u:", b"user:"):
            assert made.found_in(base64.b64encode(lead + raw + b":x").decode())
            assert made.found_in(base64.urlsafe_b64encode(lead + raw).decode())


@given(st.text(max_size=50))
def test_text_without_secrets_is_left_alone(text: str) -> None:
    made = redactor("a-secret-that-is-not-there")
    assert made.text(text) == text


def test_values_keep_their_shape() -> None:
    found: set[str] = set()
    value = {"a": [SECRET, 1, None], SECRET: {"b": f"x{SECRET}y"}}
    assert redactor().value(value, found) == {
        "a": ["[secret TOKEN]", 1, None],
        "[secret TOKEN]": {"b": "x[secret TOKEN]y"},
    }
    assert found == {"TOKEN"}


def test_the_longer_of_two_overlapping_secrets_wins() -> None:
    made = redactor("abcdef")
    made.register("LONG", "abcdefghij")
    assert made.text("abcdefghij abcdef") == "[secret LONG] [secret TOKEN]"


def test_an_unset_secret_is_a_clear_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKEN", raising=False)
    deps = Deps("s", Grant(secrets=("TOKEN",)), Redactor())
    with pytest.raises(Failure) as caught:
        deps.secret("TOKEN")
    assert caught.value.code == "auth"
    with pytest.raises(Failure) as caught:
        deps.secret("OTHER")
    assert caught.value.code == "permission_denied"


@pytest.mark.parametrize("known_before", [True, False])
def test_a_secret_is_nowhere_in_a_run(monkeypatch: pytest.MonkeyPatch, known_before: bool) -> None:
    """In results, failures, prompts and events; run and replay see the same."""
    monkeypatch.setenv("TOKEN", SECRET)
    world, shown = World(), []
    leak = world.op("t.leak", "read", lambda what: {"said": what, SECRET: [SECRET]})

    def fails() -> None:
        raise ValueError(f"cannot log in with {SECRET}")

    broken = world.op("t.broken", "write", fails)
    for op in (leak, broken):
        original = op.call
        op.call = lambda arguments, deps, original=original: (deps.secret("TOKEN"), original(arguments, deps))[1]  # type: ignore[method-assign]

    async def flow(ctx: Context, text: str) -> Any:
        first = await ctx.tool("leak", leak, {"what": text})
        second = await ctx.tool("leak_again", leak, {"what": f"{first['said']} {SECRET}"})
        await ctx.emit("say", "said", {"text": second["said"], "raw": SECRET})
        return await ctx.tool("broken", broken, {})

    def grant(*names: str) -> dict[str, list[str]]:
        return {"operations": list(names), "secrets": ["TOKEN"]}

    grants = manifest(leak=grant("t.leak"), leak_again=grant("t.leak"), broken=grant("t.broken"))
    if not known_before:
        grants["permissions"]["total"]["secrets"] = []
    flow_, store = workflow(flow, grants), MemoryStore()
    run = start(flow_, {"text": f"my {SECRET}"}, store, "r1", Setting(on_event=lambda row, event: shown.append(event)))
    assert run.failure is not None
    everything = (
        repr([event[:6] for event in shown if known_before or event[0] > 1])
        + repr(run.failure.args)
        + run.failure.message
    )
    assert SECRET not in everything
    assert canonical(SECRET)[1:-1] not in everything
    assert repr(SECRET)[1:-1] not in everything
    assert "cannot log in with [secret TOKEN]" in run.failure.message
    redactions = {event[2]: recorded(event[5]) for event in shown if event[5]}
    assert redactions["step.completed"] == {"secrets": ["TOKEN"]}
    assert redactions["effect.failed"] == {"secrets": ["TOKEN"]}
    assert redactions["custom.said"] == {"secrets": ["TOKEN"]}
    row = store.find("r1")
    assert row is not None
    assert verify(store, row) is None
    assert not known_before or replay(flow_, "r1", store).divergence is None
