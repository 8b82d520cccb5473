"""`signal`, `approve`, `reject`, `resolve`, `cancel` and `runs` as processes: delivered twice, early, late, to the wrong run."""

from __future__ import annotations

import getpass
import json
import time
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from agent_lattice_runtime.cli import main
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest import MonkeyPatch

from .desks import WAITS, Desk, until
from .flows import WORKFLOW


def test_an_approval_from_the_question_to_the_payment(desk: Desk) -> None:
    assert desk.run("approve") == WAITS
    assert desk.out == "" and desk.err.startswith("run r1 waits for approval decision by refunds until 20")
    assert desk.err.endswith("go on with: resume r1\n")
    (run,) = desk.runs().values()
    (wait,) = run["waits"]
    assert (wait["kind"], wait["step"], wait["role"], wait["values"]) == (
        "approval",
        "decision",
        "refunds",
        {"amount": 20.5},
    )
    assert run["due"] == wait["until"], "when nobody has decided by then, it goes on"
    assert desk("runs") == 0 and "waiting    desk  waits for approval decision by refunds until 20" in desk.out
    assert desk("approve", "r1", "--set", "amount=12.25", "--reason", "fine") == 0
    assert desk.err.splitlines()[1:6] == ["Pay 20.5?", "It is for decision.", "{", '  "amount": 20.5', "}"]
    assert desk.err.splitlines()[6] == f"shown: {wait['shown']}"
    assert desk.out == f"run r1: decision was approved by {getpass.getuser()}\n"
    (run,) = desk.runs().values()
    assert run["waits"] == [], "nothing is missing any more"
    assert desk("resume", "r1", "--quiet") == 0 and json.loads(desk.out)["paid"] == "r-A1"
    assert desk.book() == ["pay A1 12.25"]
    desk.verified()


def test_a_rejection_says_who_and_why(desk: Desk) -> None:
    desk.run("approve")
    assert desk("reject", "r1", "decision", "--by", "ann", "--reason", "no\x1b[2Jway") == 0
    assert desk.out == "run r1: decision was rejected by ann\n"
    assert desk("resume", "r1", "--json", "--quiet") == 0
    assert desk.told["result"] == {"rejected": "ann", "why": "no\x1b[2Jway"} and desk.book() == []


def test_what_is_delivered_twice_counts_once(desk: Desk) -> None:
    desk.run("signal")
    for new in (True, False):
        assert desk("signal", "r1", "paid", "--value", '"first"', "--id", "d1", "--json") == 0
        assert desk.told["new"] is new
    assert desk("signal", "r1", "paid", "--value", '"other"', "--id", "d1") == 0
    assert desk.out == "run r1: that was delivered before\n"
    assert desk("signal", "r1", "paid", "--value", '"second"', "--id", "d2") == 0
    assert desk.types().count("signal.received") == 2
    assert desk("resume", "r1", "--quiet") == 0 and json.loads(desk.out) == ["first", "second"]
    desk.run("approve", "r2")
    for new in (True, False):
        assert desk("approve", "r2", "--id", "d1", "--json") == 0
        assert desk.told["new"] is new
    for new in (True, False):
        assert desk("cancel", "r2", "--json", "--id", "d2") == 0
        assert desk.told["new"] is new
    assert desk("resume", "r2", "--quiet") == 1
    assert desk.err == f"run r2 was cancelled: {getpass.getuser()} asked for it\n"


def test_a_signal_that_comes_before_its_step_waits_for_it(desk: Desk) -> None:
    desk.enqueue("signal", "r1")
    assert desk("signal", "r1", "paid", "--value", '"early"') == 0
    assert desk("signal", "r1", "paid", "--value", "-", stdin=b'"piped"') == 0
    assert desk("resume", "--all-due") == 0 and desk.out == "run r1 completed\n"
    assert desk("resume", "r1", "--quiet") == 0 and json.loads(desk.out) == ["early", "piped"]


