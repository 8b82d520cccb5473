"""A loopback server that answers as Anthropic, OpenAI and compatible servers do, well and badly.

`python -m tests.providers.fake_services`, from the project's folder, prints its port and serves until its standard
input closes. A base URL is `http://127.0.0.1:PORT` for Anthropic and `http://127.0.0.1:PORT/v1` for OpenAI; a first
path part names a scenario, `http://127.0.0.1:PORT/rate_limited`. With `_once` behind a scenario only the first request
meets it. The first part `compatible` is a server that speaks as OpenAI does and needs no key.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .fake_answers import (
    Answer,
    answer_anthropic,
    answer_compatible,
    answer_openai,
    anthropic_error,
    anthropic_message,
    openai_completion,
    openai_error,
)

SCENARIOS: dict[str, tuple[Answer, Answer]] = {
    # name: as Anthropic, as OpenAI
    "unauthorized": (
        anthropic_error(401, "authentication_error", "invalid x-api-key"),
        openai_error(401, "invalid_request_error", "Incorrect API key provided: sk-...", "invalid_api_key"),
    ),
    "forbidden": (
        anthropic_error(403, "permission_error", "Your API key does not have permission to use the specified resource"),
        openai_error(403, "invalid_request_error", "Country, region, or territory not supported"),
    ),
    "unknown_model": (
        anthropic_error(404, "not_found_error", "model: claude-nothing"),
        openai_error(404, "invalid_request_error", "The model `gpt-nothing` does not exist", "model_not_found"),
    ),
    "too_large": (
        anthropic_error(413, "request_too_large", "Request exceeds the maximum allowed number of bytes"),
        openai_error(413, "invalid_request_error", "Request too large"),
    ),
    "rate_limited": (
        anthropic_error(
            429,
            "rate_limit_error",
            "Number of requests has exceeded your rate limit",
            retry_after="2",
            anthropic_ratelimit_requests_remaining="0",
        ),
        openai_error(
            429,
            "requests",
            "Rate limit reached for gpt-5",
            "rate_limit_exceeded",
            retry_after="2",
            x_ratelimit_remaining_requests="0",
        ),
    ),
    "quota": (
        anthropic_error(402, "billing_error", "Your credit balance is too low"),
        openai_error(429, "insufficient_quota", "You exceeded your current quota", "insufficient_quota"),
    ),
    "server_error": (
        anthropic_error(500, "api_error", "Internal server error"),
        openai_error(500, "server_error", "The server had an error while processing your request"),
    ),
    "gateway_timeout": (
        anthropic_error(504, "timeout_error", "Request timed out"),
        Answer(504, b"<html><body><h1>504 Gateway Time-out</h1></body></html>", {"content-type": "text/html"}),
    ),
    "overloaded": (
        anthropic_error(529, "overloaded_error", "Overloaded"),
        openai_error(503, "server_error", "The engine is currently overloaded, please try again later"),
    ),
    "slow": (Answer(200, b"{" + b" " * 1000, fault="slow"), Answer(200, b"{" + b" " * 1000, fault="slow")),
    "cut": (Answer(200, b'{"id": "msg_1", "type":', fault="cut"), Answer(200, b'{"id": "chat', fault="cut")),
    "reset": (Answer(fault="reset"), Answer(fault="reset")),
    "malformed": (Answer(200, b'{"id": "msg_1", "type": "mess'), Answer(200, b'{"id": "chatcmpl-1", "choi')),
    "refusal": (
        anthropic_message("", stop_reason="refusal", content=[]),
        openai_completion(None, refusal="I'm sorry, I cannot assist with that request."),
    ),
    "truncated": (
        anthropic_message('{"verdict": "appr', stop_reason="max_tokens"),
        openai_completion('{"verdict": "appr', finish_reason="length"),
    ),
}


@dataclass(frozen=True)
class Received:
    """A request as it arrived; header names in lower case, `json` None for a body that is not JSON."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return _json(self.body)


class FakeServices:
    """The server, as a context manager. `plan(…)` says what the next requests get before scenarios and paths do."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.stopping = threading.Event()
        self._planned: deque[Answer] = deque()
        self._met: set[str] = set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.services = self
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> FakeServices:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def plan(self, *answers: Answer) -> None:
        """The next requests get these, whatever they ask."""
        self._planned.extend(answers)

    def answer(self, request: Received) -> Answer:
        """What a request gets; it is kept in `received`."""
        with self._lock:
            self.received.append(request)
            if self._planned:
                return self._planned.popleft()
            scenario, path = self._scenario(request.path)
        anthropic = path.endswith("/messages")
        if scenario:
            return SCENARIOS[scenario][0 if anthropic else 1]
        body = request.json if isinstance(request.json, dict) else {}
        if path.startswith("/compatible/"):
            return answer_compatible(path.removeprefix("/compatible"), body)
        return (answer_anthropic if anthropic else answer_openai)(path, request.headers, body)

    def _scenario(self, path: str) -> tuple[str | None, str]:
        first, _, rest = path.removeprefix("/").partition("/")
        name = first.removesuffix("_once")
        if name not in SCENARIOS:
            return None, path
        again = first in self._met
        self._met.add(first)
        return (None if again and first != name else name), f"/{rest}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    services: FakeServices


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.services.answer(Received(self.command, self.path, headers, body))
        self.close_connection = True
        with suppress(OSError):  # the client has given up, as it should
            self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def _send(self, answer: Answer) -> None:
        if answer.fault == "silent":
            self.server.services.stopping.wait(30)
        elif answer.fault == "reset":
            # closing with a zero linger time sends RST instead of FIN
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif answer.fault == "garbage":
            self.wfile.write(answer.body)
        elif answer.fault == "slow head":
            self._dribble(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000, answer.pace)
        else:
            self._send_head(answer)
            self._send_body(answer)

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        length = len(answer.body) * (2 if answer.fault == "cut" else 1)
        for name, value in {"content-length": str(length), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_body(self, answer: Answer) -> None:
        if answer.fault == "slow":
            self._dribble(answer.body, answer.pace)
        elif self.command != "HEAD":
            self.wfile.write(answer.body)

    def _dribble(self, data: bytes, pace: float) -> None:
        for byte in data:
            self.wfile.write(bytes((byte,)))
            if self.server.services.stopping.wait(pace):
                return

    def log_message(self, format: str, *args: object) -> None:
        """Tests have nothing to say to a terminal."""


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def main() -> None:
    """Serve for other processes: the port on standard output, until standard input closes."""
    with FakeServices() as services:
        print(services.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
