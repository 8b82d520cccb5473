from __future__ import annotations

import pytest
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.redaction import Redactor
from agent_lattice_runtime.statuses import bounded, error_in, seconds_to_wait, words_of
from agent_lattice_runtime.urls import Origin, encode, fill_path, path_names, query_of, split_url


@pytest.mark.parametrize(
    ("url", "origin", "rest"),
    [
        ("https://Example.ORG", Origin("https", "example.org", 443), ""),
        ("http://127.0.0.1:80/a?b=c", Origin("http", "127.0.0.1", 80), "/a?b=c"),
        ("https://[::1]:8443/", Origin("https", "::1", 8443), "/"),
    ],
)
def test_splitting(url: str, origin: Origin, rest: str) -> None:
    assert split_url(url) == (origin, rest)


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "//x", "ftp://x", "https://", "https://u@x", "https://x#f", "https://x:99999", "https://x y"),
        *("https://x\r\nHost: y", "https://x\\@y", "https://[::1", "HTTPS//x", "https://ä"),
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(Failure) as caught:
        split_url(url)
    assert caught.value.code == "validation"


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (Origin("https", "x", 443), "https://x"),
        (Origin("http", "x", 8080), "http://x:8080"),
        (Origin("http", "::1", 80), "http://[::1]"),
    ],
)
def test_origins_as_text(origin: Origin, text: str) -> None:
    assert str(origin) == text
    assert origin == split_url(text)[0]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert Origin("http", host, 80).loopback is loopback


def test_paths() -> None:
    assert path_names("/a/{x}/{y_2}") == ["x", "y_2"]
    assert fill_path("/a/{x}/{y}.json", {"x": "../..", "y": "a?b#c%2F"}) == "/a/..%2F../a%3Fb%23c%252F.json"
    with pytest.raises(Failure, match=r"no value for \{z\}"):
        fill_path("/{z}", {})


def test_queries() -> None:
    assert query_of([]) == ""
    assert query_of([("a&b", "c=d"), ("a&b", "+ ~")]) == "?a%26b=c%3Dd&a%26b=%2B%20~"
    assert encode("\u20ac") == "%E2%82%AC"


DATE = "Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "99999999999999"}, 86400.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "1.2.3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "."}, None),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:07 GMT", "date": DATE}, 7.0),
        ({"retry-after": "Sat, 21 Nov 2026 09:59:00 GMT", "date": DATE}, 0.0),
        ({"retry-after": "Sat, 21 Nov 9999 10:00:00 GMT", "date": DATE}, 86400.0),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:00 GMT", "date": "no date"}, "from now"),
        ({"retry-after": "Sat, 99 Nov 2026 10:00:00 GMT", "date": DATE}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent_lattice_runtime.statuses._now", lambda: 1795255190.0)
    assert seconds_to_wait(headers) == (10.0 if seconds == "from now" else seconds)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", ""),
        (b'{"error": {"type": "api_error", "message": "sorry"}}', "api_error: sorry"),
        (b'{"error": "sorry"}', "sorry"),
        (b'{"message": "sorry"}', "sorry"),
        (b'{"detail": "sorry", "title": "x"}', "sorry"),
        (b'{"detail": [{"loc": ["a"]}]}', ""),
        (b'"sorry"', "sorry"),
        (b"[1]", ""),
        (b"<h1>Bad gateway</h1>", "<h1>Bad gateway</h1>"),
    ],
)
def test_the_words_of_an_error(body: bytes, words: str) -> None:
    assert words_of(error_in(body)) == words


def test_words_are_one_short_line() -> None:
    assert bounded("a\r\n\x1b[31m b\t", Redactor()) == "a [31m b"
    assert len(bounded("x" * 10_000, Redactor())) == 500
