"""Asks Codex what it makes of a project: a program that is run where nothing but loopback is, and prints JSON.

`app-server` answers requests, a line of JSON each, without a model and without a login.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import IO, Any

_TOLD = ("configWarning", "warning", "error")


class Server:
    """The client's own server. `told` is what it says unasked about what is wrong."""

    def __init__(self, program: str) -> None:
        self._process = subprocess.Popen(
            [program, "app-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self._process.stdin and self._process.stdout
        self._in: IO[str] = self._process.stdin
        self._out: IO[str] = self._process.stdout
        self._asked = 0
        self.told: list[Any] = []

    def ask(self, method: str, **given: object) -> Any:
        """The result of a request."""
        self._asked += 1
        self._say({"id": self._asked, "method": method, "params": given})
        for line in self._out:
            message = json.loads(line)
            if message.get("id") == self._asked and "method" not in message:
                return message.get("result", message.get("error"))
            if message.get("method") in _TOLD:
                self.told.append(message["params"])
        raise EOFError(method)

    def begin(self) -> None:
        """Greet it, as it wants before all else."""
        self.ask("initialize", clientInfo={"name": "test", "title": "test", "version": "1"}, capabilities={})
        self._say({"method": "initialized"})

    def end(self) -> None:
        """Let it go."""
        self._in.close()
        self._process.wait(20)

    def _say(self, message: dict[str, Any]) -> None:
        self._in.write(json.dumps(message) + "\n")


def main(program: str, project: str) -> None:
    server = Server(program)
    server.begin()
    skills = server.ask("skills/list", cwds=[project])["data"][0]
    hooks = server.ask("hooks/list", cwds=[project])["data"][0]
    thread = server.ask("thread/start", cwd=project, ephemeral=True)["thread"]["id"]
    servers = server.ask("mcpServerStatus/list", threadId=thread, detail="full")["data"]
    server.end()
    json.dump({"skills": skills, "hooks": hooks, "servers": servers, "told": server.told}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
