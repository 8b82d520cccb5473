"""A run is one thing: it has one id, one log and one outcome, whoever asks for it, and however often."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from agent_lattice_runtime.errors import Divergence, Failure, StoreFailure
from agent_lattice_runtime.execute import cancel, resume, start
from agent_lattice_runtime.pruning import prune
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import verify, verify_store
from behaviours.programs import Desk, crashed_everywhere, flow, log
from runtime.samples import Crash, CrashingStore

THREE = """
tool desk = python("desk") {
  op look(n: int) -> int { effect: read }
  op pay(n: int) -> int { effect: write, idempotent_by: n }
}
workflow main(n: int) -> int {
  a = desk.look(n)
  emit looked(a: a)
  b = desk.pay(n: a)
  c = desk.look(n: b + 1)
  return c
}
"""


def three_desk() -> Desk:
    return Desk(look=lambda n: n + 1, pay=lambda n: n * 10)


class _Broken(CrashingStore):
    """A store whose n-th commit fails."""

    def append(self, batch: object) -> None:
        try:
            super().append(batch)
        except Crash:
            raise StoreFailure("unavailable", "the disk is full") from None


@pytest.mark.parametrize("at", range(2, 6))
def test_09_after_a_fault_the_same_run_goes_on(at: int) -> None:
    """A store that fails stops the run with a typed error; what is stored is a log that the run goes on from."""
    desk, store = three_desk(), MemoryStore()
    with pytest.raises(StoreFailure, match="the disk is full"):
        start(flow(THREE), {"n": 1}, _Broken(store, at, False), "r1", desk.setting())  # type: ignore[arg-type]
    row = store.find("r1")
    assert row is not None and row.status == "running" and verify(store, row) is None
    assert resume(flow(THREE), "r1", store, desk.setting()).result == 22
    assert desk.done["pay 2"] <= 2
    over = store.find("r1")
    assert over is not None and over.status == "completed" and verify(store, over) is None


def test_10_a_finished_run_is_replayed_and_resumed_without_doing_anything() -> None:
    desk, store = three_desk(), MemoryStore()
    start(flow(THREE), {"n": 1}, store, "r1", desk.setting())
    before = log(store), dict(desk.done)
    for _ in range(3):
        assert replay(flow(THREE), "r1", store).result == 22
        assert resume(flow(THREE), "r1", store, desk.setting()).result == 22
    assert (log(store), dict(desk.done)) == before


def test_22_the_same_id_is_the_same_run() -> None:
    """A second start gives the recorded result; with another input it is refused; another id is another run."""
    desk, store = three_desk(), MemoryStore()
    for _ in range(3):
        assert start(flow(THREE), {"n": 1}, store, "r1", desk.setting()).result == 22
    assert desk.done["pay 2"] == 1
    with pytest.raises(Failure, match="another input") as refused:
        start(flow(THREE), {"n": 2}, store, "r1", desk.setting())
    assert refused.value.code == "conflict"
    assert start(flow(THREE), {"n": 1}, store, "r2", desk.setting()).result == 22
    assert desk.done["pay 2"] == 2 and len(store.runs()) == 2


def test_23_finished_steps_are_taken_from_the_log_and_the_rest_is_done() -> None:
    for run, desk, store in crashed_everywhere(flow(THREE), {"n": 1}, three_desk):
        assert run.result == 22
        events = log(store)
        cut = events.index(("run.resumed", "")) if ("run.resumed", "") in events else 0
        for step, call in (("a", "look 1"), ("c", "look 21")):
            if ("step.completed", step) in events[:cut]:
                assert desk.done[call] == 1
        if ("effect.committed", "b") in events[:cut]:
            assert desk.done["pay 2"] == 1


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ("a = desk.look(n)", "a = desk.look(n: n + 5)", "a"),
        ("b = desk.pay(n: a)", "b = desk.look(n: a)", "b"),
        ("a = desk.look(n)", "first = desk.look(n)\n  a = desk.look(n)", "first"),
        ("emit looked(a: a)", "emit looked(a: a + 1)", "looked"),
    ],
)
def test_26_changed_code_is_found_out_before_it_does_anything(before: str, after: str, step: str) -> None:
    """A crash, an edit, a resume: the message names the step, the log stays as it was, no operation is called."""
    desk, store = three_desk(), MemoryStore()
    with pytest.raises(Crash):
        start(flow(THREE), {"n": 1}, CrashingStore(store, 4, True), "r1", desk.setting())  # type: ignore[arg-type]
    recorded, done = log(store), dict(desk.done)
    changed = flow(THREE.replace(before, after))
    found = replay(changed, "r1", store)
    assert found.divergence is not None and step in found.divergence.step
    run = resume(changed, "r1", store, desk.setting())
    assert isinstance(run.failure, Divergence) and step in run.failure.step
    assert (log(store), dict(desk.done)) == (recorded, done)
    assert resume(flow(THREE), "r1", store, desk.setting()).result == 22, "the old code still goes on with it"


def test_27_the_log_says_which_version_started_a_run_and_which_went_on() -> None:
    """A version that agrees with the log may go on; that it did is in the log."""
    desk, store = three_desk(), MemoryStore()
    old, new = flow(THREE), flow(THREE.replace("return c", "return c + 1"))
    with pytest.raises(Crash):
        start(old, {"n": 1}, CrashingStore(store, 3, True), "r1", desk.setting())  # type: ignore[arg-type]
    assert resume(new, "r1", store, desk.setting()).result == 23
    row = store.find("r1")
    assert row is not None and row.plan == old.manifest["plan"]
    plans = [event[4] for event in store.events(row) if event[2] in ("run.started", "run.resumed")]
    assert str(old.manifest["plan"]) in plans[0] and str(new.manifest["plan"]) in plans[1]


def test_33_what_a_run_publishes_is_read_by_others_before_and_after_its_end(tmp_path: Path) -> None:
    """Another connection finds the event while the next step is being done, and when all is over."""
    path = tmp_path / "runs.db"
    found: list[int] = []

    def published() -> int:
        reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        count = reader.execute("SELECT count(*) FROM events WHERE type = 'custom.looked'").fetchone()[0]
        reader.close()
        return int(count)

    def pay(n: int) -> int:
        found.append(published())
        return n * 10

    store = SqliteStore(str(path))
    start(flow(THREE), {"n": 1}, store, "r1", Desk(look=lambda n: n + 1, pay=pay).setting())
    store.close()
    assert found == [1] and published() == 1


def test_35_a_run_that_is_over_cannot_be_cancelled() -> None:
    """Its result stays, nothing is added to its log."""
    desk, store = three_desk(), MemoryStore()
    start(flow(THREE), {"n": 1}, store, "r1", desk.setting())
    before = log(store)
    cancel(flow(THREE), "r1", store, "too late")
    assert log(store) == before
    assert resume(flow(THREE), "r1", store, desk.setting()).result == 22


def test_44_a_write_is_done_once_however_often_the_run_is_replayed() -> None:
    """Each crash makes the code run again from its beginning; the recorded write is not done again."""
    desk, store = three_desk(), MemoryStore()
    for _ in range(20):
        try:
            start(flow(THREE), {"n": 1}, CrashingStore(store, 2, True), "r1", desk.setting())  # type: ignore[arg-type]
        except Crash:
            continue
        break
    assert resume(flow(THREE), "r1", store, desk.setting()).result == 22
    assert desk.done["pay 2"] <= 2, "once, or again with the same key if its outcome was lost"
    committed = [kind for kind, _ in log(store) if kind == "effect.committed"]
    assert len(committed) == 1


def test_40_old_finished_runs_are_collected_and_live_ones_never() -> None:
    """However old they are: a run that waits or was interrupted is kept whole, and still comes to its end."""
    desk, store = three_desk(), MemoryStore()
    start(flow(THREE), {"n": 1}, store, "over", desk.setting())
    with pytest.raises(Crash):
        start(flow(THREE), {"n": 1}, CrashingStore(store, 3, True), "live", desk.setting())  # type: ignore[arg-type]
    store.close()
    pruned = list(prune(store, 2**62))
    assert [one.run_id for one in pruned] == ["over"]
    assert log(store, "over") == [] and len(log(store, "live")) > 2
    assert not list(verify_store(store))
    assert resume(flow(THREE), "live", store, desk.setting()).result == 22
