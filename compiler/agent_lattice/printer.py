"""Writes canonical source text, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from agent_lattice.expr.tree import show
from agent_lattice.tree import Arg, Block


class Printer:
    """Lines of text with an indent of two spaces a level."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0

    def line(self, text: str = "") -> None:
        self._lines.append("  " * self._depth + text if text else "")

    def text_lines(self, text: str) -> None:
        """Text whose further lines are kept as they are: it ends in a triple-quoted string."""
        first, *rest = text.split("\n")
        self.line(first)
        self._lines.extend(rest)

    def open(self, head: str) -> None:
        """`head {`; what follows is one level deeper. A head that starts with `}` closes the level before it."""
        self._depth -= head.startswith("}")
        self.line(f"{head} {{")
        self._depth += 1

    def close(self) -> None:
        self._depth -= 1
        self.line("}")

    @contextmanager
    def braces(self, head: str) -> Iterator[None]:
        """`head {`, an indented body, `}`."""
        self.open(head)
        yield
        self.close()

    def statements(self, statements: Iterable[Any]) -> None:
        for statement in statements:
            statement.show(self)

    def body(self, block: Block) -> None:
        """The statements of a block, whose braces are already there."""
        self.statements(block.statements)

    def doc(self, text: str) -> None:
        """A doc comment, a line each."""
        for part in text.split("\n") if text else ():
            self.line(f"/// {part}".rstrip())

    @staticmethod
    def args(args: Iterable[Arg]) -> str:
        """Arguments as written between parentheses."""
        return ", ".join(f"{arg.name}: {show(arg.value)}" if arg.name else show(arg.value) for arg in args)

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)
