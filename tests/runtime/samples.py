"""Small hand-written workflows in the form of generated code, and the world they act on."""

from __future__ import annotations

from typing import Any

from agent_lattice_runtime.context import Context
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.models import TEXT, Deps, Model, OnDoubt, Output, Workflow
from agent_lattice_runtime.run import Run, Setting
from agent_lattice_runtime.stores.memory import MemoryStore


def check_int(value: object, path: str, errors: list[str]) -> int:
    if isinstance(value, str) and value.lstrip("-").isdecimal() and abs(int(value)) > 2**53 - 1:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    errors.append(f"{path}: expected int, found {type(value).__name__}")
    return 0


def check_float(value: object, path: str, errors: list[str]) -> float:
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    errors.append(f"{path}: expected float, found {type(value).__name__}")
    return 0.0


def check_any(value: object, path: str, errors: list[str]) -> Any:
    return value


def check_string(value: object, path: str, errors: list[str]) -> str:
    return TEXT.check(value, path, errors)


def check_record(value: object, path: str, errors: list[str]) -> dict[str, Any]:
    if isinstance(value, dict):
        return dict(value)
    errors.append(f"{path}: expected record, found {type(value).__name__}")
    return {}


def check_verdict(value: object, path: str, errors: list[str]) -> dict[str, Any]:
    record = check_record(value, path, errors)
    if record and set(record) != {"verdict", "confidence"}:
        errors.append(f"{path}: expected verdict and confidence, found {', '.join(sorted(record))}")
        return record
    if record:
        record["confidence"] = check_float(record["confidence"], f"{path}.confidence", errors)
        check_string(record["verdict"], f"{path}.verdict", errors)
    return record


def check_order(value: object, path: str, errors: list[str]) -> dict[str, Any]:
    record = check_record(value, path, errors)
    return {**record, "big": check_int(record.get("big"), f"{path}.big", errors), "note": record.get("note")}


VERDICT = Output(name="Verdict", schema={"type": "object"}, check=check_verdict)
FAST = Model(name="fast", provider="scripted", model="fast-1", input_price=1.0, output_price=5.0)
JUDGE = Model(name="judge", provider="scripted", model="judge-1")
SHAKY = Model(name="shaky", provider="scripted", model="shaky-1", fallback=JUDGE)


