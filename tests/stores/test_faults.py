"""What happens to stores in bad times: the error is typed, the log stays valid, and the run goes on afterwards."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from agent_lattice_runtime.errors import StoreFailure
from agent_lattice_runtime.execute import resume, start
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.stores.postgres import PostgresStore
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.transfers import exported_run, import_run, read_runs
from agent_lattice_runtime.verify import verify_store
from hypothesis import given, settings
from hypothesis import strategies as st

from .paying import RESULT, STEPS, payments

if TYPE_CHECKING:
    from agent_lattice_runtime.stores import Store
    from postgres_server import PostgresServer

TESTS = Path(__file__).parents[1]
PATHS = [str(TESTS.parent / "runtime_min"), str(TESTS)]


def in_process(script: str, *words: str, before: tuple[str, ...] = ()) -> list[str]:
    """The lines that a script writes whose `broken` breaks something."""
    head = f"import sys; sys.path[:0] = {PATHS!r}; from stores.paying import *\n"
    done = subprocess.run(
        [*before, sys.executable, "-c", head + script, *words], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def namespaces() -> bool:
    return (
        subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0
        if shutil.which("unshare")
        else False
    )


MOUNTED = pytest.mark.skipif(not namespaces(), reason="no mount namespace can be made here")
AGAIN = """
failure = stopped(path)
print(failure.code, failure.retryable)
{mend}
finished(path)
print("went on")
"""


@MOUNTED
def test_a_full_disk(tmp_path: Path) -> None:
    script = "import subprocess\nfolder = sys.argv[1]\npath = folder + '/runs.db'\n" + AGAIN.format(
        mend="subprocess.run(['mount', '-o', 'remount,size=32m', folder], check=True)"
    )
    for size in (100, 140, 200, 250):
        mount = f'mount -t tmpfs -o size={size}k none {tmp_path} && exec "$@"'
        found = in_process(script, str(tmp_path), before=("unshare", "-rm", "sh", "-c", mount, "sh"))
        assert found == ["unavailable True", "went on"], size


@pytest.mark.parametrize("size", [60_000, 120_000, 200_000])
def test_a_file_that_may_not_grow(tmp_path: Path, size: int) -> None:
    script = (
        f"import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\npath = {str(tmp_path / 'runs.db')!r}\n"
        f"hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\nresource.setrlimit(resource.RLIMIT_FSIZE, ({size}, hard))\n"
    )
    mend = "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))"
    assert in_process(script + AGAIN.format(mend=mend)) == ["unavailable True", "went on"]


@MOUNTED
def test_a_disk_that_can_only_be_read(tmp_path: Path) -> None:
    script = f"""
import subprocess
path = {str(tmp_path / "runs.db")!r}
stopped(path, at=5)
def mounted(how):
    subprocess.run(["mount", "-o", f"remount,bind,{{how}}", {str(tmp_path)!r}], check=True)
mounted("ro")
failure = stopped(path)
print(failure.code)
store = SqliteStore(path, readonly=True)
print([row.status for row in store.runs()], verify_store(store))
store.close()
mounted("rw")
finished(path)
"""
    mount = f'mount --bind {tmp_path} {tmp_path} && exec "$@"'
    found = in_process(script, before=("unshare", "-rm", "sh", "-c", mount, "sh"))
    assert found == ["permission_denied", "['running'] []"]


def test_no_file_can_be_opened_any_more(tmp_path: Path) -> None:
    """Before the store is opened, and at each step of a run."""
    script = f"""
import os, resource
path = {str(tmp_path)!r} + "/runs{{}}.db"
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
def exhaust(taken):
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
for at in range(-1, STEPS):
    taken, name = [], path.format(at)
    if at < 0:
        stopped(name, at=3)
        exhaust(taken)
    failure = stopped(name, at=at, fault=lambda: exhaust(taken))
    print(failure.code if failure else "went on")
    for descriptor in taken:
        os.close(descriptor)
    finished(name)
