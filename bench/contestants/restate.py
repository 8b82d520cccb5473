"""Restate: its server with its usual settings on loopback, its data in the folder that is given, and a service in a process of its own."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from time import perf_counter, sleep

from contests import serve

AT_ONCE = 64  # requests
PATIENCE = 60.0  # seconds that the server may take to start
SERVER, FOLDER = sys.argv[1], Path(sys.argv[2])
CONFIG = """\
base-dir = "{folder}"
disable-telemetry = true
listen-mode = "tcp"
bind-address = "127.0.0.1:{node}"
advertised-address = "http://127.0.0.1:{node}/"
[admin]
bind-address = "127.0.0.1:{admin}"
[ingress]
bind-address = "127.0.0.1:{ingress}"
"""


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class _Client:
    """Requests to one port, over a connection for each thread."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._own = local()

    def post(self, path: str, value: object) -> object:
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=290)
        try:
            self._own.connection.request("POST", path, json.dumps(value), {"content-type": "application/json"})
            answer = self._own.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            del self._own.connection
            raise
        if answer.status >= 300:
            raise RuntimeError(text.decode()[:300])
        return json.loads(text)


def _up(port: int) -> None:
    end = perf_counter() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if perf_counter() > end:
                raise
            sleep(0.1)


def _registered(admin: int, service: int) -> None:
    """The admin interface answers before the server can do what it is told."""
    end = perf_counter() + PATIENCE
    while True:
        try:
            _Client(admin).post("/deployments", {"uri": f"http://127.0.0.1:{service}"})
            return
        except (OSError, RuntimeError):
            if perf_counter() > end:
                raise
            sleep(0.5)


def _timed(handler: str, size: int, expected: object) -> float:
    start = perf_counter()
    assert CLIENT.post(f"/bench/{handler}", size) == expected
    return perf_counter() - start


def _runs(size: int) -> float:
    start = perf_counter()
    done = list(POOL.map(lambda _: CLIENT.post("/bench/chain", 10), range(size)))
    assert done == [10] * size
    return perf_counter() - start


def _resume(size: int) -> float:
    seconds = CLIENT.post("/bench/broken", size)
    assert isinstance(seconds, float)
    return seconds


SERVICE, NODE, ADMIN, INGRESS = (_free_port() for _ in range(4))
FOLDER.mkdir()
(FOLDER / "config.toml").write_text(CONFIG.format(folder=FOLDER / "data", node=NODE, admin=ADMIN, ingress=INGRESS))
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
processes = [
    subprocess.Popen([sys.executable, __file__.replace(".py", "_service.py"), str(SERVICE)], **QUIET),  # type: ignore[call-overload]
    subprocess.Popen([SERVER, "-c", str(FOLDER / "config.toml"), "--no-logo"], **QUIET),  # type: ignore[call-overload]
]
try:
    for port in (SERVICE, ADMIN, INGRESS):
        _up(port)
    _registered(ADMIN, SERVICE)
    CLIENT, POOL = _Client(INGRESS), ThreadPoolExecutor(AT_ONCE)
    serve(
        {
            "sequence": lambda size: _timed("chain", size, size),
            "runs": _runs,
            "branches": lambda size: _timed("fan", size, size * (size + 1) // 2),
            "resume": _resume,
        }
    )
finally:
    for process in processes:
        process.kill()
        process.wait()
