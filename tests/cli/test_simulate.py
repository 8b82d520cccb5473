"""`lattice simulate`: what it prints, and that the same seed gives the same everywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli.running import ROOT, WRONG, lattice, process

PAGE = (ROOT / "docs" / "simulating.md").read_text()


def block(pattern: str) -> str:
    found = re.search(rf"^```{pattern}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pay.lat").write_text(block("lattice pay.lat"))
    (tmp_path / "bank_tools.py").write_text(
        "def latest(text):\n    raise AssertionError\n\n\ndef pay(order, amount):\n    raise AssertionError\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_shows_what_comes_out(folder: Path) -> None:
    shown = block("text").removeprefix("$ lattice simulate pay.lat\n")
    outcome = lattice("simulate", "pay.lat")
    assert (outcome.exit_code, outcome.output) == (1, shown)
    assert lattice("test", "pay.lat").exit_code == 0


def test_the_same_seed_gives_the_same_whatever_the_hash_seed(folder: Path) -> None:
    words = ("simulate", str(folder / "pay.lat"), "--runs", "120", "--seed", "7", "--json")
    one, other = (process(*words, env={"PYTHONHASHSEED": seed}) for seed in ("1", "2"))
    assert one.returncode == other.returncode == 1, one.stderr
    assert one.stdout == other.stdout
    assert one.stderr == b""


def test_a_token_makes_the_run_again(folder: Path) -> None:
    found = json.loads(lattice("simulate", "pay.lat", "--json", "--runs", "300").stdout)
    assert sorted(found) == ["broken", "crashes", "ended", "faults", "file", "runs", "seed", "workflow"]
    assert sum(found["ended"].values()) == found["runs"] == 300
    (broken,) = found["broken"]
    again = lattice("simulate", "pay.lat", "--replay", broken["token"], "--json")
    assert again.exit_code == 1
    said = json.loads(again.stdout)
    assert said == {name: broken[name] for name in said}
    text = lattice("simulate", "pay.lat", "--replay", broken["token"])
    assert text.output.startswith("BROKEN  always calls(bank.pay) <= 1\n")
    first = lattice("simulate", "pay.lat", "--replay", f"#{broken['first']}")
    assert first.exit_code == 1 and "bank.pay was called 2×" in first.output


def test_a_mended_workflow_keeps_the_law_in_the_same_run(folder: Path) -> None:
    token = json.loads(lattice("simulate", "pay.lat", "--json", "--runs", "300").stdout)["broken"][0]["token"]
    mended = (
        (folder / "pay.lat").read_text().replace("once -> again on timeout", 'once -> fail timeout "later" on timeout')
    )
    (folder / "pay.lat").write_text(
        mended.replace("  again = call settle(text: text)\n", "").replace("  again -> return again.id\n", "")
    )
    outcome = lattice("simulate", "pay.lat", "--replay", token)
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output.startswith("ok\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--replay", "nonsense"), "--replay: this is no token of a simulated run"),
        (("--replay", ""), "--replay: this is no token"),
        (("--replay", "#x"), "--replay: this is no token"),
        (("--runs", "0"), "0 is not in the range"),
        (("--seed", "-1"), "-1 is not in the range"),
        (("--workflow", "nobody"), "no workflow `nobody`"),
    ],
)
def test_what_cannot_be_used(folder: Path, words: tuple[str, ...], said: str) -> None:
    outcome = lattice("simulate", "pay.lat", *words)
    assert outcome.exit_code == 2
    assert said in outcome.stderr
    assert "Traceback" not in outcome.output


def test_a_source_with_errors_and_one_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "wrong.lat").write_text(WRONG)
    assert lattice("simulate", str(tmp_path / "wrong.lat")).exit_code == 1
    assert lattice("simulate", str(tmp_path / "none.lat")).exit_code == 2


@pytest.mark.parametrize("name", ["refund", "support", "triage", "research"])
def test_the_examples_keep_every_law(name: str) -> None:
    outcome = lattice("simulate", str(ROOT / "examples" / name / f"{name}.lat"), "--runs", "60", "--seed", "3")
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output.endswith("nothing is broken\n")
