"""Runs as lines of JSON: what is exported from one store is what another store has after the import, or nothing is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.pruning import prune
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.transfers import exported_run, import_run, read_runs
from agent_lattice_runtime.verify import verify_store
from hypothesis import given
from hypothesis import strategies as st

from .logs import begun, commit, continued, step, stored

if TYPE_CHECKING:
    from agent_lattice_runtime.stores import Store


def lines(store: Store) -> list[bytes]:
    return [line.encode() + b"\n" for row in store.runs() for line in exported_run(store, row)]


def imported(store: Store, given: list[bytes]) -> list[bool]:
    return [import_run(store, row, events) for row, events in list(read_runs(given, "file"))]


def contents(store: Store) -> list[object]:
    return [
        (row.run_id, row.workflow, row.plan, row.status, row.due, row.head_seq, list(store.events(row)))
        for row in store.runs()
    ]


def filled() -> MemoryStore:
    """A run in each status, one with an event from outside."""
    store = MemoryStore()
    stored(store, "done", 2, "run.completed")
    stored(store, "stopped", 1, "run.cancelled")
    stored(store, "going", 3)
    waits = stored(store, "waits", 1)
    waits.append(
        "run.waiting", "", '{"on":[{"kind":"timer","step":"w","until":77},{"kind":"doubt","step":"x","until":null}]}'
    )
    waits.row.status, waits.row.due = "waiting", 77
    commit(store, waits)
    told = stored(store, "told", 1)
    told.append("run.waiting", "", '{"on":[{"kind":"signal","step":"w","until":99}]}')
    told.row.status, told.row.due = "waiting", 99
    commit(store, told)
    guest = continued(store, "told")
    guest.append("signal.received", "", '{"delivery":"d1","name":"paid","payload":1}')
    guest.row.due = guest.ts
    commit(store, guest)
    return store


def test_what_is_exported_is_what_is_imported(store: Store) -> None:
    source = filled()
    given = lines(source)
    assert imported(store, given) == [True] * 5
    assert contents(store) == contents(source)
    assert verify_store(store) == []
    assert imported(store, given) == [False] * 5  # a second time changes nothing
    assert contents(store) == contents(source)
    assert lines(store) == given
    assert [row.run_id for row in store.due(80, 10)] == ["going", "waits"]  # an imported run is nobody's


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\"\\\u2028é", max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.lists(VALUES, max_size=6))
def test_any_payload_survives(values: list[object]) -> None:
    source, target = MemoryStore(), MemoryStore()
    journal = begun()
    for value in values:
        step(journal, "s", canonical(value))
    commit(source, journal)
    assert imported(target, lines(source)) == [True]
    assert contents(target) == contents(source)


def test_a_log_that_has_gone_on_is_the_same_run_and_another_one_is_not(store: Store) -> None:
    source = MemoryStore()
    journal = stored(source, "r1", 2)
    early = lines(source)
    step(journal, "more")
    commit(source, journal)
    assert imported(store, lines(source)) == [True]
    assert imported(store, early) == [False]
    other = MemoryStore()
    stored(other, "r1", 2)
    with pytest.raises(Failure, match="is another one") as caught:
        imported(store, lines(other))
    assert caught.value.code == "conflict"


def test_a_pruned_run_is_recognised(store: Store) -> None:
    stored(store, "r1", 2, "run.completed")
    given = lines(store)
    assert len(list(prune(store, 2**62))) == 1
    assert imported(store, given) == [False]
    other = MemoryStore()
    stored(other, "r1", 2, "run.completed")
    with pytest.raises(Failure, match="is another one"):
        imported(store, lines(other))
    assert store.runs() == []


FILE = lines(filled())


@given(st.data())
def test_any_change_of_a_file_is_found_before_anything_is_stored(data: st.DataObject) -> None:
    """Any byte, any line dropped, doubled or moved: refused, or the very same runs as before."""
    changed = list(FILE)
    place = data.draw(st.integers(0, len(changed) - 1))
    how = data.draw(st.sampled_from(("byte", "drop", "double", "swap", "cut")))
    if how == "byte":
        line = bytearray(changed[place])
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.integers(0, 255))
        changed[place : place + 1] = bytes(line).splitlines(keepends=True) or [b""]
    elif how == "drop":
        del changed[place]
    elif how == "double":
        changed.insert(place, changed[place])
    elif how == "swap":
        other = data.draw(st.integers(0, len(changed) - 1))
        changed[place], changed[other] = changed[other], changed[place]
    else:
        changed = changed[:place]
    try:
        runs = list(read_runs(changed, "file"))
    except Failure as failure:
        assert failure.code == "validation" and failure.message.startswith("file")
        return
    known = {row.run_id: events for row, events in read_runs(FILE, "file")}
    assert all(known.get(row.run_id) == events for row, events in runs)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x\n", "file:1"),
        ("[]\n", "file:1: not an object"),
        ('{"export":2}\n', "export is 2, not 1"),
        ('{"export":1,"run_id":"a b","events":1,"head":""}\n', "not a run id"),
        ('{"export":1,"run_id":"a","events":-1,"head":""}\n', "number of its events"),
        ('{"export":1,"run_id":"a","events":2,"head":""}\n', "cut off: it has 0 of 2 events"),
        ('{"export":1,"run_id":"a","events":1,"head":""}\n{"run_id":"a"}\n', "file:2: not an event of run a"),
    ],
)
def test_what_is_no_export_is_said(text: str, words: str) -> None:
    with pytest.raises(Failure, match=words):
        list(read_runs(text.encode().splitlines(keepends=True), "file"))


def test_a_log_that_was_altered_is_not_exported() -> None:
    store = MemoryStore()
    journal = stored(store, "r1", 2)
    seq, ts, kind, name, _, redaction, digest = store._events[1][1]
    store._events[1][1] = (seq, ts, kind, name, json.dumps({"result": 3}), redaction, digest)
    with pytest.raises(Failure, match="event 2 was altered"):
        list(exported_run(store, journal.row))
