"""Who drives a run: one process at a time, another when that has died, nobody when it has been told to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.errors import Conflict, Divergence, Failure, Fenced
from agent_lattice_runtime.execute import resume, start
from agent_lattice_runtime.forks import fork
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.stores.sqlite import SqliteStore
from agent_lattice_runtime.verify import verify_store
from behaviours.programs import Desk, built, flow, log
from behaviours.test_runs import THREE, three_desk
from behaviours.waiting_runs import Waiting, asks, workflow
from runtime.samples import Crash, CrashingStore

SLOW = """
tool desk = python("desk") { op work(n: int) -> int { effect: write, idempotent_by: n, files: ["done.txt"] } }
workflow main(n: int) -> int {
  a = desk.work(n)
  b = desk.work(n: a + 1)
  c = desk.work(n: b + 1)
  return c
}
"""
WORK = {
    "desk.py": """import time


def work(n):
    with open("done.txt", "a") as file:
        file.write(f"{n}\\n")
    time.sleep(0.5)
    return n
"""
}
DYING = Path(__file__).parents[1] / "kills" / "dying.py"


def command(folder: Path, *words: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    words = (sys.executable, "-m", "main", *words)
    return subprocess.Popen(words, cwd=folder, stdout=pipe, stderr=pipe, text=True)


def dying(folder: Path, *words: str) -> tuple[int, str]:
    """Exit code and output of a command whose process is killed at the second commit, if it comes to that."""
    program = [sys.executable, str(DYING), "main", "2", "before", *words]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def until(folder: Path, lines: int) -> None:
    deadline = time.monotonic() + 30
    while not (folder / "done.txt").exists() or len((folder / "done.txt").read_text().splitlines()) < lines:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_24_two_who_go_on_with_one_run_do_not_do_anything_twice(tmp_path: Path) -> None:
    """While one process drives it, another is told so; when both start at once, one of them does."""
    folder = built(SLOW, WORK, tmp_path)
    first = command(folder, "run", "--input", '{"n": 1}', "--run-id", "r1", "--json")
    until(folder, 1)
    first.kill()
    first.communicate()
    both = [command(folder, "resume", "r1", "--json") for _ in range(2)]
    told = [process.communicate(timeout=60) for process in both]
    assert sorted(process.returncode for process in both)[0] == 0, told
    assert "Traceback" not in "".join(err for _, err in told)
    done = (folder / "done.txt").read_text().split()
    assert done.count("2") == done.count("3") == 1 and done.count("1") <= 2, "1 was in doubt, and has its key"
    store = SqliteStore(str(folder / ".lattice/main.db"), readonly=True)
    assert not list(verify_store(store))
    store.close()


def test_25_a_run_that_kills_its_processes_is_left_to_a_person(tmp_path: Path) -> None:
    """Workers count the processes that died of it, and then leave it alone, until somebody resumes it."""
    folder = built(SLOW, WORK, tmp_path)
    assert dying(folder, "run", "--input", '{"n": 1}', "--run-id", "r1")[0] == -signal.SIGKILL
    codes = []
    for _ in range(8):
        code, shown = dying(folder, "worker", "--once", "--deaths", "3")
        codes.append(code)
        if code != -signal.SIGKILL:
            break
    assert codes[-1] == 1 and 1 <= codes.count(-signal.SIGKILL) <= 3, (codes, shown)
    assert "r1" in shown
    listed = command(folder, "runs", "--json").communicate(timeout=60)[0]
    assert '"kind":"parked"' in listed
    assert command(folder, "resume", "r1").wait(60) == 0, "nothing of it is lost"


def test_21_who_is_told_to_stop_ends_what_goes_on_and_begins_nothing(tmp_path: Path) -> None:
    folder = built(SLOW, WORK, tmp_path)
    process = command(folder, "run", "--input", '{"n": 1}', "--run-id", "r1")
    until(folder, 1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 130 and (folder / "done.txt").read_text() == "1\n"
    store = SqliteStore(str(folder / ".lattice/main.db"), readonly=True)
    assert log(store)[-1] == ("effect.committed", "a")
    store.close()
    assert command(folder, "resume", "r1").wait(60) == 0
    assert (folder / "done.txt").read_text() == "1\n2\n3\n"


def test_42_a_killed_process_leaves_all_that_it_had_told(tmp_path: Path) -> None:
    """What was shown as done is in the store after SIGKILL, since it is shown after its commit."""
    folder = built(SLOW, WORK, tmp_path)
    process = command(folder, "run", "--input", '{"n": 1}', "--run-id", "r1")
    until(folder, 3)
    process.kill()
    shown = process.communicate()[1]
    store = SqliteStore(str(folder / ".lattice/main.db"), readonly=True)
    committed = {step for kind, step in log(store) if kind == "effect.committed"}
    store.close()
    assert {"a", "b"} <= committed and committed >= {step for step in "abc" if f"✓ {step}" in shown}


def test_48_a_write_is_waited_for_and_what_nobody_misses_is_given_up() -> None:
    """A run that is stopped before an effect does not begin it; a crash in a write leaves an intent, in a read nothing."""
    desk, store = three_desk(), MemoryStore()
    with pytest.raises(Crash):
        start(flow(THREE), {"n": 1}, CrashingStore(store, 3, True), "r1", desk.setting())  # type: ignore[arg-type]
    assert log(store)[-1] == ("effect.intended", "b") and not desk.done["pay 2"]
    store.close()
    assert resume(flow(THREE), "r1", store, desk.setting()).result == 22


def test_11_runs_fork_from_an_earlier_point_as_often_as_one_likes() -> None:
    """Each fork has what was recorded before, or another value for it, and leaves the old run as it was."""
    silent = flow(THREE.replace("  emit looked(a: a)\n", ""))
    desk, store = three_desk(), MemoryStore()
    start(silent, {"n": 1}, store, "r1", desk.setting())
    before = log(store)
    for number in range(3):
        made = fork(silent, "r1", store, "b", {"a": str(number + 5)}, f"f{number}")
        run = resume(silent, made.run_id, store, desk.setting())
        assert run.result == (number + 5) * 10 + 2
        assert replay(silent, made.run_id, store).divergence is None
    assert desk.done["look 1"] == 1 and log(store) == before


def test_36_a_failed_run_begins_anew_at_the_step_that_failed() -> None:
    def broken(n: int) -> int:
        if n > 1:
            raise Failure("unavailable", "closed")
        return n + 1

    desk, store = Desk(look=broken, pay=lambda n: n * 10), MemoryStore()
    run = start(flow(THREE), {"n": 1}, store, "r1", desk.setting())
    assert run.failure is not None and run.failure.step == "c"
    healed = three_desk()
    made = fork(flow(THREE), "r1", store, None, {}, "r2")
    assert resume(flow(THREE), made.run_id, store, healed.setting()).result == 22
    assert dict(healed.done) == {"look 21": 1}, "only the step that failed is done"


@pytest.mark.parametrize("fenced", [False, True])
def test_who_has_lost_a_run_that_waits_is_told_so_at_once(fenced: bool) -> None:
    """Another process has driven it on after its log was read here: nothing is left to wait for until the deadline."""
    run = Waiting(workflow("  a = desk.look(n)\n" + asks("sign") + "  return a\n"))
    store = run.store

    class Later:
        """A store to which another process has appended before this one does."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def append(self, batch: Any) -> None:
            if batch[-1][1][-1][2] == "run.waiting":
                raise (Fenced if fenced else Conflict)("another process has it")
            store.append(batch)

    ended = run.go(Later())
    assert ended.failure is not None and ended.failure.message == "another process has it" and not ended.suspended
    assert run.clock.slept == [], "or it would have held the process for an hour"


