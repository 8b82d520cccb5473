"""`lattice doctor TARGET` and `lattice launch`, with a client that writes down how it was started."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from agent_lattice.launching import starting
from agent_lattice_targets.claude import TARGET as CLAUDE
from cli.running import HELLO, lattice, process
from clients.harness.choosing import DRIVERS
from clients.harness.drivers import Driver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CLIENT = """#!/bin/sh
if [ "$1" = --version ]; then echo "VERSION (a fake)"; exit 0; fi
pwd > "$RECORD/cwd"
printf '%s\\0' "$@" > "$RECORD/words"
cat > "$RECORD/input"
exit 7
"""
WORDS = ["two words", "it's", '"quoted"', "$HOME", "`id`", "-x", "--help", "\\", "a\nb", "*", "", "é"]
SECRET = "sk-made-up-secret-4711"
NEEDY = """
secret DESK_KEY
tool desk = http("https://desk.example") {
  auth bearer DESK_KEY
  op look(id: string) -> string = GET "/{id}" { effect: read }
}
/// Look something up.
workflow hello(name: string) -> string {
  found = desk.look(id: name)
  return found
}
"""


class Place:
    """A project with a workflow, a home, and a folder of programs that stands first on PATH."""

    def __init__(self, root: Path) -> None:
        self.root, self.project, self.home, self.programs = root, root / "project", root / "home", root / "programs"
        for folder in (self.project, self.home, self.programs):
            folder.mkdir()
        path = os.pathsep.join([str(self.programs), str(Path(sys.executable).parent), "/usr/bin", "/bin"])
        self.env = {"HOME": str(self.home), "RECORD": str(root), "PATH": path, "DESK_KEY": ""}

    def install(self, target: str = "claude", source: str = HELLO) -> None:
        (self.root / "hello.lat").write_text(source)
        ran = lattice("install", str(self.root / "hello.lat"), "--target", target, str(self.project))
        assert ran.exit_code == 0, ran.output

    def client(self, driver: Driver = DRIVERS["claude"], version: str | None = None) -> None:
        """Have a client of a version, which trusts the project."""
        self.program(
            driver.target.program, CLIENT.replace("VERSION", version or driver.target.frozen["client"]["tried"][0])
        )
        self.env = driver.settings(self.home) | self.env
        driver.trust(self.home, self.project)

    def program(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def doctor(self, *words: str, target: str = "claude") -> dict[str, tuple[str, str]]:
        ran = lattice("doctor", target, str(self.project), "--json", *words, env=self.env)
        found = {one["name"]: (one["state"], one["text"]) for one in json.loads(ran.stdout)["findings"]}
        assert ran.exit_code == (1 if "error" in {state for state, _ in found.values()} else 0)
        assert SECRET not in ran.output
        return found

    def launch(self, *words: str, target: str = "claude", input: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return process("launch", target, "--project", str(self.project), *words, input=input, env=self.env)

    @property
    def started(self) -> list[str] | None:
        """The words that the client was started with."""
        file = self.root / "words"
        return [word.decode() for word in file.read_bytes().split(b"\0")[:-1]] if file.exists() else None

    def change(self, name: str, before: str, after: str) -> None:
        text = (self.project / name).read_text()
        assert before in text
        (self.project / name).write_text(text.replace(before, after))


@pytest.fixture
def place(here: Path) -> Place:
    return Place(here.resolve())


@pytest.mark.parametrize("driver", DRIVERS.values(), ids=DRIVERS)
def test_every_client_is_looked_at_and_started(driver: Driver, place: Place) -> None:
    target = driver.target
    place.install(target.name)
    place.client(driver)
    found = place.doctor(target=target.name)
    assert {name: state for name, (state, _) in found.items()} == dict.fromkeys(
        ("workflow", target.program, "trust", "files", "server"), "ok"
    )
    assert "hello, hello_cancel, hello_events, hello_status" in found["server"][1]
    ran = place.launch("--headless", "--", *WORDS, target=target.name, input=b"typed")
    assert (ran.returncode, ran.stderr) == (7, b"")
    assert place.started == list(target.launch("hello", WORDS, mode="driven", headless=True).words[1:])
    assert (place.root / "cwd").read_text() == f"{place.project}\n"
    assert (place.root / "input").read_bytes() == b"typed"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"))), headless=st.booleans())
def test_any_words_reach_the_client_as_they_are(
    words: list[str], headless: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (tmp_path / "project").exists():
        made = Place(tmp_path)
        made.install()
        made.client()
    started: list[Any] = []
    monkeypatch.setattr(os, "execve", lambda *told: started.append(told))
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    flags = ["--headless"] if headless else []
    env = {"PATH": str(tmp_path / "programs")}
    lattice("launch", "claude", "--project", str(tmp_path / "project"), "--no-doctor", *flags, "--", *words, env=env)
    (path, got, environ), launch = started[0], CLAUDE.launch("hello", words, mode="driven", headless=headless)
    assert (path, got) == (str(tmp_path / "programs/claude"), launch.words)
    assert environ["PWD"] == str(tmp_path / "project")


def test_a_client_that_is_not_there(place: Place) -> None:
    place.install()
    place.client()
    (place.programs / "claude").unlink()
    assert place.doctor()["claude"] == (
        "error", "is not on PATH: Claude Code is the package @anthropic-ai/claude-code",
    )  # fmt: skip
    ran = place.launch()
    assert ran.returncode == 1 and b"error    claude  is not on PATH" in ran.stderr
    ran = place.launch("--no-doctor")
    assert ran.returncode == 2 and b"claude is not on PATH" in ran.stderr


def test_another_version_is_a_warning(place: Place) -> None:
    place.install()
    place.client(version="99.1.0")
    assert place.doctor()["claude"] == ("warning", "99.1.0; the target was tried with 2.1.329")
    assert place.launch().returncode == 7
    place.program("claude", "#!/bin/sh\nexit 1\n")
    assert place.doctor()["claude"][0] == "warning"


def test_a_project_that_nobody_trusts(place: Place) -> None:
    """Nothing of it is run. Before a person the client itself asks, so only a headless start is refused."""
    place.install()
    place.client()
    shutil.rmtree(place.home / ".claude")
    place.change(".mcp.json", "exec python3", f"touch {place.root}/ran; exec python3")
    found = place.doctor()
    assert found["trust"][0] == "error" and "start `claude` in it once" in found["trust"][1]
    assert found["server"][0] == "warning" and not (place.root / "ran").exists()
    assert place.launch("--headless").returncode == 1 and place.started is None
    assert place.launch().returncode == 7 and not (place.root / "ran").exists()


def test_settings_of_the_client_are_never_shown(place: Place) -> None:
    place.install()
    place.client()
    (place.home / ".claude/.claude.json").write_text(f'{{"key": "{SECRET}", ')
    assert place.doctor()["trust"] == (
        "warning", "it cannot be told whether the project is trusted: its .claude.json cannot be read",
    )  # fmt: skip


def test_files_that_are_missing_or_edited(place: Place) -> None:
    place.install()
    place.client()
    place.change(".claude/skills/hello/SKILL.md", "hello", "hullo")
    assert place.doctor()["files"] == ("warning", "`.claude/skills/hello/SKILL.md` was edited since it was written")
    (place.project / ".claude/skills/hello/SKILL.md").unlink()
    assert place.doctor()["files"][0] == "error"


def test_a_part_of_a_shared_file_that_is_gone(place: Place) -> None:
    (place.project / ".mcp.json").write_text('{"mcpServers": {"other": {"command": "true"}}}')
    place.install()
    place.client()
    assert place.doctor()["files"][0] == "ok"
    (place.project / ".mcp.json").write_text('{"mcpServers": {"other": {"command": "false"}}}')
    found = place.doctor()
    assert found["files"] == (
        "error", "`.mcp.json` or a part of it is missing: build or install the workflow again",
    )  # fmt: skip
    assert found["server"] == (
        "error", "`.mcp.json` registers no command as `hello`: build or install the workflow again",
    )  # fmt: skip


def test_a_built_folder_is_looked_at_by_its_list(place: Place) -> None:
    (place.root / "hello.lat").write_text(HELLO)
    lattice("build", str(place.root / "hello.lat"), "--target", "claude", "-o", str(place.project))
    place.client()
    assert place.doctor()["files"][0] == "ok"
    place.change("AGENTS.md", "hello", "hullo")
    assert place.doctor()["files"] == ("warning", "`AGENTS.md` was edited since it was written")
    (place.project / "AGENTS.md").unlink()
    assert place.doctor()["files"][0] == "error"
    (place.project / ".lattice-build.json").unlink()
    assert place.doctor()["files"][0] == "warning"


def test_a_file_that_hides_the_instructions(place: Place) -> None:
    place.install()
    place.client()
    (place.project / "CLAUDE.md").write_text("Be brief.\n")
    assert place.doctor()["instructions"] == (
        "warning", "Claude Code does not read AGENTS.md where there is CLAUDE.md",
    )  # fmt: skip


def test_a_server_that_does_not_start_or_hangs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.install(source=NEEDY)
    place.client()
    place.env["DESK_KEY"] = SECRET
    found = place.doctor()
    assert found["server"][0] == "ok" and found["DESK_KEY"] == ("ok", "is set")
    place.program("python3", '#!/bin/sh\necho "cannot use $DESK_KEY" >&2\nexit 1\n')
    assert place.doctor()["server"] == ("error", "ends before it answers; it says: cannot use [secret DESK_KEY]")
    ran = place.launch()
    assert ran.returncode == 1 and place.started is None and SECRET.encode() not in ran.stderr
    monkeypatch.setattr(starting, "PATIENCE", 1.0)
    place.program("python3", "#!/bin/sh\nexec sleep 600\n")
    assert place.doctor()["server"] == ("error", "does not answer within 1 s")
    place.env["DESK_KEY"] = ""
    assert place.doctor()["DESK_KEY"] == ("warning", "is not set: what needs it fails")


def test_a_command_that_works_in_one_folder_only(place: Place) -> None:
    place.install()
    place.client()
    entry = {"mcpServers": {"hello": {"command": "python3", "args": [".lattice/hello", "mcp"]}}}
    (place.project / ".mcp.json").write_text(json.dumps(entry))
    assert place.doctor()["server"][0] == "error"


def test_which_workflow(place: Place) -> None:
    place.client()
    assert place.doctor()["workflow"][0] == "error"
    assert b"no workflow is built for claude" in place.launch().stderr
    place.install()
    place.install(source=HELLO.replace("hello(", "good_bye("))
    ran = place.launch()
    assert ran.returncode == 2 and b"which workflow? Give --workflow: there are good_bye, hello" in ran.stderr
    ran = place.launch("--workflow", "goodbye")
    assert ran.returncode == 2 and b"did you mean `good_bye`?" in ran.stderr
    assert place.launch("--workflow", "good_bye", "--no-doctor").returncode == 7
    assert place.started == ["--agent", "good-bye", "/good-bye"]


@pytest.mark.parametrize("content", ["", "[]", "[" * 100000, '{"mode": "instructed"}', "\0", '{"mode": 5, "name": []}'])
@pytest.mark.parametrize("name", [".lattice/hello/claude.json", ".lattice/hello/hello/manifest.json"])
def test_packages_of_any_bytes(name: str, content: str, place: Place) -> None:
    for part in ("claude.json", "hello/manifest.json"):
        file = place.project / ".lattice/hello" / part
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('{"mode": "driven", "name": "hello"}')
    (place.project / name).write_text(content)
    ran = lattice("launch", "claude", "--project", str(place.project), "--no-doctor", env={"PATH": str(place.programs)})
    assert ran.exit_code == 2 and "error: " in ran.stderr and "Traceback" not in ran.output


def test_wrong_words() -> None:
    assert "for no client" in lattice("launch", "python").stderr
    assert "did you mean `claude`?" in lattice("doctor", "claud").stderr
    assert lattice("doctor", "--workflow", "hello").exit_code == 2
    assert lattice("launch", "claude", "--project", "nowhere").exit_code == 2
