"""A client of yaml-language-server over its standard streams."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

from node_packages import installed

_SECONDS = 60


class Server:
    """A running server with one schema for all YAML files."""

    def __init__(self, schema: Path) -> None:
        words = ["node", str(installed("yaml-language-server") / "bin" / "yaml-language-server"), "--stdio"]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.settings = {
            "yaml": {
                "schemas": {schema.as_uri(): "*.yaml"},
                "schemaStore": {"enable": False},
                "validate": True,
                "hover": True,
                "completion": True,
            }
        }
        self.answers: dict[int, Any] = {}
        self.diagnostics: dict[str, list[Any]] = {}
        self.messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.asked = 0
        threading.Thread(target=self._read, daemon=True).start()
        self.ask(
            "initialize",
            {"processId": os.getpid(), "rootUri": None, "capabilities": {"workspace": {"configuration": True}}},
        )
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": self.settings})

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()

    def open(self, name: str, text: str) -> list[Any]:
        """Open a document: what the server finds in it."""
        uri = f"file:///programs/{name}"
        item = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})
        while uri not in self.diagnostics:
            self._next()
        return self.diagnostics.pop(uri)

    def at(self, method: str, name: str, line: int, column: int) -> Any:
        """What the server answers for a place, both counted from 0."""
        where = {"textDocument": {"uri": f"file:///programs/{name}"}, "position": {"line": line, "character": column}}
        return self.ask(f"textDocument/{method}", where)

    def ask(self, method: str, params: Any) -> Any:
        self.asked += 1
        self._send({"id": self.asked, "method": method, "params": params})
        while self.asked not in self.answers:
            self._next()
        return self.answers.pop(self.asked)

    def tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _next(self) -> None:
        message = self.messages.get(timeout=_SECONDS)
        assert message is not None, "the server has ended"
        method = message.get("method")
        if method is None:
            assert "error" not in message, message["error"]
            self.answers[message["id"]] = message.get("result")
        elif method == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message:
            self._send({"id": message["id"], "result": self._wanted(message)})

    def _wanted(self, message: dict[str, Any]) -> Any:
        if message["method"] != "workspace/configuration":
            return None
        return [self.settings.get(item.get("section")) for item in message["params"]["items"]]

    def _send(self, message: dict[str, Any]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self.process.stdin.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while line := stream.readline():
            if line.lower().startswith(b"content-length:"):
                while stream.readline().strip():
                    pass
                self.messages.put(json.loads(stream.read(int(line.partition(b":")[2]))))
        self.messages.put(None)
