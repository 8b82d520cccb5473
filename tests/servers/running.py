"""Programs that call MCP servers, compiled and run here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_lattice import driver, plan
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.run import Run, Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_targets.python.memory import load_all

HERE = Path(__file__).parent


def made(source: str, *more: Path) -> plan.Plan:
    """The plan of a source beside the servers of this folder and the files of others."""

    def read(name: str) -> bytes | None:
        found = [folder / name for folder in (HERE, *more) if (folder / name).is_file()]
        return found[0].read_bytes() if found else None

    compilation = driver.compile_source("main.lat", source.encode(), read)
    assert not compilation.report.failed, [str(found.message) for found in compilation.report.found]
    result = driver.plan_of(compilation)
    assert result is not None
    return result


def run(source: str, arguments: Mapping[str, object] | None = None, store: MemoryStore | None = None) -> Run:
    """A run of the main workflow with the servers of this folder."""
    compiled = made(source)
    return start(
        load_all(compiled)[compiled.main],
        dict(arguments or {}),
        store or MemoryStore(),
        "run",
        Setting(tools=str(HERE)),
    )


def events(store: MemoryStore) -> list[tuple[str, str, Any]]:
    """What the log of the run holds: type, step, payload."""
    row = store.find("run")
    assert row is not None
    return [(event[2], event[3], json.loads(event[4])) for event in store.events(row)]


def odd(mode: str, type: str = "string", timeout: str = "10s", more: str = "", effect: str = "read") -> str:
    """A source that calls the tool of `odd_server.py MODE` once."""
    return f"""
    secret KEY
    tool odd = mcp("python odd_server.py {mode}") {{
      timeout: {timeout}
      {more}
      op ask(q: string) -> {type} {{ effect: {effect} }}
    }}
    workflow main() -> {type} {{
      a = odd.ask(q: "?")
      return a
    }}
    """
