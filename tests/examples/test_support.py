"""The example `support`: each input ends as its README says, also when the run is killed in the middle of a cycle."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from examples.using import Package, copy_of, done_steps, lattice, slow

CASES = {
    "order": ("answered", 1, 0),
    "unknown": ("answered", 1, 0),
    "reworked": ("answered", 3, 1),
    "rejected": ("queued", 3, 1),
    "other": ("queued", 0, 0),
    "thanks": ("closed", 0, 0),
}
"""How each input ends, how many answers are written, and whether that takes the cycle."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example with its package in `out`."""
    folder = copy_of("support", tmp_path_factory.mktemp("support"))
    lattice("build", "support.lat", "-o", "out", "--no-lock", cwd=folder)
    return folder


@pytest.fixture
def package(built: Path, tmp_path: Path) -> Package:
    """The package in a folder of its own, under an interpreter that sees nothing but the standard library."""
    shutil.copytree(built / "out", tmp_path / "out")
    return Package(tmp_path, "support", "-I", "-S")


def lines(package: Package, name: str) -> int:
    file = package.folder / name
    return len(file.read_text(encoding="utf-8").splitlines()) if file.exists() else 0


def given(built: Path, case: str) -> list[str]:
    return ["--input", str(built / f"inputs/{case}.json"), "--scripted", str(built / f"replies/{case}.json")]


def test_source_is_clean_and_its_tests_pass(built: Path) -> None:
    lattice("check", "support.lat", "--fail-on", "hint", cwd=built)
    lattice("fmt", "--check", "support.lat", cwd=built)
    assert "12 passed" in lattice("test", "support.lat", cwd=built)


@pytest.mark.parametrize("case", CASES)
def test_cases(case: str, built: Path, package: Package) -> None:
    status, drafts, _ = CASES[case]
    result = package.call("run", *given(built, case), "--run-id", case)["result"]
    assert (result["status"], result["drafts"]) == (status, drafts)
    left = (lines(package, "outbox.jsonl"), lines(package, "queue.jsonl"))
    assert left == (int(status == "answered"), int(status == "queued"))
    replayed = package.call("replay", case)
    assert replayed["agrees"] and replayed["result"] == result
    assert package.call("verify", case)["intact"]


def test_a_threat_fails_the_run(built: Path, package: Package) -> None:
    assert package.call("run", *given(built, "threat"), code=1)["failure"]["error"] == "refused"
    assert lines(package, "outbox.jsonl") == lines(package, "queue.jsonl") == 0


def test_the_source_runs_as_the_package_does(built: Path, package: Package) -> None:
    words = [*given(built, "reworked"), "--run-id", "r", "--json", "--store", "runs.db"]
    ran = json.loads(lattice("run", "support.lat", *words, cwd=built).splitlines()[-1])
    assert ran["result"] == package.call("run", *given(built, "reworked"), "--run-id", "r")["result"]


@pytest.mark.parametrize("case", [case for case, (_, _, cycle) in CASES.items() if cycle])
def test_killed_in_the_cycle_and_resumed(case: str, built: Path, package: Package, tmp_path: Path) -> None:
    """What was done stays done: no step twice, one letter or one place in the queue, the result of a run left alone."""
    whole = package.call("run", *given(built, case), "--run-id", "whole", "--store", "whole.db")["result"]
    for name in ("outbox.jsonl", "queue.jsonl"):
        (package.folder / name).unlink(missing_ok=True)
    replies = slow(built / f"replies/{case}.json", "draft[1].review", tmp_path)
    words = ["--input", str(built / f"inputs/{case}.json"), "--scripted", replies]
    package.kill_when("k", "draft[1].review#1", (), "run", *words, "--run-id", "k")
    before = done_steps(package.events("k"))
    assert {"draft[0].text", "draft[0].review", "draft[1].text"} <= set(before)
    assert package.call("resume", "k", *given(built, case)[2:])["result"] == whole
    after = done_steps(package.events("k"))
    assert after[: len(before)] == before and len(after) == len(set(after))
    assert lines(package, "outbox.jsonl") + lines(package, "queue.jsonl") == 1
    assert package.call("replay", "k")["agrees"] and package.call("verify", "k")["intact"]