"""
    assert set(in_process(script)) == {"unavailable", "went on"}


HOLDER = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("how", ["in time", "too long", "killed"])
def test_a_store_that_another_process_has_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    path = str(tmp_path / "runs.db")
    monkeypatch.setattr("agent_lattice_runtime.stores.sqlite_files.WAIT", 0.3 if how == "too long" else 30.0)
    world, flow = payments()
    store = SqliteStore(path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    if how != "too long":
        end = holder.kill if how == "killed" else lambda: holder.communicate("\n")
        threading.Timer(0.3, end).start()
        assert start(flow, {}, store, "r1").result == RESULT
    else:
        with pytest.raises(StoreFailure) as caught:
            start(flow, {}, store, "r1")
        assert (caught.value.code, caught.value.retryable, world.done) == ("unavailable", True, [])
        holder.communicate("\n")
        assert start(flow, {}, store, "r1").result == RESULT
    holder.wait()
    assert verify_store(store) == []
    store.close()


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 10**12))
def test_a_clock_that_goes_back(seed: int, jump: int) -> None:
    chance, now = random.Random(seed), 10**18

    def clock() -> int:
        nonlocal now
        now += chance.randint(-jump, jump // 2)
        return now

    store = MemoryStore()
    run = start(payments()[1], {}, store, "r1", Setting(clock=clock))
    times = [event[1] for event in store.events(run.journal.row)]
    assert run.result == RESULT and times == sorted(times)
    assert verify_store(store) == []


def contents(path: str) -> object:
    """Everything that a store says, by the ways that commands take; raises StoreFailure."""
    store = SqliteStore(path, readonly=True)
    try:
        findings = [(finding.run_id, finding.message) for finding in verify_store(store)]
        rows = store.runs()
        found = {row.run_id: store.find(row.run_id) for row in rows}
        return findings, [
            (row.run_id, row.workflow, row.plan, row.status, row.due, row.head_seq, row.head_hash, row.key)
            for row in rows
            if found[row.run_id]
        ], [list(store.events(row)) for row in rows], [vars_of(left) for left in store.checkpoints()]  # fmt: skip
    finally:
        store.close()


def vars_of(thing: Any) -> list[object]:
    return [getattr(thing, name) for name in type(thing).__slots__]


class Sound:
    """The path of a store's file, its bytes, and what it says."""

    def __init__(self, path: Path) -> None:
        self.path, self.raw, self.says = path, path.read_bytes(), contents(str(path))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    """A file with runs in every status and checkpoints, and what it says."""
    from agent_lattice_runtime.pruning import prune

    from .logs import stored
    from .test_transfers import FILE

    path = tmp_path_factory.mktemp("sound") / "runs.db"
    store = SqliteStore(str(path))
    for number in range(3):
        stored(store, f"gone{number}", 2, "run.completed")
    assert len(list(prune(store, 2**62))) == 3
    for row, events in read_runs(FILE, "file"):
        import_run(store, row, events)
    stored(store, "long", 40, "run.completed")
    store.close()
    return Sound(path)


def judged(sound: Sound, damaged: bytes) -> None:
    """A damaged file is refused, or `verify` says so, or what it says is what it always said."""
    path, said = sound.path, sound.says
    for name in (f"{path}-wal", f"{path}-shm"):
        Path(name).unlink(missing_ok=True)
    path.write_bytes(damaged)
    try:
        now: Any = contents(str(path))
    except StoreFailure as failure:
        assert failure.code in ("validation", "not_found", "unavailable")
        assert "\n" not in failure.message
    else:
        assert now[0] or now == said


@settings(max_examples=400)
@given(data=st.data())
def test_any_flipped_bits(sound: Sound, data: st.DataObject) -> None:
    raw = bytearray(sound.raw)
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=3)):
        raw[place] ^= data.draw(st.integers(1, 255))
    judged(sound, bytes(raw))


@settings(max_examples=150)
@given(data=st.data())
def test_any_truncation(sound: Sound, data: st.DataObject) -> None:
    judged(sound, sound.raw[: data.draw(st.integers(0, len(sound.raw) - 1))])


@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_file_that_is_written_to(sound: Sound, data: st.DataObject) -> None:
    """Going on in a damaged store ends in a typed error, or in runs that verify."""
    path, raw = sound.path, bytearray(sound.raw)
    for name in (f"{path}-wal", f"{path}-shm"):
        Path(name).unlink(missing_ok=True)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(raw))
    store = None
    try:
        store = SqliteStore(str(path))
        before = {finding.run_id for finding in verify_store(store)}
        run = start(payments()[1], {}, store, "fresh")
        assert run.failure is not None or run.result == RESULT
        if not before:
            assert verify_store(store) == []
    except StoreFailure as failure:
        assert failure.code in ("validation", "not_found", "unavailable", "conflict", "permission_denied")
    finally:
        if store is not None:
            store.close()


