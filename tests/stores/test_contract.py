"""What every store does, whatever it keeps runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from agent_lattice_runtime.errors import Conflict

from .logs import STARTED, begun, commit, continued, step, stored

if TYPE_CHECKING:
    from agent_lattice_runtime.stores import Store

    from .logs import Open


def test_what_is_appended_is_read_back(store: Store) -> None:
    first, second = begun("r1"), begun("r2")
    commit(store, first, second)
    step(first, "a")
    commit(store, first)
    second.append("run.failed", "", '{"error":"timeout"}')
    commit(store, second)
    assert [(row.run_id, row.status) for row in store.runs()] == [("r1", "running"), ("r2", "failed")]
    row = store.find("r1")
    assert row is not None
    assert [event[:1] + event[2:5] for event in store.events(row)] == [
        (1, "run.started", "", STARTED),
        (2, "step.completed", "a", '{"args":{},"op":"t.double","result":2}'),
    ]
    assert [event[0] for event in store.events(row, after=1)] == [2]
    assert list(store.events(row, after=2)) == []
    ended = store.find("r2")
    assert ended is not None
    assert (ended.head_seq, ended.head_hash) == (2, second.hash)
    assert store.find("r3") is None
    assert store.orphans() == []


def test_runs_by_status(store: Store) -> None:
    stored(store, "going")
    stored(store, "done", 1, "run.completed")
    stored(store, "stopped", 1, "run.cancelled")
    assert [row.run_id for row in store.runs(("cancelled", "completed"))] == ["done", "stopped"]
    assert [row.run_id for row in store.runs(("failed",))] == []


def test_the_second_of_two_writers_is_refused(open_store: Open) -> None:
    store, other = open_store(), open_store()
    stored(store)
    rivals = [continued(store), continued(other)]
    for rival in rivals:
        step(rival)
    commit(store, rivals[0])
    with pytest.raises(Conflict):
        commit(other, rivals[1])
    with pytest.raises(Conflict):
        commit(other, begun())
    assert [event[0] for event in store.events(rivals[0].row)] == [1, 2]


def test_a_batch_is_all_or_nothing(store: Store) -> None:
    stored(store, "r1")
    fresh, taken = begun("r2"), begun("r1")
    with pytest.raises(Conflict):
        commit(store, fresh, taken)
    assert (fresh.row.key, fresh.row.token) == (None, None)
    assert store.find("r2") is None
    commit(store, fresh)
    assert fresh.row.token is not None


def test_status_and_due_are_stored_with_the_events(store: Store) -> None:
    journal = stored(store)
    step(journal)
    journal.row.status, journal.row.due = "waiting", 5_000_000
    assert journal.row.changed
    commit(store, journal)
    assert not journal.row.changed
    seen = store.find("r1")
    assert seen is not None
    assert (seen.status, seen.due, seen.changed) == ("waiting", 5_000_000, False)


def test_a_refused_append_changes_no_row(store: Store) -> None:
    stored(store)
    late = continued(store)
    journal = continued(store)
    step(journal)
    commit(store, journal)
    step(late)
    late.row.status, late.row.due = "waiting", 1
    with pytest.raises(Conflict):
        commit(store, late)
    seen = store.find("r1")
    assert seen is not None
    assert (seen.status, seen.due, late.row.changed) == ("running", None, True)


def due(store: Store, now: int = 100, limit: int = 10) -> list[str]:
    return [row.run_id for row in store.due(now, limit)]


def parked(store: Store, run_id: str, status: str, at: int | None, workflow: str = "flow") -> None:
    journal = begun(run_id, workflow=workflow)
    journal.row.status, journal.row.due = status, at
    commit(store, journal)


def test_what_wants_a_driver(store: Store) -> None:
    parked(store, "later", "waiting", 101)
    parked(store, "second", "waiting", 100)
    parked(store, "first", "queued", 7)
    parked(store, "parked", "waiting", None)
    parked(store, "other", "queued", 8, workflow="flow2")
    stored(store, "done", 1, "run.completed")
    left = stored(store, "left")
    assert due(store) == ["first", "other", "second"]
    store.release(left.row)
    assert due(store) == ["left", "first", "other", "second"]
    assert due(store, limit=2) == ["left", "first"]
    assert [row.run_id for row in store.due(100, 10, ("flow2",))] == ["other"]


def test_a_run_is_driven_by_one_at_a_time(open_store: Open) -> None:
    store, other = open_store(), open_store()
    journal = stored(store)
    seen = other.find("r1")
    assert seen is not None
    assert not other.claim(seen)
    assert seen.token is None
    assert store.claim(journal.row)
    store.release(journal.row)
    store.release(journal.row)
    assert journal.row.token is None
    assert other.claim(seen)
    assert not store.claim(journal.row)
    assert due(store) == []


def test_a_claim_ends_with_the_running(open_store: Open) -> None:
    store, other = open_store(), open_store()
    for run_id, status in (("waits", "waiting"), ("ends", "completed")):
        journal = stored(store, run_id)
        step(journal)
        journal.row.status, journal.row.due = status, 50
        commit(store, journal)
        assert journal.row.token is None
    assert due(other) == ["waits"]
    row = other.due(100, 1)[0]
    assert other.claim(row)
    assert due(store) == []


def test_a_claim_brings_the_row_up_to_date(open_store: Open) -> None:
    store, other = open_store(), open_store()
    journal = stored(store)
    seen = other.find("r1")
    assert seen is not None
    journal.append("run.completed", "", '{"result":2}')
    commit(store, journal)
    assert other.claim(seen)
    assert (seen.status, seen.head_seq, seen.head_hash) == ("completed", 2, journal.hash)


def test_whoever_has_not_claimed_a_run_can_append_to_it(open_store: Open) -> None:
    store, other = open_store(), open_store()
    journal = stored(store)
    guest = continued(other)
    step(guest, "told")
    commit(other, guest)
    assert guest.row.token is None
    assert [event[3] for event in store.events(journal.row)] == ["", "told"]


def test_a_run_that_was_driven_and_waits_for_the_same_as_before_is_free_at_once(open_store: Open) -> None:
    store, other = open_store(), open_store()
    journal = begun()
    for resumed in (False, True):
        if resumed:
            assert store.claim(journal.row)
            journal.append("run.resumed", "", '{"plan":"plan"}')
        journal.append("run.waiting", "", '{"on":[]}')
        journal.row.due = 5_000_000
        commit(store, journal)
        store.release(journal.row)
    row = other.find("r1")
    assert row is not None and other.claim(row)
