"""What clients keep about trusted projects is read as they read it: the cases are those that were measured with the clients themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from agent_lattice_clients.exporting import DRIVEN, INSTRUCTED
from agent_lattice_clients.trust import Home, Unreadable, repository
from agent_lattice_targets.claude import TARGET as CLAUDE
from agent_lattice_targets.codex import TARGET as CODEX
from agent_lattice_targets.copilot import TARGET as COPILOT
from clients.harness.choosing import DRIVERS
from clients.harness.drivers import Driver

HOOKS = {"hooks": {"PreToolUse": [{"hooks": [{"command": "x"}, {"command": "y"}]}], "PostToolUse": [{"hooks": [{}]}]}}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "top" / "project"
    folder.mkdir(parents=True)
    return folder.resolve()


def accept(home: Path, *projects: Path) -> Home:
    """Claude and Codex trust some projects."""
    accepted = {str(project): {"hasTrustDialogAccepted": True} for project in projects}
    (home / ".claude.json").write_text(json.dumps({"projects": accepted, "token": "made-up"}))
    (home / ".codex").mkdir(exist_ok=True)
    said = "".join(f'[projects.{json.dumps(str(project))}]\ntrust_level = "trusted"\n' for project in projects)
    (home / ".codex/config.toml").write_text(said)
    return Home({"HOME": str(home)})


def both(project: Path, home: Home) -> tuple[bool | None, bool | None]:
    return CLAUDE.trusted(project, DRIVEN, home).given, CODEX.trusted(project, DRIVEN, home).given


@pytest.mark.parametrize("driver", DRIVERS.values(), ids=DRIVERS)
def test_what_a_client_writes_is_understood(driver: Driver, home: Path, project: Path) -> None:
    found = Home({"HOME": str(home), **driver.settings(home)})
    before = driver.target.trusted(project, DRIVEN, found)
    assert before.given is not True or before.why == "the client has no such notion"
    driver.trust(home, project)
    assert driver.target.trusted(project, DRIVEN, found).given is True


def test_outside_of_a_repository_only_the_folder_itself_counts(home: Path, project: Path) -> None:
    assert both(project, accept(home)) == (False, False)
    assert both(project, accept(home, project.parent)) == (False, False)
    assert both(project, accept(home, project)) == (True, True)


def test_within_a_repository_its_folder_counts(home: Path, project: Path) -> None:
    (project.parent / ".git").mkdir()
    assert both(project, accept(home, project.parent)) == (True, True)
    assert both(project, accept(home, project)) == (False, True)
    assert both(project, accept(home, project.parent.parent)) == (False, False)


def test_a_worktree_belongs_to_the_main_folder(home: Path, project: Path, tmp_path: Path) -> None:
    made = tmp_path / "main/.git/worktrees/project"
    made.mkdir(parents=True)
    (made / "commondir").write_text("../..\n")
    (project / ".git").write_text(f"gitdir: {made}\n")
    assert repository(project) == tmp_path / "main"
    assert both(project, accept(home, tmp_path / "main")) == (True, True)
    assert both(project, accept(home, project)) == (False, True)


def test_a_module_of_a_repository_is_one_of_its_own(project: Path) -> None:
    (project / ".git").write_text("gitdir: ../.git/modules/project\n")
    assert repository(project) == project


def test_hooks_of_codex_are_accepted_one_by_one(home: Path, project: Path) -> None:
    file = project / ".codex/hooks.json"
    file.parent.mkdir()
    file.write_text(json.dumps(HOOKS))
    found = accept(home, project)
    assert CODEX.trusted(project, DRIVEN, found).given is True
    none = CODEX.trusted(project, INSTRUCTED, found)
    assert none.given is False and none.why.startswith("3 of its hooks are not accepted yet")
    keys = [f"{file}:pre_tool_use:0:0", f"{file}:pre_tool_use:0:1", f"{file}:post_tool_use:0:0"]
    with (home / ".codex/config.toml").open("a") as settings:
        settings.write("".join(f'[hooks.state.{json.dumps(key)}]\ntrusted_hash = "sha256:0"\n' for key in keys[:2]))
    assert "1 of its hooks" in CODEX.trusted(project, INSTRUCTED, found).why
    with (home / ".codex/config.toml").open("a") as settings:
        settings.write(f'[hooks.state.{json.dumps(keys[2])}]\ntrusted_hash = "sha256:0"\n')
    assert CODEX.trusted(project, INSTRUCTED, found).given is True


def test_copilot_trusts_what_is_in_a_trusted_folder(home: Path, project: Path) -> None:
    (home / ".copilot").mkdir()

    def given(*folders: object, **env: str) -> bool | None:
        told = f"// written by the client\n{json.dumps({'trusted_folders': folders})}"
        (home / ".copilot/config.json").write_text(told)
        return COPILOT.trusted(project, DRIVEN, Home({"HOME": str(home), **env})).given

    assert given(str(project)) is given(5, str(project.parent.parent)) is True
    assert given() is given(str(project / "below")) is given(str(project)[:-1]) is False
    assert given(COPILOT_ALLOW_ALL="true") is True


@pytest.mark.parametrize("content", [b"\xff", b"{", b"[" * 100000, b"[1]", b"=", b'{"projects": 5}', b"projects = 5"])
def test_settings_of_any_bytes_are_no_trust(content: bytes, home: Path, project: Path) -> None:
    for file in (".codex/config.toml", ".copilot/config.json"):
        (home / file).parent.mkdir()
        (home / file).write_bytes(content)
    (home / ".claude.json").write_bytes(content)
    for client in (CLAUDE, CODEX, COPILOT):
        try:
            assert client.trusted(project, DRIVEN, Home({"HOME": str(home)})).given is False
        except Unreadable as error:
            assert "\n" not in str(error) and "/" not in str(error)
