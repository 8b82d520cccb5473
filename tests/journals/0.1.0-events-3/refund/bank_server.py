"""A bank for trying out bank_service.lat: `POST /refunds` and `DELETE /refunds/ID` on a free port of this machine, which it prints.

It asks for `Authorization: Bearer <BANK_TOKEN>` and pays once for each Idempotency-Key. `python bank_server.py`
"""

from __future__ import annotations

import hmac
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any


class Bank(ThreadingHTTPServer):
    """The refunds made so far, by Idempotency-Key, and the ids of those that were taken back."""

    def __init__(self, token: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.token = token
        self.refunds: dict[str, dict[str, Any]] = {}
        self.voided: set[str] = set()
        self.lock = Lock()

    def refund(self, key: str, order: str, amount: float) -> dict[str, Any] | None:
        """The receipt of a refund; the same one again for a key that is known, None if it was taken back."""
        with self.lock:
            receipt = self.refunds.setdefault(key, {"id": f"R-{order}", "amount": amount})
            return None if receipt["id"] in self.voided else receipt

    def void(self, id: str) -> dict[str, Any] | None:
        """The receipt of a refund that is now taken back; None if there is none of that id."""
        with self.lock:
            receipt = next((one for one in self.refunds.values() if one["id"] == id), None)
            self.voided |= {id} if receipt else set()
            return receipt


class Handler(BaseHTTPRequestHandler):
    server: Bank

    def do_POST(self) -> None:
        if not self._known():
            return None
        if self.path != "/refunds":
            return self._answer(404, {"error": "no such page"})
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            order, amount = str(body["order"]), float(body["amount"])
        except (ValueError, TypeError, KeyError):
            return self._answer(400, {"error": "an order and an amount are needed"})
        receipt = self.server.refund(self.headers.get("Idempotency-Key", order), order, amount)
        return self._answer(200, receipt) if receipt else self._answer(409, {"error": "it was taken back"})

    def do_DELETE(self) -> None:
        if not self._known():
            return None
        receipt = self.server.void(self.path.removeprefix("/refunds/"))
        return self._answer(200, receipt) if receipt else self._answer(404, {"error": "no such refund"})

    def _known(self) -> bool:
        """Whether who asks has the token; others are answered here."""
        sent = self.headers.get("Authorization", "")
        if hmac.compare_digest(sent.encode(), f"Bearer {self.server.token}".encode()):
            return True
        self._answer(401, {"error": "wrong token"})
        return False

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    bank = Bank(os.environ.get("BANK_TOKEN", "test"))
    print(f"BANK_URL=http://127.0.0.1:{bank.server_address[1]}", flush=True)
    try:
        bank.serve_forever()
    except KeyboardInterrupt:
        bank.server_close()
