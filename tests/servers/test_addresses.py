"""Servers at an address: a real one that was written with the SDK, and ones that do what they should not."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from agent_lattice_runtime.stores.memory import MemoryStore
from servers.odd_service import service
from servers.running import HERE, events, run

SOURCE = """
secret KEY

tool odd = mcp(env.ODD_URL) {
  auth bearer KEY
  header "X-Team": "refunds"
  timeout: TIMEOUT
  op ask() -> string { effect: read }
}
workflow main() -> string {
  a = odd.ask()
  return a
}
"""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "sesame-seed")


@pytest.fixture(scope="module")
def policies() -> Iterator[str]:
    """The address of a real server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, str(HERE / "policy_server.py"), str(port)], stdout=quiet, stderr=quiet)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.wait()


def test_a_real_server_serves_all_steps_of_a_run(policies: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCS_URL", policies)
    source = """
    type Doc { id: string, text: string, score: float }
    tool docs = mcp(env.DOCS_URL) {
      effect: read
      op search(query: string, limit: int?) -> list<Doc>
      op fetch(id: string) -> string = TOOL "policy.fetch"
      op crash() -> string
    }
    workflow main() -> string {
      found = docs.search(query: "replaced")
      parallel {
        a = docs.fetch(id: found[0].id)
        b = docs.fetch(id: "returns")
      }
      return a + b
    }
    """
    done = run(source)
    assert done.failure is None, done.failure
    assert done.result == "Damaged goods are replaced.Goods can be returned within 30 days."


def test_what_is_sent_is_what_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    store = MemoryStore()
    with service("good") as odd:
        monkeypatch.setenv("ODD_URL", odd.url)
        done = run(SOURCE.replace("TIMEOUT", "10s"), store=store)
        assert done.failure is None, done.failure
        assert done.result == "fine"
        posts = [headers for method, headers in odd.seen if method == "POST"]
    assert len(posts) >= 3
    assert all(headers["authorization"] == "Bearer sesame-seed" for headers in posts)
    assert all(headers["x-team"] == "refunds" for headers in posts)
    assert "sesame-seed" not in str(events(store))


BAD = [
    ("401", "auth", "status 401"),
    ("403", "auth", "status 403"),
    ("404", "not_found", "status 404"),
    ("429", "rate_limited", "status 429"),
    ("500", "unavailable", "status 500"),
    ("503", "unavailable", "status 503"),
    ("late-status", "rate_limited", "status 429"),
    ("text", "unavailable", "content type"),
    ("garbage", "malformed_output", ""),
    ("huge", "malformed_output", "more than 16 MB"),
    ("huge-event", "malformed_output", ""),
    ("cut", "unavailable", ""),
    ("drops", "unavailable", ""),
    ("slow", "timeout", ""),
]


@pytest.mark.parametrize(("mode", "code", "words"), BAD)
def test_what_goes_wrong_is_typed(
    mode: str, code: str, words: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    start = time.monotonic()
    with service(mode) as odd:
        monkeypatch.setenv("ODD_URL", odd.url)
        done = run(SOURCE.replace("TIMEOUT", "2s" if code == "timeout" else "10s"))
    assert done.failure is not None
    assert (done.failure.code, done.failure.step) == (code, "a"), done.failure
    assert words in done.failure.message
    assert capfd.readouterr() == ("", "")
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
def test_nothing_is_sent_to_another_host(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with service("good") as other, service(status, other.url) as odd:
        monkeypatch.setenv("ODD_URL", odd.url)
        done = run(SOURCE.replace("TIMEOUT", "10s"))
        assert not other.seen
    assert done.failure is not None
    assert done.failure.code == "permission_denied", done.failure


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("ODD_URL", f"http://127.0.0.1:{port}/mcp")
    done = run(SOURCE.replace("TIMEOUT", "5s"))
    assert done.failure is not None and done.failure.code == "unavailable", done.failure


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://docs.example/mcp", "permission_denied"),
        ("ftp://x", "validation"),
        ("", "validation"),
        ("http://[", "validation"),
    ],
)
def test_addresses_that_are_not_used(url: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODD_URL", url)
    done = run(SOURCE.replace("TIMEOUT", "5s"))
    assert done.failure is not None and done.failure.code == code, done.failure
