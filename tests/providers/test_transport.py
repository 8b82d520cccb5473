from __future__ import annotations

import gzip
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_lattice_runtime import transport
from agent_lattice_runtime.transport import Deadline, HttpFailure, Response, exchange
from agent_lattice_runtime.urls import Origin

from .fake_answers import Answer
from .fake_services import FakeServices


def get(services: FakeServices, target: str = "/", seconds: float = 5.0) -> Response:
    return exchange(Origin("http", "127.0.0.1", services.port), "GET", target, {}, None, Deadline(seconds))


def failure_of(services: FakeServices, answer: Answer, seconds: float = 5.0) -> HttpFailure:
    services.plan(answer)
    with pytest.raises(HttpFailure) as caught:
        get(services, seconds=seconds)
    return caught.value


def test_an_answer_of_any_status(services: FakeServices) -> None:
    services.plan(Answer(418, b"short and stout", {"X-Pot": "tea"}))
    response = get(services)
    assert (response.status, response.body, response.headers["x-pot"]) == (418, b"short and stout", "tea")


def test_an_answer_in_chunks(services: FakeServices) -> None:
    services.plan(
        Answer(fault="garbage", body=b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    )
    assert get(services).body == b"abc"


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 200 OK\r\nconnection: close\r\n"])
@pytest.mark.parametrize("length", [b"", b"content-length: 200000\r\n"])
def test_an_answer_that_ends_with_the_connection(services: FakeServices, head: bytes, length: bytes) -> None:
    services.plan(Answer(fault="garbage", body=head + length + b"\r\n" + b"x" * 200_000))
    assert get(services).body == b"x" * 200_000


def test_the_host_header_and_no_compression(services: FakeServices) -> None:
    services.plan(Answer())
    get(services)
    headers = services.received[0].headers
    assert headers["host"] == f"127.0.0.1:{services.port}"
    assert headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(body=b"0123456789", fault="cut"), "broke off in the middle"),
        (Answer(fault="reset"), "no answer from http://127.0.0.1"),
        (Answer(body=b"", fault="garbage"), "closed the connection without an answer"),
        (Answer(body=b"SSH-2.0-OpenSSH_9.9\r\n", fault="garbage"), "does not speak HTTP"),
        (Answer(body=b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", fault="garbage"), "broke off"),
        (Answer(body=b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-5\r\nabc", fault="garbage"), "HTTP|broke"),
        (Answer(body=b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n", fault="garbage"), "does not speak HTTP"),
    ],
)
def test_what_is_no_whole_answer_is_unavailable(services: FakeServices, answer: Answer, words: str) -> None:
    failure = failure_of(services, answer)
    assert (failure.code, failure.retryable, failure.status) == ("unavailable", True, 0)
    assert re.search(words, failure.message)


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(HttpFailure, match="Connection refused") as caught:
        exchange(Origin("http", "127.0.0.1", port), "GET", "/", {}, None, Deadline(5))
    assert caught.value.code == "unavailable"


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(HttpFailure) as caught:
        exchange(Origin("https", "does-not-exist.invalid", 443), "GET", "/", {}, None, Deadline(5))
    assert caught.value.code in ("unavailable", "timeout")


@pytest.mark.parametrize("fault", ["slow", "slow head", "silent"])
@pytest.mark.parametrize("pace", [0.05, 1.0])
def test_the_deadline_counts_for_the_whole_call(services: FakeServices, fault: str, pace: float) -> None:
    started = time.monotonic()
    failure = failure_of(services, Answer(body=b"x" * 1000, fault=fault, pace=pace), seconds=0.3)
    assert (failure.code, failure.message) == ("timeout", "no complete answer within 0.3 s")
    assert 0.25 < time.monotonic() - started < 0.7


def test_the_deadline_counts_for_sending_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # accepts in the backlog, reads nothing
        origin = Origin("http", "127.0.0.1", deaf.getsockname()[1])
        started = time.monotonic()
        with pytest.raises(HttpFailure) as caught:
            exchange(origin, "POST", "/", {}, b"x" * 50_000_000, Deadline(0.3))
    assert caught.value.code == "timeout"
    assert time.monotonic() - started < 1.0


def test_a_deadline_that_has_passed_sends_nothing(services: FakeServices) -> None:
    with pytest.raises(HttpFailure) as caught:
        get(services, seconds=-1)
    assert caught.value.code == "timeout"
    assert services.received == []


@pytest.mark.parametrize("head", [b"", b"transfer-encoding: chunked\r\n"])
def test_an_endless_answer_is_too_large(services: FakeServices, monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    monkeypatch.setattr(transport, "MAX_BODY", 100_000)
    body = b"fffffff\r\n" + b"x" * 300_000 if head else b"x" * 300_000
    failure = failure_of(services, Answer(body=b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body, fault="garbage"))
    assert failure.code == "malformed_output"
    assert "larger than" in failure.message


def test_an_announced_size_is_believed(services: FakeServices) -> None:
    head = f"HTTP/1.1 200 OK\r\ncontent-length: {transport.MAX_BODY + 1}\r\n\r\n".encode()
    failure = failure_of(services, Answer(body=head, fault="garbage"))
    assert (failure.code, failure.message) == ("malformed_output", "the answer is larger than 16 MB")


def test_a_negative_chunk_size_does_not_read_for_ever(services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_BODY", 100_000)
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n"
    failure = failure_of(services, Answer(body=head + b"x" * 5_000_000, fault="garbage"))
    assert failure.code in ("malformed_output", "unavailable")


def test_an_early_no_to_a_large_request_is_heard() -> None:
    def refuse(server: socket.socket) -> None:
        connection, _ = server.accept()
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):
            pass
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=refuse, args=(server,))
        thread.start()
        origin = Origin("http", "127.0.0.1", server.getsockname()[1])
        response = exchange(origin, "POST", "/", {}, b"x" * 5_000_000, Deadline(10))
        thread.join()
    assert (response.status, response.body) == (413, b"no")


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("no-slash", {}),
        ("/a b", {}),
        ("/a\r\nX: y", {}),
        ("/ä", {}),
        ("/", {"X": "a\r\nY: b"}),
        ("/", {"X": "ä"}),
        ("/", {"X Y": "a"}),
        ("/", {"": "a"}),
    ],
)
def test_what_cannot_be_sent_is_not(services: FakeServices, target: str, headers: dict[str, str]) -> None:
    origin = Origin("http", "127.0.0.1", services.port)
    with pytest.raises(HttpFailure) as caught:
        exchange(origin, "GET", target, headers, None, Deadline(5))
    assert caught.value.code == "validation"
    assert services.received == []


def test_proxies_of_the_environment_are_ignored(services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    services.plan(Answer(body=b"direct"))
    assert get(services).body == b"direct"


def test_localhost_by_name(services: FakeServices) -> None:
    services.plan(Answer(body=b"here"))
    assert exchange(Origin("http", "localhost", services.port), "GET", "/", {}, None, Deadline(5)).body == b"here"


def test_a_compressed_answer_is_left_to_the_reader(services: FakeServices) -> None:
    services.plan(Answer(body=gzip.compress(b"{}"), headers={"content-encoding": "gzip"}))
    assert get(services).body[:2] == b"\x1f\x8b"


def test_tls_to_a_server_without_it(services: FakeServices) -> None:
    with pytest.raises(HttpFailure, match=r"no trusted TLS connection to https://127\.0\.0\.1") as caught:
        exchange(Origin("https", "127.0.0.1", services.port), "GET", "/", {}, None, Deadline(5))
    assert caught.value.code == "unavailable"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(cert)]
    subprocess.run([openssl, "req", *kind, *name, *files], check=True, capture_output=True)
    return cert, key


@pytest.fixture
def tls_port(certificate: tuple[Path, Path]) -> Iterator[int]:
    """A server that says hello once over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1000)
                secured.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
        except OSError:
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def test_tls_with_a_certificate_that_is_trusted(
    tls_port: int, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert exchange(Origin("https", "localhost", tls_port), "GET", "/", {}, None, Deadline(5)).body == b"hello"


def test_tls_with_a_certificate_that_is_not_trusted(tls_port: int) -> None:
    with pytest.raises(HttpFailure, match=r"no trusted TLS connection.*self.signed certificate") as caught:
        exchange(Origin("https", "localhost", tls_port), "GET", "/", {}, None, Deadline(5))
    assert caught.value.code == "unavailable"


def test_tls_with_a_certificate_for_another_name(
    tls_port: int, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with pytest.raises(HttpFailure, match="IP address mismatch"):
        exchange(Origin("https", "127.0.0.1", tls_port), "GET", "/", {}, None, Deadline(5))
