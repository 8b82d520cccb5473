"""The functions of a generated package by which programs start runs, tell them things and drive them."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from .packages import paydesk


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package, freshly imported, working in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(paydesk(tmp_path / "out")))
    for name in [name for name in sys.modules if name.partition(".")[0] in ("paydesk", "paydesk_tools")]:
        monkeypatch.delitem(sys.modules, name)
    return import_module("paydesk")


PAYMENT = {"id": "p1", "amount": 12.5}


def test_a_run_from_its_start_to_its_end(package: Any) -> None:
    with pytest.raises(package.Waiting) as waiting:
        package.run("A1", store="runs.db", run_id="r1")
    assert waiting.value.run_id == "r1" and waiting.value.on[0]["name"] == "paid"
    assert package.signal_paid("r1", PAYMENT, "runs.db", delivery="d1") is True
    assert package.signal_paid("r1", PAYMENT, "runs.db", delivery="d1") is False
    with pytest.raises(package.Waiting):
        package.resume("r1", "runs.db")
    (wait,) = package.status("r1", "runs.db")["waits"]
    assert (wait["question"], wait["values"], wait["role"]) == ("Pay A1 back?", {"amount": 20.5}, "refunds")
    about = {"by": "ann", "shown": wait["shown"], "values": {"amount": 3.5}, "delivery": "d2"}
    assert package.approve("r1", "runs.db", **about) is True
    assert package.approve("r1", "runs.db", **about) is False
    assert package.resume("r1", "runs.db") == "A1 was told"
    assert package.status("r1", "runs.db") == {"run_id": "r1", "status": "completed", "waits": []}
    assert Path("book").read_text().splitlines() == ["pay A1 3.5", "tell A1"]
    assert package.replay("r1", "runs.db").divergence is None


def test_runs_that_a_worker_drives(package: Any) -> None:
    ids = [package.enqueue(order, store="runs.db", run_id=order) for order in ("A1", "A2")]
    assert ids == ["A1", "A2"] and package.enqueue("A1", store="runs.db", run_id="A1") == "A1"
    for run_id in ids:
        package.signal_paid(run_id, PAYMENT, "runs.db")
    package.work("runs.db", once=True)
    package.reject("A1", "runs.db", by="ann", reason="no")
    package.cancel("A2", "runs.db", "enough", by="bob")
    package.work("runs.db", once=True)
    assert [package.status(run_id, "runs.db")["status"] for run_id in ids] == ["completed", "cancelled"]
    assert package.resume("A1", "runs.db") == "rejected by ann"
    with pytest.raises(package.Failure, match="the run was cancelled: enough"):
        package.resume("A2", "runs.db")


def test_what_does_not_fit_is_a_failure_and_not_in_the_log(package: Any) -> None:
    with pytest.raises(package.Waiting):
        package.run("A1", store="runs.db", run_id="r1")
    for wrong in (
        lambda: package.signal_paid("r1", {"id": "p1", "amount": 5000.0}, "runs.db"),
        lambda: package.signal_paid("lost", PAYMENT, "runs.db"),
        lambda: package.signal_paid("r1", PAYMENT, "none.db"),
        lambda: package.approve("r1", "runs.db", by="ann"),
        lambda: package.resolve("r1", "told", "done", "runs.db", by="ops"),
        lambda: package.status("lost", "runs.db"),
    ):
        with pytest.raises(package.Failure):
            wrong()
    package.signal_paid("r1", PAYMENT, "runs.db")
    with pytest.raises(package.Waiting):
        package.resume("r1", "runs.db")
    for values in ({"amount": "much"}, {"price": 1.0}):
        with pytest.raises(package.Failure):
            package.approve("r1", "runs.db", by="ann", values=values)
    with pytest.raises(package.Failure, match="shows something else"):
        package.approve("r1", "runs.db", by="ann", shown="0" * 64)
    assert not Path("none.db").exists()
    assert [wait["kind"] for wait in package.status("r1", "runs.db")["waits"]] == ["approval"]


def test_a_write_in_doubt_is_settled(package: Any, tmp_path: Path) -> None:
    package.enqueue("deadly", store="runs.db", run_id="r1")
    package.signal_paid("r1", PAYMENT, "runs.db")
    package.work("runs.db", once=True)
    package.approve("r1", "runs.db", by="ann")
    words = [sys.executable, str(tmp_path / "out" / "paydesk"), "worker", "--once", "--store", "runs.db"]
    assert subprocess.run(words, check=False, capture_output=True).returncode == 9
    package.work("runs.db", once=True)
    (wait,) = package.status("r1", "runs.db")["waits"]
    assert (wait["kind"], wait["step"]) == ("doubt", "told")
    with pytest.raises(package.Failure, match="the result of"):
        package.resolve("r1", "told", "done", "runs.db", by="ops", value=7)
    assert package.resolve("r1", "told", "done", "runs.db", by="ops", value="it was") is True
    assert package.resume("r1", "runs.db") == "it was"
    assert Path("book").read_text().splitlines() == ["pay deadly 20.5", "tell deadly"]
