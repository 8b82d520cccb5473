"""Small programs, their plans, and packages built from them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_lattice import driver, plan
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.run import Run, Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Mocks
from agent_lattice_targets.python.memory import load_all
from agent_lattice_targets.python.modules import modules
from agent_lattice_targets.python.package import package_files
from agent_lattice_targets.python.package_names import PackageNames

TOOLS = """\
tool t = python("t_tools") {
  op number(x: int) -> int { effect: pure }
  op text(x: string, y: string?) -> string { effect: pure }
  op numbers(count: int) -> list<int> { effect: pure }
  op store(key: string, value: int) -> string { effect: write, idempotent_by: key }
}
model m = scripted("replies.json") {}
"""

T_TOOLS = """\
def number(x):
    return x


def text(x, y=None):
    return x + (y or "")


def numbers(count):
    return list(range(count))


def store(key, value):
    return f"{key}={value}"
"""

FILES = {"t_tools.py": T_TOOLS, "replies.json": '{"replies": []}'}
ECHO_FILES = FILES | {"replies.json": '{"replies": [{"step": "y", "text": "ho"}]}'}
"""Of `ECHO`, which asks a model once."""


def made(source: str, files: Mapping[str, str] = FILES, name: str = "main.lat", main: str | None = None) -> plan.Plan:
    """The plan of a source without findings that stop it."""
    compilation = driver.compile_source(name, source.encode(), lambda path: _bytes(files.get(path)))
    errors = [str(found.message) for found in compilation.report.sorted() if compilation.report.failed]
    assert not errors, errors
    result = driver.plan_of(compilation, main)
    assert result is not None
    return result


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def body(statements: str, params: str = "n: int", result: str = "int") -> str:
    """A source with one workflow `main` and the usual tools."""
    return f"{TOOLS}workflow main({params}) -> {result} {{\n{statements}\n}}\n"


ECHO = body(
    'a = t.number(x: n)\nemit seen(a: a)\ny = ask m -> string { prompt "hello" }\nreturn y + string(a)', result="string"
)


def module(source: plan.Plan | str, name: str = "workflow.py") -> str:
    """One emitted module."""
    compiled = made(source) if isinstance(source, str) else source
    return modules(compiled, PackageNames(compiled))[name]


def function(source: str, name: str = "main") -> str:
    """The text of one function of the emitted workflow module."""
    text = module(source)
    start = text.index(f"def {name}(")
    start = text.rindex("\n", 0, start) + 1
    end = text.find("\n\n\n", start)
    return text[start:] if end < 0 else text[start : end + 1]


_TOOLS = {
    "t.number": [Computed(lambda **given: given["x"])],
    "t.text": [Computed(lambda **given: given["x"] + (given.get("y") or ""))],
    "t.numbers": [Computed(lambda **given: list(range(given["count"])))],
    "t.store": [Computed(lambda **given: f"{given['key']}={given['value']}")],
}


class Ran:
    """A run in memory: `result` or `error`, its events as (type, step), and what the author's events have `told`."""

    def __init__(self, run: Run, events: Sequence[tuple[str, str]], told: Sequence[dict[str, Any]] = ()) -> None:
        self.result: Any = run.result
        self.failure = run.failure
        self.error = run.failure.code if run.failure else None
        self.events = list(events)
        self.told = list(told)

    def steps(self) -> list[str]:
        """The steps that ended well, in the order of the log."""
        return [step for kind, step in self.events if kind in ("step.completed", "effect.committed", "llm.completed")]


def run(source: str | plan.Plan, arguments: Mapping[str, object], mocks: Mapping[str, Sequence[object]] = {}) -> Ran:
    """Run the main workflow in memory; tools are those of T_TOOLS unless mocked."""
    compiled = made(source) if isinstance(source, str) else source
    stand_ins = Mocks({**_TOOLS, **mocks})
    store = MemoryStore()
    setting = Setting(mocks=stand_ins)
    done = start(load_all(compiled)[compiled.main], dict(arguments), store, "run", setting)
    row = store.find("run")
    assert row is not None
    events = store.events(row)
    told = [json.loads(event[4]) for event in events if event[2].startswith("custom.")]
    return Ran(done, [(event[2], event[3]) for event in events], told)


def write(folder: Path, compiled: plan.Plan) -> Path:
    """Write the package of a plan; the folder."""
    for path, text in package_files(compiled).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return folder


def python(
    *words: str, cwd: Path, interpreter: str = sys.executable, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A Python process with an environment of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYENV_ROOT", "PYENV_VERSION") if name in os.environ}
    env = kept | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"} | environment
    return subprocess.run(
        [interpreter, *words],
        cwd=cwd,
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def interpreters() -> list[str]:
    """The Python versions from 3.11 that can be started by their names."""
    found = [path for minor in (11, 12, 13, 14) if (path := shutil.which(f"python3.{minor}"))]
    works = [
        path
        for path in found
        if python("-I", "-S", "-c", "import sqlite3", cwd=Path("/"), interpreter=path).returncode == 0
    ]
    return works or [sys.executable]
