"""`replay --until`, `fork` and `diff` as commands of the compiler and of a package: the same words, the same output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from examples.using import Package, copy_of, lattice, output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example `refund` with its package and a run in `runs.db`."""
    folder = copy_of("refund", tmp_path_factory.mktemp("refund"))
    lattice("build", "refund.lat", "-o", "out", "--no-lock", cwd=folder)
    words = ["--input", "inputs/small.json", "--scripted", "replies/small.json", "--store", "runs.db"]
    lattice("run", "refund.lat", *words, "--run-id", "small", cwd=folder)
    return folder


STORE = ("--store", "runs.db")
PACKAGE_STORE = ("--store", "../runs.db")


def test_until_says_the_same_in_both(folder: Path) -> None:
    ours = lattice("replay", "refund.lat", "small", "--until", "paid", *STORE, cwd=folder)
    assert ours == lattice("replay", "small", "--against", "refund.lat", "--until", "paid", *STORE, cwd=folder)
    command = Package(folder, "refund")._command
    assert ours == output([*command, "replay", "small", "--until", "paid", *PACKAGE_STORE], folder / "out")
    assert ours.startswith("run small just before paid, at event 10\n\nvariables\n  refund\n    order_id  ")
    data = json.loads(lattice("replay", "refund.lat", "small", "--until", "paid", "--json", *STORE, cwd=folder))
    assert data["scopes"][0]["variables"]["order"]["customer"] == "Mira Okafor"
    assert [step["step"] for step in data["steps"]][:2] == ["order", "rules"] and data["seq"] == 10


def test_the_page_shows_what_there_is(folder: Path) -> None:
    """The examples on docs/time-travel.md: every line of theirs is one of the output, in that order."""
    page = (Path(__file__).parents[2] / "docs/time-travel.md").read_text(encoding="utf-8")
    examples = [block.split("```")[0] for block in page.split("```console\n$ python -m refund ")[1:]]
    assert len(examples) == 2
    for example in examples:
        command, *wanted = [line for line in example.splitlines() if line.strip("… ")]
        name, *words = command.split()
        shown = iter(lattice(name, "refund.lat", *words, *STORE, cwd=folder).splitlines())
        assert all(line in shown for line in wanted), example


def test_a_fork_and_how_it_differs(folder: Path) -> None:
    changed = (
        '{"id":"A1001","customer":"Mira Okafor","item":"toy robot","category":"toys","total":900.0,"currency":"EUR"}'
    )
    words = ["fork", "refund.lat", "small", "--from", "triage", "--set", f"order={changed}", *STORE]
    refused = lattice(*words, "--id", "a", cwd=folder, code=2)
    assert "step score differs in its arguments" in refused and "with these values" in refused
    words[4] = "score"
    said = lattice(*words, "--id", "a", cwd=folder)
    assert said.splitlines() == [
        "run a begins as small did, just before score: 3 events are taken over",
        "if it comes to paid, it makes the write bank.refund with the same key",
        "go on with: resume a",
    ]
    listed = lattice("runs", "--status", "waiting", *STORE, cwd=folder)
    assert listed.endswith("waits for somebody who resumes it: it is a fork\n")
    package = Package(folder, "refund")
    package.call("resume", "a", "--scripted", "../replies/small.json", *PACKAGE_STORE, code=4)
    package.call("reject", "a", *PACKAGE_STORE)
    assert package.call("resume", "a", *PACKAGE_STORE)["result"]["status"] == "declined"
    found = json.loads(lattice("diff", "small", "a", "--json", *STORE, cwd=folder, code=1).splitlines()[0])
    assert found["first"]["step"] == "order" and found["steps"][-1]["step"] == "(outcome)"
    assert {step["step"]: step["other"] for step in found["steps"]}["paid"] is None
    assert "are the same" in lattice("diff", "small", "small", *STORE, cwd=folder)


def test_a_fork_that_goes_on_at_once(folder: Path) -> None:
    package = Package(folder, "refund")
    words = ["--from", "letter", "--id", "b", "--resume", "--scripted", "../replies/small.json", *PACKAGE_STORE]
    assert package.call("fork", "small", *words)["result"]["status"] == "paid"
    assert package.call("verify", "b", *PACKAGE_STORE)["intact"]
    assert package.call("replay", "b", *PACKAGE_STORE)["agrees"]
    ledger = folder / "out/ledger.jsonl"
    assert not ledger.exists(), "the money had moved before"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fork", "refund.lat", "small", "--from", "lost"), "does not come to a step lost"),
        (("fork", "refund.lat", "small"), "has completed"),
        (("fork", "refund.lat", "none", "--from", "paid"), "there is no run none"),
        (("fork", "refund.lat", "small", "--from", "paid", "--set", "order"), "--set is name=value"),
        (("fork", "refund.lat", "small", "--from", "paid", "--set", "score=high"), "expected float, found string"),
        (("fork", "refund.lat", "small", "--from", "paid", "--set", "scores=1"), "did you mean score"),
        (("fork", "refund.lat", "small", "--from", "paid", "--id", "not an id"), "not a run id"),
        (("replay", "refund.lat", "small", "--until", "lost"), "does not come to a step lost"),
        (("replay", "small"), "name one source and one run"),
        (("diff", "small", "none"), "there is no run none"),
    ],
)
def test_what_cannot_be_done_is_said(words: tuple[str, ...], said: str, folder: Path) -> None:
    assert said in lattice(*words, *STORE, cwd=folder, code=2)


def test_compat_with_and_without_runs(folder: Path, tmp_path: Path) -> None:
    """The words, the exit codes, and what recorded runs say beside them; runs that are cut off are among those."""
    source = (folder / "refund.lat").read_text(encoding="utf-8")
    edits = {
        "same.lat": source.replace("// A refund desk", "// The refund desk"),
        "letter.lat": source.replace("Write a short, friendly letter", "Write a long letter"),
        "first.lat": source.replace("id: order_id", 'id: order_id + ""'),
    }
    for name, text in edits.items():
        assert text != source
        (folder / name).write_text(text, encoding="utf-8")
    words = ["compat", "refund.lat"]
    flow = ["--workflow", "refund"]
    assert lattice(*words, "same.lat", *flow, cwd=folder).startswith("safe: every run")
    said = lattice(*words, "letter.lat", *flow, cwd=folder, code=1)
    assert said.startswith("safe for runs under way that have not come to letter: step letter: the prompt changed")
    assert lattice(*words, "first.lat", *flow, cwd=folder, code=1).startswith(
        "breaking: step order: the arguments changed: `id`"
    )
    with_runs = [*flow, "--runs", "runs.db"]
    assert "does not replay: step letter#1" in lattice(*words, "letter.lat", *with_runs, cwd=folder, code=1)
    lattice("fork", "refund.lat", "small", "--from", "triage", "--id", "waiting", *STORE, cwd=folder)
    only = json.loads(lattice(*words, "letter.lat", *with_runs, "--unfinished", "--json", cwd=folder))
    assert only["verdict"] == "conditional" and only["first"] == ["letter"]
    assert {run["run_id"]: run["agrees"] for run in only["runs"]}["waiting"]
    found = json.loads(lattice(*words, "first.lat", *with_runs, "--json", cwd=folder).splitlines()[0])
    assert all(run["agrees"] for run in found["runs"]), "the argument is the same text: only the plan looks different"
    assert "--unfinished goes with --runs" in lattice(*words, "same.lat", "--unfinished", cwd=folder, code=2)
    assert "no/such.db" in lattice(*words, "same.lat", *flow, "--runs", "no/such.db", cwd=folder, code=2)
