"""`lattice new`: a project that passes its own tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.running import lattice


def test_the_project_checks_tests_runs_and_replays(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = lattice("new", "mail_desk")
    assert ran.exit_code == 0
    assert "lattice test mail_desk.lat" in ran.stdout
    folder = here / "mail_desk"
    assert sorted(path.name for path in folder.iterdir()) == [
        ".gitignore",
        "README.md",
        "mail_desk.lat",
        "mail_desk_tools.py",
        "replies.json",
    ]
    assert not any("NAME" in path.read_text() for path in folder.iterdir())
    monkeypatch.chdir(folder)
    assert lattice("check", "mail_desk.lat", "--fail-on", "hint").exit_code == 0
    ran = lattice("test", "mail_desk.lat")
    assert (ran.exit_code, ran.stdout.splitlines()[-1]) == (0, "2 passed, 0 failed"), ran.output
    ran = lattice("run", "mail_desk.lat", "--input", '{"id": "n1"}', "--run-id", "r1")
    assert ran.exit_code == 0, ran.output
    assert '"folder": "question"' in ran.stdout
    assert lattice("replay", "mail_desk.lat", "r1").exit_code == 0
    assert lattice("verify").exit_code == 0


@pytest.mark.parametrize(
    "name",
    ["", "../x", "a/b", "Desk", "2day", "my-desk", "a b", "é", "class", "json", "workflow", "note", "x" * 60, "-x"],
)
def test_names_that_cannot_be(here: Path, name: str) -> None:
    ran = lattice("new", "--", name)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert list(here.iterdir()) == []


def test_a_better_name_is_offered() -> None:
    assert "`my_desk` would do" in lattice("new", "my-desk").stderr


def test_a_folder_with_something_in_it_is_left_alone(here: Path) -> None:
    (here / "desk").mkdir()
    (here / "desk" / "mine.txt").write_text("mine")
    ran = lattice("new", "desk")
    assert ran.exit_code == 2
    assert [path.name for path in (here / "desk").iterdir()] == ["mine.txt"]
    (here / "shelf").write_text("a file")
    assert lattice("new", "shelf").exit_code == 2
    (here / "empty").mkdir()
    assert lattice("new", "empty").exit_code == 0
