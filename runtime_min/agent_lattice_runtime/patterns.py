"""Regular expressions in the syntax of RE2, searched in time linear in the text: no pattern can hang a run.

A pattern is read into a small program of character sets and jumps; the search follows all its paths at once and
remembers the sets of places it has been in. Only whether a pattern occurs is answered, not where.
"""

from __future__ import annotations

from .pattern_syntax import Chars, PatternError, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Pattern", "PatternError", "compiled"]

_MOST_STEPS = 10_000
_MOST_REMEMBERED = 10_000


class Pattern:
    """A compiled pattern: `program` holds pairs of what is read or asked and the places to go on at, `start` where it begins.

    Place 0 is the end.
    """

    __slots__ = ("_remembered", "program", "start")

    def __init__(self, program: list[Any], start: int) -> None:
        self.program = program
        self.start = frozenset((start,))
        self._remembered: dict[tuple[frozenset[int], int, str], tuple[bool, frozenset[int]]] = {}

    def search(self, text: str) -> bool:
        """Whether the pattern matches anywhere in the text."""
        places, before = self.start, _EDGE
        for char in text:
            key = (places, before, char)
            known = self._remembered.get(key)
            if known is None:
                known = self._remember(key)
            found, places = known
            if found:
                return True
            before = _sort(char)
        return self._reach(places, before, _EDGE)[0]

    def _remember(self, key: tuple[frozenset[int], int, str]) -> tuple[bool, frozenset[int]]:
        places, before, char = key
        found, waiting = self._reach(places, before, _sort(char))
        after = {place for chars, place in waiting if chars.holds(char)}
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = result = (found, frozenset(after) | self.start)
        return result

    def _reach(self, places: frozenset[int], before: int, after: int) -> tuple[bool, list[tuple[Chars, int]]]:
        """Whether the end is reached without another character, and the sets that wait for one."""
        seen: set[int] = set()
        stack = list(places)
        waiting: list[tuple[Chars, int]] = []
        while stack:
            place = stack.pop()
            if place in seen:
                continue
            seen.add(place)
            step, to = self.program[place]
            if step is None:
                return True, waiting
            if isinstance(step, Chars):
                waiting.append((step, to))
            elif step == "jump" or _ASSERTIONS[step](before, after):
                stack.extend(to)
        return False, waiting


_EDGE, _LINE, _LETTER, _OTHER = range(4)


def _sort(char: str) -> int:
    if char == "\n":
        return _LINE
    return _LETTER if char == "_" or (char.isascii() and char.isalnum()) else _OTHER


_ASSERTIONS: dict[str, Callable[[int, int], bool]] = {
    "start": lambda before, after: before == _EDGE,
    "end": lambda before, after: after == _EDGE,
    "line_start": lambda before, after: before in (_EDGE, _LINE),
    "line_end": lambda before, after: after in (_EDGE, _LINE),
    "border": lambda before, after: (before == _LETTER) is not (after == _LETTER),
    "no_border": lambda before, after: (before == _LETTER) is (after == _LETTER),
}

_known: dict[str, Pattern] = {}


def compiled(pattern: str) -> Pattern:
    """The compiled form, remembered. Raises PatternError."""
    found = _known.get(pattern)
    if found is None:
        program: list[Any] = [(None, ())]
        start = _emit(read(pattern), 0, program)
        if len(_known) >= 256:
            _known.clear()
        found = _known[pattern] = Pattern(program, start)
    return found


def _push(program: list[Any], step: Any) -> int:
    if len(program) >= _MOST_STEPS:
        raise PatternError("the pattern is too large")
    program.append(step)
    return len(program) - 1


def _emit(node: Any, then: int, program: list[Any]) -> int:
    """Write the steps of a node that go on at `then`; where they begin."""
    sort, content = node[0], node[1]
    if sort == "chars":
        return _push(program, (content, then))
    if sort == "assert":
        return _push(program, (content, (then,)))
    if sort == "sequence":
        for item in reversed(content):
            then = _emit(item, then, program)
        return then
    if sort == "choice":
        return _push(program, ("jump", tuple(_emit(item, then, program) for item in content)))
    return _emit_repeat(content, node[2], node[3], then, program)


def _emit_repeat(node: Any, least: int, most: int | None, then: int, program: list[Any]) -> int:
    place = then
    if most is None:
        place = _push(program, None)
        program[place] = ("jump", (_emit(node, place, program), then))
    else:
        for _ in range(most - least):
            place = _push(program, ("jump", (_emit(node, place, program), then)))
    for _ in range(least):
        before, place = place, _emit(node, place, program)
        if place == before:
            break  # the node is empty: repeating it changes nothing
    return place
