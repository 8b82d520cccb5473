"""The ways in which a server is started; and that nothing else pays for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_clients.embedding import embedded, server_command
from agent_lattice_targets.python import pyz
from mcp_server.packages import desk, environment
from targets.python.programs import interpreters

CALL = {"name": "desk", "arguments": {"id": "A1", "way": "pay", "run_id_": "r1"}}
FIND = {"name": "books_find", "arguments": {"id": "A1"}}


def answers(words: list[str], cwd: Path, method: str, params: Any) -> Any:
    """The result of a request to a server whose input has its end right behind it, but for the end of its answer."""
    process = subprocess.Popen(
        words, cwd=cwd, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()
    found = json.loads(process.stdout.readline())["result"]
    rest, errors = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, b"") and b"Traceback" not in errors, errors
    return found


def test_a_folder_and_an_archive_with_every_python(package: Path, tmp_path: Path) -> None:
    archive = tmp_path / "desk.pyz"
    archive.write_bytes(pyz(desk()))
    for number, interpreter in enumerate(interpreters()):
        for way in (package / "desk", archive):
            folder = tmp_path / f"{number}{way.suffix}"
            folder.mkdir()
            words = [interpreter, "-I", "-S", str(way), "mcp"]
            done = answers(words, folder, "tools/call", CALL)
            assert done["structuredContent"]["result"]["id"] == "r-A1"
            graph = answers(words, folder, "resources/read", {"uri": "lattice://desk/graph"})
            assert "flowchart" in graph["contents"][0]["text"]
            found = answers([*words, "--operations"], folder, "tools/call", FIND)
            assert found["content"][0]["text"].startswith('{"big":')


def test_from_any_folder_of_a_project(tmp_path: Path) -> None:
    for name, text in embedded(desk()).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    inside = tmp_path / "some" / "where"
    inside.mkdir(parents=True)
    done = answers(list(server_command(desk(), "mcp")), inside, "tools/call", CALL)
    assert done["structuredContent"]["status"] == "completed"
    assert (tmp_path / ".lattice" / "desk.db").is_file()


def test_a_run_loads_nothing_of_it(package: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-X", "importtime", "-I", "-S", str(package / "desk")]
    ran = subprocess.run(
        [*words, "run", "--input", json.dumps({"id": "A1", "way": "pay"})],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0 and "_runtime.engine" in ran.stderr
    loaded = [line.rpartition("|")[2].strip() for line in ran.stderr.splitlines() if line.startswith("import time:")]
    assert not [name for name in loaded if "mcp" in name or name.endswith("served")]


def test_help_lists_it(package: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-I", "-S", str(package / "desk")]
    for more in ([], ["mcp"]):
        said = subprocess.run([*words, *more, "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert said.returncode == 0
        assert (
            "mcp [--store STORE] [--scripted SCRIPTED] [--wait WAIT] [--role ROLE]... [--by BY] [--only ONLY] [--operations]"
            in said.stdout
        )


def test_a_closed_standard_error_does_not_matter(package: Path, tmp_path: Path) -> None:
    words = ["sh", "-c", '"$@" 2>&-', "sh", sys.executable, "-I", "-S", str(package / "desk"), "mcp"]
    assert answers(words, tmp_path, "tools/call", CALL)["structuredContent"]["status"] == "completed"


@pytest.mark.parametrize("closed", ["0<&-", "1>&-"])
def test_a_closed_stream_is_one_clear_line(package: Path, tmp_path: Path, closed: str) -> None:
    line = f'"$@" {closed}'
    words = ["sh", "-c", line, "sh", sys.executable, "-I", "-S", str(package / "desk"), "mcp"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr.startswith("desk: validation: standard input or output is closed") and done.stderr.count("\n") == 1
    )
