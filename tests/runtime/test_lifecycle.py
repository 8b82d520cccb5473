"""The life of a run: every transition of the table is possible, everything else is refused where events are made and where they
are verified."""

from __future__ import annotations

from itertools import product

import pytest
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.events import EVENTS
from agent_lattice_runtime.journal import LIFECYCLE, OUTSIDE, TERMINAL, Journal, RunRow, next_status
from agent_lattice_runtime.redaction import Redactor
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.verify import row_of, verify

WAYS = {
    "new": [],
    "queued": ["run.queued"],
    "running": ["run.started"],
    "waiting": ["run.started", "run.waiting"],
    "completed": ["run.started", "run.completed"],
    "failed": ["run.started", "run.failed"],
    "cancelled": ["run.started", "run.cancelling", "run.cancelled"],
}
HEAD = '{"plan":"p","workflow":"w"}'
KINDS = [kind.replace("*", "x") for kind in EVENTS]


def allowed(status: str, kind: str) -> str | None:
    """The next status, said in other words than the code's."""
    if kind in LIFECYCLE[status]:
        return LIFECYCLE[status][kind]
    if kind in OUTSIDE:
        return status if status not in TERMINAL and status != "new" else None
    return status if status == "running" and not kind.startswith("run.") else None


def journal(status: str) -> Journal:
    made = Journal(RunRow("r1", "w", "p"), Redactor())
    for kind in WAYS[status]:
        made.append(kind, "", HEAD)
    return made


def test_every_status_is_reached_and_every_event_of_a_run_is_in_the_table() -> None:
    assert set(WAYS) == set(LIFECYCLE)
    assert {kind for moves in LIFECYCLE.values() for kind in moves} | OUTSIDE >= {k for k in KINDS if k[:4] == "run."}
    for status in WAYS:
        assert journal(status).row.status == status


@pytest.mark.parametrize(("status", "kind"), list(product(WAYS, KINDS)))
def test_only_what_the_table_allows_is_appended(status: str, kind: str) -> None:
    made, after = journal(status), allowed(status, kind)
    before = list(made.pending)
    if after is None:
        with pytest.raises(Failure, match=f"a {status} run cannot have the event {kind}") as caught:
            made.append(kind, "", HEAD)
        assert caught.value.code == "conflict" and made.pending == before and made.row.status == status
    else:
        made.append(kind, "", HEAD)
        assert made.row.status == after == next_status(status, kind)


@pytest.mark.parametrize(("status", "kind"), list(product(WAYS, KINDS)))
def test_a_log_with_anything_else_does_not_verify(status: str, kind: str) -> None:
    """The chain may be perfect: what cannot follow is found all the same."""
    made = journal(status)
    if status == "new":
        return
    made.row.status = "running"  # somebody writes what they like
    if kind not in ("run.queued", "run.started"):
        made.append(kind, "", HEAD)
    made.row.status = allowed(status, kind) or made.row.status
    made.row.head_seq, made.row.head_hash = (made.seq, made.hash) if made.row.status in TERMINAL else (None, None)
    made.row.due = row_of("r1", "w", "p", made.pending).due
    store = MemoryStore()
    store.append([(made.row, made.pending)])
    if kind not in ("run.queued", "run.started"):
        assert (verify(store, made.row) is None) == (allowed(status, kind) is not None)
