"""The workflows whose steps are counted: they add one to a number, in a row or side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent_lattice_runtime.context import Context
from agent_lattice_runtime.effects import PythonOp
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore

if TYPE_CHECKING:
    from agent_lattice_runtime.journal import EventRow
    from agent_lattice_runtime.stores import Store

MOST = 1000  # steps in a row
NAMES = [f"step_{number}" for number in range(MOST)]
WIDEST = 10_000  # steps side by side


def _count(value: object, path: str, errors: list[str]) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    errors.append(f"{path}: expected int")
    return 0


def _input(value: object, path: str, errors: list[str]) -> dict[str, Any]:
    return {"steps": _count(value["steps"], f"{path}.steps", errors)} if isinstance(value, dict) else {}


ADD = PythonOp(name="numbers.add", module="bench_tools", function="add", effect="pure", output=_count)


async def chain(ctx: Context, steps: int) -> int:
    """Steps in a row, each adding one to what the step before returned."""
    total = 0
    for name in NAMES[:steps]:
        total = await ctx.tool(name, ADD, {"number": total})
    return total


async def fan(ctx: Context, steps: int) -> int:
    """Steps side by side, each adding one to its index; their sum."""
    numbers = list(range(steps))
    return sum(await ctx.map("each", numbers, WIDEST, WIDEST, lambda ctx, n: ctx.tool("add", ADD, {"number": n})))


def _workflow(name: str, function: Any, steps: list[str]) -> Workflow:
    grant = {"tools": ["numbers"], "operations": ["numbers.add"]}
    permissions = {"total": grant, "steps": dict.fromkeys(steps, grant)}
    manifest = {"plan": "sha256:bench", "compiler": "0", "permissions": permissions}
    return Workflow(name=name, function=function, input=_input, output=_count, manifest=manifest)


CHAIN = _workflow("chain", chain, NAMES)
FAN = _workflow("fan", fan, ["each.add"])


def with_tools(folder: Path) -> Setting:
    """A setting whose Python tools are in `folder`, where they are written."""
    (folder / "bench_tools.py").write_text("def add(number):\n    return number + 1\n", encoding="utf-8")
    return Setting(tools=str(folder))


def events_of(flow: Workflow, steps: int, setting: Setting) -> list[EventRow]:
    """The events of a whole run."""
    store = MemoryStore()
    start(flow, {"steps": steps}, store, "bench", setting)
    row = store.find("bench")
    assert row is not None
    return list(store.events(row))


def opened(place: str) -> Store:
    """The store at a path or URL."""
    if place.startswith("postgresql:"):
        from agent_lattice_runtime.stores.postgres import PostgresStore

        return PostgresStore(place)
    from agent_lattice_runtime.stores.sqlite import SqliteStore

    return SqliteStore(place)
