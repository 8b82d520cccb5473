from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.errors import CATALOGUE, Failure
from agent_lattice_runtime.providers.replies import fits, parse_replies, replies_of, replies_schema
from agent_lattice_runtime.providers.scripted import complete
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from .callers import RecordingDeps, model_at, request_to

ROOT = Path(__file__).parents[2]


def ask(script: object, step: str, deps: RecordingDeps | None = None, **model: Any) -> str:
    surroundings = deps or RecordingDeps(scripted=script)
    return complete(request_to(model_at(None, **model), step=step), surroundings).text


def test_replies_come_in_order_per_step_whatever_was_asked_before() -> None:
    script = [
        {"step": "a", "reply": 1, "times": 2},
        {"step": "b", "text": "not json"},
        {"step": "a", "reply": {"x": [None, "ä"]}},
    ]
    # asked backwards, as after a resume that skips what is recorded
    assert ask(script, "a#3") == '{"x": [null, "ä"]}'
    assert ask(script, "b#1") == "not json"
    assert (ask(script, "a#2"), ask(script, "a#1")) == ("1", "1")


def test_the_exact_step_goes_before_patterns() -> None:
    script = {
        "replies": [
            {"step": "answers[*].draft", "reply": "any"},
            {"step": "answers[3].draft", "reply": "third"},
            {"step": "**", "reply": "rest", "times": 2},
        ]
    }
    assert [ask(script, f"answers[3].draft#{n}") for n in (1, 2, 3, 4)] == ['"third"', '"any"', '"rest"', '"rest"']
    assert [ask(script, f"answers[4].draft#{n}") for n in (1, 2)] == ['"any"', '"rest"']


def test_running_out_names_the_step_and_the_file(tmp_path: Path) -> None:
    (tmp_path / "replies.json").write_text('{"replies": [{"step": "a", "reply": 1}]}')
    deps = RecordingDeps(folder=str(tmp_path))
    assert ask(None, "a#1", deps, model="replies.json") == "1"
    with pytest.raises(Failure, match=r"replies\.json holds 1 reply for step a, and this is attempt 2"):
        ask(None, "a#2", deps, model="replies.json")
    with pytest.raises(Failure, match=r"holds no reply for step b, and") as caught:
        ask(None, "b#1", deps, model="replies.json")
    assert caught.value.code == "validation"


def test_the_file_is_read_once_per_run(tmp_path: Path) -> None:
    file = tmp_path / "replies.json"
    file.write_text('[{"step": "a", "reply": 1, "times": 9}]')
    shared: dict[str, Any] = {}
    deps = RecordingDeps(folder=str(tmp_path), shared=shared)
    ask(None, "a#1", deps, model="replies.json")
    file.unlink()
    assert ask(None, "a#2", RecordingDeps(folder="elsewhere", shared=shared), model="replies.json") == "1"


def test_usage_and_identity() -> None:
    usage = {"input_tokens": 12, "output_tokens": 3, "cached_tokens": 5}
    deps = RecordingDeps(scripted=[{"step": "a", "text": "x", "usage": usage}])
    reply = complete(request_to(model_at(None, model="replies.json"), step="a#1"), deps)
    assert (reply.input_tokens, reply.output_tokens, reply.cached_tokens) == (12, 3, 5)
    assert (reply.model, reply.response_id, reply.finish_reason) == ("replies.json", "scripted:a#1", "stop")


@pytest.mark.parametrize("code", CATALOGUE)
def test_failures(code: str) -> None:
    with pytest.raises(Failure, match="slow down") as caught:
        ask([{"step": "a", "error": {"code": code, "message": "slow down"}}], "a#1")
    assert caught.value.code == code
    with pytest.raises(Failure, match="scripted failure for step a"):
        ask([{"step": "a", "error": {"code": code}}], "a#1")


