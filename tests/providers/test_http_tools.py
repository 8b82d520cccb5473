from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from agent_lattice_runtime.cel_time import duration, timestamp
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.http_tools import HttpOp
from agent_lattice_runtime.models import Auth, Env
from agent_lattice_runtime.uint import Uint
from hypothesis import given
from hypothesis import strategies as st

from .callers import KEY, RecordingDeps, deps_for
from .fake_answers import Answer, as_json
from .fake_services import FakeServices, Received


def anything(value: object, path: str, errors: list[str]) -> object:
    return value


def receipt(value: object, path: str, errors: list[str]) -> object:
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        errors.append(f"{path}: expected Receipt")
    return value


def nothing(value: object, path: str, errors: list[str]) -> None:
    if value is not None:
        errors.append(f"{path}: expected null")


def op(base: Any, method: str = "GET", path: str = "/orders", **options: Any) -> HttpOp:
    fields: dict[str, Any] = {"name": "shop.op", "output": anything, "effect": "read", "timeout": 5.0}
    return HttpOp(base=base, method=method, path=path, **(fields | options))


def sent(services: FakeServices, operation: HttpOp, arguments: dict[str, object], **options: Any) -> Received:
    """The request that a call makes when it is answered with `null`."""
    services.plan(as_json(None))
    operation.call(arguments, deps_for(services.url, **options))
    return services.received[-1]


def test_path_and_query(services: FakeServices) -> None:
    names = ("id", "tags", "open", "limit", "ratio", "since", "q")
    operation = op(services.url + "/api/", path="/orders/{id}/lines", parameters=names)
    arguments: dict[str, object] = {
        "id": "A/1",
        "tags": ["a b", "c&d", None],
        "open": True,
        "limit": 2**60,
        "ratio": 1.0,
        "since": None,
        "q": "ä=?",
    }
    request = sent(services, operation, arguments)
    query = "tags=a%20b&tags=c%26d&open=true&limit=1152921504606846976&ratio=1&q=%C3%A4%3D%3F"
    assert (request.method, request.path) == ("GET", f"/api/orders/A%2F1/lines?{query}")
    assert request.body == b""
    assert request.headers["accept"] == "application/json"
    assert "content-type" not in request.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_json_body(services: FakeServices, method: str) -> None:
    operation = op(services.url, method, "/orders/{id}", parameters=("id", "amount", "note", "count"))
    request = sent(services, operation, {"id": "A1", "amount": 1.5, "note": None, "count": 2**60})
    assert (request.method, request.path) == (method, "/orders/A1")
    assert request.headers["content-type"] == "application/json"
    assert request.json == {"amount": 1.5, "note": None, "count": str(2**60)}


def test_values_that_are_text_in_json_are_that_text(services: FakeServices) -> None:
    given: dict[str, object] = {
        "at": timestamp("2026-01-31T12:30:00.25Z"),
        "span": duration("1h"),
        "id": Uint(2**64 - 1),
        "raw": b"\xff\xfe",
    }
    operation = op(services.url, path="/at/{at}", parameters=tuple(given))
    expected = "/at/2026-01-31T12%3A30%3A00.250Z?span=3600s&id=18446744073709551615&raw=%2F%2F4%3D"
    assert sent(services, operation, given).path == expected
    posted = sent(services, op(services.url, "POST", "/x", parameters=(*given, "by")), {**given, "by": {2: 1, 10: 2}})
    text = (
        '{"at":"2026-01-31T12:30:00.250Z","by":{"10":2,"2":1},"id":"18446744073709551615","raw":"//4=","span":"3600s"}'
    )
    assert posted.body == text.encode()


def test_no_body_when_the_path_takes_everything(services: FakeServices) -> None:
    request = sent(services, op(services.url, "POST", "/orders/{id}/close", parameters=("id",)), {"id": "A1"})
    assert (request.body, request.headers["content-length"]) == (b"", "0")


@pytest.mark.parametrize("method", ["DELETE", "HEAD"])
def test_methods_without_a_body(services: FakeServices, method: str) -> None:
    request = sent(services, op(services.url, method, parameters=("id",)), {"id": "A1"})
    assert (request.method, request.path, request.body) == (method, "/orders?id=A1", b"")


@pytest.mark.parametrize("value", ["", None, ".", "..", "...", ["a"], {"a": 1}, "\ud800"])
def test_values_that_no_path_can_hold(services: FakeServices, value: object) -> None:
    operation = op(services.url, path="/orders/{id}", parameters=("id",))
    with pytest.raises(Failure) as caught:
        operation.call({"id": value}, deps_for(services.url))
    assert caught.value.code == "validation"
    assert services.received == []


