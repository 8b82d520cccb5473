"""Merge policies: whatever the interleaving, a run gives what a plain sequential reading of the program says."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Mocks
from agent_lattice_targets.python.memory import load_all
from agent_lattice_targets.python.package import package_files
from hypothesis import given
from hypothesis import strategies as st
from targets.python.programs import TOOLS, made, module, run

HEAD = """\
  var total: int merge sum = 1
  var log: list<string> merge append = ["start"]
  var top: int merge max = 3
  var status: string? merge last_by_branch = null
  var agreed: string merge reject = "nobody"
"""
TAIL = '  return log + [string(total), string(top), status == null ? "null" : status, agreed]\n'
SETS = {
    "total": "total + {0}",
    "log": 'log + ["{0}"]',
    "top": "{0}",
    "status": '"{0}"',
    "agreed": '"{1}"',
}


@dataclass
class Variables:
    """The values of the variables in one branch, and which of them it has set."""

    values: dict[str, Any]
    set: dict[str, bool] = field(default_factory=dict)

    def fork(self) -> Variables:
        return Variables(dict(self.values))

    def change(self, name: str, number: int) -> None:
        old = self.values[name]
        new: dict[str, Any] = {
            "total": lambda: old + number,
            "log": lambda: [*old, str(number)],
            "top": lambda: number,
            "status": lambda: str(number),
            "agreed": lambda: "ab"[number % 2],
        }
        self.values[name] = new[name]()
        self.set[name] = True

    def join(self, copies: Sequence[Variables]) -> None:
        before = dict(self.values)
        for name in self.values:
            setters = [copy for copy in copies if copy.set.get(name)]
            left = [copy.values[name] for copy in setters]
            if not setters:
                continue
            self.set[name] = True
            if name == "total":
                self.values[name] = before[name] + sum(value - before[name] for value in left)
            elif name == "log":
                self.values[name] = before[name] + [item for value in left for item in value[len(before[name]) :]]
            elif name == "top":
                self.values[name] = max([before[name], *left])
            elif name == "agreed" and len(set(left)) > 1:
                raise Failure("conflict", "")
            else:
                self.values[name] = left[-1]


Statement = Callable[[Variables, int], None]
"""What a statement does to the variables, in an item with that number."""


class Program:
    """A random body: its text, and the same as functions over the variables."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.steps = 0

    def block(self, depth: int, indent: str, item: str) -> tuple[list[str], list[Statement]]:
        made = [self.statement(depth, indent, item) for _ in range(self.chance.randint(1, 3))]
        return [line for lines, _ in made for line in lines], [statement for _, statement in made]

    def statement(self, depth: int, indent: str, item: str) -> tuple[list[str], Statement]:
        sorts = ["set", "set", "step"] + (["parallel", "parallel", "items", "if", "loop"] if depth else [])
        return getattr(self, f"_{self.chance.choice(sorts)}")(depth, indent, item)  # type: ignore[no-any-return]

    def _name(self, word: str) -> str:
        self.steps += 1
        return f"{word}{self.steps}"

    def _set(self, depth: int, indent: str, item: str) -> tuple[list[str], Statement]:
        name, number = self.chance.choice(sorted(SETS)), self.chance.randint(0, 9)
        line = f"{indent}set {name} = {SETS[name].format(number, 'ab'[number % 2])}"
        return [line], lambda variables, _: variables.change(name, number)

    def _step(self, depth: int, indent: str, item: str) -> tuple[list[str], Statement]:
        return [f"{indent}{self._name('x')} = t.number(x: {item})"], lambda variables, _: None

    def _if(self, depth: int, indent: str, item: str) -> tuple[list[str], Statement]:
        number = self.chance.randint(0, 9)
        lines, inner = self.block(depth - 1, indent + "  ", item)
        condition = f"{item} < {number} || total % 2 == 0"

        def act(variables: Variables, turn: int) -> None:
            if turn < number or variables.values["total"] % 2 == 0:
                perform(inner, variables, turn)

        return [f"{indent}if {condition} {{", *lines, indent + "}"], act

    def _parallel(self, depth: int, indent: str, item: str) -> tuple[list[str], Statement]:
        branches = [self.block(depth - 1, indent + "    ", item) for _ in range(self.chance.randint(2, 3))]
        lines = [f"{indent}parallel {{"]
        for inner, _ in branches:
            lines += [f"{indent}  branch {self._name('b')} {{", *inner, indent + "  }"]

        def act(variables: Variables, turn: int) -> None:
            copies = [variables.fork() for _ in branches]
            for copy, (_, statements) in zip(copies, branches, strict=True):
                perform(statements, copy, turn)
            variables.join(copies)

        return [*lines, indent + "}"], act

    def _items(self, depth: int, indent: str, item: str) -> tuple[list[str], Statement]:
        count, name, loop = self.chance.randint(0, 4), self._name("i"), self._name("f")
        inner, statements = self.block(depth - 1, indent + "  ", name)
        numbers = list(range(count))
        lines = [f"{indent}{loop} = for {name} in [{', '.join(map(str, numbers))}] at most 5 parallel 3 {{", *inner]

        def act(variables: Variables, turn: int) -> None:
            copies = [variables.fork() for _ in numbers]
            for number, copy in zip(numbers, copies, strict=True):
                perform(statements, copy, number)
            variables.join(copies)

        return [*lines, f"{indent}  yield total", indent + "}"], act

    def _loop(self, depth: int, indent: str, item: str) -> tuple[list[str], Statement]:
        inner, statements = self.block(depth - 1, indent + "  ", item)

        def act(variables: Variables, turn: int) -> None:
            for _ in range(2):
                perform(statements, variables, turn)

        return [f"{indent}{self._name('l')} = loop at most 2 {{", *inner, indent + "}"], act


