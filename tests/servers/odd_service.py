"""An MCP server at an address, written by hand: it answers every request as it is told to."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Service(ThreadingHTTPServer):
    """`mode` says how; `seen` are (method, headers in lower case) of what was asked."""

    daemon_threads = True

    def __init__(self, mode: str, elsewhere: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode = mode
        self.elsewhere = elsewhere
        self.seen: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/mcp"


@contextmanager
def service(mode: str, elsewhere: str = "") -> Iterator[Service]:
    made = Service(mode, elsewhere)
    thread = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    server: Service

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._note()
        self._give(405, b"", "text/plain")

    do_DELETE = do_GET

    def do_POST(self) -> None:
        self._note()
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        message = json.loads(body)
        mode = self.server.mode
        if mode.isdecimal():
            self._give(int(mode), b"{}", "application/json", {"location": self.server.elsewhere})
        elif mode == "text":
            self._give(200, b"hello", "text/html")
        elif mode == "garbage":
            self._give(200, b"\xff{", "application/json")
        elif mode == "slow":
            time.sleep(30)
        elif mode == "drops":
            self.close_connection = True
        elif "id" not in message:
            self._give(202, b"", "application/json")
        elif message["method"] == "initialize":
            info = {"name": "odd", "version": "1"}
            version = message["params"]["protocolVersion"]
            result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
            self._answer(message, result)
        elif message["method"] == "tools/list":
            self._answer(message, {"tools": [{"name": "ask", "inputSchema": {"type": "object"}}]})
        elif message["method"] == "tools/call":
            self._call(message, mode)
        else:
            error = {"code": -32601, "message": "method not found"}
            self._send({"jsonrpc": "2.0", "id": message["id"], "error": error})

    def _call(self, message: dict[str, Any], mode: str) -> None:
        if mode == "huge":
            self._answer(message, {"content": [{"type": "text", "text": "x" * 17_000_000}]})
        elif mode == "huge-event":
            event = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {"x": "x" * 17_000_000}})
            self._give(200, f"event: message\ndata: {event}\n\n".encode(), "text/event-stream")
        elif mode == "late-status":
            self._give(429, b"slow down", "text/plain")
        elif mode == "cut":
            self._give(200, b"data: {", "text/event-stream")
        else:
            self._answer(message, {"content": [{"type": "text", "text": "fine"}]})

    def _answer(self, message: dict[str, Any], result: dict[str, Any]) -> None:
        self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _send(self, data: dict[str, Any]) -> None:
        self._give(200, json.dumps(data).encode(), "application/json")

    def _note(self) -> None:
        self.server.seen.append((self.command, {name.lower(): value for name, value in self.headers.items()}))

    def _give(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True
