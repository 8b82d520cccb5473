"""A loopback bank that does each transfer once per `Idempotency-Key` and counts what it was asked."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class CountingBank:
    """`done` are the transfers by key in the order they were made, `asked` how often each key was sent."""

    def __init__(self) -> None:
        self.done: dict[str, dict[str, object]] = {}
        self.asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        bank = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = json.dumps(bank._transfer(self.headers["Idempotency-Key"], body)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def _transfer(self, key: str, body: dict[str, object]) -> dict[str, object]:
        with self._lock:
            self.asked[key] += 1
            return self.done.setdefault(key, {"id": f"r-{body['account']}", "amount": body["amount"]})

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
