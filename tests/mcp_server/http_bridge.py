"""A loopback HTTP door to servers that speak over standard streams, for clients that know nothing else.

`http_bridge.py SERVER... -- CLIENT...` starts one server process for each session, and the client once, with the address in
the place of `{url}`; it ends with the client's exit code. Streamable HTTP: a request is answered by a stream of events, of
which the last is the response; what the server says by the way goes to the request that was made last.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any
from uuid import uuid4

SESSION = "mcp-session-id"


class Session:
    """A server process, and who waits for what it says."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._waiting: dict[object, SimpleQueue[Any]] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            with self._lock:
                known = self._waiting.pop(message["id"], None) if "id" in message else None
                target = known or next(reversed(self._waiting.values()), None)
            if target is not None:
                target.put(message)

    def tell(self, message: Any) -> SimpleQueue[Any]:
        """Send a message; what comes back for it."""
        answers: SimpleQueue[Any] = SimpleQueue()
        assert self.process.stdin is not None
        with self._lock:
            if "id" in message:
                self._waiting[message["id"]] = answers
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        return answers

    def close(self) -> None:
        """The end of its input is the end of the server."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)


class Bridge(ThreadingHTTPServer):
    """The HTTP server; `command` starts a server that it leads to."""

    daemon_threads = True

    def __init__(self, command: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.command = command
        self.sessions: dict[str, Session] = {}


class Handler(BaseHTTPRequestHandler):
    """POST is a message, DELETE the end of a session; there is no stream without a request."""

    server: Bridge
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        key = self.headers.get(SESSION)
        if message.get("method") == "initialize":
            key = uuid4().hex
            self.server.sessions[key] = Session(self.server.command)
        session = self.server.sessions.get(key or "")
        if session is None:
            self._empty(404)
            return
        answers = session.tell(message)
        if "id" in message and "method" in message:
            self._stream(key or "", message["id"], answers)
        else:
            self._empty(202)

    def _stream(self, key: str, id: object, answers: SimpleQueue[Any]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.send_header(SESSION, key)
        self.end_headers()
        message: Any = {}
        while message.get("id") != id:
            message = answers.get(timeout=60)
            self.wfile.write(b"event: message\ndata: " + json.dumps(message).encode() + b"\n\n")
            self.wfile.flush()
        self.close_connection = True

    def _empty(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self._empty(405)

    def do_DELETE(self) -> None:
        session = self.server.sessions.pop(self.headers.get(SESSION) or "", None)
        if session is not None:
            session.close()
        self._empty(200 if session else 404)


def main(words: list[str]) -> int:
    """The client's exit code."""
    place = words.index("--")
    bridge = Bridge(words[:place])
    threading.Thread(target=bridge.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{bridge.server_port}/mcp"
    code = subprocess.run([word.replace("{url}", url) for word in words[place + 1 :]]).returncode
    for session in bridge.sessions.values():
        session.close()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
