"""Small programs in the language, and the desk that their operations are done at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent_lattice.driver import Compilation, compile_source, emit, plan_of
from agent_lattice_runtime.execute import resume, start
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.run import Run, Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Mocks
from agent_lattice_targets.python import TARGET
from agent_lattice_targets.python.memory import load_all
from runtime.samples import Crash, CrashingStore

TOOLS = str(Path(__file__).parent / "tools")
_OPERATION = re.compile(r"op (\w+)\(([^)]*)\)")


def compiled(source: str) -> Compilation:
    """A source whose tool `desk` has a Python function for each operation."""
    functions = [
        f"def {name}({', '.join(part.partition(':')[0].strip() for part in given.split(',') if part)}):\n    ...\n"
        for name, given in _OPERATION.findall(source)
    ]
    files = {"desk.py": "\n\n".join(functions).encode()}
    return compile_source("main.lat", source.encode(), files.get)


def flows(source: str) -> dict[str, Workflow]:
    """The workflows of a source that nothing is wrong with."""
    compilation = compiled(source)
    assert not compilation.report.failed, [str(found.message) for found in compilation.report.sorted()]
    made = plan_of(compilation)
    assert made is not None
    return load_all(made)


def flow(source: str, name: str = "main") -> Workflow:
    return flows(source)[name]


def findings(source: str) -> set[str]:
    """The names of what is wrong with a source."""
    return {found.code.name for found in compiled(source).report.sorted()}


def built(source: str, tools: dict[str, str], folder: Path) -> Path:
    """The package `main` of a source in `folder`, with the texts of its Python modules."""
    files = {name: text.encode() for name, text in tools.items()}
    compilation = compile_source("main.lat", source.encode(), files.get)
    assert not compilation.report.failed, [str(found.message) for found in compilation.report.sorted()]
    made = plan_of(compilation)
    assert made is not None
    for name, text in emit(made, TARGET).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


class Desk:
    """Does operations of the tool `desk` and counts them by name and arguments."""

    def __init__(self, **functions: Callable[..., object]) -> None:
        self.done: Counter[str] = Counter()
        self._functions = functions

    def opened(self) -> str:
        """The folder of Python tools that do everything here from now on: runs with mocks do not wait for anything."""
        global _open
        _open = self
        return TOOLS

    def call(self, name: str, **arguments: object) -> object:
        """Do an operation."""
        return self._counted(name)(**arguments)

    def setting(self, **more: Any) -> Setting:
        """A setting in which the operations are done here."""
        return Setting(mocks=self.mocks(), **more)

    def mocks(self) -> Mocks:
        """What stands in for the tool."""
        return Mocks({f"desk.{name}": [Computed(self._counted(name))] for name in self._functions})

    def _counted(self, name: str) -> Callable[..., object]:
        def call(**arguments: object) -> object:
            self.done[" ".join([name, *map(str, arguments.values())])] += 1
            return self._functions[name](**arguments)

        return call


_open: Desk | None = None


def at_desk(name: str, **arguments: object) -> object:
    """What the Python tools call."""
    assert _open is not None
    return _open.call(name, **arguments)


def log(store: Any, run_id: str = "r1") -> list[tuple[str, str]]:
    """(type, step) of every event of a run."""
    row = store.find(run_id)
    return [] if row is None else [(event[2], event[3]) for event in store.events(row)]


def crashed_everywhere(
    workflow: Workflow, value: dict[str, object], desk: Callable[[], Desk], **more: Any
) -> list[tuple[Run, Desk, MemoryStore]]:
    """What became of the run of each process that died before or after a commit and was followed by a healthy one."""
    ended = []
    for after in (False, True):
        for at in range(1, 200):
            world, store = desk(), MemoryStore()
            try:
                start(workflow, value, CrashingStore(store, at, after), "r1", world.setting(**more))  # type: ignore[arg-type]
            except Crash:
                going = resume if store.find("r1") else None
                found = (
                    going(workflow, "r1", store, world.setting(**more))
                    if going
                    else start(workflow, value, store, "r1", world.setting(**more))
                )
                ended.append((found, world, store))
            else:
                break
    return ended