def perform(statements: Sequence[Statement], variables: Variables, turn: int) -> None:
    for statement in statements:
        statement(variables, turn)


def wanted(statements: Sequence[Statement]) -> object:
    """The result of a sequential reading; the class of the failure when there is one."""
    variables = Variables({"total": 1, "log": ["start"], "top": 3, "status": None, "agreed": "nobody"})
    try:
        perform(statements, variables, 4)
    except Failure as failure:
        return failure.code
    values = variables.values
    return [*values["log"], str(values["total"]), str(values["top"]), values["status"] or "null", values["agreed"]]


class Shuffled:
    """A context whose branches take turns at random; every step is a point where another may go on."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    async def tool(self, name: str, op: object, arguments: dict[str, Any]) -> Any:
        await Turn()
        return arguments["x"]

    def at(self, name: str, index: int) -> Shuffled:
        return self

    async def parallel(self, *branches: Any) -> list[Any]:
        return await self._together([branch(self) for branch in branches], len(branches))

    async def map(self, name: str, items: Sequence[Any], at_most: int, width: int, body: Any) -> list[Any]:
        return await self._together([body(self, item) for item in items], width)

    async def _together(self, bodies: list[Any], width: int) -> list[Any]:
        results: dict[int, Any] = {}
        going = dict(enumerate(bodies))
        failed: dict[int, BaseException] = {}
        while going:
            index = self.chance.choice(list(going)[:width])
            try:
                going[index].send(None)
            except StopIteration as end:
                results[index] = end.value
                del going[index]
            except Failure as failure:
                failed[index] = failure
                del going[index]
            await Turn()
        if failed:
            raise failed[min(failed)]
        return [results[index] for index in sorted(results)]


class Turn:
    def __await__(self) -> Iterator[None]:
        yield


def shuffled(function: Any, chance: random.Random) -> object:
    body = function(Shuffled(chance), n=4)
    while True:
        try:
            body.send(None)
        except StopIteration as end:
            return end.value
        except Failure as failure:
            return failure.code


def source_of(lines: list[str]) -> str:
    return f"{TOOLS}workflow main(n: int) -> list<string> {{\n{HEAD}{chr(10).join(lines)}\n{TAIL}}}\n"


@given(st.randoms(use_true_random=False))
def test_every_interleaving_gives_what_the_sequential_reading_gives(chance: random.Random) -> None:
    lines, statements = Program(chance).block(3, "  ", "n")
    expected = wanted(statements)
    workflow = load_all(made(source_of(lines)))["main"]
    for seed in range(4):
        assert shuffled(workflow.function, random.Random(seed)) == expected, source_of(lines)


@given(st.randoms(use_true_random=False))
def test_the_engine_agrees_and_so_does_a_replay_of_its_log(chance: random.Random) -> None:
    lines, statements = Program(chance).block(2, "  ", "n")
    store, setting = MemoryStore(), Setting(mocks=Mocks({"t.number": [Computed(lambda x: x)]}))
    workflow = load_all(made(source_of(lines)))["main"]
    done = start(workflow, {"n": 4}, store, "run", setting)
    assert (done.failure.code if done.failure else done.result) == wanted(statements), source_of(lines)
    assert replay(workflow, "run", store).divergence is None


APPEND = """\
  var log: list<int> merge append = [1, 2]
  parallel {
    set log = log + [3]
    set log = %s
  }
  return size(log)
