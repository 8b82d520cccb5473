"""The examples as their readers use them: checked, tested, built, run offline, killed, resumed, replayed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from examples.using import ENVIRONMENT, EXAMPLES, SOURCES, OneFile, Package, copy_of, done_steps, lattice, output, slow

CASES: dict[str, tuple[str, float | None]] = {
    "small": ("paid", 24.9),
    "rejected": ("rejected", None),
    "unsure": ("declined", None),
    "large": ("paid", 600.0),
    "risky": ("paid", 42.0),
    "repaired": ("paid", 38.5),
    "escalated": ("paid", 31.0),
}
"""How each input ends, and what is paid."""
DECISIONS = {"unsure": ["reject"], "large": ["approve", "--set", "amount=600"], "risky": ["approve"]}
"""What a person says to runs that wait for one."""


@pytest.fixture(scope="module")
def refund(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example with its package in `out`."""
    folder = copy_of("refund", tmp_path_factory.mktemp("refund"))
    lattice("build", "refund.lat", "-o", "out", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def triage(tmp_path_factory: pytest.TempPathFactory) -> OneFile:
    """A copy of the example with its package as one file, which runs beside the tickets."""
    folder = copy_of("triage", tmp_path_factory.mktemp("triage"))
    lattice("build", "triage.lat", "-o", "out", "--pyz", cwd=folder)
    return OneFile(folder, "triage")


@pytest.mark.parametrize("source", ["refund/refund.lat", "triage/triage.lat", "triage/answer.lat"])
def test_sources_are_clean_and_their_tests_pass(source: str, tmp_path: Path) -> None:
    example, file = source.split("/")
    folder = copy_of(example, tmp_path)
    lattice("check", file, "--fail-on", "warning", cwd=folder)
    lattice("test", file, cwd=folder)


@pytest.mark.parametrize("case", CASES)
def test_refund_cases(case: str, refund: Path, tmp_path: Path) -> None:
    """Each input ends as the README says, waits for a person or not, pays what it should, once, and replays."""
    status, paid = CASES[case]
    shutil.copytree(refund / "out", tmp_path / "out")
    package = Package(tmp_path, "refund")
    replies = ["--scripted", str(refund / f"replies/{case}.json")]
    words = ["run", "--input", str(refund / f"inputs/{case}.json"), *replies, "--run-id", case]
    if case in DECISIONS:
        package.call(*words, code=4)
        assert not ledger_in(package.folder)
        decision, *more = DECISIONS[case]
        package.call(decision, case, *more)
        words = ["resume", case, *replies]
    outcome = package.call(*words)
    assert outcome["result"]["status"] == status
    assert [entry["receipt"]["amount"] for entry in ledger_in(package.folder)] == ([paid] if paid else [])
    replayed = package.call("replay", case)
    assert replayed["agrees"] and replayed["finished"]
    assert replayed["result"] == outcome["result"]
    assert len(ledger_in(package.folder)) == (1 if paid else 0)


def ledger_in(folder: Path) -> list[dict[str, Any]]:
    ledger = folder / "ledger.jsonl"
    return [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()] if ledger.exists() else []


def test_a_refund_that_is_cancelled_is_taken_back(refund: Path, tmp_path: Path) -> None:
    """Killed when the money has moved, cancelled, resumed: the ledger has both, and pays no more under that key."""
    shutil.copytree(refund / "out", tmp_path / "out")
    package = Package(tmp_path, "refund")
    input, replies = str(refund / "inputs/small.json"), refund / "replies/small.json"
    words = ["run", "--input", input, "--run-id", "c", "--scripted", slow(replies, "letter", tmp_path)]
    package.kill_when("c", "letter#1", (), *words)
    package.call("cancel", "c")
    assert package.call("resume", "c", code=1)["compensations"]["done"] == ["paid"]
    paid, voided = ledger_in(package.folder)
    assert voided == {"void": paid["receipt"]["id"]}
    again = package.call("run", "--input", input, "--scripted", str(replies), code=1)
    assert again["failure"]["error"] == "validation" and len(ledger_in(package.folder)) == 2
    assert package.call("verify", "c")["intact"] and package.call("replay", "c")["agrees"]


@pytest.mark.parametrize(("case", "error"), [("refunded", "conflict"), ("unknown", "not_found"), ("small", "auth")])
def test_refund_failures(case: str, error: str, refund: Path) -> None:
    """Without scripted replies: two requests fail before any model is asked, the third for want of a key."""
    words = ["--input", str(refund / f"inputs/{case}.json"), "--store", f"failures-{case}.db"]
    assert Package(refund, "refund").call("run", *words, code=1)["failure"]["error"] == error
    assert not ledger_in(refund / "out")


def test_refund_attempts_are_events(refund: Path, tmp_path: Path) -> None:
    """The answers that were sent back, and the larger model, are in the log."""
    words = ["run", "refund.lat", "--input", "inputs/escalated.json", "--scripted", "replies/escalated.json"]
    store = str(tmp_path / "runs.db")
    lattice(*words, "--store", store, "--run-id", "e", cwd=refund)
    events = [json.loads(line) for line in lattice("events", "e", "--store", store, "--json", cwd=refund).splitlines()]
    kinds = Counter(event["type"] for event in events)
    assert kinds["llm.invalid"] == 3 and kinds["llm.repaired"] == 2 and kinds["llm.escalated"] == 1
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    (refund / "ledger.jsonl").unlink()


def test_refund_demo(tmp_path: Path) -> None:
    """Killed twice, approved, resumed, paid once; the demo itself checks all of that."""
    demo = [sys.executable, str(EXAMPLES / "refund/demo.py")]
    shown = output(demo, tmp_path, PYTHONPATH=SOURCES, TMPDIR=str(tmp_path))
    assert "agrees with its log" in shown and "intact" in shown


@pytest.fixture
def bank() -> Iterator[str]:
    """The address of a running bank_server.py."""
    server = [sys.executable, str(EXAMPLES / "refund/bank_server.py")]
    process = subprocess.Popen(server, env=ENVIRONMENT | {"BANK_TOKEN": "t-4711"}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip().removeprefix("BANK_URL=")
    process.kill()
    process.communicate()


def test_refund_with_the_bank_over_http(bank: str, tmp_path: Path) -> None:
    """One changed import; the token goes to the bank and stays out of the log."""
    folder = copy_of("refund", tmp_path)
    source = folder / "refund.lat"
    source.write_text(source.read_text(encoding="utf-8").replace("./bank.lat", "./bank_service.lat"), encoding="utf-8")
    words = ["run", "refund.lat", "--input", "inputs/small.json", "--scripted", "replies/small.json", "--store", "b.db"]
    secrets = {"BANK_URL": bank, "BANK_TOKEN": "t-4711"}
    outcome = json.loads(lattice(*words, "--run-id", "b", "--json", cwd=folder, **secrets))
    assert outcome["result"]["receipt"] == "R-A1001"
    script = json.loads((folder / "replies/repaired.json").read_text(encoding="utf-8"))
    script["replies"] = [reply for reply in script["replies"] if reply["step"] != "letter"]
    (folder / "speechless.json").write_text(json.dumps(script), encoding="utf-8")
    words = ["run", "refund.lat", "--input", "inputs/repaired.json", "--store", "b.db", "--json", "--scripted"]
    taken_back = json.loads(lattice(*words, "speechless.json", cwd=folder, code=1, **secrets).splitlines()[0])
    assert taken_back["compensations"] == {"done": ["paid"], "failed": []}
    again = json.loads(lattice(*words, "replies/repaired.json", cwd=folder, code=1, **secrets).splitlines()[0])
    assert again["failure"]["error"] == "conflict"
    assert "t-4711" not in lattice("events", "b", "--store", "b.db", "--json", cwd=folder)
    assert b"t-4711" not in (folder / "b.db").read_bytes()


def test_replies_are_made_from_the_decisions(tmp_path: Path) -> None:
    """`replies.json` is what `make_replies.py` writes."""
    folder = copy_of("triage", tmp_path)
    (folder / "replies.json").unlink()
    output([sys.executable, "make_replies.py"], folder)
    assert (folder / "replies.json").read_bytes() == (EXAMPLES / "triage/replies.json").read_bytes()


def test_tickets_are_many_and_varied() -> None:
    tickets = [path.read_bytes() for path in (EXAMPLES / "triage/tickets").glob("*.txt")]
    assert len(tickets) >= 64 and len(set(tickets)) == len(tickets)
    assert min(map(len, tickets)) == 0 and max(map(len, tickets)) > 3000
    assert sum(not decodes(ticket) for ticket in tickets) >= 1
    languages = {decision["language"] for decision in decisions()} - {"xx"}
    assert len(languages) >= 20


def decodes(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decisions() -> list[dict[str, Any]]:
    lines = (EXAMPLES / "triage/decisions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_triage_handles_every_ticket(triage: OneFile) -> None:
    """What the colleague decided is what comes out, whatever a ticket says; a reply is short and has no links."""
    result = triage.call("run", "--input", "inputs/short.json", "--run-id", "all")["result"]
    expected = decisions()
    assert result["tickets"] == len(expected) == 80
    for handled, decision in zip(result["handled"], expected, strict=True):
        assert [handled[key] for key in ("kind", "urgency", "language")] == [
            decision[key] for key in ("kind", "urgency", "language")
        ], handled["file"]
        assert (handled["reply"] is None) == (handled["desk"] != "robot")
        assert len(handled["reply"] or "") <= 280 and "://" not in (handled["reply"] or "")
    assert result["by_kind"] == Counter(decision["kind"] for decision in expected)
    assert result["by_desk"] == {"robot": 59, "support": 1, "legal": 3, "security": 4, "nobody": 13}
    assert "80-front-matter.txt" in result["urgent"]
    assert triage.call("replay", "all")["agrees"]


def test_what_a_ticket_says_is_only_text(triage: OneFile, tmp_path: Path) -> None:
    """Template syntax in a ticket reaches the model as it was written; quotes around it keep it apart from the prompt."""
    words = ["--store", str(tmp_path / "t.db")]
    triage.call("run", "--input", "inputs/short.json", "--run-id", "t", *words)
    requested = [event for event in triage.events("t", words) if event["type"] == "llm.requested"]
    (prompt,) = (
        event["payload"]["args"]["messages"][0]["content"]
        for event in requested
        if event["step"] == "handled[56].category#1"
    )
    ticket = (triage.folder / "tickets/57-template-attack.txt").read_text(encoding="utf-8")
    quoted, _, rest = prompt.partition("\nSay what kind")
    assert json.loads(quoted) == ticket and rest


def test_triage_with_longer_replies(triage: OneFile) -> None:
    """With room for 600 characters no draft is shortened and nobody in support gets one."""
    result = triage.call("run", "--input", "inputs/roomy.json", "--run-id", "roomy")["result"]
    assert result["by_desk"]["support"] == 0 and result["by_desk"]["robot"] == 60


def test_triage_killed_and_resumed(triage: OneFile, tmp_path: Path) -> None:
    """A run killed among its parallel steps ends as one that was left alone."""
    whole = triage.call("run", "--input", "inputs/short.json", "--store", str(tmp_path / "whole.db"))["result"]
    script = json.loads((triage.folder / "replies.json").read_text(encoding="utf-8"))
    for reply in script["replies"]:
        reply["delay_ms"] = 40
    slow = tmp_path / "slow.json"
    slow.write_text(json.dumps(script), encoding="utf-8")
    common = ["--store", str(tmp_path / "killed.db")]
    command = [sys.executable, "out/triage.pyz", "run", "--input", "inputs/short.json", "--run-id", "k", *common]
    process = subprocess.Popen([*command, "--quiet", "--scripted", str(slow)], cwd=triage.folder, env=ENVIRONMENT)
    while len(triage.events("k", common)) < 60:
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    assert process.wait() != 0
    before = done_steps(triage.events("k", common))
    assert triage.call("resume", "k", *common)["result"] == whole
    after = done_steps(triage.events("k", common))
    assert len(before) < len(after) == len(set(after))
    assert after[: len(before)] == before
    assert triage.call("replay", "k", *common)["agrees"]
    assert triage.call("verify", "k", *common)["intact"]


def test_triage_reads_only_its_tickets(tmp_path: Path) -> None:
    """The inbox may read tickets; a name that leads elsewhere is refused, whoever wrote it."""
    folder = copy_of("triage", tmp_path)
    (folder / "peek.lat").write_text(
        'import { Ticket, inbox } from "./inbox.lat"\n'
        "workflow peek(file: string) -> Ticket {\n  ticket = inbox.read(file)\n  return ticket\n}\n",
        encoding="utf-8",
    )
    run = ["run", "peek.lat", "--store", "peek.db", "--json", "--input"]
    assert json.loads(lattice(*run, '{"file": "34-null.txt"}', cwd=folder))["result"]["text"] == "null"
    for file, error in [
        ("../models.lat", "permission_denied"),
        ("/etc/hosts", "permission_denied"),
        ("x.txt", "not_found"),
    ]:
        shown = lattice(*run, json.dumps({"file": file}), cwd=folder, code=1)
        assert json.loads(shown.splitlines()[0])["failure"]["error"] == error
