"""The real Codex takes every file, offers what was built, and lets roles do nothing but their own, whether or not hooks are accepted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_clients.exporting import DRIVEN, INSTRUCTED
from agent_lattice_clients.trust import Home, Trust
from clients.codex import inspecting
from clients.harness.choosing import need
from clients.harness.codex import Codex
from clients.harness.codex_code import CodexCode
from clients.harness.dialogues import CASE, DONE, SHELL, USE, Dialogue
from clients.harness.homes import surroundings
from clients.harness.installing import program
from clients.harness.namespaces import run_alone
from clients.harness.projects import CI, REFUND, Example, Project, project
from clients.harness.proofs import prove_beside, prove_launched
from clients.harness.runs import Run, run
from clients.harness.scripts import Rule

pytestmark = pytest.mark.clients
CODEX, CODE = Codex(), CodexCode()
WAYS = pytest.mark.parametrize("mode", [DRIVEN, INSTRUCTED])
EXAMPLES = pytest.mark.parametrize("example", CI, ids=str)
ROLE, PART = "refund-triage", "part for the role."
BYPASS = "--dangerously-bypass-hook-trust"


def built(mode: str, folder: Path, example: Example = REFUND) -> Project:
    need(CODEX)
    return project(example, CODEX.target, mode, folder)


def asked(made: Project, words: Sequence[str]) -> dict[str, Any]:
    """What a command says that asks no model, in a trusted project."""
    home = made.folder.with_name("asking")
    if not home.exists():
        home.mkdir()
        CODEX.trust(home, made.folder)
    return run_alone(words, made.folder, surroundings(home) | CODEX.settings(home), (), 60)


def inspected(made: Project) -> dict[str, Any]:
    words = [sys.executable, str(Path(inspecting.__file__)), str(program(CODEX.target)), str(made.folder)]
    found = asked(made, words)
    assert found["code"] == 0, found
    shown: dict[str, Any] = json.loads(found["out"])
    return shown


def edit(made: Project, path: str, change: Callable[[str], str]) -> None:
    file = made.folder / path
    file.write_text(change(file.read_text("utf-8")), "utf-8")


@WAYS
@EXAMPLES
def test_settings_have_no_key_that_is_not_known(mode: str, example: Example, tmp_path: Path) -> None:
    made = built(mode, tmp_path, example)
    strict = [str(program(CODEX.target)), "app-server", "--strict-config", "--print-startup-config"]
    assert (found := asked(made, strict))["code"] == 0, found
    edit(made, ".codex/config.toml", lambda text: text.replace("tool_timeout_sec", "tool_timeout"))
    assert asked(made, strict)["code"] != 0


@WAYS
@EXAMPLES
def test_the_client_has_nothing_to_say_against_it(mode: str, example: Example, tmp_path: Path) -> None:
    made = built(mode, tmp_path, example)
    shown = inspected(made)
    assert not [told for told in shown["told"] if made.export.slug in json.dumps(told)], shown["told"]
    assert not shown["skills"]["errors"] and not shown["hooks"]["errors"] and not shown["hooks"]["warnings"]
    assert made.export.slug in [skill["name"] for skill in shown["skills"]["skills"]]
    (server,) = [one for one in shown["servers"] if one["name"] == made.export.server]
    assert set(server["tools"]) == {tool.name for tool in made.export.tools}
    assert len(shown["hooks"]["hooks"]) == (3 if mode == INSTRUCTED else 0)


def test_an_agent_with_a_key_that_is_not_known_would_be_told(tmp_path: Path) -> None:
    made = built(INSTRUCTED, tmp_path)
    edit(made, f".codex/agents/{ROLE}.toml", lambda text: f"max_turns = 3\n{text}")
    assert [told for told in inspected(made)["told"] if ROLE in json.dumps(told)]


@WAYS
@EXAMPLES
def test_models_that_write_code(mode: str, example: Example, tmp_path: Path, subtests: pytest.Subtests) -> None:
    dialogue = Dialogue(CODE, built(mode, tmp_path, example))
    prove_launched(subtests, dialogue, dialogue.launched())


@WAYS
def test_models_that_write_code_beside(mode: str, tmp_path: Path, subtests: pytest.Subtests) -> None:
    dialogue = Dialogue(CODE, built(mode, tmp_path))
    prove_beside(subtests, dialogue, dialogue.beside())


def session(driver: Codex, made: Project, *, bypass: bool) -> Run:
    """A session that may change files: it uses an operation, then leaves a part to a role, which tries the same and to change a file."""
    used = Dialogue(driver, made).used
    *begun, last = driver.delegate(ROLE, PART)
    rules = [Rule(USE, calls=(used,), having=(CASE,), armed=True)]
    rules += [
        Rule(f"{n}", calls=(call,), taken=taken, having=(CASE,)) for n, (call, taken) in enumerate([*begun, last])
    ]
    own = {"having": (PART,), "lacking": (CASE,)}
    rules += [Rule(f"role {name}", calls=(call,), **own) for name, call in ((USE, used), (SHELL, driver.shell))]
    rules.append(Rule("role answers", DONE, having=(PART,), lacking=(CASE,)))
    words = driver.words(["exec", "-s", "workspace-write", f"${made.export.slug} {CASE}"])
    return run(driver, made.folder, [word for word in words if bypass or word != BYPASS], rules)


@pytest.mark.parametrize("driver", [CODEX, CODE], ids=["calls", "code"])
def test_a_role_changes_nothing_in_a_session_that_may(driver: Codex, tmp_path: Path) -> None:
    made = built(INSTRUCTED, tmp_path)
    found = session(driver, made, bypass=True)
    assert REFUND.brought in found.result(USE)
    assert "not among what the workflow grants" in found.result(f"role {USE}")
    assert found.result(f"role {SHELL}") and not made.touched


@pytest.mark.parametrize("driver", [CODEX, CODE], ids=["calls", "code"])
def test_operations_are_refused_until_hooks_are_accepted(driver: Codex, tmp_path: Path) -> None:
    made = built(INSTRUCTED, tmp_path)
    found = session(driver, made, bypass=False)
    for rule in (USE, f"role {USE}"):
        assert "requires approval" in found.result(rule)
        assert REFUND.brought not in found.result(rule)
    assert "hooks are not accepted" in trust(driver, made).why


def trust(driver: Codex, made: Project) -> Trust:
    """What `lattice doctor` says after a session, by the person's settings."""
    home = made.folder.with_name(f"{made.folder.name}-home")
    return driver.target.trusted(made.folder, INSTRUCTED, Home(driver.settings(home)))


