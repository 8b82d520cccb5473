"""`lattice doctor`: what it says, and what it keeps to itself."""

from __future__ import annotations

import json
import sqlite3

import pytest
from cli.running import lattice


def states(*words: str, env: dict[str, str] | None = None) -> dict[str, tuple[str, str]]:
    ran = lattice("doctor", "--json", *words, env=env)
    return {found["name"]: (found["state"], found["text"]) for found in json.loads(ran.stdout)["findings"]}


def test_a_healthy_machine() -> None:
    ran = lattice("doctor")
    assert ran.exit_code == 0, ran.output
    for word in ("python", "sqlite", "runtime", "this folder", "output", "lark"):
        assert f"\nok       {word} " in f"\n{ran.stdout}"
    assert states()["sqlite"][0] == "ok"


def test_keys_are_named_and_never_shown() -> None:
    found = states(env={"ANTHROPIC_API_KEY": "sk-very-secret", "OPENAI_API_KEY": ""})
    assert found["ANTHROPIC_API_KEY"] == ("ok", "is set")
    assert found["OPENAI_API_KEY"] == ("ok", "is not set")
    assert "very-secret" not in lattice("doctor", env={"ANTHROPIC_API_KEY": "sk-very-secret"}).output


def test_a_store_that_cannot_be_written_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sqlite3, "connect", refuse)
    ran = lattice("doctor")
    assert ran.exit_code == 1
    assert "error    sqlite" in ran.stdout and "disk I/O error" in ran.stdout
