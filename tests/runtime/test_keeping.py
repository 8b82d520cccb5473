"""`prune`, `export`, `import` and `backup` on the command line of a package."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import agent_lattice_runtime
import pytest
from agent_lattice_runtime import cli
from agent_lattice_runtime.commands.keeping import _moment
from agent_lattice_runtime.stores.sqlite import SqliteStore

from .samples import World, manifest, ops, workflow


class Shell:
    """Commands of a package whose workflow doubles 1, in a folder of their own."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.out = self.err = ""

    def __call__(self, *words: str) -> int:
        double = World().op("t.double", "pure", lambda n: n * 2)

        async def flow(ctx: Any) -> Any:
            return await ctx.tool("double", double, {"n": 1})

        code = cli.main(workflow(flow, manifest(double=ops("t.double"))), words)
        self.out, self.err = self.capsys.readouterr()
        assert "Traceback" not in self.err
        return code

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    commands = Shell(capsys)
    for run_id in ("r1", "r2"):
        assert commands("run", "--run-id", run_id, "--store", "runs.db", "--quiet") == 0
    return commands


def test_pruned_runs_are_verified_by_their_checkpoints(shell: Shell) -> None:
    assert shell("prune", "--older-than", "1d", "--store", "runs.db") == 0
    assert shell.out == "0 runs pruned\n"
    assert shell("prune", "--before", "2100-01-01", "--dry-run", "--store", "runs.db") == 0
    assert shell.out.endswith("2 runs would be pruned\n")
    assert shell("verify", "--json", "--store", "runs.db") == 0
    before = {line["run_id"]: (line["events"], line["head"]) for line in shell.lines()}
    assert shell("prune", "--older-than", "0s", "--json", "--store", "runs.db") == 0
    assert {line["run_id"]: (line["events"], line["head"]) for line in shell.lines()} == before
    assert shell("runs", "--store", "runs.db") == 0 and shell.out == ""
    assert shell("verify", "--json", "--store", "runs.db") == 0
    assert {line["run_id"]: (line["events"], line["head"]) for line in shell.lines()} == before
    assert all(line["pruned"] for line in shell.lines())
    assert shell("verify", "r1", "--store", "runs.db") == 0
    assert shell.out == f"run r1: {before['r1'][0]} events, completed and pruned, head {before['r1'][1]}\n"
    assert shell("events", "r1", "--store", "runs.db") == 2
    assert "run r1 is completed, and was pruned" in shell.err
    assert shell("run", "--run-id", "r1", "--store", "runs.db") == 1
    assert "run r1 is over, and was pruned" in shell.err
    connection = sqlite3.connect("runs.db")
    connection.execute("UPDATE checkpoints SET head_seq = 2 WHERE run_id = 'r1'")
    connection.commit()
    connection.close()
    for words in ((), ("r1",), ("r2",)):
        assert shell("verify", *words, "--store", "runs.db") == 1
        assert shell.out == "run r1: its checkpoint, number 1, was altered, or the one before it\n"


def test_an_altered_run_stays_and_is_told(shell: Shell) -> None:
    connection = sqlite3.connect("runs.db")
    connection.execute("UPDATE events SET payload = '{}' WHERE run = 1 AND seq = 2")
    connection.commit()
    connection.close()
    assert shell("prune", "--older-than", "0s", "--store", "runs.db") == 1
    assert shell.out.splitlines()[0].startswith("run r1: stays, event 2 was altered")
    assert shell.out.endswith("1 run pruned\n")
    assert shell("export", "r1", "--store", "runs.db") == 2
    assert "event 2 was altered" in shell.err


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--before", "2026-01-01", "--older-than", "1d"),
        ("--before", "yesterday"),
        ("--older-than", "3 days"),
        ("--older-than", "-1d"),
        ("--older-than", "d"),
        ("--older-than", "٣d"),
        ("--older-than", ""),
    ],
)
def test_times_that_cannot_be_read(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell("prune", *words, "--store", "runs.db") == 2
    assert shell.out == ""
    assert SqliteStore("runs.db", readonly=True).checkpoints() == []


def test_moments() -> None:
    for text in ("2026-01-31", "2026-01-31T00:00:00Z", "2026-01-31T02:00:00+02:00", "2026-01-31 00:00"):
        assert _moment(text) == 1_769_817_600_000_000
    assert _moment("0001-01-01T00:00:00+23:59") < 0 < _moment("9999-12-31T23:59:59-23:59")
    assert _moment("1970-01-01T00:00:00.000001Z") == 1


def test_a_run_goes_from_store_to_store(shell: Shell, tmp_path: Path) -> None:
    assert shell("export", "--all", "--store", "runs.db") == 0
    whole = shell.out
    assert shell("export", "r2", "--store", "runs.db") == 0
    assert whole.endswith(shell.out)
    (tmp_path / "runs.jsonl").write_text(whole)
    for imported in (True, False):
        assert shell("import", "runs.jsonl", "--store", "new/copy.db", "--json") == 0
        assert [(line["run_id"], line["imported"]) for line in shell.lines()] == [("r1", imported), ("r2", imported)]
    assert shell("export", "--all", "--store", "new/copy.db") == 0
    assert shell.out == whole
    assert shell("replay", "r1", "--store", "new/copy.db") == 0
    (tmp_path / "cut.jsonl").write_text("".join(whole.splitlines(keepends=True)[:-1]))
    assert shell("import", "cut.jsonl", "--store", "other.db") == 2
    assert "cut.jsonl: run r2 was cut off" in shell.err
    assert not (tmp_path / "other.db").exists()  # r1 is whole, but nothing of a broken file is stored
    for words in (("no.jsonl",), ("new",)):
        assert shell("import", *words, "--store", "other.db") == 2
    assert shell("export", "--store", "runs.db") == shell("export", "r1", "--all", "--store", "runs.db") == 2


def test_a_backup_is_a_store(shell: Shell, tmp_path: Path) -> None:
    writer = SqliteStore("runs.db")  # somebody works with it
    assert shell("backup", "copy.db", "--store", "runs.db") == 0
    assert shell.out == "copy.db: written\n"
    writer.close()
    assert shell("export", "--all", "--store", "copy.db") == 0
    copied = shell.out
    assert shell("export", "--all", "--store", "runs.db") == 0
    assert shell.out == copied != ""
    before = (tmp_path / "copy.db").read_bytes()
    assert shell("backup", "copy.db", "--store", "runs.db") == 2
    assert "copy.db exists already" in shell.err
    assert (tmp_path / "copy.db").read_bytes() == before
    assert shell("backup", "no/copy.db", "--store", "runs.db") == 2
    assert shell("backup", "copy2.db", "--store", "no.db") == 2
    assert not (tmp_path / "copy2.db").exists()


HALF = """
import os, signal
from agent_lattice_runtime.new_files import write_new

def write(part):
    with open(part, "wb") as file:
        file.write(b"SQLite format 3")
    os.kill(os.getpid(), signal.SIGKILL)

write_new("copy.db", write)
"""


def test_a_backup_that_is_killed_leaves_nothing_that_looks_like_one(shell: Shell, tmp_path: Path) -> None:
    SqliteStore("runs.db").close()
    home = os.environ | {"PYTHONPATH": str(Path(agent_lattice_runtime.__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", HALF], env=home, check=False).returncode == -9
    assert not (tmp_path / "copy.db").exists()
    assert shell("backup", "copy.db", "--store", "runs.db") == 0
    (left,) = (path.name for path in tmp_path.glob("copy.db.*"))
    assert left.endswith(".part"), "of the one that was killed"
    assert shell("verify", "--store", "copy.db") == 0
