"""Writes whose outcome is not known, tries after failures, and taking back what was done."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest
from agent_lattice_runtime import ledger
from agent_lattice_runtime.compensation import Undo
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.deliveries import cancel, resolve
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.models import OnDoubt, Workflow
from agent_lattice_runtime.retrying import Retry
from agent_lattice_runtime.stores.memory import MemoryStore
from travel.recording import prefix

from .patience import HOUR, Clock, duration, go
from .samples import Crash, CrashingStore, World, manifest, ops, types, workflow
from .test_waiting import sound

PAY = manifest(pay=ops("t.pay", "t.find"), note=ops("t.note"), pay__compensate=ops("t.void"))


class Bank:
    """Pays, and says that it has; or breaks off after it has, or before."""

    def __init__(self, *ways: str, key: str | None = None, doubt: str = "") -> None:
        self.world, self.paid, self.ways = World(), 0, list(ways)
        self.pay = self.world.op("t.pay", "write", self._pay, key=key)
        self.void = self.world.op("t.void", "write", self._void, key="id")
        self.find = self.world.op("t.find", "read", lambda: {"id": self.paid} if self.paid else None)
        doubts = {
            "verify": OnDoubt("verify", verify=self.find),
            "ask": OnDoubt("ask", role="ops", within=HOUR),
            "assume": OnDoubt("assume"),
            "fail": OnDoubt("fail"),
        }
        self.pay.doubt = doubts.get(doubt)

    def _pay(self, amount: int = 1) -> dict[str, int]:
        way = self.ways.pop(0) if self.ways else "well"
        if way == "refuse":
            raise ValueError("no money")
        if way != "before":
            self.paid += amount
        if way != "well":
            raise TimeoutError("no answer")
        return {"id": self.paid}

    def _void(self, id: int) -> None:
        self.paid -= 1


def paying(bank: Bank, **how: Any) -> Workflow:
    async def body(ctx: Context) -> Any:
        return await ctx.tool("pay", bank.pay, {"amount": 1}, **how)

    flow = workflow(body, PAY)
    flow.operations = {"t.pay": bank.pay}
    return flow


def crashed(flow: Workflow, clock: Clock) -> MemoryStore:
    """A run of which the process dies after the intent of its first write, in the middle of the call."""
    store = MemoryStore()
    with pytest.raises(Crash):
        go(flow, CrashingStore(store, 2, False), clock)  # type: ignore[arg-type]
    return store


@pytest.mark.parametrize(("way", "calls"), [("after", 1), ("before", 2)])
@pytest.mark.parametrize("dies", [False, True])
def test_a_reading_operation_tells_whether_it_happened(way: str, calls: int, dies: bool) -> None:
    bank, clock = Bank("well" if dies else way, doubt="verify"), Clock()
    flow = paying(bank)
    store = crashed(flow, clock) if dies else MemoryStore()
    if dies and way == "before":
        bank.paid = 0  # the call had not arrived
    assert go(flow, store, clock).result == {"id": 1} and bank.paid == 1
    assert [name for name, _ in bank.world.done].count("t.find") == 1
    assert "pay effect.verified" in types(store) and ("pay#2 effect.committed" in types(store)) == (calls == 2)
    sound(flow, store)


class Slowly(Bank):
    """Has paid only when `seconds` are over, or when `end` is set: what is looked up before that is not there yet."""

    def __init__(self, seconds: float) -> None:
        super().__init__(doubt="verify")
        self.seconds, self.end = seconds, Event()

    def _pay(self, amount: int = 1) -> dict[str, int]:
        self.end.wait(self.seconds)
        return super()._pay(amount)


def test_a_write_whose_time_is_over_is_not_looked_up_while_it_goes_on() -> None:
    """Looked up at once it would not have happened, would be made again, and happen twice."""
    bank = Slowly(0.3)
    flow, store = paying(bank, timeout=0.05), MemoryStore()
    assert start(flow, {}, store, "r1").result == {"id": 1}
    assert bank.paid == 1 and [name for name, _ in bank.world.done] == ["t.pay"]
    sound(flow, store)


def test_a_write_that_never_ends_stays_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "HOLD", 0.1)
    bank = Slowly(60)
    flow, store = paying(bank, timeout=0.05), MemoryStore()
    try:
        ended = start(flow, {}, store, "r1")
        assert ended.failure is not None and ended.failure.code == "in_doubt"
        assert bank.world.done == [], "it is not looked up, and not made again"
        sound(flow, store)
    finally:
        bank.end.set()


@pytest.mark.parametrize("dies", [False, True])
def test_a_write_is_looked_up_only_when_the_time_of_its_call_is_over(dies: bool) -> None:
    """The connection is lost, or the process dies: the other side may be at work until then."""
    bank, clock = Bank("after", doubt="verify"), Clock()
    vars(bank.pay)["timeout"] = 30.0
    begun = clock.now
    store = crashed(paying(bank), clock) if dies else MemoryStore()
    looked: list[float] = []
    found = bank.find.function
    bank.find.function = lambda: (looked.append((clock.now - begun) / 1e9), found())[1]
    assert go(paying(bank), store, clock).result == {"id": 1} and bank.paid == 1
    assert looked == [pytest.approx(31.0, abs=0.01)]
    sound(paying(bank), store)


def test_an_operation_that_cannot_be_asked_leaves_the_doubt() -> None:
    bank, clock = Bank("after", doubt="verify"), Clock()
    bank.find.function = lambda: (_ for _ in ()).throw(ConnectionError("down"))
    ended = go(paying(bank), store := MemoryStore(), clock)
    assert ended.failure is not None and ended.failure.code == "in_doubt" and "t.find failed" in ended.failure.message
    assert len(clock.slept) == 4
    sound(paying(bank), store)


@pytest.mark.parametrize(("how", "paid"), [("done", 1), ("redo", 2), ("fail", 1), (None, 1)])
def test_a_person_says_what_became_of_it(how: str | None, paid: int) -> None:
    bank, clock, store = Bank("after", doubt="ask"), Clock(), MemoryStore()
    flow = paying(bank)
    first = go(flow, store, clock)
    assert first.waits[0] == {"kind": "doubt", "op": "t.pay", "role": "ops", "step": "pay"} | {
        "until": clock.now // 1000 + int(HOUR * 1e6)
    }
    if how is None:
        clock.sleep(HOUR)
    else:
        value = {"value": {"id": 7}} if how == "done" else {}
        assert resolve(flow, store, "r1", "pay", how, by="ann", delivery="d", clock=clock, **value)
        assert not resolve(flow, store, "r1", "pay", how, by="ann", delivery="d", clock=clock, **value)
        with pytest.raises(Failure, match=f"ann has said {how} already"):
            resolve(flow, store, "r1", "pay", "redo", by="bob")
    ended = go(flow, store, clock)
    if how in ("done", "redo"):
        assert ended.result == {"id": 7 if how == "done" else 2}
    else:
        assert ended.failure is not None and ended.failure.code == "in_doubt"
    assert bank.paid == paid
    sound(flow, store)


def test_doubt_that_is_not_followed_up() -> None:
    for doubt, code in (("assume", None), ("fail", "in_doubt"), ("", "in_doubt")):
        bank, clock = Bank("after", doubt=doubt), Clock()
        store = MemoryStore()
        ended = go(paying(bank), store, clock)
        assert (ended.failure.code if ended.failure else None) == code and bank.paid == 1
        sound(paying(bank), store)


def test_a_write_with_a_key_is_tried_again_with_the_same_key() -> None:
    bank, clock, store = Bank("after", "before", key="amount"), Clock(), MemoryStore()
    flow = paying(bank, retry=Retry(3, 2.0, 60.0, ("timeout",)))
    assert go(flow, store, clock).result == {"id": 2}
    assert 2.0 <= clock.slept[0] < 4.0 and 2.0 <= clock.slept[1] <= 4.0
    assert len({step.split()[-1] for _, step in bank.world.done}) == 1
    assert [kind for kind in types(store) if "retried" in kind] == ["pay step.retried", "pay#2 step.retried"]
    sound(flow, store)


def test_tries_are_bounded_and_only_after_the_named_failures() -> None:
    for ways, times, code in ((["before"] * 5, 3, "timeout"), (["refuse"], 1, "validation")):
        bank, clock, store = Bank(*ways, key="amount"), Clock(), MemoryStore()
        flow = paying(bank, retry=Retry(2, 1.0, 1.0, ("timeout",)))
        ended = go(flow, store, clock)
        assert ended.failure is not None and (ended.failure.code, ended.failure.step) == (code, "pay")
        assert sum("intended" in kind for kind in types(store)) == times
        sound(flow, store)


def test_a_process_that_dies_between_tries_does_not_begin_anew() -> None:
    bank, clock, store = Bank(*["before"] * 3, key="amount"), Clock(), MemoryStore()
    flow = paying(bank, retry=Retry(3, HOUR, HOUR, ("timeout",)))
    assert go(flow, store, clock).suspended
    due = store.runs()[0].due
    assert go(flow, store, clock).suspended and store.runs()[0].due == due
    for _ in range(3):
        clock.sleep(HOUR)
        ended = go(flow, store, clock)
    assert ended.result == {"id": 1}
    assert sum("intended" in kind for kind in types(store)) == 4
    sound(flow, store)


def test_a_try_takes_at_most_its_time() -> None:
    import time

    world = World()
    op = world.op("t.pay", "read", lambda amount: time.sleep(0.4))

    async def body(ctx: Context) -> Any:
        return await ctx.tool("pay", op, {"amount": 1}, timeout=0.05)

    flow, store = workflow(body, PAY), MemoryStore()
    started = time.monotonic()
    ended = go(flow, store, Clock())
    assert ended.failure is not None and ended.failure.code == "timeout" and time.monotonic() - started < 0.35
    sound(flow, store)


def shop(bank: Bank, then: Any) -> Workflow:
    async def body(ctx: Context) -> Any:
        def undo(paid: Any) -> Undo:
            return Undo(bank.void, {"id": paid["id"]})

        async def one(ctx: Context, index: int) -> Any:
            inner = ctx.at("order", index)
            return await inner.tool("pay", bank.pay, {"amount": 1}, undo=undo)

        first = await one(ctx, 0)
        await ctx.parallel(lambda ctx: one(ctx, 1), lambda ctx: one(ctx, 2))
        await then(ctx)
        return first

    grants = manifest(
        order__pay=ops("t.pay"), order__pay__compensate=ops("t.void"), note=ops("t.note"), nap=ops("t.nap")
    )
    return workflow(body, grants)


def voided(bank: Bank) -> list[str]:
    return [step.split()[0] for name, step in bank.world.done if name == "t.void"]


def test_what_was_done_is_taken_back_last_first() -> None:
    bank, clock, store = Bank(), Clock(), MemoryStore()

    async def fails(ctx: Context) -> None:
        raise Failure("refused", "no")

    flow = shop(bank, fails)
    ended = go(flow, store, clock)
    assert ended.failure is not None and ended.failure.code == "refused" and bank.paid == 0
    assert voided(bank)[-1] == "order[0].pay.compensate" and len(voided(bank)) == 3
    assert '"compensations":{"done":["order[' in store.events(store.runs()[0])[-1][4]
    sound(flow, store)


def test_what_cannot_be_taken_back_is_told_and_keeps_nothing_from_it() -> None:
    bank, clock, store = Bank(), Clock(), MemoryStore()
    void, calls = bank.void.function, []

    def sometimes(id: int) -> None:
        calls.append(id)
        if id == 2:
            raise ConnectionError("down")
        void(id)

    bank.void.function = sometimes

    async def fails(ctx: Context) -> None:
        raise Failure("refused", "no")

    flow = shop(bank, fails)
    ended = go(flow, store, clock)
    assert ended.failure is not None and ended.failure.code == "refused"
    assert calls.count(2) == 6 and bank.paid == 1, "it is tried six times"
    assert '"failed":[{"error":"unavailable","message":' in store.events(store.runs()[0])[-1][4]
    sound(flow, store)


def test_taking_back_that_was_begun_and_no_more_goes_on() -> None:
    """A run that is stopped just then has only that in its log."""
    bank, clock, store = Bank(), Clock(), MemoryStore()

    async def fails(ctx: Context) -> None:
        raise Failure("refused", "no")

    flow = shop(bank, fails)
    go(flow, store, clock)
    begun = [event[0] for event in store.events(store.runs()[0]) if event[2] == "compensation.started"]
    assert len(begun) == 3
    for place in begun:
        cut = prefix(store, place, "r1")
        ended = go(flow, cut, clock)
        assert ended.failure is not None and ended.failure.code == "refused"
        assert sum(kind.endswith("compensation.completed") for kind in types(cut)) == 3
        sound(flow, cut)


def test_a_cancelled_run_takes_back_what_it_did() -> None:
    bank, clock, store = Bank(), Clock(), MemoryStore()

    async def waits(ctx: Context) -> None:
        await ctx.wait("nap", duration(HOUR))

    flow = shop(bank, waits)
    assert go(flow, store, clock).suspended and bank.paid == 3
    assert cancel(flow, store, "r1", "no longer wanted", by="ann", clock=clock)
    assert not cancel(flow, store, "r1", "twice")
    ended = go(flow, store, clock)
    assert ended.failure is not None and ended.failure.code == "cancelled" and bank.paid == 0
    assert store.runs()[0].status == "cancelled" and types(store)[-1] == "run.cancelled"
    sound(flow, store)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 16))
def test_dying_while_taking_back_leaves_nothing_undone(at: int, after: bool) -> None:
    bank, clock, store = Bank(), Clock(), MemoryStore()

    async def fails(ctx: Context) -> None:
        raise Failure("refused", "no")

    bank.pay.key = "amount"
    counted: dict[str, Any] = {}
    void = bank.void.function

    def once(name: str, function: Any) -> Any:
        def call(**given: Any) -> Any:
            key = f"{name} {sorted(given.items())}"
            if key not in counted:
                counted[key] = function(**given)
            return counted[key]

        return call

    bank.void.function = once("void", void)
    flow = shop(bank, fails)
    try:
        go(flow, CrashingStore(store, at, after), clock)  # type: ignore[arg-type]
    except Crash:
        ended = go(flow, store, clock)
        assert ended.failure is not None and ended.failure.code == "refused"
    row = store.find("r1")
    assert row is not None and row.status == "failed"
    committed = [kind for kind in types(store) if kind.endswith("pay effect.committed")]
    undone = [kind for kind in types(store) if kind.endswith("compensation.completed")]
    assert len(committed) == len(undone) == 3
    sound(flow, store)
