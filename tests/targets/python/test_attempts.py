"""`try`, `catch` and `finally` as Python: any nest of them does what the same nest of Python's own statements does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from agent_lattice_runtime.errors import Failure
from hypothesis import given, settings
from hypothesis import strategies as st
from targets.python.programs import body, function, run

CODES = ("timeout", "auth", "not_found")
Block = list[tuple[Any, ...]]
"""Statements: ("tell",), ("add", number), ("leave", at, number), ("fail", at, code), ("twice", block),
("try", block, [(codes, block), …], block); a statement with `at` does something when the input is that."""


class Left(Exception):
    """A `return`, in the oracle."""


@st.composite
def blocks(draw: st.DrawFn, depth: int = 3, *, may_return: bool = True) -> Block:
    made: Block = []
    for _ in range(draw(st.integers(1, 3))):
        sorts = ["tell", "add", "fail", *(["leave"] if may_return else []), *(["twice", "try", "try"] if depth else [])]
        sort = draw(st.sampled_from(sorts))
        at = draw(st.integers(0, 3))
        if sort == "tell":
            made.append(("tell",))
        elif sort == "add":
            made.append(("add", draw(st.integers(1, 9))))
        elif sort == "leave":
            made.append(("leave", at, draw(st.integers(1, 9))))
        elif sort == "fail":
            made.append(("fail", at, draw(st.sampled_from(CODES))))
        elif sort == "twice":
            made.append(("twice", draw(blocks(depth - 1, may_return=may_return))))
        else:
            made.append(draw(tries(depth - 1, may_return=may_return)))
    return made


@st.composite
def tries(draw: st.DrawFn, depth: int, *, may_return: bool) -> tuple[Any, ...]:
    inner = draw(blocks(depth, may_return=may_return))
    order = draw(st.permutations([*CODES, ""]))
    classes = sorted(order[: draw(st.integers(0, 2))], key=lambda code: code == "")
    handlers = [(code, draw(blocks(depth, may_return=may_return))) for code in classes]
    finish = draw(blocks(depth, may_return=False)) if not handlers or draw(st.booleans()) else []
    return "try", inner, handlers, finish


class Text:
    """The source of a block; every event has a name of its own."""

    def __init__(self) -> None:
        self.names = 0

    def of(self, block: Block) -> str:
        return "\n".join(line for statement in block for line in self.lines(statement))

    def lines(self, statement: tuple[Any, ...]) -> Iterator[str]:
        match statement:
            case ("tell",):
                self.names += 1
                yield f"emit e{self.names}(total: total)"
            case ("add", number):
                yield f"set total = total + {number}"
            case ("leave", at, number):
                yield f"if n == {at} {{ return total + {number} }}"
            case ("fail", at, code):
                yield f'if n == {at} {{ fail {code} "at {{{{ total }}}}" }}'
            case ("twice", inner):
                self.names += 1
                yield f"l{self.names} = loop at most 2 {{\n{self.of(inner)}\n}}"
            case ("try", inner, handlers, finish):
                yield f"try {{\n{self.of(inner)}\n}}"
                for code, handler in handlers:
                    self.names += 1
                    name = f"err{self.names}"
                    told = f"emit c{self.names}(code: {name}.code, message: {name}.message)"
                    yield f"catch {code} as {name} {{\n{told}\n{self.of(handler)}\n}}"
                if finish:
                    yield f"finally {{\n{self.of(finish)}\n}}"


class Oracle:
    """What the same statements of Python do: `told` are the events."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.total = 0
        self.told: list[object] = []

    def outcome(self, block: Block) -> object:
        try:
            self.block(block)
        except Left as left:
            return left.args[0]
        except Failure as failure:
            return failure.code
        return self.total

    def block(self, block: Block) -> None:
        for statement in block:
            self.statement(statement)

    def statement(self, statement: tuple[Any, ...]) -> None:
        match statement:
            case ("tell",):
                self.told.append(self.total)
            case ("add", number):
                self.total += number
            case ("leave", at, number):
                if self.n == at:
                    raise Left(self.total + number)
            case ("fail", at, code):
                if self.n == at:
                    raise Failure(code, f"at {self.total}")
            case ("twice", inner):
                for _ in range(2):
                    self.block(inner)
            case ("try", inner, handlers, finish):
                try:
                    self.guarded(inner, handlers)
                finally:
                    self.block(finish)

    def guarded(self, inner: Block, handlers: list[tuple[str, Block]]) -> None:
        try:
            self.block(inner)
        except Failure as failure:
            for code, handler in handlers:
                if code in ("", failure.code):
                    self.told.append((failure.code, failure.message))
                    self.block(handler)
                    return
            raise


