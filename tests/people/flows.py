"""A workflow in the form of generated code, as a program: `python flows.py COMMAND …` is its command line. What its tools do is
written into the file `book`, a line each."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from agent_lattice_runtime import checks, cli
from agent_lattice_runtime.cel_time import Duration
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.models import Deps, OnDoubt, Workflow


def note(line: str) -> None:
    with Path("book").open("a", encoding="utf-8") as book:
        book.write(line + "\n")


class Op:
    """An operation of the desk; `key` and `doubt` as declared."""

    def __init__(
        self, name: str, effect: str, function: Any, *, key: str | None = None, doubt: OnDoubt | None = None
    ) -> None:
        self.name, self.effect, self.function, self.key, self.doubt = name, effect, function, key, doubt
        self.output = checks.anything

    def call(self, arguments: Any, deps: Deps) -> object:
        return self.function(**arguments)


def pay(order: str, amount: float) -> str:
    if not Path("book").exists() or f"pay {order} {amount:g}" not in Path("book").read_text().splitlines():
        note(f"pay {order} {amount:g}")  # the order is the key
    return f"r-{order}"


def give_back(order: str) -> str:
    note(f"give back {order}")
    return order


def linger(seconds: float) -> float:
    note("linger")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.005)
    note("lingered")
    return seconds


def die() -> None:
    note("die")
    os._exit(9)


def die_once() -> str:
    if not Path("book").exists():
        die()
    return "alive"


PAY = Op("bank.pay", "write", pay, key="order")
SURE = Op("bank.sure", "write", lambda order: die_once(), doubt=OnDoubt("ask", role="ops", within=3600.0))
BACK = Op("bank.back", "write", give_back)
LINGER = Op("desk.linger", "read", linger)
DIE = Op("desk.die", "read", die)
BAD = Op("desk.bad", "read", lambda: _bad())


def _bad() -> None:
    raise Failure("refused", "not today")


def check_values(value: object, path: str, errors: list[str]) -> dict[str, Any]:
    assert isinstance(value, dict)
    return {"amount": checks.number(value.get("amount"), f"{path}.amount", errors)}


async def desk(ctx: Context, *, what: str = "", order: str = "A1", seconds: float = 0.0, hours: float = 24) -> Any:
    if what == "two":
        one, other = await ctx.parallel(lambda ctx: ask(ctx, "one", 1.0), lambda ctx: ask(ctx, "other", 2.0))
        return [one["approved"], other["approved"]]
    if what == "signal":
        within = Duration(int((seconds or 3600) * 1e9))
        first = await ctx.signal("first", "paid", checks.text, within, lambda: "nobody")
        second = await ctx.signal("second", "paid", checks.text, within, lambda: "nobody")
        return [first, second]
    if what == "linger":
        return await ctx.tool("slow", LINGER, {"seconds": seconds})
    if what == "beside":
        await ctx.parallel(lambda ctx: ctx.tool("slow", LINGER, {"seconds": seconds}), paid_when_asked)
    if what == "late":
        await ctx.tool("slow", LINGER, {"seconds": seconds})
        return await ctx.signal("first", "paid", checks.text, Duration(3600 * 10**9), lambda: "nobody")
    if what == "many":
        return [await ctx.tool(f"pay_{place}", PAY, {"order": f"{order}.{place}", "amount": 1}) for place in range(10)]
    if what == "die":
        return await ctx.tool("end", DIE, {})
    if what == "doubt":
        return await ctx.tool("sure", SURE, {"order": order})
    if what == "bad":
        try:
            await ctx.tool("bad", BAD, {})
        except Failure as failure:
            ctx.caught(failure, "refused")
            raise Failure("conflict", f"nothing works for {order}") from failure
    if what == "wait":
        await ctx.wait("pause", Duration(int(seconds * 1e9)))
        return "waited"
    decision = await ask(ctx, "decision", 20.5, hours)
    if not decision["approved"]:
        return {"rejected": decision["by"], "why": decision["reason"]}
    return {"paid": await ctx.tool("paid", PAY, {"order": order, "amount": decision["amount"]}), "by": decision["by"]}


async def paid_when_asked(ctx: Context) -> Any:
    decision = await ask(ctx, "decision", 1.0)
    return await ctx.tool("paid", PAY, {"order": "beside", "amount": decision["amount"]})


async def ask(ctx: Context, step: str, amount: float, hours: float = 24) -> Any:
    return await ctx.approve(
        step,
        role="refunds",
        question=f"Pay {amount:g}?\nIt is for {step}.",
        values={"amount": amount},
        check=check_values,
        within=Duration(int(hours * 3600e9)),
        otherwise="reject",
    )


def check_input(value: object, path: str, errors: list[str]) -> Any:
    if isinstance(value, dict):
        return dict(value)
    checks.expected("object", value, path, errors)
    return {}


OPS = {op.name: op for op in (PAY, SURE, BACK, LINGER, DIE, BAD)}
STEPS = {"paid": PAY, "sure": SURE, "slow": LINGER, "end": DIE, "bad": BAD} | {f"pay_{n}": PAY for n in range(10)}
GRANTS = {step: {"operations": [op.name], "tools": ["bank"]} for step, op in STEPS.items()}
TOTAL = {"operations": sorted(OPS), "tools": ["bank"]}
APPROVAL = ("refunds", check_values)
WORKFLOW = Workflow(
    name="desk",
    function=desk,
    input=check_input,
    output=checks.anything,
    manifest={"plan": "sha256:test", "compiler": "0", "permissions": {"total": TOTAL, "steps": GRANTS}},
    signals={"paid": checks.text, "never": checks.integer},
    approvals={"decision": APPROVAL, "one": APPROVAL, "other": APPROVAL},
    operations=OPS,
)

if __name__ == "__main__":
    sys.exit(cli.main(WORKFLOW))
