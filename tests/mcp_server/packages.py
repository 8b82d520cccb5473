"""Packages of the sources here, and their MCP servers, one as a process that is spoken to line by line."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_lattice import driver, plan
from agent_lattice_targets.python import TARGET

HERE = Path(__file__).parent
KEY = "k-7c1f2e9d"


def compiled(file: Path) -> plan.Plan:
    """The plan of a source."""

    def read(name: str) -> bytes | None:
        path = file.parent / name
        return path.read_bytes() if path.is_file() else None

    compilation = driver.compile_source(file.name, file.read_bytes(), read)
    made = driver.plan_of(compilation)
    assert made is not None, compilation.report.found
    return made


def desk() -> plan.Plan:
    """The plan of `desk.lat`."""
    return compiled(HERE / "desk.lat")


def built(folder: Path, made: plan.Plan) -> Path:
    """The folder with the package of a plan."""
    for name, text in driver.emit(made, TARGET).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def environment(**more: str) -> dict[str, str]:
    """What the server gets to see: a path and the secret of the desk."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {"DESK_KEY": KEY, "PYTHONDONTWRITEBYTECODE": "1"} | more


def command(package: Path, *words: str, name: str = "desk", isolated: bool = True) -> list[str]:
    """What starts the server of the package in a folder, from anywhere; isolated from what is installed."""
    return [sys.executable, *(["-I", "-S"] if isolated else []), str(package / name), "mcp", *words]


class Speaker:
    """The server as a process in the folder `cwd`, and what it has written so far; `env` is what it gets to see if not what is usual."""

    def __init__(
        self, package: Path, cwd: Path, *words: str, env: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        pipe, seen = subprocess.PIPE, environment() if env is None else env
        self.process = subprocess.Popen(
            command(package, *words, **more), cwd=cwd, env=seen, stdin=pipe, stdout=pipe, stderr=pipe
        )
        self.seen: list[Any] = []
        self._errors: list[bytes] = []
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        for target in (self._read, self._read_errors):
            threading.Thread(target=target, daemon=True).start()
        self._id = 100

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._errors.append(line)

    @property
    def errors(self) -> str:
        """What it has said on standard error."""
        return b"".join(self._errors).decode()

    def write(self, raw: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(raw)
        self.process.stdin.flush()

    def send(self, method: str, params: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Send a request, or with `id=None` a notification; its id."""
        self._id += 1
        message = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params or {}} | more
        if message["id"] is None:
            del message["id"]
        self.write(json.dumps(message).encode() + b"\n")
        return message.get("id")

    def next(self, timeout: float = 30) -> Any:
        """The next message; None at the end."""
        line = self._lines.get(timeout=timeout)
        if line:
            self.seen.append(json.loads(line))
        return self.seen[-1] if line else None

    def answer(self, id: Any, timeout: float = 30) -> Any:
        """The answer to a request, also one that has come already; all that comes before it stays in `seen`."""
        found = [message for message in self.seen if message.get("id") == id and "method" not in message]
        while not found:
            message = self.next(timeout)
            assert message is not None, f"no answer to {id}: {self.errors}"
            found = [message] if message.get("id") == id and "method" not in message else []
        return found[0]

    def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """The result of a request."""
        return self.answer(self.send(method, params))["result"]

    def call(self, tool: str, meta: Mapping[str, Any] | None = None, **arguments: Any) -> Any:
        """The result of a call of a tool."""
        return self.answer(self.start(tool, meta, **arguments))["result"]

    def start(self, tool: str, meta: Mapping[str, Any] | None = None, **arguments: Any) -> Any:
        """Begin a call; its id."""
        params = {"name": tool, "arguments": arguments} | ({"_meta": meta} if meta else {})
        return self.send("tools/call", params)

    def initialize(self, version: str = "2025-11-25") -> Any:
        about = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}}
        result = self.ask("initialize", about)
        self.send("notifications/initialized", id=None)
        return result

    def kill(self) -> None:
        """End it, whatever it does, and close the streams."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def end(self) -> int:
        """Close its input and wait for its end; the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = self.process.wait(timeout=30)
        while self.next() is not None:
            pass
        return code