def test_delays_end_at_the_models_timeout() -> None:
    script = [{"step": "a", "text": "x", "delay_ms": 1500, "times": 2}]
    patient = RecordingDeps(scripted=script)
    assert ask(None, "a#1", patient, timeout=2.0) == "x"
    assert patient.pauses == [1.5]
    hasty = RecordingDeps(scripted=script)
    with pytest.raises(Failure, match="within 1 s") as caught:
        ask(None, "a#2", hasty, timeout=1.0)
    assert (caught.value.code, hasty.pauses) == ("timeout", [1.0])


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "line 1, column 1"),
        (b"\xff", "not UTF-8"),
        (b'{"replies": [\n  {]}', "line 2, column 4"),
        (b"{}", r"\$\.replies: expected a list"),
        (b"3", r"\$\.replies: expected a list"),
        (b'{"replies": [], "x": 1}', r"\$\.x: unknown field"),
        (b"[3]", r"\$\[0\]: expected an object"),
        (b'{"replies": [{"reply": 1}]}', r"\$\.replies\[0\]\.step: expected the path"),
        (b'[{"step": "a"}]', "exactly one of reply, text, error and calls"),
        (b'[{"step": "a", "reply": 1, "text": "x"}]', "exactly one of"),
        (b'[{"step": "a", "text": 1}]', r"\$\[0\]\.text: expected a string"),
        (b'[{"step": "a", "reply": 1, "times": 0}]', r"times: expected a whole number from 1"),
        (b'[{"step": "a", "reply": 1, "times": true}]', r"times: expected a whole number"),
        (b'[{"step": "a", "reply": 1, "delay_ms": -1}]', r"delay_ms: expected a whole number from 0"),
        (b'[{"step": "a", "reply": 1, "usage": {"input_tokens": "3"}}]', r"usage\.input_tokens: expected"),
        (b'[{"step": "a", "reply": 1, "usage": {"tokens": 3}}]', r"usage\.tokens: unknown field"),
        (b'[{"step": "a", "error": {"code": "nope"}}]', r"error\.code: expected one of timeout, auth"),
        (b'[{"step": "a", "error": "timeout"}]', r"error: expected an object"),
        (b'[{"step": "a", "text": "\\ud800"}]', "lone surrogate"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" + b"1" * 10_000 + b"]", "cannot be read"),
    ],
)
def test_bad_files_say_where(raw: bytes, words: str) -> None:
    with pytest.raises(Failure, match=words) as caught:
        parse_replies(raw, "replies.json")
    assert caught.value.code == "validation"
    assert caught.value.message.startswith("replies.json")


def test_all_problems_are_in_the_details() -> None:
    with pytest.raises(Failure, match=r"\(and 2 more\)") as caught:
        replies_of([{"step": 1, "times": 0}], "x")
    assert len(caught.value.details) == 3


@pytest.mark.parametrize("name", ["missing.json", ".", "nul\0byte"])
def test_files_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(Failure, match="cannot be read") as caught:
        ask(None, "a#1", RecordingDeps(folder=str(tmp_path)), model=name)
    assert caught.value.code == "validation"


@given(st.binary())
def test_any_bytes_are_replies_or_a_validation_failure(raw: bytes) -> None:
    try:
        parse_replies(raw, "replies.json")
    except Failure as failure:
        assert failure.code == "validation"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**54) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
ENTRY = st.fixed_dictionaries(
    {"step": st.text(max_size=4) | JSON},
    optional={
        "reply": JSON,
        "text": st.text() | JSON,
        "error": st.fixed_dictionaries({"code": st.sampled_from([*CATALOGUE, "nope"])}, optional={"message": JSON})
        | JSON,
        "usage": st.dictionaries(st.sampled_from(["input_tokens", "output_tokens", "x"]), JSON, max_size=2) | JSON,
        "times": JSON,
        "delay_ms": JSON,
    },
)


@given(st.fixed_dictionaries({"replies": st.lists(ENTRY, max_size=2)}) | st.lists(ENTRY, max_size=2) | JSON)
def test_the_schema_and_the_reader_agree(value: object) -> None:
    try:
        replies_of(value, "x")
        accepted = True
    except Failure:
        accepted = False
    assert Draft202012Validator(replies_schema()).is_valid(value) == accepted


def test_the_schema_in_the_repository_is_the_one_of_the_code() -> None:
    Draft202012Validator.check_schema(replies_schema())
    stored = json.loads((ROOT / "schemas" / "replies.schema.json").read_text(encoding="utf-8"))
    assert stored == {**replies_schema(), "examples": stored["examples"]}


def test_patterns() -> None:
    assert fits("answers[*].draft", "answers[12].draft")
    assert not fits("answers[*].draft", "answers[1].x.answers[2].draft")
    assert fits("**.draft", "answers[1].x.answers[2].draft")
    assert not fits("*.draft", "draft")
    assert fits("**", "") and fits("*", "") and not fits("", "a")


@given(st.text("ab.*", max_size=12), st.text("ab.", max_size=12))
def test_patterns_agree_with_regular_expressions(pattern: str, step: str) -> None:
    parts = [{"**": ".*", "*": "[^.]*"}.get(part) or re.escape(part) for part in re.findall(r"\*\*|.", pattern)]
    assert fits(pattern, step) == (re.fullmatch("".join(parts), step) is not None)


def test_a_hostile_pattern_is_not_slow() -> None:
    assert not fits("*a" * 500, "a" * 499)