def test_a_record_cannot_be_in_a_query(services: FakeServices) -> None:
    with pytest.raises(Failure, match="cannot be part of an address"):
        op(services.url, parameters=("id",)).call({"id": {"a": 1}}, deps_for(services.url))


@given(st.text(min_size=1))
def test_a_value_never_leaves_its_place_in_the_path(value: str) -> None:
    operation = op("http://127.0.0.1:1", path="/a/{id}/b", parameters=("id",))
    try:
        target, _ = operation._request("", {"id": value})
    except Failure as failure:
        assert failure.code == "validation"
        return
    before, inside, after = target[1:].split("/")
    assert (before, unquote(inside, errors="strict"), after) == ("a", value, "b")
    assert not set("?#\\ ") & set(target)


def test_auth_and_headers(services: FakeServices) -> None:
    bearer = op(services.url, auth=Auth("bearer", "KEY"), headers={"Accept": "text/json", "X-Team": "refunds"})
    request = sent(services, bearer, {})
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert (request.headers["accept"], request.headers["x-team"]) == ("text/json", "refunds")
    named = op(services.url, auth=Auth("X-Key", "KEY"))
    assert sent(services, named, {}).headers["x-key"] == KEY


def test_a_secret_that_is_not_granted_is_not_read(services: FakeServices) -> None:
    with pytest.raises(Failure) as caught:
        op(services.url, auth=Auth("bearer", "OTHER")).call({}, deps_for(services.url))
    assert caught.value.code == "permission_denied"
    assert services.received == []


@pytest.mark.parametrize("name", ["Host", "Content-Length", "transfer-encoding"])
def test_headers_that_belong_to_the_connection(services: FakeServices, name: str) -> None:
    with pytest.raises(Failure, match="may not set the header"):
        op(services.url, headers={name: "1"}).call({}, deps_for(services.url))


def test_the_idempotency_key_of_a_write(services: FakeServices) -> None:
    operation = op(services.url, "POST", key="order", effect="write", parameters=("order",))
    request = sent(services, operation, {"order": "A1"}, idempotency_key="run-1:paid")
    assert request.headers["idempotency-key"] == "run-1:paid"


def test_a_base_from_the_environment(services: FakeServices) -> None:
    request = sent(services, op(Env("SHOP_URL")), {}, environ={"SHOP_URL": services.url + "/v2"})
    assert request.path == "/v2/orders"


@pytest.mark.parametrize(
    "base", ["shop", "ftp://x", "http://", "http://u:p@x", "http://x/#f", "http://x:y", "http://x?a"]
)
def test_a_base_that_is_no_address(base: str) -> None:
    with pytest.raises(Failure) as caught:
        op(base).call({}, RecordingDeps("x"))
    assert caught.value.code == "validation"


def test_a_typed_answer(services: FakeServices) -> None:
    services.plan(as_json({"id": "r1"}, 201))
    assert op(services.url, output=receipt).call({}, deps_for(services.url)) == {"id": "r1"}


def test_an_empty_answer_is_null(services: FakeServices) -> None:
    services.plan(Answer(204))
    assert op(services.url, "DELETE", output=nothing).call({}, deps_for(services.url)) is None


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'{"id": 3}', b"\xff", b'"\\ud800"', b"[" * 100_000])
def test_an_answer_that_is_not_of_its_type(services: FakeServices, body: bytes) -> None:
    services.plan(Answer(200, body))
    with pytest.raises(Failure, match=r"the answer of shop\.op") as caught:
        op(services.url, output=receipt).call({}, deps_for(services.url))
    assert caught.value.code == "malformed_output"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "validation"),
        (401, "auth"),
        (402, "auth"),
        (403, "auth"),
        (404, "not_found"),
        (405, "validation"),
        (408, "timeout"),
        (409, "conflict"),
        (410, "not_found"),
        (413, "validation"),
        (422, "validation"),
        (429, "rate_limited"),
        (500, "unavailable"),
        (502, "unavailable"),
        (503, "unavailable"),
        (504, "timeout"),
        (529, "unavailable"),
        (304, "unavailable"),
    ],
)
def test_statuses(services: FakeServices, status: int, code: str) -> None:
    services.plan(as_json({"detail": "not now"}, status))
    with pytest.raises(Failure, match=str(status)) as caught:
        op(services.url, "POST").call({}, deps_for(services.url))
    assert caught.value.code == code
    assert len(services.received) == 1  # never sent again here: that is for the workflow to decide
    assert ("not now" in caught.value.message) == (status >= 400)


def test_the_timeout_is_for_the_whole_call(services: FakeServices) -> None:
    services.plan(Answer(body=b" " * 100, fault="slow", pace=0.05))
    with pytest.raises(Failure) as caught:
        op(services.url, timeout=0.2).call({}, deps_for(services.url))
    assert caught.value.code == "timeout"


def test_cancelling_ends_a_read_but_not_a_write(services: FakeServices) -> None:
    deps = deps_for(services.url)
    deps.cancelled = lambda: bool(services.received)
    services.plan(Answer(body=b" " * 100, fault="slow"), Answer(body=b'"it"', fault="slow", pace=0.1))
    with pytest.raises(Failure) as caught:
        op(services.url).call({}, deps)
    assert caught.value.code == "cancelled"
    assert op(services.url, "POST", effect="write").call({}, deps) == "it"


def test_a_host_that_is_not_permitted_is_never_reached(services: FakeServices) -> None:
    with pytest.raises(Failure) as caught:
        op(services.url).call({}, RecordingDeps("example.org"))
    assert caught.value.code == "permission_denied"
    assert services.received == []


@pytest.mark.parametrize("host", ["192.0.2.1", "example.org", "[2001:db8::1]"])
def test_plain_http_stays_on_this_machine(host: str) -> None:
    with pytest.raises(Failure, match="plain http is for this machine only") as caught:
        op(f"http://{host}").call({}, RecordingDeps(host))
    assert caught.value.code == "permission_denied"


def redirect(location: str, status: int = 302) -> Answer:
    return Answer(status, b"", {"location": location})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_a_reading_request_is_followed(services: FakeServices, status: int) -> None:
    services.plan(redirect("../new?x=1#part", status), as_json("found"))
    operation = op(services.url, path="/a/b/c", auth=Auth("bearer", "KEY"))
    assert operation.call({}, deps_for(services.url)) == "found"
    assert [request.path for request in services.received] == ["/a/b/c", "/a/new?x=1"]
    assert services.received[1].headers["authorization"] == f"Bearer {KEY}"


def test_a_redirect_to_another_origin_carries_no_credentials(services: FakeServices) -> None:
    with FakeServices() as other:
        services.plan(redirect(f"{other.url}/new"))
        other.plan(as_json("found"))
        hosts = [server.url.removeprefix("http://") for server in (services, other)]
        operation = op(services.url, auth=Auth("X-Key", "KEY"), headers={"X-Team": "refunds"})
        assert operation.call({}, RecordingDeps(*hosts)) == "found"
        headers = other.received[0].headers
    assert not {"x-key", "x-team", "authorization"} & headers.keys()
    assert KEY not in str(headers)
    assert headers["host"] == hosts[1]


def test_a_redirect_to_a_host_that_is_not_permitted(services: FakeServices) -> None:
    with FakeServices() as other:
        services.plan(redirect(other.url))
        with pytest.raises(Failure) as caught:
            op(services.url).call({}, deps_for(services.url))
        assert caught.value.code == "permission_denied"
        assert other.received == []


def test_a_redirect_to_plain_http_elsewhere(services: FakeServices) -> None:
    services.plan(redirect("http://192.0.2.1/"))
    with pytest.raises(Failure, match="plain http is for this machine only"):
        op(services.url).call({}, RecordingDeps(services.url.removeprefix("http://"), "192.0.2.1"))


def test_three_redirects_and_no_more(services: FakeServices) -> None:
    services.plan(redirect("/1"), redirect("/2"), redirect("/3"), as_json("found"))
    assert op(services.url).call({}, deps_for(services.url)) == "found"
    services.plan(*[redirect("/again")] * 4)
    with pytest.raises(Failure, match="more than 3 times") as caught:
        op(services.url).call({}, deps_for(services.url))
    assert caught.value.code == "unavailable"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_redirect_of_a_write_is_not_followed(services: FakeServices, method: str) -> None:
    services.plan(redirect("/new", 307))
    with pytest.raises(Failure, match="not followed"):
        op(services.url, method).call({}, deps_for(services.url))
    assert len(services.received) == 1


@pytest.mark.parametrize("location", ["ftp://x", "http://[", "http://u:p@127.0.0.1/", "\\\\x", "/ä"])
def test_a_redirect_to_no_address(services: FakeServices, location: str) -> None:
    services.plan(redirect(location))
    with pytest.raises(Failure) as caught:
        op(services.url).call({}, deps_for(services.url))
    assert caught.value.code == "unavailable"
