"""Whatever a server sends, a call ends in a reply or in a failure of the catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.errors import CATALOGUE, Failure
from agent_lattice_runtime.http_tools import HttpOp
from agent_lattice_runtime.models import Deps, Reply, Request
from agent_lattice_runtime.providers import anthropic, openai
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runtime.agent_samples import tools
from runtime.samples import World

from .callers import TRIAGE, deps_for, model_at, request_to
from .fake_answers import Answer, anthropic_message, function_call, openai_completion, tool_use
from .fake_services import FakeServices

Provider = Callable[[Request, Deps], Reply]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServices]:
    with FakeServices() as running:
        yield running


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
TOOL = {"name": "shop_search", "input_schema": {"type": "object"}, "parameters": {"type": "object"}}
WHOLE = [
    json.loads(answer.body)
    for answer in (
        anthropic_message("{}"),
        openai_completion("{}"),
        anthropic_message("", content=[tool_use(0, TOOL), tool_use(1, TOOL)], stop_reason="tool_use"),
        openai_completion(None, calls=[function_call(0, TOOL), function_call(1, TOOL)], finish_reason="tool_calls"),
    )
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good answer with one of its values, at any depth, replaced by anything."""
    answer = json.loads(json.dumps(draw(st.sampled_from(WHOLE))))
    node = answer
    while True:
        key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if isinstance(node[key], (dict, list)) and node[key] and draw(st.booleans()):
            node = node[key]
            continue
        node[key] = draw(JSON)
        return json.dumps(answer).encode()


BODIES = st.binary() | JSON.map(lambda value: json.dumps(value).encode()) | damaged()
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "date", "content-type", "content-encoding", "location", "x-request-id"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    max_size=2,
)
ANSWERS = st.one_of(
    st.builds(Answer, status=st.integers(200, 599), body=BODIES, headers=HEADERS),
    st.builds(Answer, body=BODIES, fault=st.sampled_from(["cut", "garbage", "reset"])),
    st.builds(
        Answer,
        body=st.builds(lambda head, body: b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + body, st.binary(), st.binary()),
        fault=st.just("garbage"),
    ),
)
LIVELY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


@pytest.mark.parametrize("complete", [anthropic.complete, openai.complete])
@pytest.mark.parametrize("schema", [None, TRIAGE, {"type": "string"}])
@given(answer=ANSWERS, may_call=st.none() | st.booleans())
@LIVELY
def test_providers(
    server: FakeServices,
    complete: Provider,
    schema: dict[str, object] | None,
    answer: Answer,
    may_call: bool | None,
) -> None:
    """`may_call` is None for a question without tools."""
    server.plan(answer)
    model = model_at(f"{server.url}/v1", retries=0, timeout=2.0)
    more = {} if may_call is None else {"offers": tools(World()), "may_call": may_call}
    request = request_to(model, schema, **more)
    try:
        reply = complete(request, deps_for(server.url))
    except Failure as failure:
        assert failure.code in CATALOGUE and failure.code != "internal"
        assert len(failure.message) < 700
    else:
        assert isinstance(reply.text, str) and reply.finish_reason in ("stop", "length", "refusal", "other")
        assert all(count >= 0 for count in (reply.input_tokens, reply.output_tokens, reply.cached_tokens))
        assert not reply.calls or may_call is not None
        assert all(isinstance(text, str) for call in reply.calls for text in (call.id, call.name, call.arguments))
        canonical([*reply.kept, *([call.id, call.name, call.arguments] for call in reply.calls)])


@given(answer=ANSWERS, method=st.sampled_from(["GET", "HEAD", "POST", "DELETE"]))
@LIVELY
def test_tools(server: FakeServices, answer: Answer, method: str) -> None:
    server.plan(answer)
    operation = HttpOp(name="t.op", method=method, base=server.url, path="/x", output=_any, effect="read", timeout=2.0)
    try:
        operation.call({}, deps_for(server.url))
    except Failure as failure:
        assert failure.code in CATALOGUE and failure.code != "internal"


def _any(value: object, path: str, errors: list[str]) -> object:
    return value
