"""Changes of a text at offsets. What is not named by one stays as it is, byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from agent_lattice.records import record


@record
class Splice:
    """At an offset of a text, `removed` gives way to `added`."""

    at: int
    added: str
    removed: str = ""

    @property
    def inverse(self) -> Splice:
        return Splice(self.at, self.removed, self.added)


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text after the splices, one after the other. Raises ValueError when it is not the text that they are for."""
    for splice in splices:
        end = splice.at + len(splice.removed)
        if text[splice.at : end] != splice.removed:
            raise ValueError("these changes are for another text")
        text = text[: splice.at] + splice.added + text[end:]
    return text


def undone(text: str, splices: Iterable[Splice]) -> str:
    """The text before the splices."""
    return spliced(text, [splice.inverse for splice in reversed(list(splices))])


def together(*splices: Splice) -> list[Splice]:
    """Splices whose offsets are all of one text, in an order in which they can be made; at one offset the first stands first."""
    backwards = splices[::-1]
    return sorted(backwards, key=lambda splice: -splice.at)


def cut(text: str, start: int, end: int) -> Splice:
    """What takes out a part of a text."""
    return Splice(start, "", text[start:end])


def line_end_of(text: str) -> str:
    """The line end that a text uses: CRLF when most of its lines have it."""
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


def line_start(text: str, at: int) -> int:
    """Where the line of an offset begins."""
    return text.rfind("\n", 0, at) + 1


def indentation(text: str, at: int) -> str:
    """The white space that the line of an offset begins with."""
    start = line_start(text, at)
    end = start
    while end < len(text) and text[end] in " \t":
        end += 1
    return text[start:end]


def is_first(text: str, at: int) -> bool:
    """Whether nothing but white space stands before an offset on its line, and a line before that."""
    start = line_start(text, at)
    return start > 0 and not text[start:at].strip(" \t")


def digest(content: str | bytes) -> str:
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
