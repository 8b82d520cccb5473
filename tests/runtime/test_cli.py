"""The command line: results on stdout, progress on stderr, exit codes, and never a traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime import cli
from agent_lattice_runtime.arguments import Usage, read_arguments
from agent_lattice_runtime.commands import COMMANDS
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.progress import Progress, printable, put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .samples import World, check_int, check_string, manifest, ops, workflow


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def flow() -> Workflow:
    world = World()
    double = world.op("t.double", "pure", lambda n: n * 2, output=check_int)

    async def doubled(ctx: Context, n: int) -> Any:
        if n < 0:
            raise Failure("validation", "negative \x1b[31m")
        await ctx.emit("progress", "progress", {"n": n})
        return {"n": await ctx.tool("double", double, {"n": n}), "text": "ünï\U0001f600"}

    def check_input(value: object, path: str, errors: list[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            errors.append(f"{path}: expected a record")
            return {}
        return {"n": check_int(value.get("n"), f"{path}.n", errors)}

    made = workflow(doubled, manifest(double=ops("t.double")))
    made.input = check_input
    return made


class Capture:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.out = self.err = ""

    def __call__(self, *words: str, of: Workflow | None = None) -> int:
        code = cli.main(of or flow(), words)
        self.out, self.err = self.capsys.readouterr()
        assert "Traceback" not in self.err
        return code


@pytest.fixture
def lattice(capsys: pytest.CaptureFixture[str]) -> Capture:
    return Capture(capsys)


def test_a_run_from_start_to_verification(lattice: Capture) -> None:
    assert lattice("run", "--input", '{"n":3}', "--run-id", "a") == 0
    assert json.loads(lattice.out) == {"n": 6, "text": "ünï\U0001f600"}
    assert lattice.err.splitlines() == ["· run a of doubled", "· progress  custom.progress", "✓ double  t.double"]
    assert Path(".lattice/doubled.db").exists()
    assert lattice("run", "--input", '{"n":3}', "--run-id", "a", "--json", "--quiet") == 0
    assert json.loads(lattice.out) == {
        "run_id": "a",
        "status": "completed",
        "result": {"n": 6, "text": "ünï\U0001f600"},
    }
    assert lattice.err == ""
    assert lattice("runs") == 0
    assert lattice.out.split() == ["a", "completed", "doubled"]
    assert lattice("events", "a") == 0
    assert [line.split()[2] for line in lattice.out.splitlines()] == [
        "run.started", "custom.progress", "step.completed", "run.completed",
    ]  # fmt: skip
    assert lattice("events", "a", "--json") == 0
    events = [json.loads(line) for line in lattice.out.splitlines()]
    assert [event["seq"] for event in events] == [1, 2, 3, 4]
    assert lattice("replay", "a") == 0
    assert lattice.out == "run a agrees with its log; nothing was performed\n"
    assert lattice("verify") == 0
    assert lattice.out == f"run a: 4 events, intact, head {events[-1]['hash']}\n"
    assert lattice("verify", "a", "--head", events[2]["hash"]) == 0
    assert lattice("verify", "a", "--head", "0" * 64) == 1
    assert "cut off or replaced" in lattice.out
    assert lattice("resume", "a", "--quiet") == 0


def test_input_from_a_file_and_from_standard_input(lattice: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("in.json").write_text('\ufeff{"n": 4}', encoding="utf-8")
    assert lattice("run", "--input", "in.json") == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"n":5}')))
    assert lattice("run", "--input=-", "--store", "deep/er/x.db", "--json") == 0
    assert json.loads(lattice.out)["result"]["n"] == 10


def test_a_failed_run(lattice: Capture) -> None:
    assert lattice("run", "--input", '{"n":-1}', "--run-id", "bad") == 1
    assert lattice.out == ""
    assert lattice.err.splitlines()[-1] == "run bad failed: validation: negative  [31m"
    assert lattice("run", "--input", '{"n":-1}', "--run-id", "bad", "--json") == 1
    assert json.loads(lattice.out)["failure"]["error"] == "validation"
    assert lattice("replay", "bad", "--json") == 0
    assert json.loads(lattice.out)["agrees"] is True


@pytest.mark.parametrize(
    "words",
    [
        (), ("fly",), ("run", "--nope"), ("run", "--input"), ("run", "extra"), ("resume",), ("resume", "a", "b"),
        ("run", "--input", "{"), ("run", "--input", '{"n":"x"}'), ("run", "--input", "nofile.json"), ("run", "-x"),
        ("run", "--input", '{"n":1}', "--input", '{"n":1}'), ("run", "--input", '{"n":1}', "--run-id", "a b"),
        ("run", "--input", '{"n":1}', "--scripted", "nofile"), ("run", "--input", '{"n":1}', "--store", "."),
        ("events", "nobody"), ("runs",), ("verify", "--head", "00"), ("replay", "x"), ("run", "--input", "[" * 9999),
        ("run", "--input", "\0"), ("run", "--json=1"), ("run",), ("resume", "../../x"), ("run", "--input", '"\\ud800"'),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_in_one_line_with_exit_code_2(lattice: Capture, words: Sequence[str]) -> None:
    assert lattice(*words) == 2
    assert lattice.out == ""
    assert lattice.err


def test_other_input_for_a_known_run(lattice: Capture) -> None:
    assert lattice("run", "--input", '{"n":1}', "--run-id", "a") == 0
    assert lattice("run", "--input", '{"n":2}', "--run-id", "a") == 2
    assert "another input" in lattice.err


def test_help_and_version(lattice: Capture) -> None:
    assert lattice("--help") == 0
    assert "resume [RUN]" in lattice.out
    assert lattice("run", "--help") == 0
    assert lattice.out.startswith("usage: run [--input INPUT]")
    assert lattice("--version") == 0
    assert "sha256:test" in lattice.out


def test_tampering_is_found_by_verify_and_stops_a_replay(lattice: Capture) -> None:
    import sqlite3

    assert lattice("run", "--input", '{"n":1}', "--run-id", "a") == 0
    with sqlite3.connect(".lattice/doubled.db") as connection:
        connection.execute("UPDATE events SET payload = '{}' WHERE seq = 2")
    connection.close()
    for words in (("verify",), ("verify", "a"), ("replay", "a")):
        assert lattice(*words) == 1
        assert lattice.out == "run a: event 2 was altered\n"
    assert lattice("verify", "--json") == 1
    assert json.loads(lattice.out)["seq"] == 2
    with sqlite3.connect(".lattice/doubled.db") as connection:
        connection.execute("UPDATE events SET payload = '{' WHERE seq = 2")
    connection.close()
    assert lattice("events", "a", "--json") == 2


def test_a_divergence_shows_both_sides(lattice: Capture) -> None:
    assert lattice("run", "--input", '{"n":1}', "--run-id", "a") == 0
    triple = World().op("t.triple", "pure", lambda n: n * 3)

    async def doubled(ctx: Context, n: int) -> Any:
        await ctx.emit("progress", "progress", {"n": n})
        return await ctx.tool("double", triple, {"n": n})

    other = workflow(doubled, manifest(double=ops("t.triple")))
    assert lattice("replay", "a", of=other) == 1
    assert lattice.out.splitlines() == [
        "run a diverges: step double differs in its operation", "  the log says: t.double", "  the code does: t.triple",
        "  likely: the step calls another operation now",
    ]  # fmt: skip
    other.name = "another"
    assert lattice("replay", "a", "--store", ".lattice/doubled.db", of=other) == 2


def test_a_defect_of_the_runtime_leaves_a_report_without_secrets(
    lattice: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = flow()
    made.manifest["permissions"]["total"]["secrets"] = ["TOKEN"]
    monkeypatch.setenv("TOKEN", "hunter2hunter2")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    def explode(*words: object, **options: object) -> int:
        raise ZeroDivisionError("with hunter2hunter2")

    monkeypatch.setattr("agent_lattice_runtime.commands.logs.runs_command", explode)
    assert lattice("runs", of=made) == 3
    assert lattice.err.count("\n") == 1
    (report,) = tmp_path.glob("lattice-*.txt")
    assert str(report) in lattice.err
    assert "ZeroDivisionError: with [secret TOKEN]" in report.read_text()


WORDS = st.sampled_from(["run", "--input", "{}", "-", "--", "-h", "--json", "RUN", "=", "--store="])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS | st.text(max_size=6), max_size=5))
def test_any_words_are_understood_or_refused(words: list[str]) -> None:
    try:
        arguments = read_arguments(words, COMMANDS)
    except Usage as usage:
        assert usage.message
    else:
        assert arguments.command in COMMANDS


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def watched(stream: Any, **environment: str) -> str:
    from agent_lattice_runtime.run import Setting

    from .samples import run

    progress = Progress(stream)
    outcome, _ = run(flow(), {"n": 1}, on_event=progress.event, on_notice=progress.notice)
    assert outcome.failure is None
    progress.close()
    assert Setting
    return str(stream.getvalue())


def test_a_terminal_gets_colour_and_a_live_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = watched(Terminal())
    assert "\x1b[32m✓\x1b[0m double" in shown
    assert "… double  t.double\r\x1b[K" in shown
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in watched(Terminal())


def test_a_pipe_gets_plain_text_in_its_own_encoding() -> None:
    class Ascii(io.StringIO):
        encoding = "ascii"

    shown = watched(Ascii())
    assert "\x1b" not in shown
    assert "ok double" in shown
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    put(stream, "ü ok")
    stream.seek(0)
    assert stream.read() == "\\xfc ok"
    assert printable("a\nb\x1b" + "x" * 500).startswith("a b x")
    assert len(printable("x" * 500)) == 400
    assert check_string("x", "$", []) == "x"


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    package = tmp_path / "app"
    package.mkdir()
    runtime = Path(cli.__file__).parents[1]
    (tmp_path / "go.py").write_text(
        f"import sys; sys.path[:0] = [{str(runtime)!r}]\n"
        "from agent_lattice_runtime.cli import main\nfrom agent_lattice_runtime.models import Workflow\n"
        "async def big(ctx): return ['x' * 100] * 50000\n"
        "any_ = lambda value, path, errors: value\n"
        "raise SystemExit(main(Workflow(name='big', function=big, input=any_, output=any_, manifest={})))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "go.py", "run"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(20) in (0, 1), "Python itself may notice or not"
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors
