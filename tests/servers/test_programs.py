"""Servers that are programs: a real one that was written with the SDK, and ones that do what they should not."""

from __future__ import annotations

import copy
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.mcp_failures import Witness
from agent_lattice_runtime.mcp_programs import _message
from agent_lattice_runtime.mcp_results import value_of
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_targets.python.memory import load_all
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import CallToolResult
from servers.running import HERE, events, made, odd, run

POLICIES = """
type Doc { id: string, text: string, score: float }
secret KEY

tool docs = mcp("python policy_server.py") {
  secrets: [KEY]
  env: ["REGION"]
  effect: read
  op search(query: string, limit: int?) -> list<Doc>
  op fetch(id: string) -> string = TOOL "policy.fetch"
  op environment() -> list<string>
  op secret(name: string) -> string
  op crash() -> string
  op count(by: int) -> int { effect: write, on_doubt: fail }
  op missing() -> null
}
"""


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "sesame-seed")
    monkeypatch.setenv("REGION", "eu")
    monkeypatch.setenv("NOT_DECLARED", "x")


def test_a_real_server_serves_all_steps_of_a_run() -> None:
    store = MemoryStore()
    body = """
    workflow main(q: string) -> list<string> {
      found = docs.search(query: q)
      first = docs.count(by: 1)
      second = docs.count(by: 2)
      parallel {
        a = docs.fetch(id: "returns")
        b = docs.fetch(id: found[0].id)
        c = docs.search(query: "nothing", limit: 3)
      }
      return [found[0].id, a, b, string(size(c)), string(first), string(second)]
    }
    """
    done = run(POLICIES + body, {"q": "within"}, store)
    assert done.failure is None, done.failure
    goods = "Goods can be returned within 30 days."
    assert done.result == ["returns", goods, goods, "0", "1", "3"]
    kinds = [kind for kind, _, _ in events(store)]
    assert kinds.count("effect.intended") == kinds.count("effect.committed") == 2


def test_a_server_sees_what_is_declared_and_nothing_else() -> None:
    done = run(POLICIES + "workflow main() -> list<string> { e = docs.environment()  return e }")
    assert isinstance(done.result, list)
    assert {"KEY", "REGION", "PATH"} <= set(done.result)
    assert not {"NOT_DECLARED", "PYTEST_CURRENT_TEST", "PYTHONPATH"} & set(done.result)


def test_secrets_are_in_no_event() -> None:
    store = MemoryStore()
    done = run(POLICIES + 'workflow main() -> string { s = docs.secret(name: "KEY")  return s }', store=store)
    assert done.result == "it is [secret KEY]"
    assert "sesame-seed" not in str(events(store))


def test_an_error_of_a_tool_is_its_words() -> None:
    done = run(POLICIES + 'workflow main() -> string { f = docs.fetch(id: "x")  return f }')
    assert done.failure is not None
    assert (done.failure.code, done.failure.step) == ("refused", "f")
    assert "there is no policy x" in done.failure.message


def test_a_tool_that_is_not_there() -> None:
    done = run(POLICIES + "workflow main() -> null { m = docs.missing() }")
    assert done.failure is not None
    assert done.failure.code in ("refused", "validation", "not_found")


def test_a_server_that_crashed_is_started_again_by_the_next_call() -> None:
    body = """
    workflow main() -> int {
      one = docs.count(by: 5)
      two = docs.crash()
      three = docs.count(by: 1)
      return three
    }
    """
    done = run(POLICIES + body)
    assert done.failure is not None
    assert (done.failure.code, done.failure.retryable) == ("unavailable", True)
    assert done.failure.message == "the server docs ended with 7"
    assert "about to give up" in done.failure.details


def test_no_such_program() -> None:
    source = 'tool x = mcp("there-is-no-such-program --x") { op y() -> null { effect: pure } }'
    done = run(source + " workflow main() -> null { a = x.y() }")
    assert done.failure is not None
    assert (done.failure.code, done.failure.retryable) == ("unavailable", False)
    assert "there-is-no-such-program" in done.failure.message


GOOD = [
    ("good", "string", "fine"),
    ("good", '"fine" | "bad"', "fine"),
    ("good", "null", None),
    ("two", "string", "1\n2"),
    ("two", "list<int>", [1, 2]),
    ("two", "list<string>", ["1", "2"]),
    ("json", "map<string, int>", {"a": 1}),
    ("json", "string", '{"a": 1}'),
    ("structured", "list<int>", [1, 2]),
    ("structured", "map<string, list<int>>", {"result": [1, 2]}),
    ("structured", "string", "other"),
    ("nothing", "int?", None),
    ("nothing", "list<int>", []),
    ("nothing", "string", ""),
    ("resource", "string", "inside"),
    ("flood", "string", "fine"),
    ("noisy", "string", "fine"),
    ("asks-back", "string", "error"),
]


@pytest.mark.parametrize(("mode", "type", "value"), GOOD)
def test_what_an_answer_means(mode: str, type: str, value: object) -> None:
    done = run(odd(mode, type))
    assert done.failure is None, done.failure
    assert done.result == value


BAD = [
    ("exits", "string", "unavailable", "ended with 3"),
    ("dies", "string", "unavailable", "ended with 9"),
    ("killed", "string", "unavailable", "killed by signal 9"),
    ("closes", "string", "unavailable", "closed its output"),
    ("version", "string", "unavailable", "version"),
    ("silent", "string", "timeout", "was not ready within 2 s"),
    ("slow", "string", "timeout", "in time"),
    ("other-id", "string", "timeout", "in time"),
    ("banner", "string", "malformed_output", "Welcome to odd"),
    ("bytes", "string", "malformed_output", "no message of the protocol"),
    ("deep", "string", "malformed_output", ""),
    ("huge", "string", "malformed_output", "more than 16 MB"),
    ("endless", "string", "malformed_output", "more than 16 MB"),
    ("wrong-shape", "string", "malformed_output", "against the protocol"),
    ("no-object", "string", "malformed_output", ""),
    ("surrogate", "string", "malformed_output", ""),
    ("picture", "string", "malformed_output", "image"),
    ("not-json", "int", "malformed_output", "$: expected int"),
    ("good", "int", "malformed_output", "$: expected int"),
    ("nothing", "int", "malformed_output", "expected int"),
    ("structured", "int", "malformed_output", "expected int"),
    ("is-error", "string", "refused", "no such thing\nat all"),
    ("error-without-words", "string", "refused", "without a word"),
    ("code-32602", "string", "validation", "not like this"),
    ("code-32601", "string", "not_found", "not like this"),
    ("code-32603", "string", "refused", "not like this"),
    ("code-1", "string", "refused", "not like this"),
]


@pytest.mark.parametrize(("mode", "type", "code", "words"), BAD)
def test_what_goes_wrong_is_typed(mode: str, type: str, code: str, words: str) -> None:
    store = MemoryStore()
    timeout = "2s" if code == "timeout" else "20s"
    begin = time.monotonic()
    done = run(odd(mode, type, timeout), store=store)
    assert done.failure is not None
    assert (done.failure.code, done.failure.step) == (code, "a"), done.failure
    assert words in done.failure.message
    assert time.monotonic() - begin < 15
    assert [kind for kind, _, _ in events(store)] == ["run.started", "step.failed", "run.failed"]


def test_the_last_words_of_a_server_are_told_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "sesame")
    done = run(odd("dies", more="secrets: [KEY]"))
    assert done.failure is not None
    assert done.failure.details == ("first", "I give up: [secret KEY]")


def test_null_arguments_are_left_out_and_a_key_goes_along() -> None:
    source = """
    tool odd = mcp("python odd_server.py echo") {
      op ask(q: string, r: int?, big: int) -> map<string, string> { effect: write, idempotent_by: q }
      op said(q: string, r: int?, big: int) -> string = TOOL "ask" { effect: write, idempotent_by: q }
    }
    workflow main(r: int?) -> string {
      a = odd.said(q: "?", r: r, big: 9007199254740993)
      return a
    }
    """
    done = run(source)
    assert done.failure is None, done.failure
    assert isinstance(done.result, str)
    assert '"arguments": {"big": "9007199254740993", "q": "?"}' in done.result
    assert '"agent-lattice/idempotency-key": "' in done.result


def test_a_server_that_will_not_go_is_killed_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"
    monkeypatch.setenv("PIDS", str(pids))
    begin = time.monotonic()
    done = run(odd("stays", more='env: ["PIDS"]'))
    assert done.result == "fine"
    assert time.monotonic() - begin < 10
    for pid in map(int, pids.read_text().split()):
        assert not _alive(pid)


def _alive(pid: int) -> bool:
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return False  # dead, and not yet collected by its new parent
        time.sleep(0.1)
    return True


def test_a_variable_that_is_not_set_stops_before_anything_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEY")
    done = run(POLICIES + "workflow main() -> list<string> { e = docs.environment()  return e }")
    assert done.failure is not None and done.failure.code == "auth"


def test_without_the_sdk_a_run_does_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setitem(sys.modules, "mcp.client.client", None)
    store = MemoryStore()
    with pytest.raises(Failure, match="install the extra `mcp`") as raised:
        run(odd("good"), store=store)
    assert raised.value.code == "unavailable" and not raised.value.retryable
    assert store.find("run") is None


def test_a_slow_call_is_given_up_when_a_sibling_has_failed() -> None:
    source = """
    tool odd = mcp("python odd_server.py slow") { timeout: 60s op ask(q: string) -> string { effect: read } }
    tool bad = mcp("python odd_server.py is-error") { op ask(q: string) -> string { effect: read } }
    workflow main() -> string {
      parallel {
        a = odd.ask(q: "?")
        b = bad.ask(q: "?")
      }
      return a + b
    }
    """
    begin = time.monotonic()
    done = run(source)
    assert done.failure is not None
    assert (done.failure.code, done.failure.step) == ("refused", "b")
    assert time.monotonic() - begin < 20


def test_nothing_is_started_that_the_manifest_does_not_list() -> None:
    compiled = made(odd("good"))
    workflow = load_all(compiled)[compiled.main]
    manifest = copy.deepcopy(dict(workflow.manifest))
    manifest["permissions"]["steps"]["a"]["programs"] = ["python other_server.py"]
    changed = Workflow(
        name=workflow.name, function=workflow.function, input=workflow.input, output=workflow.output, manifest=manifest
    )
    store = MemoryStore()
    done = start(changed, {}, store, "run", Setting(tools=str(HERE)))
    assert done.failure is not None and done.failure.code == "permission_denied"
    denied = [payload for kind, _, payload in events(store) if kind == "policy.denied"]
    assert [(each["kind"], each["item"]) for each in denied] == [("programs", "python odd_server.py good")]


def test_an_agent_calls_tools_of_a_server(tmp_path: Path) -> None:
    source = """
    tool docs = mcp("python policy_server.py") {
      effect: read
      /// The text of a policy.
      op fetch(id: string) -> string = TOOL "policy.fetch"
    }
    model m = scripted("replies.json") {}
    agent helper() -> string {
      model m
      tools docs.fetch
      prompt "What may be returned?"
      max_turns 3
    }
    workflow main() -> string {
      a = run helper()
      return a
    }
    """
    calls = [{"tool": "docs_fetch", "arguments": {"id": "returns"}}]
    replies = {"replies": [{"step": "a.turn[0]", "calls": calls}, {"step": "a.turn[1]", "text": "within 30 days"}]}
    (tmp_path / "replies.json").write_text(json.dumps(replies))
    compiled = made(source, tmp_path)
    assert dict(compiled.grants.steps)["a.turn.docs_fetch"].programs == ("python policy_server.py",)
    store = MemoryStore()
    setting = Setting(tools=str(HERE), folder=str(tmp_path))
    done = start(load_all(compiled)[compiled.main], {}, store, "run", setting)
    assert done.failure is None, done.failure
    assert done.result == "within 30 days"
    (call,) = (payload for _, _, payload in events(store) if payload.get("op") == "docs.fetch")
    assert call["result"] == "Goods can be returned within 30 days."


PARTS = st.fixed_dictionaries(
    {"type": st.just("text"), "text": st.text(max_size=5) | st.sampled_from(["1", "[1]", "{", '"a"', "null"])}
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["result", "a"]), inner, max_size=2),
    max_leaves=6,
)


@given(st.lists(PARTS, max_size=3), JSON, st.booleans(), st.sampled_from(["json", "text", "none"]))
def test_any_answer_is_a_value_of_the_type_or_a_typed_failure(
    parts: Any, structured: Any, bad: bool, result: str
) -> None:
    answer = CallToolResult.model_validate({"content": parts, "structuredContent": structured, "isError": bad})

    def check(value: object, path: str, errors: list[str]) -> object:
        if not isinstance(value, (int, list, str)) or isinstance(value, bool):
            errors.append(f"{path}: expected int, list or string")
        return value

    try:
        value = value_of(answer, result, check, "it")
    except Failure as failure:
        assert failure.code == ("refused" if bad else "malformed_output")
    else:
        assert not bad and (value is None if result == "none" else isinstance(value, (int, list, str)))


@given(
    st.binary(max_size=40)
    | st.text(max_size=20).map(lambda text: json.dumps({"jsonrpc": "2.0", "id": 1, "result": text}).encode())
)
def test_any_line_of_a_program_is_a_message_or_ends_the_connection(line: bytes) -> None:
    witness = Witness("odd")
    message = _message(line, witness)
    if message is None and line.strip():
        assert witness.ended and witness.problem is not None and witness.problem.code == "malformed_output"
    else:
        assert witness.problem is None
    witness.hear(line)
    assert all(text.strip() for text in witness.said)