class World:
    """What operations act on: it counts what was really done, by operation and argument."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []

    def op(self, name: str, effect: str, function: Any, *, key: str | None = None, output: Any = check_any) -> WorldOp:
        return WorldOp(self, name, effect, function, key, output)


class WorldOp:
    """An operation that runs a Python function and remembers that it did."""

    doubt: OnDoubt | None = None

    def __init__(self, world: World, name: str, effect: str, function: Any, key: str | None, output: Any) -> None:
        self.world, self.name, self.effect, self.function = world, name, effect, function
        self.key, self.output = key, output

    def call(self, arguments: Any, deps: Deps) -> object:
        result = self.function(**arguments)
        self.world.done.append((self.name, f"{deps.step} {deps.idempotency_key or ''}".strip()))
        return result


def manifest(**steps: dict[str, list[str]]) -> dict[str, Any]:
    """A manifest whose steps (dots written as `__`) have these grants."""
    total: dict[str, list[str]] = {}
    for grant in steps.values():
        for kind, names in grant.items():
            total.setdefault(kind, []).extend(names)
    table = {name.replace("__", "."): grant for name, grant in steps.items()}
    return {"plan": "sha256:test", "compiler": "0.1.0", "permissions": {"total": total, "steps": table}}


def workflow(function: Any, grants: dict[str, Any], *, output: Any = check_any) -> Workflow:
    """A workflow whose input is any record."""
    return Workflow(name=function.__name__, function=function, input=check_record, output=output, manifest=grants)


def ops(*names: str) -> dict[str, list[str]]:
    """A grant for operations."""
    return {"tools": ["shop"], "operations": list(names)}


def asks(*names: str) -> dict[str, list[str]]:
    """A grant for models."""
    return {"models": list(names)}


def refund(world: World) -> Workflow:
    """Every kind of step: read, pure in parallel, ask with repair, write with and without a key, map, child, emit."""
    order = world.op("shop.order", "read", lambda id: {"id": id, "total": 20.5, "big": 2**60}, output=check_order)
    score = world.op("shop.score", "pure", lambda order: 0.25, output=check_float)
    policy = world.op("shop.policy", "read", lambda query: ["p1", "", "ünï"])
    pay = world.op("shop.pay", "write", lambda order, amount: {"receipt": order}, key="order")
    letter = world.op("shop.letter", "pure", lambda n: n * 2, output=check_int)

    async def child(ctx: Context, n: int) -> int:
        return int(await ctx.tool("twice", letter, {"n": n}))

    async def body(ctx: Context, n: int) -> int:
        return int(await ctx.tool("draft", letter, {"n": n})) + int(await ctx.tool("again", letter, {"n": n + 1}))

    async def refund(ctx: Context, order_id: str) -> Any:
        found = await ctx.tool("order", order, {"id": order_id})
        rules, risk = await ctx.parallel(
            lambda ctx: ctx.tool("policy", policy, {"query": "x" * 2000}),
            lambda ctx: ctx.tool("score", score, {"order": found}),
        )
        verdict = await ctx.ask(
            "triage", FAST, output=VERDICT, system="Decide.", prompt=f"{rules} {risk}",
            checks=((lambda v: v["confidence"] >= 0.6, "needs confidence >= 0.6"),), repair=2, escalate=JUDGE,
        )  # fmt: skip
        await ctx.emit("progress", "progress", {"verdict": verdict["verdict"]})
        drafts = await ctx.map("drafts", [1, 2, 3], 10, 2, body)
        total = 0
        for index, draft in enumerate(ctx.bounded("sums", drafts, 5)):
            total += int(await ctx.at("sums", index).tool("add", letter, {"n": draft}))
        child_result = await ctx.call("inner", child, {"n": total})
        paid = await ctx.tool("pay", pay, {"order": found["id"], "amount": found["total"]})
        return {"paid": paid, "drafts": drafts, "total": child_result, "big": found["big"], "note": verdict}

    grants = manifest(
        order=ops("shop.order"), policy=ops("shop.policy"), score=ops("shop.score"), triage=asks("fast", "judge"),
        drafts__draft=ops("shop.letter"), drafts__again=ops("shop.letter"), sums__add=ops("shop.letter"),
        inner__twice=ops("shop.letter"), pay=ops("shop.pay"),
    )  # fmt: skip
    return workflow(refund, grants, output=check_order)


def replies(**steps: list[str]) -> dict[str, Any]:
    """Scripted answers: the texts of successive attempts by step (dots written as `__`)."""
    entries = [{"step": step.replace("__", "."), "text": text} for step, texts in steps.items() for text in texts]
    return {"replies": entries}


REFUND_REPLIES = replies(
    triage=["not json", '{"verdict":"approve","confidence":0.5}', '```json\n{"verdict":"approve","confidence":1}\n```']
)


class Crash(BaseException):
    """The process dies here."""


class CrashingStore:
    """A store of which the process dies at the n-th commit, before or after it is on the disk."""

    def __init__(self, store: Any, at: int, after: bool) -> None:
        self.store, self.left, self.after = store, at, after

    def append(self, batch: Any) -> None:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Crash
        self.store.append(batch)
        if self.left == 0:
            raise Crash

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def run(flow: Workflow, value: dict[str, Any] | None = None, **settings: Any) -> tuple[Run, MemoryStore]:
    """A run in memory and its store."""
    store = MemoryStore()
    return start(flow, value or {}, store, "r1", Setting(**settings)), store


def types(store: Any, run_id: str = "r1") -> list[str]:
    """`step type` of every event of a run."""
    row = store.find(run_id)
    return [f"{event[3]} {event[2]}".strip() for event in store.events(row)]
