"""`lattice install` and `uninstall`, with a target of another distribution and the Python one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import agent_lattice_targets
import pytest
from agent_lattice.plan import Plan
from cli.running import HELLO, ROOT, lattice, process
from installing.projects import tree

BYE = HELLO.replace("hello(", "bye(")


class Fake:
    """A target that shares files of every format with others."""

    name = "fake"
    contract = 1
    modes = ("driven", "native")
    shared: ClassVar = {
        ".mcp.json": "json",
        "fake.toml": "toml",
        ".github/fake.yaml": "yaml",
        "AGENTS.md": "markdown",
    }

    def emit(self, plan: Plan, mode: str | None = None) -> dict[str, str]:
        server = {"command": "sh", "args": ["-c", f"exec python3 .lattice/{plan.name} {mode or 'driven'}"]}
        return {
            f".lattice/{plan.name}/__main__.py": f"print({plan.name!r})\n",
            ".mcp.json": json.dumps({"mcpServers": {plan.name: server}}, indent=2) + "\n",
            "fake.toml": f'[servers.{plan.name}]\ncommand = "sh"\n',
            ".github/fake.yaml": f"servers:\n  {plan.name}:\n    command: sh\n",
            "AGENTS.md": f"<!-- lattice:{plan.name} -->\n{plan.doc}\n<!-- /lattice:{plan.name} -->\n",
        }


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    def known() -> dict[str, Callable[[], Any]]:
        return {"fake": lambda: SimpleNamespace(TARGET=Fake()), "python": agent_lattice_targets._loader("python")}

    monkeypatch.setattr(agent_lattice_targets, "targets", known)
    (here / "hello.lat").write_text(HELLO)
    (here / "bye.lat").write_text(BYE)
    (here / "project").mkdir()


def test_install_twice_and_uninstall(here: Path) -> None:
    project = here / "project"
    (project / ".mcp.json").write_bytes(b'{ "mcpServers": {} } // mine\r\n')
    before = tree(project)
    ran = lattice("install", "hello.lat", "--target", "fake", "project")
    assert (ran.exit_code, ran.stdout) == (0, "project: 1 written, 4 merged\n")
    assert json.loads((project / ".mcp.json").read_text().split("//")[0])["mcpServers"]["hello"]["command"] == "sh"
    after = tree(project)
    ran = lattice("install", "hello.lat", "--target", "fake", "project")
    assert (ran.exit_code, ran.stdout) == (0, "project: nothing to do\n")
    assert tree(project) == after
    ran = lattice("uninstall", "--target", "fake", "project")
    assert (ran.exit_code, ran.stdout) == (0, "project: 1 merged, 4 removed\n")
    assert tree(project) == before
    ran = lattice("uninstall", "project")
    assert (ran.exit_code, ran.stdout) == (0, "project: nothing is installed\n")


def test_the_source_that_the_project_names(here: Path) -> None:
    ran = lattice("install", "--target", "fake", "project")
    assert ran.exit_code == 2 and "which source? Give FILE, or `file` under [build]" in ran.stderr
    (here / "project" / "lattice.toml").write_text('[build]\nfile = "../hello.lat"\n')
    assert lattice("install", "--target", "fake", "project").exit_code == 0
    assert (here / "project" / ".lattice/hello/__main__.py").is_file()
    assert lattice("install", "project", "--target", "fake", "--file", "bye.lat").exit_code == 0
    assert (here / "project" / ".lattice/bye/__main__.py").is_file()


def test_the_current_folder_is_the_project(here: Path) -> None:
    before = tree(here)
    assert lattice("install", "hello.lat", "--target", "fake").exit_code == 0
    assert (here / ".lattice/hello/__main__.py").is_file()
    assert lattice("uninstall").exit_code == 0
    assert tree(here) == before


def test_one_of_several_workflows(here: Path) -> None:
    project = here / "project"
    lattice("install", "hello.lat", "--target", "fake", "project")
    one = tree(project)
    lattice("install", "bye.lat", "--target", "fake", "project")
    ran = lattice("uninstall", "by", "project")
    assert ran.exit_code == 2 and "no workflow `by` is installed; did you mean `bye`?" in ran.stderr
    ran = lattice("uninstall", "bye", "--target", "python", "project")
    assert ran.exit_code == 2
    assert "no workflow `bye` is installed for `python`; there is `bye` for fake, `hello` for fake" in ran.stderr
    assert lattice("uninstall", "bye", "project").exit_code == 0
    assert tree(project) == one


def test_a_word_is_a_workflow_or_a_folder(here: Path) -> None:
    lattice("install", "hello.lat", "--target", "fake")
    lattice("install", "hello.lat", "--target", "fake", "project")
    assert lattice("uninstall", "project").exit_code == 0
    (here / "hello").mkdir()
    ran = lattice("uninstall", "hello")
    assert ran.exit_code == 2 and "write ./hello for the folder, or `hello .`" in " ".join(ran.stderr.split())
    assert lattice("uninstall", "hello", ".").exit_code == 0
    assert not (here / ".lattice").exists()


def test_a_dry_run_shows_the_difference_and_no_secret(here: Path) -> None:
    there = '{\n  "mcpServers": {\n    "mine": {"env": {"API_TOKEN": "sk-1234", "A": "${API_KEY}"}}\n  }\n}\n'
    (here / "project/.mcp.json").write_text(there)
    before = tree(here)
    ran = lattice("install", "hello.lat", "--target", "fake", "project", "--dry-run")
    assert ran.exit_code == 0
    assert "new file .lattice/hello/__main__.py (1 line)\n" in ran.stdout
    assert '+    "hello": {\n' in ran.stdout
    assert "sk-1234" not in ran.output and '"API_TOKEN": ***' in ran.stdout and "${API_KEY}" in ran.stdout
    assert "+++ AGENTS.md\n" in ran.stdout
    assert lattice("install", "hello.lat", "--target", "fake", "project", "--check").exit_code == 1
    assert tree(here) == before
    lattice("install", "hello.lat", "--target", "fake", "project")
    ran = lattice("install", "hello.lat", "--target", "fake", "project", "--check")
    assert (ran.exit_code, ran.stdout) == (0, "project: nothing to do\n")
    ran = lattice("uninstall", "project", "--check")
    assert ran.exit_code == 1 and "removed file .lattice/hello/__main__.py (1 line)\n" in ran.stdout


def test_a_conflict_is_shown_with_what_force_would_change(here: Path) -> None:
    (here / "project/fake.toml").write_text('[servers.hello]\ncommand = "mine" # see\n')
    before = tree(here)
    ran = lattice("install", "hello.lat", "--target", "fake", "project")
    assert ran.exit_code == 2
    assert "conflict: `fake.toml`: `servers.hello.command` has another value\n" in ran.stderr
    assert '-command = "mine" # see\n+command = "sh" # see\n' in ran.stdout
    assert "nothing was written" in ran.stderr
    assert tree(here) == before
    assert lattice("install", "hello.lat", "--target", "fake", "project", "--force").exit_code == 0
    assert (here / "project/fake.toml").read_text() == '[servers.hello]\ncommand = "sh" # see\n'
    lattice("install", "bye.lat", "--target", "fake", "project")
    (here / "project/fake.toml").write_text((here / "project/fake.toml").read_text() + "# edited\n")
    assert lattice("uninstall", "project").exit_code == 0
    assert (here / "project/fake.toml").read_text() == '[servers.hello]\ncommand = "mine" # see\n# edited\n'


def test_an_edit_is_told_and_stays(here: Path) -> None:
    lattice("install", "hello.lat", "--target", "fake", "project")
    path = here / "project/.mcp.json"
    path.write_text(path.read_text().replace('"sh"', '"bash"'))
    ran = lattice("uninstall", "project")
    assert ran.exit_code == 0
    assert ran.stderr == "warning: `mcpServers.hello.command` in `.mcp.json` was edited: it stays\n"
    assert json.loads(path.read_text()) == {"mcpServers": {"hello": {"command": "bash"}}}


def test_modes(here: Path) -> None:
    assert lattice("install", "hello.lat", "--target", "fake", "--mode", "native", "project").exit_code == 0
    assert "native" in (here / "project/.mcp.json").read_text()
    ran = lattice("install", "hello.lat", "--target", "fake", "--mode", "other", "project")
    assert ran.exit_code == 2 and "has the modes driven, native, not `other`" in ran.stderr


def test_a_target_without_shared_files_is_installed_as_files_of_its_own(here: Path) -> None:
    project = here / "project"
    (project / "mine.py").write_text("mine")
    before = tree(project)
    assert lattice("install", "hello.lat", "--target", "python", "project").exit_code == 0
    assert process("--input", '{"name": "x"}', "--store", ":memory:", program="").returncode == 0
    assert (project / "hello/__main__.py").is_file() or (project / "__main__.py").is_file()
    assert lattice("uninstall", "project").exit_code == 0
    assert tree(project) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["install", "hello.lat", "project"], "for what? Give --target"),
        (["install", "hello.lat", "--target", "fakr", "project"], "did you mean `fake`?"),
        (["install", "nothing.lat", "--target", "fake", "project"], "cannot read nothing.lat"),
        (["install", "hello.lat", "--target", "fake", "nowhere"], "there is no folder `nowhere`"),
        (["install", "hello.lat", "--target", "fake", "bye.lat"], "`bye.lat` is a file, where the folder"),
        (["install", "hello.lat", "project", "more"], "at most a source and the folder"),
        (["install", "project", "more", "--file", "hello.lat"], "at most a source and the folder"),
        (["install", "-", "--target", "fake"], "a workflow is installed from a file"),
        (["uninstall", "a", "b", "c"], "at most a workflow and the folder"),
        (["uninstall", "a", "nowhere"], "there is no folder `nowhere`"),
        (["uninstall", "--target", "fake"], "nothing is installed for `fake`"),
    ],
)
def test_what_is_not_understood(here: Path, words: list[str], message: str) -> None:
    before = tree(here)
    ran = lattice(*words)
    assert ran.exit_code == 2
    assert message in " ".join(ran.stderr.split())
    assert tree(here) == before


def test_a_source_with_errors_installs_nothing(here: Path) -> None:
    (here / "hello.lat").write_text("workflow hello( {")
    before = tree(here)
    assert lattice("install", "hello.lat", "--target", "fake", "project").exit_code == 1
    assert tree(here) == before


def test_a_large_project_of_others_is_no_obstacle(here: Path) -> None:
    servers = {f"s{number}": {"command": "x", "args": ["a", number]} for number in range(2000)}
    there = json.dumps({"mcpServers": servers}, indent=1)
    (here / "project/.mcp.json").write_text(there)
    assert lattice("install", "hello.lat", "--target", "fake", "project").exit_code == 0
    assert lattice("uninstall", "project").exit_code == 0
    assert (here / "project/.mcp.json").read_text() == there


DYING = """
import os
from pathlib import Path