"""


def test_a_branch_that_does_not_append_fails_the_run() -> None:
    text = f"{TOOLS}workflow main(n: int) -> int {{\n{APPEND}}}\n"
    assert run(text % "log + [n]", {"n": 4}).result == 4
    ran = run(text % "[n]", {"n": 4})
    assert ran.failure is not None
    assert (ran.error, ran.failure.message) == (
        "conflict",
        "`log` is merged by append, and a branch did not keep what it held before",
    )


SUM = """\
  var total: int merge sum = 9223372036854775800
  parallel {
    set total = total + n
    set total = total + n
  }
  return total
"""


@pytest.mark.parametrize(("n", "expected"), [(3, 2**63 - 2), (4, "validation"), (-(2**62), 2**63 - 8 - 2**63)])
def test_a_sum_overflows_as_any_other(n: int, expected: object) -> None:
    ran = run(f"{TOOLS}workflow main(n: int) -> int {{\n{SUM}}}\n", {"n": n})
    assert (ran.error or ran.result) == expected


def test_copies_reach_blocks_that_became_functions_of_their_own() -> None:
    depth = 12
    deep = "if n > 0 { " * depth + 'set status = "deep" set agreed = "x" set total = total + 1 ' + "} " * depth
    text = source_of([f"  parallel {{ branch a {{ {deep} }} branch b {{ {deep} set total = total + 1 }} }}"])
    assert "main_part" in module(text)
    assert run(text, {"n": 4}).result == ["start", "4", "3", "deep", "x"]


def test_a_package_with_copies_is_clean(tmp_path: Path) -> None:
    """Linted and typed strictly, as every generated package."""
    lines, _ = Program(random.Random(7)).block(3, "  ", "n")
    text = source_of(
        [*lines, "  parallel {", "    set total = 1", '    set status = "x"', '    set log = log + ["y"]', "  }"]
    )
    for path, content in package_files(made(text)).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    for command in (
        ["ruff", "check", "--no-cache", "--select", "E,F,I,UP,B"],
        ["ruff", "format", "--check", "--no-cache"],
        ["mypy", "--strict", "--no-incremental"],
    ):
        line = [sys.executable, "-m", *command, "main/workflow.py"]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


AGREED = """\
type T { at: float, parts: list<bytes> }
workflow main(n: int) -> string {
  var agreed: T merge reject = T { at: 0.0, parts: [] }
  var last: bytes? merge last_by_branch = null
  parallel {
    set agreed = T { at: 0.0 / 0.0, parts: [b"x"] }
    branch b {
      set agreed = T { at: 0.0 / 0.0, parts: [b"x"] }
      set last = b"y"
    }
  }
  return last == null ? "" : string(last)
}
"""


def test_values_of_every_type_agree() -> None:
    assert run(AGREED, {"n": 1}).result == "y"
