"""Built packages that call MCP servers: clean, complete, clear without the SDK, and safe against being killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from agent_lattice import driver
from agent_lattice_targets.python import TARGET
from servers.running import made

SOURCE = """
tool odd = mcp("python odd_server.py remembers") {
  env: ["BOOK"]
  timeout: 90s
  op ask(q: string) -> string { effect: EFFECT }
}
workflow look(word: string) -> list<string> {
  a = odd.ask(q: "one")
  b = odd.ask(q: word)
  c = odd.ask(q: "two")
  return [a, b, c]
}
test "with mocks no server is needed" {
  given look(word: "x")
  mock odd.ask(q) = q + "!"
  expect result == ["one!", "x!", "two!"] && calls(odd.ask) == 3
}
"""
ANSWERS = ["answer to one", "answer to slow", "answer to two"]


def built(folder: Path, effect: str = "read") -> Path:
    for name, text in driver.emit(made(SOURCE.replace("EFFECT", effect)), TARGET).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def call(folder: Path, *words: str, flags: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "BOOK": str(folder / "book"), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": ""}
    command = [sys.executable, *flags, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100)


def test_a_package_is_clean_with_and_without_the_sdk(tmp_path: Path) -> None:
    folder = built(tmp_path)
    assert 'mcp = ["mcp>=2.3,<3"]' in (folder / "pyproject.toml").read_text()
    assert (folder / "look" / "_tools" / "odd_server.py").is_file()
    manifest = json.loads((folder / "look" / "manifest.json").read_text())
    assert manifest["tools"]["odd"]["command"] == ["python", "odd_server.py", "remembers"]
    assert manifest["tools"]["odd"]["operations"]["ask"] == {"effect": "read", "tool": "ask", "returns": "untrusted"}
    assert manifest["permissions"]["steps"]["a"]["programs"] == ["python odd_server.py remembers"]
    for command in (
        ["ruff", "format", "--check", "--no-cache", "."],
        ["ruff", "check", "--no-cache", "--select", "E,F,I,UP,B", "."],
        ["mypy", "--strict", f"--cache-dir={tmp_path / 'cache'}", "-p", "look"],
        ["mypy", "--strict", "--no-site-packages", f"--cache-dir={tmp_path / 'other'}", "-p", "look"],
    ):
        ran = call(folder, *command, flags=("-m",))
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_package_runs_where_the_sdk_is_and_says_what_is_missing_where_not(tmp_path: Path) -> None:
    folder = built(tmp_path)
    words = ("look", "run", "--input", '{"word": "x"}', "--quiet", "--run-id", "r")
    ran = call(folder, *words, flags=("-S", "-m"))
    assert (ran.returncode, ran.stdout) == (2, ""), ran.stderr
    assert "the official MCP SDK is not installed: install the extra `mcp`" in ran.stderr
    assert "Traceback" not in ran.stderr and not (folder / "book").exists()
    assert call(folder, "unittest", flags=("-S", "-m")).returncode == 0
    ran = call(folder, *words, flags=("-m",))
    assert json.loads(ran.stdout) == ["answer to one", "answer to x", "answer to two"], ran.stderr
    again = call(folder, "look", "replay", "r", flags=("-S", "-m"))
    assert again.returncode == 0, again.stderr


def killed(folder: Path) -> None:
    """Run the package and kill it, with the server, while the second call goes on."""
    environment = {**os.environ, "BOOK": str(folder / "book"), "PYTHONPATH": ""}
    command = [sys.executable, "-m", "look", "run", "--input", '{"word": "slow"}', "--run-id", "r", "--quiet"]
    process = subprocess.Popen(command, cwd=folder, env=environment)
    server = folder / "book.pid"
    for _ in range(600):
        if server.exists() and server.read_text():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    os.kill(int(server.read_text()), signal.SIGKILL)


@pytest.mark.parametrize("effect", ["read", "write, on_doubt: fail", "write, idempotent_by: q"])
def test_a_killed_run_goes_on(tmp_path: Path, effect: str) -> None:
    folder = built(tmp_path, effect)
    killed(folder)
    ran = call(folder, "look", "resume", "r", "--quiet", flags=("-m",))
    asked = [line.split(" ") for line in (folder / "book").read_text().splitlines()]
    if "fail" in effect:
        assert ran.returncode == 1 and "in_doubt" in ran.stderr
        assert [word for word, _ in asked] == ["one", "slow"]
        return
    assert json.loads(ran.stdout) == ANSWERS, ran.stderr
    assert [word for word, _ in asked] == ["one", "slow", "slow", "two"]
    keys = [key for _, key in asked]
    assert (keys[1] == keys[2] != keys[0]) if "idempotent" in effect else keys == [""] * 4


def test_an_interrupted_run_stops_its_server(tmp_path: Path) -> None:
    folder = built(tmp_path)
    environment = {**os.environ, "BOOK": str(folder / "book"), "PYTHONPATH": ""}
    command = [sys.executable, "-m", "look", "run", "--input", '{"word": "slow"}', "--run-id", "r", "--quiet"]
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE)
    server = folder / "book.pid"
    for _ in range(600):
        if server.exists() and server.read_text():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert b"Traceback" not in said
    for _ in range(100):
        try:
            os.kill(int(server.read_text()), 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the server is still there")
    ran = call(folder, "look", "resume", "r", "--quiet", flags=("-m",))
    assert json.loads(ran.stdout) == ANSWERS, ran.stderr


def test_an_archive_says_that_its_server_cannot_be_started_from_it(tmp_path: Path) -> None:
    from agent_lattice_targets.python import pyz

    (tmp_path / "look.pyz").write_bytes(pyz(made(SOURCE.replace("EFFECT", "read"))))
    ran = call(tmp_path, "look.pyz", "run", "--input", '{"word": "x"}', "--quiet")
    assert ran.returncode == 1, ran.stderr
    assert "odd_server.py, which is no file here: unpack the package" in ran.stderr
    shutil.rmtree(tmp_path / ".lattice")