left, replace = int(os.environ["LEFT"]), Path.replace

def dying(self, target):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    return replace(self, target)

Path.replace = dying
from agent_lattice.cli import main
main()
"""


@pytest.mark.parametrize("left", [0, 1, 30])
def test_processes_that_die_leave_what_can_be_finished_and_undone(here: Path, left: int) -> None:
    project, source = here / "project", str(ROOT / "examples/refund/refund.lat")
    (project / ".mcp.json").write_bytes(b'{ "mcpServers": {}, }')
    before = tree(project)
    for words in (["install", source, "--target", "claude", "project"], ["uninstall", "project"]):
        died = process(*words, env={"LEFT": str(left)}, program=DYING)
        assert died.returncode == (9 if words[0] == "install" or left < 2 else 0), died.stderr
        if left % 2:
            assert process("uninstall", "project").returncode == 0
            assert tree(project) == before
        assert process(*words).returncode == 0
    assert tree(project) == before


def test_a_file_where_a_folder_belongs(here: Path) -> None:
    (here / "project/.github").write_text("mine")
    before = tree(here)
    ran = lattice("install", "hello.lat", "--target", "fake", "project")
    assert ran.exit_code == 2 and "cannot read .github/fake.yaml: not a directory" in ran.stderr
    assert tree(here) == before
