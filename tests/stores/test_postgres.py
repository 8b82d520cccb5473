"""What only PostgreSQL can do to a store: answers that are lost, drivers that are taken for dead, servers that go away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import agent_lattice_runtime
import psycopg
import pytest
from agent_lattice_runtime.errors import Conflict, Fenced, StoreFailure
from agent_lattice_runtime.stores import leases, postgres_sessions
from agent_lattice_runtime.stores.postgres import PostgresStore
from agent_lattice_runtime.verify import verify_store

from .cutting_proxy import CuttingProxy
from .logs import begun, commit, continued, step, stored

if TYPE_CHECKING:
    from postgres_server import PostgresServer

DRIVER = """
import sys
from agent_lattice_runtime.errors import StoreFailure
from agent_lattice_runtime.journal import Journal
from agent_lattice_runtime.redaction import Redactor
from agent_lattice_runtime.stores import leases
from agent_lattice_runtime.stores.postgres import PostgresStore

leases.LEASE = float(sys.argv[2])
store = PostgresStore(sys.argv[1])
row = store.find("r1")
print(store.claim(row), flush=True)
journal = Journal(row, Redactor(), list(store.events(row))[-1])
for line in sys.stdin:
    journal.append("step.completed", line.strip(), '{"args":{},"op":"t.double","result":2}')
    try:
        store.append([(row, journal.pending)])
        print("stored", flush=True)
    except StoreFailure as failure:
        print(type(failure).__name__, flush=True)
    journal.pending = []
