"""A process that is told to stop in the middle of a write makes the write, records it, and leaves a run that goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import verify
from behaviours.programs import built

SOURCE = """
tool slow = python("slow") {
  op write(text: string) -> string { effect: write, idempotent_by: text, files: ["written.txt"] }
  op read(text: string) -> string { effect: read, files: ["reading.txt"] }
}
workflow main(text: string) -> string {
  first = slow.write(text)
  second = slow.read(text: first)
  third = slow.write(text: second + "!")
  return third
}
"""
TOOLS = {
    "slow.py": """import time


def write(text):
    with open("written.txt", "a") as file:
        file.write("began\\n")
        file.flush()
        time.sleep(0.6)
        file.write(f"{text}\\n")
    return text


def read(text):
    with open("reading.txt", "a") as file:
        file.write("began\\n")
        file.flush()
        time.sleep(0.6)
    return text
"""
}


def interrupted(folder: Path, marker: str, number: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Start a command and tell it to stop as soon as its tool has begun."""
    command = [sys.executable, "-m", "main", *words, "--json"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True)
    deadline = time.monotonic() + 30
    file = folder / marker
    while not (file.exists() and "began" in file.read_text()):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def events(folder: Path) -> list[tuple[str, str]]:
    store = SqliteStore(str(folder / ".lattice/main.db"), readonly=True)
    row = store.find("r1")
    assert row is not None and verify(store, row) is None
    found = [(event[2], event[3]) for event in store.events(row)]
    store.close()
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_in_a_write(number: int, tmp_path: Path) -> None:
    folder = built(SOURCE, TOOLS, tmp_path)
    done = interrupted(folder, "written.txt", number, "run", "--input", '{"text": "a"}', "--run-id", "r1")
    assert done.returncode == 130 and "Traceback" not in done.stderr
    assert events(folder)[-1] == ("effect.committed", "first"), "its outcome is in the log"
    assert (folder / "written.txt").read_text() == "began\na\n"
    finished(folder)
    assert (folder / "written.txt").read_text() == "began\na\nbegan\na!\n", "each write was made once"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_in_a_read(number: int, tmp_path: Path) -> None:
    """Nobody misses what was read: the process ends at once, and the step is done again."""
    folder = built(SOURCE, TOOLS, tmp_path)
    done = interrupted(folder, "reading.txt", number, "run", "--input", '{"text": "a"}', "--run-id", "r1")
    assert done.returncode == 130 and "Traceback" not in done.stderr
    assert events(folder)[-1] == ("effect.committed", "first")
    finished(folder)
    assert (folder / "reading.txt").read_text() == "began\nbegan\n"


def finished(folder: Path) -> None:
    command = [sys.executable, "-m", "main", "resume", "r1", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert json.loads(done.stdout)["result"] == "a!", done.stderr


FAILING = """
tool slow = python("slow") {
  op pay(text: string) -> string { effect: write, idempotent_by: text, files: ["paid.txt"] }
  op void(text: string) -> string { effect: write, idempotent_by: text, files: ["paid.txt"] }
  op refuse(text: string) -> string { effect: write, idempotent_by: text, files: ["written.txt"] }
}
workflow main(text: string) -> string {
  paid = slow.pay(text) { compensate slow.void(text: paid) }
  never = slow.refuse(text)
  return never
}
"""
FAILING_TOOLS = {
    "slow.py": """import time


def _note(file, text):
    with open(file, "a") as opened:
        opened.write(f"{text}\\n")


def pay(text):
    _note("paid.txt", "paid")
    return text


def void(text):
    _note("paid.txt", "voided")
    return text


def refuse(text):
    _note("written.txt", "began")
    time.sleep(0.6)
    raise ValueError("no")
"""
}


def test_stopped_in_a_write_that_fails(tmp_path: Path) -> None:
    """What was done is taken back by the process that goes on, once."""
    folder = built(FAILING, FAILING_TOOLS, tmp_path)
    done = interrupted(folder, "written.txt", signal.SIGTERM, "run", "--input", '{"text": "a"}', "--run-id", "r1")
    assert done.returncode == 130 and ("effect.failed", "never") in events(folder)
    command = [sys.executable, "-m", "main", "resume", "r1", "--json"]
    told = json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout.splitlines()[0])
    assert told["failure"]["error"] == "validation" and told["compensations"] == {"done": ["paid"], "failed": []}
    assert (folder / "paid.txt").read_text() == "paid\nvoided\n"