def test_what_comes_after_the_deadline_is_for_the_next_one_who_waits(desk: Desk) -> None:
    assert desk.run("signal", seconds=1.1) == WAITS
    due = desk.runs()["r1"]["due"]
    until(lambda: time.time_ns() // 1000 > due)
    assert desk("signal", "r1", "paid", "--value", '"late"') == 0
    assert desk("resume", "r1", "--quiet") == 0 and json.loads(desk.out) == ["nobody", "late"]


def test_a_decision_after_the_deadline_does_not_count(desk: Desk) -> None:
    assert desk.run("approve", hours=1.1 / 3600) == WAITS
    due = desk.runs()["r1"]["due"]
    until(lambda: time.time_ns() // 1000 > due)
    assert desk.runs()["r1"]["waits"] == [], "nobody has noticed yet, but nobody is asked any more"
    assert desk("approve", "r1", "decision") == 2
    assert desk.err == "desk: conflict: run r1 does not ask at decision any more: the time for that is over\n"
    assert desk("resume", "r1", "--quiet") == 0
    assert json.loads(desk.out) == {"rejected": "", "why": "nobody has decided in time"}
    assert desk("approve", "r1") == 2


def test_a_run_that_is_over_takes_nothing(desk: Desk) -> None:
    desk.run("approve")
    assert desk("reject", "r1", "--quiet") == 2, "not an option of it"
    desk("reject", "r1")
    desk("resume", "r1", "--quiet")
    before = desk.types()
    for words in (
        ("signal", "r1", "paid", "--value", '"x"'),
        ("approve", "r1", "decision"),
        ("reject", "r1"),
        ("cancel", "r1"),
        ("resolve", "r1", "paid", "--as", "done"),
    ):
        assert desk(*words) == 2 and desk.out == ""
        assert desk.err.startswith(("desk: conflict: ", "desk: not_found: ")) and desk.err.count("\n") == 1
    assert desk.types() == before


def test_where_two_ask_one_has_to_be_named(desk: Desk) -> None:
    assert desk.run("two") == WAITS
    assert desk("approve", "r1") == 2
    assert desk.err == "desk: conflict: run r1 asks several things: say which; open are: one, other\n"
    assert desk("approve", "r1", "other") == 0
    assert desk("reject", "r1") == 0, "one is left"
    assert desk("resume", "r1", "--quiet", "--json") == 0 and desk.told["result"] == [False, True]


def test_only_what_is_shown_can_be_decided(desk: Desk) -> None:
    desk.run("approve")
    shown = desk.runs()["r1"]["waits"][0]["shown"]
    before = desk.types()
    assert desk("approve", "r1", "--shown", "0" * 64) == 2 and "shows something else" in desk.err
    assert desk("approve", "r1", "--set", "amount=a lot") == 2 and "$.amount: expected" in desk.err
    assert desk("approve", "r1", "--set", "price=1") == 2 and "shows no value price" in desk.err
    assert desk("approve", "r1", "--set", "amount") == 2 and "name=value" in desk.err
    assert desk("approve", "r1", "--set", "amount=1", "--set", "amount=2") == 2 and "twice" in desk.err
    assert desk("approve", "r1", "nobody") == 2 and "asks nothing at nobody; open are: decision" in desk.err
    assert desk.types() == before, "nothing of that is in the log"
    assert desk("approve", "r1", "--shown", shown) == 0


def test_wrong_values_names_and_runs_leave_no_trace(desk: Desk) -> None:
    desk.run("signal")
    before = desk.types()
    assert desk("signal", "r1", "paid", "--value", "7") == 2 and "expected string" in desk.err
    assert desk("signal", "r1", "paid") == 2 and "found null" in desk.err
    assert desk("signal", "r1", "paid", "--value", "{") == 2 and "--value is not JSON" in desk.err
    assert desk("signal", "r1", "lost", "--value", "7") == 2 and "waits for no signal lost" in desk.err
    assert desk("signal", "r1", "paid", "--value", '"x"', "--id", "") == 2 and "delivery id" in desk.err
    assert desk("signal", "lost", "paid", "--value", '"x"') == 2 and "there is no run lost" in desk.err
    assert desk("signal", "../x", "paid", "--value", '"x"') == 2 and "not a run id" in desk.err
    assert desk("resolve", "r1", "paid", "--as", "done") == 2 and "no write of run r1 waits at paid" in desk.err
    assert desk("resolve", "r1", "paid") == 2 and "--as is one of done, redo, fail" in desk.err
    assert desk("resolve", "r1", "paid", "--as", "maybe") == 2 and "not 'maybe'" in desk.err
    assert desk("resolve", "r1", "paid", "--as", "redo", "--value", "1") == 2 and "--as done" in desk.err
    assert desk.types() == before
    desk.store = str(desk.folder / "none" / "here.db")
    assert desk("cancel", "r1") == 2 and "there is no store" in desk.err
    assert not (desk.folder / "none").exists(), "a delivery makes no store"


@pytest.mark.parametrize(
    ("words", "outcome"), [(("done", "--value", '"sure"'), "sure"), (("redo",), "alive"), (("fail",), None)]
)
def test_a_write_in_doubt_is_resolved_by_a_person(desk: Desk, words: tuple[str, ...], outcome: str | None) -> None:
    assert desk.run("doubt") == 9, "it died in the middle of the write"
    assert desk("resume", "r1", "--quiet") == WAITS and "somebody to resolve sure" in desk.err
    assert [wait["kind"] for wait in desk.runs()["r1"]["waits"]] == ["doubt"]
    assert desk("resolve", "r1", "sure", "--as", *words, "--by", "ops") == 0
    assert desk.out == f"run r1: sure is resolved: {words[0]}\n"
    assert desk("resume", "r1", "--quiet", "--json") == (0 if outcome else 1)
    assert desk.told.get("result") == outcome
    desk.verified()


def test_a_failed_run_tells_why(desk: Desk) -> None:
    assert desk.run("bad") == 1
    failed, led = desk.err.splitlines()
    assert failed == "run r1 failed: conflict: nothing works for A1"
    assert led == "  after step bad: refused: not today"
    assert desk("run", "--json", "--quiet", "--run-id", "r1", "--input", '{"what": "bad"}') == 1
    assert desk.told["cause"]["chain"] == [{"error": "refused", "message": "not today", "step": "bad"}]
    assert desk("runs") == 0 and desk.out == "r1                   failed     desk  conflict: nothing works for A1\n"
    assert desk("trace", "r1") == 0 and desk.out.splitlines()[-2:] == ["run r1 of desk: failed", led]


def test_runs_in_a_status(desk: Desk) -> None:
    desk.run("bad", "failed")
    desk.run("many", "completed")
    desk.run("signal", "waiting")
    desk.enqueue("signal", "queued")
    for status in ("failed", "completed", "waiting", "queued"):
        assert list(desk.runs("--status", status)) == [status]
    assert list(desk.runs("--status", "failed", "--status", "queued")) == ["failed", "queued"]
    assert desk("runs", "--status", "new") == 2 and "--status is one of queued, running, waiting" in desk.err
    assert desk("cancel", "queued") == 0
    assert desk.runs()["waiting"]["cancelling"] is False
    assert desk("resume", "--all-due") == 1 and desk.out.startswith("run queued was cancelled: ")
    told = desk.types("queued")
    assert told[:3] == ["run.queued", "run.cancelling", "run.started"] and told[-1] == "run.cancelled"


def test_resume_takes_a_run_or_all(desk: Desk) -> None:
    assert desk("resume") == 2 and "--all-due" in desk.err
    assert desk("resume", "r1", "--all-due") == 2


WORDS = st.sampled_from(
    ["r1", "paid", "decision", "--value", "--as", "done", "--set", "amount=1", "--by", "--id", "--shown"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    command=st.sampled_from(["signal", "approve", "reject", "resolve", "cancel"]),
    words=st.lists(WORDS | st.text(st.characters(blacklist_characters="\0"), max_size=6), max_size=5),
    stdin=st.binary(max_size=20),
)
def test_any_words_and_bytes_are_delivered_or_refused(desk: Desk, command: str, words: list[str], stdin: bytes) -> None:
    with MonkeyPatch.context() as patch, redirect_stdout(StringIO()), redirect_stderr(StringIO()) as err:
        patch.setattr("sys.stdin", TextIOWrapper(BytesIO(stdin)))
        if not (desk.folder / "runs.db").exists():
            given_input = '{"what": "approve"}'
            assert main(WORKFLOW, ["run", "--store", desk.store, "--run-id", "r1", "--input", given_input]) == WAITS
        code = main(WORKFLOW, [command, "--store", desk.store, *words])
        said = err.getvalue().splitlines()
        assert code == 0 or (code == 2 and said[-1].startswith(("desk: ", "  "))), said
        assert main(WORKFLOW, ["verify", "--store", desk.store]) == 0
