"""A loopback bank that makes each transfer once per `Idempotency-Key`, a transfer without key as often as it is asked to,
and writes down all that it was asked."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Transfer = dict[str, object]


class CountingBank:
    """`done` are the transfers by key in the order they were made, `plain` those without a key, `asked` how often each
    key was sent. `POST /payments` and `POST /voids` make transfers, `GET /payments?account=` finds one or gives null."""

    def __init__(self) -> None:
        self.done: dict[str, Transfer] = {}
        self.plain: list[Transfer] = []
        self.asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        bank = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(200, bank._transfer(self.path.strip("/"), self.headers["Idempotency-Key"], body))

            def do_GET(self) -> None:
                self._answer(200, bank._found(parse_qs(urlsplit(self.path).query)["account"][0]))

            def _answer(self, status: int, value: Transfer | None) -> None:
                answer = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # clients are killed in the middle of what they say

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def transfers(self) -> list[Transfer]:
        """All that it has done."""
        with self._lock:
            return [*self.done.values(), *self.plain]

    def forget(self) -> None:
        """Begin again with empty books."""
        with self._lock:
            self.done.clear()
            self.plain.clear()
            self.asked.clear()

    def _transfer(self, sort: str, key: str | None, body: Transfer) -> Transfer:
        prefix = {"payments": "r", "voids": "v"}[sort]
        made: Transfer = {"id": f"{prefix}-{body['account']}", "amount": body["amount"]}
        with self._lock:
            if key is None:
                self.plain.append(made)
                return made
            self.asked[key] += 1
            return self.done.setdefault(key, made)

    def _found(self, account: str) -> Transfer | None:
        made = [transfer for transfer in self.transfers() if transfer["id"] == f"r-{account}"]
        return made[0] if made else None

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