class Accepting(Codex):
    """A person has accepted these hooks, which the client names by file, event and place."""

    def __init__(self, hooks: Sequence[dict[str, Any]]) -> None:
        self._hooks = hooks

    def trust(self, home: Path, project: Path) -> None:
        super().trust(home, project)
        with (home / ".codex/config.toml").open("a", encoding="utf-8") as file:
            for hook in self._hooks:
                file.write(
                    f"[hooks.state.{json.dumps(hook['key'])}]\ntrusted_hash = {json.dumps(hook['currentHash'])}\n"
                )


def test_accepted_hooks_answer_and_changed_ones_do_not(tmp_path: Path) -> None:
    made = built(INSTRUCTED, tmp_path)
    driver = Accepting(inspected(made)["hooks"]["hooks"])
    found = session(driver, made, bypass=False)
    assert REFUND.brought in found.result(USE)
    assert "not among what the workflow grants" in found.result(f"role {USE}")
    assert trust(driver, made).given is True
    edit(made, ".codex/hooks.json", lambda text: text.replace("decide", "hook codex #"))
    made.folder.with_name(f"{made.folder.name}-home").rename(tmp_path / "first-home")
    assert "requires approval" in session(driver, made, bypass=False).result(USE)


def test_a_hook_that_cannot_tell_refuses(tmp_path: Path) -> None:
    made = built(INSTRUCTED, tmp_path)
    edit(made, ".lattice/refund/codex-calls.json", lambda text: text[:-3])
    said = session(CODEX, made, bypass=True).result(USE)
    assert "codex-calls.json is not JSON" in said and REFUND.brought not in said


def test_what_a_session_does_is_written_down(tmp_path: Path) -> None:
    made = built(INSTRUCTED, tmp_path)
    session(CODEX, made, bypass=True)
    listed = asked(made, [sys.executable, ".lattice/refund", "runs", "--json"])
    (told,) = [json.loads(line) for line in listed["out"].splitlines()]
    assert told["workflow"] == "refund@codex"
    events = asked(made, [sys.executable, ".lattice/refund", "events", told["run_id"], "--json"])["out"]
    steps = [(event["type"], event["step"]) for event in map(json.loads, events.splitlines())]
    assert ("client.called", "shop.get_order") in steps and ("client.called", ROLE) in steps
