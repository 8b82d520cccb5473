"""Servers that do not do what they should are told apart, in bounded time, and nothing of them is left."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from agent_lattice.launching import starting
from agent_lattice.launching.starting import NotServing, tools_of

GOOD = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked["method"] == "initialize":
        print(json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {}}), flush=True)
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": {}}), flush=True)
    if asked["method"] == "tools/list":
        cursor = asked["params"].get("cursor")
        page = {"tools": [{"name": "first"}], "nextCursor": "2"} if cursor is None else {"tools": [{"name": "second"}]}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": page}), flush=True)
"""
BROKEN = {
    "import sys; sys.exit('no ledger here')": "ends before it answers",
    "print('hello', flush=True); open(0).read()": "writes something to its standard output that is not MCP",
    "import os; os.write(1, b'[' * 100000 + b'\\n'); open(0).read()": "writes something to its standard output that is not MCP",
    'print(\'{"id": 1, "error": {}}\', flush=True); open(0).read()': "answers with an error",
    'print(\'{"id": 1, "result": {}}\\n{"id": 2, "result": {}}\', flush=True); open(0).read()': "lists no tools",
    'print(\'{"id": 1, "result": {}}\\n{"id": 2, "result": {"tools": [], "nextCursor": 3}}\', flush=True); open(0).read()': (
        "lists its tools in pages that cannot be asked for"
    ),
}


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_all_pages_of_tools_are_read(tmp_path: Path) -> None:
    assert tools_of(python(GOOD), tmp_path) == {"first", "second"}


@pytest.mark.parametrize("program", BROKEN)
def test_what_a_broken_server_does_is_said(program: str, tmp_path: Path) -> None:
    with pytest.raises(NotServing, match=BROKEN[program]):
        tools_of(python(program), tmp_path)


def test_the_end_of_its_standard_error_is_kept(tmp_path: Path) -> None:
    with pytest.raises(NotServing) as caught:
        tools_of(python("import sys; sys.exit('first\\n' * 50 + 'no ledger here')"), tmp_path)
    assert caught.value.said.endswith("no ledger here\n") and caught.value.said.count("first") < 5


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotServing, match="`no-such-program` cannot be started: no such file"):
        tools_of(["no-such-program"], tmp_path)


@pytest.mark.parametrize("program", ["import time; time.sleep(600)", "while True: print('{}', flush=True)"])
def test_one_that_never_answers_is_ended(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "PATIENCE", 1.0)
    monkeypatch.setattr(starting, "_GRACE", 0.2)
    begun = time.monotonic()
    with pytest.raises(NotServing, match=r"does not answer within 1 s|ends before it answers"):
        tools_of(python(program), tmp_path)
    assert time.monotonic() - begun < 20


def test_what_a_server_has_started_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "_GRACE", 0.2)
    child = f"{sys.executable} -c 'import time; time.sleep(600)' & echo $! > child; exec {sys.executable} server.py"
    (tmp_path / "server.py").write_text(GOOD)
    assert tools_of(["sh", "-c", child], tmp_path) == {"first", "second"}
    assert not _lives(int((tmp_path / "child").read_text()))


def _lives(process: int) -> bool:
    """Whether a process is still running a few seconds later; one that nobody has asked about yet does not run."""
    for _ in range(50):
        try:
            os.kill(process, 0)
            if ") Z " in Path(f"/proc/{process}/stat").read_text():
                return False
        except OSError:
            return False
        time.sleep(0.1)
    return True
