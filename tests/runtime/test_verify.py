"""Whatever is changed in a stored log is found, and said to be what it was."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import Finding, head_of, verify, verify_store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .samples import REFUND_REPLIES, World, refund

COLUMNS = ("seq", "ts", "type", "step", "payload", "redaction", "hash")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "runs.db"
    store = SqliteStore(str(path))
    for name in ("r1", "r2"):
        run = start(refund(World()), {"order_id": name}, store, name, Setting(scripted=REFUND_REPLIES))
        assert run.failure is None
    store.close()
    return path


class Tampered:
    """A copy of the recorded store, open for changes behind the runtime's back."""

    def __init__(self, recorded: Path, folder: Path) -> None:
        self.path = folder / "copy.db"
        self.path.write_bytes(recorded.read_bytes())
        self.connection = sqlite3.connect(self.path, isolation_level=None)

    def do(self, statement: str, *values: Any) -> list[Any]:
        return self.connection.execute(statement, values).fetchall()

    def finding(self, head: str | None = None) -> Finding | None:
        self.connection.close()
        store = SqliteStore(str(self.path))
        try:
            row = store.find("r1")
            assert row is not None
            return verify(store, row, head)
        finally:
            store.close()

    def message(self, head: str | None = None) -> str:
        finding = self.finding(head)
        return "" if finding is None else finding.message


@pytest.fixture
def tampered(recorded: Path, tmp_path: Path) -> Tampered:
    return Tampered(recorded, tmp_path)


def flipped(value: Any, place: int, bit: int) -> Any:
    """The value with one byte changed; numbers and missing values become others."""
    if value is None:
        return '{"secrets":["X"]}'
    if isinstance(value, int):
        return value ^ (1 << (place * 8 + bit) % 40)
    raw = bytearray(value if isinstance(value, bytes) else value.encode())
    if not raw:
        return "x"
    raw[place % len(raw)] ^= 1 << bit
    if isinstance(value, bytes):
        return bytes(raw)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return bytes(raw)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, 29), column=st.sampled_from(COLUMNS), place=st.integers(0, 400), bit=st.integers(0, 7))
def test_any_changed_byte_of_any_column_of_any_event_is_found(
    recorded: Path, tmp_path: Path, seq: int, column: str, place: int, bit: int
) -> None:
    copy = Tampered(recorded, tmp_path)
    (value,) = copy.do(f"SELECT {column} FROM events WHERE run = 1 AND seq = ?", seq)[0]
    changed = flipped(value, place, bit)
    try:
        copy.do(f"UPDATE events SET {column} = ? WHERE run = 1 AND seq = ?", changed, seq)
    except sqlite3.IntegrityError:  # another event has that number
        copy.connection.close()
        return
    finding = copy.finding()
    assert finding is not None
    if column != "seq":
        assert finding.seq == seq
        assert f"event {seq}" in finding.message


@pytest.mark.parametrize("column", ["run_id", "workflow", "plan", "status", "head_seq", "head_hash"])
@pytest.mark.parametrize("place", [0, 3])
def test_any_changed_column_of_the_run_is_found(tampered: Tampered, column: str, place: int) -> None:
    (value,) = tampered.do(f"SELECT {column} FROM runs WHERE key = 1")[0]
    changed = flipped(value, place, 1)
    tampered.do(f"UPDATE runs SET {column} = ? WHERE key = 1", changed)
    tampered.connection.close()
    store = SqliteStore(str(tampered.path))
    assert len(verify_store(store)) == 1
    store.close()


def test_an_untouched_log_is_intact(tampered: Tampered) -> None:
    assert tampered.finding() is None


def test_an_altered_event(tampered: Tampered) -> None:
    tampered.do("UPDATE events SET payload = replace(payload, '20.5', '99.5') WHERE run = 1 AND seq = 2")
    assert tampered.message() == "event 2 was altered"


def test_a_dropped_event(tampered: Tampered) -> None:
    tampered.do("DELETE FROM events WHERE run = 1 AND seq = 7")
    assert tampered.message() == "event 7 is missing (dropped)"


def test_a_dropped_event_with_the_rest_renumbered(tampered: Tampered) -> None:
    tampered.do("DELETE FROM events WHERE run = 1 AND seq = 7")
    for seq in range(8, 30):
        tampered.do("UPDATE events SET seq = ? WHERE run = 1 AND seq = ?", seq - 1, seq)
    finding = tampered.finding()
    assert finding is not None
    assert finding.seq == 7
    assert "dropped" in finding.message


def test_reordered_events(tampered: Tampered) -> None:
    for source, target in ((7, 1000), (8, 7), (1000, 8)):
        tampered.do("UPDATE events SET seq = ? WHERE run = 1 AND seq = ?", target, source)
    assert tampered.message() == "events 7 and 8 are reordered"


def test_an_inserted_event(tampered: Tampered) -> None:
    for seq in range(29, 6, -1):
        tampered.do("UPDATE events SET seq = ? WHERE run = 1 AND seq = ?", seq + 1, seq)
    tampered.do(
        "INSERT INTO events SELECT run, 7, ts, type, step, payload, redaction, hash FROM events WHERE seq = 6 AND run = 1"
    )
    assert tampered.message() == "event 7 was inserted"


def test_an_event_of_another_run(tampered: Tampered) -> None:
    tampered.do("DELETE FROM events WHERE run = 1 AND seq = 2")
    tampered.do(
        "INSERT INTO events SELECT 1, seq, ts, type, step, payload, redaction, hash FROM events WHERE seq = 2 AND run = 2"
    )
    assert tampered.message() == "event 2 was altered (it does not follow from the one before it)"


def test_a_cut_off_end_of_a_finished_run(tampered: Tampered) -> None:
    tampered.do("DELETE FROM events WHERE run = 1 AND seq > 20")
    assert tampered.message() == "event 21 is missing: the end of a completed run was cut off"


def test_a_cut_off_end_made_to_look_unfinished_needs_a_head(tampered: Tampered, recorded: Path, tmp_path: Path) -> None:
    store = SqliteStore(str(recorded))
    row = store.find("r1")
    assert row is not None
    count, head = head_of(store, row)
    store.close()
    assert count == 29
    tampered.do("DELETE FROM events WHERE run = 1 AND seq > 20")
    tampered.do("UPDATE runs SET status = 'running', head_seq = NULL, head_hash = NULL WHERE key = 1")
    assert tampered.message() == ""
    again = Tampered(tampered.path, tmp_path / "..")
    assert "cut off or replaced" in again.message(head)
    again.path.unlink()


def test_a_wrong_status(tampered: Tampered) -> None:
    tampered.do("UPDATE runs SET status = 'failed' WHERE key = 1")
    assert tampered.message() == "the run's status is failed, but its last event is run.completed"


def test_a_lost_run(tampered: Tampered) -> None:
    tampered.do("DELETE FROM runs WHERE key = 1")
    tampered.connection.close()
    store = SqliteStore(str(tampered.path))
    assert [finding.message for finding in verify_store(store)] == ["there are events, but the run itself is gone"]
    store.close()


def test_all_events_lost(tampered: Tampered) -> None:
    tampered.do("DELETE FROM events WHERE run = 1")
    assert "event 1 is missing" in tampered.message()


def test_text_that_is_not_utf8_is_an_alteration(tampered: Tampered) -> None:
    tampered.do("UPDATE events SET payload = CAST(x'ff00fe' AS TEXT) WHERE run = 1 AND seq = 3")
    assert tampered.message() == "event 3 was altered"
