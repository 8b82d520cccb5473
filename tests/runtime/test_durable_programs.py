"""Any program of steps that read, write, wait, are signalled, approved, raced and taken back, dying at any commits, ends as if
nothing had happened: the same outcome, each write once, none forgotten, and a log that verifies and replays."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from agent_lattice_runtime.compensation import Undo
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.deliveries import decide, open_approvals, signal
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import enqueue, resume
from agent_lattice_runtime.history import History
from agent_lattice_runtime.models import OnDoubt, Workflow
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.retrying import Retry
from agent_lattice_runtime.run import Run
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.verify import verify
from hypothesis import given, settings
from hypothesis import strategies as st
from travel.recording import prefix

from .patience import HOUR, Clock, duration
from .samples import Crash, CrashingStore, World, check_int, check_record, manifest, ops, workflow

LEAVES = ("read", "key", "verify", "flaky", "wait", "signal", "approve")
Program = Any  # ("read",) | ("seq" | "all" | "first" | "try", [programs])

programs = st.recursive(
    st.sampled_from(LEAVES).map(lambda kind: (kind,)),
    lambda inner: st.tuples(st.sampled_from(("seq", "all", "first", "try")), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=7,
)


class Books:
    """What the writes have done, by step: a key makes a second call harmless, for others it would count twice."""

    def __init__(self) -> None:
        self.world, self.made, self.voided, self.keys = World(), Counter[str](), Counter[str](), set[str]()
        self.failed: set[str] = set()
        op = self.world.op
        self.read = op("t.read", "read", lambda at: at)
        self.key = op("t.key", "write", lambda at: self._once("made", at), key="at")
        self.flaky = op("t.flaky", "write", self._flaky, key="at")
        self.find = op("t.find", "read", lambda at: at if self.made[at] else None)
        self.verify = op("t.verify", "write", self._make)
        self.verify.doubt = OnDoubt("verify", verify=self.find, parameters=("at",))
        self.void = op("t.void", "write", lambda at: self._once("voided", at), key="at")

    def _once(self, book: str, at: str) -> str:
        if (name := f"{book} {at}") not in self.keys:
            self.keys.add(name)
            getattr(self, book)[at] += 1
        return at

    def _make(self, at: str) -> str:
        self.made[at] += 1
        return at

    def _flaky(self, at: str) -> str:
        self._once("made", at)
        if at not in self.failed:
            self.failed.add(at)
            raise TimeoutError("no answer")
        return at


class Runner:
    """A program as the body of a workflow."""

    def __init__(self, books: Books, program: Program, fails: bool) -> None:
        self.books, self.program, self.fails = books, program, fails

    async def __call__(self, ctx: Context) -> Any:
        found = await self.run(ctx, self.program, "s")
        if self.fails:
            raise Failure("refused", "in the end")
        return found

    async def run(self, ctx: Context, program: Program, at: str) -> Any:
        kind = program[0]
        if kind in LEAVES:
            return await getattr(self, f"_{kind}")(ctx.at(kind, _number(at)), at)
        bodies = [
            lambda ctx, part=part, place=f"{at}{index}": self.run(ctx, part, place)
            for index, part in enumerate(program[1])
        ]
        if kind == "all":
            return list(await ctx.parallel(*bodies))
        if kind == "first":
            inner = Context(ctx.run, f"{ctx.path}race[{_number(at)}].", ctx.static)
            return await inner.race("first", 1, *[_inside(body, inner) for body in bodies])
        found = [await body(ctx) for body in bodies]
        if kind == "try":
            try:
                raise Failure("timeout", "on purpose")
            except Failure as failure:
                found.append(ctx.caught(failure, "timeout"))
        return found

    async def _read(self, ctx: Context, at: str) -> Any:
        return await ctx.tool("read", self.books.read, {"at": at})

    async def _key(self, ctx: Context, at: str) -> Any:
        return await ctx.tool("key", self.books.key, {"at": at}, undo=lambda at: Undo(self.books.void, {"at": at}))

    async def _verify(self, ctx: Context, at: str) -> Any:
        return await ctx.tool(
            "verify", self.books.verify, {"at": at}, undo=lambda at: Undo(self.books.void, {"at": at})
        )

    async def _flaky(self, ctx: Context, at: str) -> Any:
        return await ctx.tool("flaky", self.books.flaky, {"at": at}, retry=Retry(2, 2 * HOUR, 3 * HOUR, ("timeout",)))

    async def _wait(self, ctx: Context, at: str) -> Any:
        await ctx.wait("wait", duration(HOUR))
        return at

    async def _signal(self, ctx: Context, at: str) -> Any:
        return await ctx.signal("signal", "payment", check_int, duration(HOUR), lambda: -1)

    async def _approve(self, ctx: Context, at: str) -> Any:
        how = {"role": "r", "question": at, "within": duration(HOUR), "otherwise": "reject"}
        found = await ctx.approve("ok", values={"at": at}, check=check_record, **how)  # type: ignore[arg-type]
        return [found["approved"], found["at"]]


def _inside(body: Any, scope: Context) -> Any:
    return lambda ctx: body(scope)


def _number(at: str) -> int:
    return int(f"1{at[1:]}")


GRANTS = {
    "read__read": ops("t.read"),
    "key__key": ops("t.key"),
    "key__key__compensate": ops("t.void"),
    "verify__verify": ops("t.verify", "t.find"),
    "verify__verify__compensate": ops("t.void"),
    "flaky__flaky": ops("t.flaky"),
}


def lived(program: Program, fails: bool, crashes: list[tuple[int, bool]]) -> tuple[Run, MemoryStore, Books, Workflow]:
    """The run of a program whose processes die at these commits of theirs, before or after them, until it is over."""
    books, store, clock = Books(), MemoryStore(), Clock(4e9)
    flow = workflow(Runner(books, program, fails).__call__, manifest(**GRANTS))
    flow.signals = {"payment": check_int}
    enqueue(flow, {}, store, "r1")
    for number in range(2):
        signal(flow, store, "r1", "payment", number, delivery=f"d{number}")
    left = list(crashes)
    for _ in range(200):
        at, after = left.pop(0) if left else (0, False)
        try:
            run = resume(flow, "r1", CrashingStore(store, at, after), clock.setting())  # type: ignore[arg-type]
        except Crash:
            store.close()  # the claims of a process end with it, and so do its threads
            for thread in threading.enumerate():
                if thread.name.startswith("effect-"):
                    thread.join()
            continue
        if run.over and not run.suspended:
            return run, store, books, flow
        _answered(flow, store, clock)
    raise AssertionError("the run does not come to its end")


def _answered(flow: Workflow, store: MemoryStore, clock: Clock) -> None:
    """Who is asked says yes; else the next thing that is due happens."""
    (row,) = store.runs()
    asked = open_approvals(History(store.events(row)))
    for step in asked:
        decide(flow, store, "r1", step, True, by="ann", clock=clock)
    if not asked and row.due is not None:
        clock.now = max(clock.now, row.due * 1000)


def races(program: Program) -> bool:
    return program[0] == "first" or (len(program) > 1 and any(races(part) for part in program[1]))


@settings(max_examples=150, deadline=None)
@given(programs, st.booleans(), st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=12))
def test_a_program_that_dies_ends_as_if_nothing_had_happened(
    program: Program, fails: bool, crashes: list[tuple[int, bool]]
) -> None:
    run, store, books, flow = lived(program, fails, crashes)
    (row,) = store.runs()
    assert verify(store, row) is None
    assert replay(flow, "r1", store).divergence is None
    for count in range(1, row.head_seq or 1):
        assert replay(flow, "r1", prefix(store, count, "r1")).divergence is None, f"cut off after event {count}"
    assert all(count == 1 for count in (books.made + Counter()).values()), "no write was made twice"
    undoable = {at for at in books.made if at not in books.failed}
    if fails and not races(program):
        assert set(books.voided) == undoable and all(count == 1 for count in books.voided.values())
    if not races(program):
        calm, calm_store, calm_books, _ = lived(program, fails, [])
        assert run.result == calm.result
        assert (run.failure.code if run.failure else None) == (calm.failure.code if calm.failure else None)
        assert books.made == calm_books.made and books.voided == calm_books.voided
        assert _settled(store) == _settled(calm_store)


def _settled(store: MemoryStore) -> set[tuple[str, str]]:
    """The events of a log that do not say how often its processes died, nor which branch was faster, without their tries."""
    (row,) = store.runs()
    told = ("run.", "effect.in_doubt", "effect.verified", "timer.", "signal.", "step.retried")
    found = {(event[2], event[3].partition("#")[0]) for event in store.events(row)}
    found = {(kind, step) for kind, step in found if not kind.startswith(told)}
    return {entry for entry in found if entry[0] != "effect.committed" or not entry[1].endswith(".verify")}