def source(block: Block) -> str:
    return body(f"var total: int = 0\n{Text().of(block)}\nreturn total")


@given(blocks())
@settings(deadline=None, max_examples=30)
def test_any_nest_does_what_python_does(block: Block) -> None:
    text = source(block)
    for n in range(4):
        oracle = Oracle(n)
        wanted = oracle.outcome(block)
        ran = run(text, {"n": n})
        told = [each.get("total", (each.get("code"), each.get("message"))) for each in ran.told]
        assert (ran.error or ran.result, told) == (wanted, oracle.told), text


def test_how_a_finally_reads() -> None:
    text = function(
        body(
            "var tries: int = 0\n"
            "try {\n  set tries = 1\n  a = t.number(x: n)\n  if a > 3 { return a }\n}\n"
            "catch timeout as err { emit late(message: err.message) }\n"
            "finally { emit ended(tries: tries) }\n"
            "return tries"
        )
    )
    assert (
        text
        == """\
async def main(ctx: Context, n: int) -> int:
    tries: int = 0

    async def attempt(ctx: Context) -> tuple[int] | None:
        nonlocal tries
        failed: str = ""
        err: Caught
        try:
            tries = 1
            # main.lat:12
            a: int = await ctx.tool("a", T_NUMBER, {"x": n})
            if a > 3:
                return (a,)
        except Failure as failure:
            failed = ctx.caught(failure, "timeout")
            err = ctx.error(failure)
        if failed:
            # main.lat:15
            await ctx.emit("late", "late", {"message": err["message"]})
        return None

    pending: Failure | None = None
    try:
        ended = await attempt(ctx)
    except Failure as failure:
        pending = ctx.pending(failure)
    # main.lat:16
    await ctx.emit("ended", "ended", {"tries": tries})
    if pending is not None:
        raise pending
    if ended is not None:
        return ended[0]
    return tries
"""
    )


def test_a_run_that_is_stopped_does_not_begin_what_comes_last() -> None:
    """Nothing may be awaited any more: the sibling's failure counts, and the log has nothing of the `finally`."""
    ran = run(
        body(
            "parallel {\n"
            '  branch a { x = t.number(x: 1)  if x == 1 { fail auth "no" } }\n'
            "  branch b { try { y = t.number(x: 2) z = t.number(x: y) } finally { emit ended(n: n) } }\n"
            "}\nreturn n"
        ),
        {"n": 1},
    )
    assert ran.error == "auth" and not ran.told


@pytest.mark.parametrize(("n", "told"), [(0, 1), (1, 2)])
def test_variables_that_are_set_before_a_failure_are_seen_behind_it(n: int, told: int) -> None:
    """Also where blocks nest so deeply that they are functions of their own."""
    deep = (
        "if n < 9 { " * 9
        + 'set total = 1 loop at most 1 { set total = 2 if n == 0 { set total = 1 fail timeout "x" } }'
    )
    ran = run(body(f"var total: int = 0\ntry {{ {deep} {'}' * 9} }} catch {{ return total }}\nreturn total"), {"n": n})
    assert ran.result == told