def test_a_write_ahead_log_that_was_cut_off(tmp_path: Path) -> None:
    """After a crash of the machine the end of the log may be missing: what is there is a prefix of the run, and goes on."""
    live, cut = tmp_path / "live.db", tmp_path / "cut.db"
    store = SqliteStore(str(live))
    store._connection.execute("PRAGMA wal_autocheckpoint=0")
    start(payments()[1], {}, store, "r1")
    base, log = live.read_bytes(), Path(f"{live}-wal").read_bytes()
    store.close()
    lengths = set()
    for length in range(0, len(log), 1999):
        for name, content in ((cut, base), (Path(f"{cut}-wal"), log[:length])):
            name.write_bytes(content)
        Path(f"{cut}-shm").unlink(missing_ok=True)
        again = SqliteStore(str(cut))
        assert verify_store(again) == []
        lengths.add(sum(len(list(again.events(row))) for row in again.runs()))
        assert start(payments()[1], {}, again, "r1").result == RESULT
        assert verify_store(again) == []
        again.close()
    assert len(lengths) > 10


def committed(store: Store) -> Counter[tuple[str, str]]:
    return Counter(
        (row.run_id, event[3]) for row in store.runs() for event in store.events(row) if event[2] == "effect.committed"
    )


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT])
def test_a_server_that_is_restarted_under_load(postgres_server: PostgresServer, how: signal.Signals) -> None:
    dsn, failures = postgres_server.empty(), []
    PostgresStore(dsn).close()

    def drive(number: int) -> None:
        try:
            store = PostgresStore(dsn)
            for turn in range(6):
                start(payments(pause=0.005)[1], {}, store, f"r{number}.{turn}")
            store.close()
        except StoreFailure as failure:
            failures.append(failure)

    threads = [threading.Thread(target=drive, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(0.4)
        postgres_server.stop(how)
        postgres_server.start()
    for thread in threads:
        thread.join()
    assert {failure.code for failure in failures} <= {"unavailable"}
    store = PostgresStore(dsn)
    for row in store.runs():
        assert resume(payments()[1], row.run_id, store).result == RESULT
    assert len(store.runs()) == 24 or failures
    assert set(committed(store).values()) == {1}
    assert sum(committed(store).values()) == STEPS * len(store.runs())
    assert verify_store(store) == []
    store.close()


def test_what_a_crash_of_the_server_leaves_can_be_moved_to_a_file(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """A run that is in the middle when its server is gone for good goes on from an export in another kind of store."""
    source = PostgresStore(postgres_server.empty())
    world, flow = payments(stop_at=7)
    with pytest.raises(KeyboardInterrupt):
        start(flow, {}, source, "r1")
    row = source.find("r1")
    assert row is not None
    lines = [line.encode() for line in exported_run(source, row)]
    source.close()
    target = SqliteStore(str(tmp_path / "runs.db"))
    for moved, events in read_runs(lines, "export"):
        assert import_run(target, moved, events)
    assert resume(payments()[1], "r1", target).result == RESULT
    assert verify_store(target) == []
    target.close()
    assert len(world.done) == 7


def test_the_tools_of_these_tests_find_a_lost_event(tmp_path: Path) -> None:
    """`verify` would have said so."""
    path = tmp_path / "runs.db"
    store = SqliteStore(str(path))
    start(payments()[1], {}, store, "r1")
    store.close()
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM events WHERE seq = 5")
    connection.commit()
    connection.close()
    store = SqliteStore(str(path))
    assert len(verify_store(store)) == 1
    store.close()


def test_a_damaged_index_is_found(sound: Sound) -> None:
    """By its id a run would not be there, and could be started a second time."""
    raw = bytearray(sound.raw)
    places = [
        place
        for place in range(len(raw))
        if raw.startswith(b"stopped", place) and not raw.startswith(b"stoppedflow", place)
    ]
    assert places  # in the index of ids
    for place in places:
        raw[place] ^= 1
    judged(sound, bytes(raw))
    findings, *_ = contents(str(sound.path))  # type: ignore[misc]
    assert any("damaged" in message for _, message in findings)


@pytest.mark.parametrize("words", [b"CREATE TABLE runs", b"CREATE INDEX runs_open", b"head_hash BLOB"])
def test_damaged_definitions_that_are_no_text(sound: Sound, words: bytes) -> None:
    """SQLite quotes them in its message, as they are."""
    raw = bytearray(sound.raw)
    for place in range(len(words)):
        raw[raw.index(words) + place] = 0x80
        judged(sound, bytes(raw))
        raw = bytearray(sound.raw)