"""


@pytest.fixture
def dsn(postgres_server: PostgresServer) -> str:
    return postgres_server.empty()


@pytest.fixture
def proxy(postgres_server: PostgresServer) -> Iterator[CuttingProxy]:
    relay = CuttingProxy(postgres_server.port)
    yield relay
    relay.close()


class Driver:
    """Another process that drives run r1: each line it is told is a step it appends."""

    def __init__(self, dsn: str, lease: float) -> None:
        home = str(Path(agent_lattice_runtime.__file__).parents[1])
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, dsn, str(lease)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": home},
        )
        self.claimed = self._answer() == "True"

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def append(self, name: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        return self._answer()

    def end(self, how: signal.Signals | None = None) -> None:
        if how is not None:
            self.process.send_signal(how)
        self.process.communicate()


def claimed_in_time(store: PostgresStore, run_id: str = "r1", seconds: float = 20) -> bool:
    row = store.find(run_id)
    assert row is not None
    end = time.monotonic() + seconds
    while not store.claim(row):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def steps(store: PostgresStore) -> list[str]:
    row = store.find("r1")
    assert row is not None
    return [event[3] for event in store.events(row)][1:]


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_an_append_whose_connection_is_lost_is_stored_once(dsn: str, proxy: CuttingProxy, lost: str) -> None:
    store = PostgresStore(proxy.dsn(dsn))
    journal, other = begun(), begun("r2")
    proxy.cut = lost
    commit(store, journal, other)  # creates
    assert (proxy.cut, journal.row.token, other.row.key is None) == ("", 1, False)
    step(journal, "one")
    proxy.cut = lost
    commit(store, journal)  # one event
    step(journal, "two")
    step(journal, "three")
    proxy.cut = lost
    commit(store, journal)  # several
    assert steps(store) == ["one", "two", "three"]
    journal.append("run.completed", "", '{"result":2}')
    proxy.cut = lost
    commit(store, journal)  # a change of the row
    assert [(row.run_id, row.status) for row in store.runs()] == [("r1", "completed"), ("r2", "running")]
    assert verify_store(store) == []
    assert proxy.cut == ""
    store.close()


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_claim_whose_connection_is_lost_is_made_once(dsn: str, proxy: CuttingProxy, lost: str) -> None:
    store = PostgresStore(proxy.dsn(dsn))
    journal = stored(store)
    store.release(journal.row)
    proxy.cut = lost
    assert store.claim(journal.row)
    assert journal.row.token == 2
    proxy.cut = lost
    store.release(journal.row)
    assert [row.run_id for row in store.due(0, 1)] == ["r1"]
    store.close()


def test_another_event_at_the_place_of_a_lost_one_is_a_conflict(dsn: str, proxy: CuttingProxy) -> None:
    store, other = PostgresStore(proxy.dsn(dsn)), PostgresStore(dsn)
    journal = stored(store)
    rival = continued(other)
    step(rival, "rival")
    commit(other, rival)
    step(journal, "mine")
    proxy.cut = "answer"
    with pytest.raises(Conflict, match="continued by another"):
        commit(store, journal)
    assert steps(store) == ["rival"]
    store.close()
    other.close()


def test_a_server_that_stays_away(dsn: str, proxy: CuttingProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_sessions, "WAIT", 0.3)
    store = PostgresStore(proxy.dsn(dsn))
    journal = stored(store)
    step(journal)
    proxy._target = 1  # nobody listens there
    proxy.cut = "request"
    with pytest.raises(StoreFailure) as caught:
        commit(store, journal)
    assert (caught.value.code, caught.value.retryable) == ("unavailable", True)
    store.close()
    other = PostgresStore(dsn)
    assert steps(other) == []
    other.close()


def test_a_lease_is_kept_while_its_process_lives(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE", 1.5)
    store, other = PostgresStore(dsn), PostgresStore(dsn)
    journal = stored(store)
    row = other.find("r1")
    assert row is not None
    end = time.monotonic() + 4
    while time.monotonic() < end:
        assert not other.claim(row)
        assert other.due(0, 1) == []
        time.sleep(0.2)
    step(journal)
    commit(store, journal)
    store.close()
    assert other.claim(row)  # given back at once
    other.close()


def test_the_run_of_a_killed_process_is_taken_over(dsn: str) -> None:
    store = PostgresStore(dsn)
    journal = stored(store)
    store.release(journal.row)
    driver = Driver(dsn, 2.0)
    assert driver.claimed
    assert driver.append("theirs") == "stored"
    assert not store.claim(journal.row)
    driver.end(signal.SIGKILL)
    assert claimed_in_time(store)
    assert steps(store) == ["theirs"]
    store.close()


def test_a_zombie_cannot_append(dsn: str) -> None:
    store = PostgresStore(dsn)
    journal = stored(store)
    store.release(journal.row)
    driver = Driver(dsn, 1.0)
    assert driver.append("theirs") == "stored"
    driver.process.send_signal(signal.SIGSTOP)
    row = store.find("r1")
    assert row is not None
    end = time.monotonic() + 20
    while not store.claim(row) and time.monotonic() < end:
        time.sleep(0.05)
    driver.process.send_signal(signal.SIGCONT)
    assert driver.append("late") == "Fenced"
    mine = continued(store)
    mine.row = row
    step(mine, "mine")
    commit(store, mine)
    assert driver.append("later") == "Fenced"
    assert steps(store) == ["theirs", "mine"]
    assert verify_store(store) == []
    driver.end()
    store.close()


@pytest.mark.parametrize("count", [1, 2])
def test_an_append_during_a_takeover_comes_before_it_or_never(dsn: str, count: int) -> None:
    store = PostgresStore(dsn)
    journal = stored(store)
    outcome: list[object] = []

    def append() -> None:
        for number in range(count):
            step(journal, f"s{number}")
        try:
            commit(store, journal)
            outcome.append("stored")
        except Fenced:
            outcome.append("fenced")

    with psycopg.connect(dsn) as taker:
        taker.execute("UPDATE agent_lattice.runs SET token = token + 1, owner = 'another'")
        thread = threading.Thread(target=append)
        thread.start()
        time.sleep(0.3)
        assert outcome == []  # it waits for who takes over
    thread.join()
    assert outcome == ["fenced"]
    assert steps(store) == []
    store.close()


def test_the_password_is_never_shown(
    postgres_server: PostgresServer, dsn: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = "s3cr3t-of-nobody"
    wrong = postgres_server.dsn(secret)
    bad = (
        (wrong, "auth"),
        (wrong.replace(f":{postgres_server.port}/", ":1/"), "unavailable"),
        (f"postgresql://tester:{secret}@[127.0.0.1/x", "validation"),
        (f"postgresql://127.0.0.1/x?password={secret}&nonsense=1", "validation"),
        (f"postgresql://tester:{secret}%zz@127.0.0.1/x", "validation"),
    )
    for place, code in bad:
        with pytest.raises(StoreFailure) as caught:
            PostgresStore(place)
        assert (place, caught.value.code) == (place, code)
        assert secret not in f"{caught.value} {caught.value.details} {caught.value!r}"
        assert caught.value.__cause__ is None
    assert secret not in "".join(capfd.readouterr())
    store = PostgresStore(dsn)
    assert store.path == f"postgresql://127.0.0.1:{postgres_server.port}/postgres"
    store.close()


def failing(dsn: str, readonly: bool = False) -> StoreFailure:
    with pytest.raises(StoreFailure) as caught:
        PostgresStore(dsn, readonly=readonly)
    return caught.value


def test_a_database_without_a_store(dsn: str) -> None:
    assert failing(dsn, readonly=True).code == "not_found"
    assert failing(dsn.replace("/postgres", "/no"), readonly=True).code == "not_found"
    PostgresStore(dsn).close()
    reader = PostgresStore(dsn, readonly=True)
    assert reader.runs() == []
    with pytest.raises(StoreFailure) as caught:
        stored(reader)  # type: ignore[arg-type]
    assert caught.value.code == "permission_denied"
    reader.close()


@pytest.mark.parametrize(("version", "words"), [(3, "newer version"), (1, "unknown format")])
def test_another_version(postgres_server: PostgresServer, dsn: str, version: int, words: str) -> None:
    PostgresStore(dsn).close()
    postgres_server.execute(f"UPDATE agent_lattice.version SET version = {version}")
    assert words in failing(dsn).message
    assert words in failing(dsn, readonly=True).message


def test_tables_of_somebody_else(postgres_server: PostgresServer, dsn: str) -> None:
    postgres_server.execute("CREATE SCHEMA agent_lattice; CREATE TABLE agent_lattice.runs (a integer)")
    failure = failing(dsn)
    assert failure.code == "validation"
    assert failing(dsn, readonly=True).code == "not_found"


def test_a_database_in_another_encoding(postgres_server: PostgresServer, dsn: str) -> None:
    postgres_server.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    try:
        assert "UTF8" in failing(dsn.replace("/postgres", "/latin")).message
    finally:
        postgres_server.execute("DROP DATABASE latin WITH (FORCE)")


def test_a_store_may_be_made_by_several_at_once(dsn: str) -> None:
    start, failures = threading.Barrier(6), []

    def make() -> None:
        start.wait()
        try:
            PostgresStore(dsn).close()
        except StoreFailure as failure:
            failures.append(failure)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_text_of_every_kind(dsn: str) -> None:
    store = PostgresStore(dsn)
    journal = begun()
    for text in ('"\\u0000"', '"ü𝄞"', r'"\\"', '"%s {} $1"'):
        step(journal, "items[0].ä", text)
        commit(store, journal)
    assert [event[4][-20:] for event in store.events(journal.row)][1:] == [
        event[-20:]
        for event in (
            f'{{"args":{{}},"op":"t.double","result":{text}}}' for text in ('"\\u0000"', '"ü𝄞"', r'"\\"', '"%s {} $1"')
        )
    ]
    assert verify_store(store) == []
    step(journal, "a\0b")
    with pytest.raises(StoreFailure):
        commit(store, journal)
    store.close()


def test_a_long_log_is_read_in_pages(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent_lattice_runtime.stores.postgres._PAGE", 7)
    store = PostgresStore(dsn)
    for count in (5, 6, 13, 30):
        journal = stored(store, f"r{count}", count)
        assert [event[0] for event in store.events(journal.row)] == list(range(1, count + 2))
        assert [event[0] for event in store.events(journal.row, after=3)] == list(range(4, count + 2))
    store.close()