def test_who_reads_the_log_of_a_run_drives_it_already() -> None:
    """Another process that goes on with it at that moment is told so, and not both of them after half of it."""
    run = Waiting(workflow(asks("sign") + asks("again") + "  return again.amount\n"))
    run.go()
    run.decide()
    store, others = run.store, []

    class Slow:
        """A store whose log another process wants to go on with while it is read."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def events(self, row: Any, after: int = 0) -> Any:
            found = list(store.events(row, after))
            others.append(run.go())
            return found

    assert resume(run.flow, "r1", Slow(), run.clock.setting()).suspended  # type: ignore[arg-type]
    assert isinstance(others[0].failure, Conflict) and list(run.open()) == ["again"]


def test_a_decision_is_not_lost_to_code_that_asks_at_another_step() -> None:
    """A run waits, the step is renamed, somebody has decided: the new code does not ask again, it is told to be another."""
    run = Waiting(workflow("  a = desk.look(n)\n" + asks("sign") + "  return sign.amount\n"))
    run.go()
    run.decide(values={"amount": 7})
    before, old = log(run.store), run.flow
    run.flow = workflow("  a = desk.look(n)\n" + asks("signed") + "  return signed.amount\n")
    ended = run.go()
    assert isinstance(ended.failure, Divergence) and not ended.suspended, "sign was renamed to signed"
    assert log(run.store) == before, "nothing is written down"
    run.flow = old
    assert run.go().result == 7
    run.ended_well()


RACE = """  found = parallel first {{
    branch asked {{
{asked}      yield sign.amount
    }}
    branch timed {{
      wait 2h
      yield 0
    }}
  }}
  return found
"""


def test_a_branch_of_a_race_that_has_left_the_log_is_no_branch_that_has_lost() -> None:
    run = Waiting(workflow(RACE.format(asked=asks("sign"))))
    run.go()
    run.decide(values={"amount": 7})
    before, old = log(run.store), run.flow
    run.flow = workflow(RACE.format(asked=asks("sign", "it really")))
    ended = run.go()
    assert isinstance(ended.failure, Divergence) and "question" in ended.failure.message
    assert log(run.store) == before
    run.flow = old
    assert run.go().result == 7
    run.ended_well()
