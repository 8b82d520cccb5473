"""A model service on loopback that says what a script says, in the three languages that clients speak, and writes down what it is asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

from clients.harness.requests import Asked
from clients.harness.scripts import Answer, Script
from clients.harness.wires import chat, messages, responses

WIRES = (messages, responses, chat)
MODELS = ("mock-model",)


class ModelServer(ThreadingHTTPServer):
    """Listens on a port of loopback. `exchanges` are the requests with their answers, in order, as JSON."""

    daemon_threads = True

    def __init__(self, script: Script, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.exchanges: list[dict[str, Any]] = []
        self._script = script
        self._lock = threading.Lock()

    def answered(self, wire: ModuleType, path: str, headers: dict[str, str], body: dict[str, Any]) -> Answer:
        """The script's answer to a request, which is written down."""
        asked = Asked(path, body, tuple(wire.tools(body)), wire.results(body))
        with self._lock:
            answer = self._script.answer(asked)
            noted = {"path": path, "headers": headers, "body": body, "tools": asked.tools, "results": asked.results}
            self.exchanges.append({**noted, "answer": asdict(answer)})
        return answer


@contextmanager
def serving(script: Script, port: int = 0) -> Iterator[ModelServer]:
    """A server that answers until the block ends."""
    server = ModelServer(script, port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ModelServer

    def do_GET(self) -> None:
        if self._path.endswith("/models"):
            listed = [{"id": name, "object": "model", "type": "model", "display_name": name} for name in MODELS]
            self._whole(200, {"object": "list", "has_more": False, "data": listed})
        else:
            self._whole(404, {"error": {"type": "not_found", "message": self._path}})

    def do_POST(self) -> None:
        body = json.loads(self._body() or b"{}")
        wire = next((wire for wire in WIRES if self._path.endswith(wire.PATH)), None)
        if wire is not None:
            with suppress(BrokenPipeError, ConnectionResetError):  # clients give up requests
                self._answer(wire, body)
        elif self._path.endswith("/count_tokens"):
            self._whole(200, {"input_tokens": 100})
        else:
            self._whole(404, {"error": {"type": "not_found", "message": self._path}})

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: what is asked is in `exchanges`."""

    @property
    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _answer(self, wire: ModuleType, body: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.answered(wire, self._path, headers, body)
        model = body.get("model", MODELS[0])
        if not body.get("stream"):
            self._whole(200, wire.whole(answer, model))
            return
        self._head(200, "text/event-stream", {"connection": "close"})
        for name, data in wire.events(answer, model):
            self._event(name, json.dumps(data))
        if wire is chat:
            self._event("", "[DONE]")
        self.close_connection = True

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _whole(self, status: int, data: dict[str, Any]) -> None:
        text = json.dumps(data).encode()
        self._head(status, "application/json", {"content-length": str(len(text))})
        self.wfile.write(text)

    def _head(self, status: int, kind: str, more: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"content-type": kind} | more).items():
            self.send_header(name, value)
        self.end_headers()

    def _event(self, name: str, data: str) -> None:
        head = f"event: {name}\n" if name else ""
        self.wfile.write(f"{head}data: {data}\n\n".encode())
        self.wfile.flush()
