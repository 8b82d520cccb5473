"""The command line as a process: streams, colours, interruption, internal errors, and what a start costs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli.running import HELLO, PROGRAM, WRONG, process, surroundings

POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX terminals and signals")


def on_terminal(*words: str, env: dict[str, str] | None = None) -> str:
    """What a process writes to standard output when that is a terminal."""
    import pty

    leader, follower = pty.openpty()
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        stdout=follower,
        stderr=follower,
        env=surroundings({"TERM": "xterm", **(env or {})}),
    )
    os.close(follower)
    parts = []
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    started.wait()
    os.close(leader)
    return b"".join(parts).decode()


@POSIX
def test_colour_only_on_terminals_and_as_the_environment_says(here: Path) -> None:
    (here / "wrong.lat").write_text(WRONG)
    assert "\x1b[1;31merror[LAT2101]" in on_terminal("check", "wrong.lat")
    for off in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"FORCE_COLOR": "0"}):
        assert "\x1b" not in on_terminal("check", "wrong.lat", env=off)
    assert b"\x1b" not in process("check", "wrong.lat").stdout
    assert b"\x1b[1;31m" in process("check", "wrong.lat", env={"FORCE_COLOR": "1"}).stdout
    assert b"\x1b" not in process("check", "wrong.lat", "--format", "json", env={"FORCE_COLOR": "1"}).stdout


@POSIX
def test_each_stream_is_looked_at_on_its_own(here: Path) -> None:
    """Standard output is a pipe, standard error a terminal: only the latter is coloured."""
    import pty

    leader, follower = pty.openpty()
    (here / "wrong.lat").write_text(WRONG)
    started = subprocess.run(
        [sys.executable, "-c", PROGRAM, "plan", "wrong.lat"],
        stdout=subprocess.PIPE,
        stderr=follower,
        env=surroundings({"TERM": "xterm"}),
    )
    os.close(follower)
    assert (started.returncode, started.stdout) == (1, b"")
    assert b"\x1b[1;31merror[LAT2101]" in os.read(leader, 65536)
    os.close(leader)


@POSIX
@pytest.mark.parametrize("words", [["explain", "--list"], ["check", "many.lat"], ["--help"]])
def test_a_reader_that_goes_away_is_not_complained_about(here: Path, words: list[str]) -> None:
    (here / "many.lat").write_text(
        "workflow w() -> string {\n" + "".join(f"  let a{n} = b{n}\n" for n in range(500)) + "}\n"
    )
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], stdout=write, stderr=subprocess.PIPE, env=surroundings()
    )
    os.close(write)
    assert ran.stderr == b""
    assert ran.returncode == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_terminal_will_do(here: Path, encoding: str) -> None:
    (here / "wrong.lat").write_text(WRONG.replace("nane", '"日本" + nané + "\x1b"'), encoding="utf-8")
    ran = process("check", "wrong.lat", env={"PYTHONIOENCODING": encoding})
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert b"error[LAT" in ran.stdout and b"\x1b" not in ran.stdout


def test_an_internal_error_is_one_line_and_a_report(here: Path) -> None:
    program = (
        "import agent_lattice.compiling as c, agent_lattice.driver as d\n"
        "def broken(*arguments): raise RuntimeError('first line\\nsecond line')\n"
        "c.compile_source = broken\n" + PROGRAM
    )
    (here / "hello.lat").write_text(HELLO)
    env = {"TMPDIR": str(here), "TEMP": str(here), "SECRET_KEY": "sk-very-secret"}
    ran = process("check", "hello.lat", env=env, program=program)
    assert (ran.returncode, ran.stdout) == (3, b"")
    (report,) = here.glob("lattice-report-*.txt")
    line = ran.stderr.decode()
    assert line == f"internal error: RuntimeError: first line; a report is in {report}\n"
    text = report.read_text()
    assert "Traceback" in text and "second line" in text and "check" in text
    assert "very-secret" not in text and "hello.lat" not in text
    if os.name == "posix":
        assert report.stat().st_mode & 0o777 == 0o600


def test_an_internal_error_without_a_place_for_the_report(here: Path) -> None:
    program = (
        "import agent_lattice.compiling as c, tempfile\n"
        "def broken(*arguments): raise RuntimeError('x')\n"
        "def full(*arguments, **more): raise OSError(28, 'No space left on device')\n"
        "c.compile_source, tempfile.mkstemp = broken, full\n" + PROGRAM
    )
    (here / "hello.lat").write_text(HELLO)
    ran = process("check", "hello.lat", program=program)
    assert (ran.returncode, ran.stderr) == (3, b"internal error: RuntimeError: x; no report could be written\n")


@POSIX
def test_an_interruption_ends_with_130(here: Path) -> None:
    import signal

    os.mkfifo(here / "slow.lat")
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "check", "slow.lat"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings(),
    )
    writer = os.open(here / "slow.lat", os.O_WRONLY)  # returns when the other side is reading
    time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    output, said = started.communicate(timeout=20)
    os.close(writer)
    assert (started.returncode, output, said.strip()) == (130, b"", b"interrupted")


def test_check_loads_nothing_that_it_does_not_need(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    program = (
        "import sys\n"
        "from agent_lattice.cli import main\n"
        "try: main()\n"
        "finally: print(' '.join(sorted(sys.modules)), file=sys.stderr)\n"
    )
    ran = process("check", "hello.lat", program=program)
    loaded = set(ran.stderr.decode().split())
    assert ran.returncode == 0
    assert "agent_lattice.driver" in loaded
    heavy = {
        "pydantic",
        "jinja2",
        "networkx",
        "jsonschema",
        "importlib.metadata",
        "sqlite3",
        "agent_lattice_targets",
        "asyncio",
        "json",
    }
    assert loaded & heavy == set()
    commands = {name for name in loaded if name.startswith("agent_lattice.commands.")}
    assert commands == {"agent_lattice.commands.check"}


def test_help_and_version_load_no_command() -> None:
    program = "import sys\nfrom agent_lattice.cli import main\ntry: main()\nfinally: print(' '.join(sys.modules), file=sys.stderr)\n"
    for word in ("--help", "--version"):
        loaded = process(word, program=program).stderr.decode().split()
        assert not [
            name for name in loaded if name.startswith(("agent_lattice.commands.", "lark", "agent_lattice.driver"))
        ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_and_what_they_ask(shell: str) -> None:
    script = process("completion", shell)
    assert script.returncode == 0
    assert f"_LATTICE_COMPLETE={shell}_complete".encode() in script.stdout
    env = {"_LATTICE_COMPLETE": "bash_complete", "COMP_WORDS": "lattice ch", "COMP_CWORD": "1"}
    assert process(env=env).stdout == b"plain,check\n"
