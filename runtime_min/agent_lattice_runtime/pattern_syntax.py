"""Reads patterns in the syntax of RE2 into nodes: tuples of a sort and its content.

`("chars", Chars)`, `("assert", name)`, `("sequence", nodes)`, `("choice", nodes)`, `("repeat", node, least, most)`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_REPEATS = 1000
_MOST_NESTING = 100
_LAST = 0x10FFFF

_DIGIT = ((48, 57),)
_WORD = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE = ((9, 10), (12, 13), (32, 32))
_PERL = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_POSIX = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": _DIGIT,
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": _WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
_CATEGORIES = {"L": "ultmo", "M": "nce", "N": "dlo", "P": "cdseifo", "S": "mcko", "Z": "slp", "C": "cfo"}
_SIMPLE_ESCAPES = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}


class PatternError(ValueError):
    """The pattern is not valid RE2 syntax, or larger than this engine takes."""


class Chars:
    """A set of characters: ranges, Unicode categories with their sign, perhaps turned around."""

    __slots__ = ("categories", "folded", "negated", "ranges")

    def __init__(
        self,
        ranges: tuple[tuple[int, int], ...],
        negated: bool = False,
        folded: bool = False,
        categories: tuple[tuple[str, bool], ...] = (),
    ) -> None:
        self.ranges = ranges
        self.negated = negated
        self.folded = folded
        self.categories = categories

    def holds(self, char: str) -> bool:
        codes = {ord(char), *_variants(char)} if self.folded else {ord(char)}
        return any(self._has(code) for code in codes) is not self.negated

    def _has(self, code: int) -> bool:
        if any(low <= code <= high for low, high in self.ranges):
            return True
        if not self.categories:
            return False
        from unicodedata import category

        found = category(chr(code))
        return any(found.startswith(name) is wanted for name, wanted in self.categories)


def _variants(char: str) -> set[int]:
    """The codes of a character's other cases."""
    cased = {char.lower(), char.upper(), char.lower().upper(), char.upper().lower()}
    return {ord(other) for other in cased if len(other) == 1}


def read(pattern: str) -> Any:
    """The node of a pattern. Raises PatternError."""
    return _Reader(pattern).read()


class _Reader:
    """Reads one pattern."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.flags = frozenset[str]()
        self.depth = 0

    def read(self) -> Any:
        node = self._choice()
        if self.at < len(self.text):
            raise PatternError("unexpected )")
        return node

    def _peek(self, expected: str) -> bool:
        return self.text.startswith(expected, self.at)

    def _take(self, expected: str) -> bool:
        if self._peek(expected):
            self.at += len(expected)
            return True
        return False

    def _next(self) -> str:
        if self.at >= len(self.text):
            raise PatternError("the pattern ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def _choice(self) -> Any:
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else ("choice", options)

    def _sequence(self) -> Any:
        items: list[Any] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            if self._take("\\Q"):
                items.extend(self._quoted())
                items[-1:] = map(self._repeated, items[-1:])
                continue
            node = self._atom()
            if node is not None:
                items.append(self._repeated(node))
            elif self._bounds() is not None:
                raise PatternError("a repeat has nothing to repeat")
        return ("sequence", items)

    def _quoted(self) -> list[Any]:
        end = self.text.find("\\E", self.at)
        literal = self.text[self.at : end if end >= 0 else None]
        self.at = end + 2 if end >= 0 else len(self.text)
        return [self._char(ord(char)) for char in literal]

    def _repeated(self, node: Any) -> Any:
        bounds = self._bounds()
        if bounds is None:
            return node
        self._take("?")
        if self._bounds() is not None:
            raise PatternError("a repeat of a repeat needs parentheses")
        return ("repeat", node, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        end = self.text.find("}", self.at) if self._peek("{") else -1
        numbers = self.text[self.at + 1 : end].split(",") if end >= 0 else []
        if not _are_bounds(numbers):
            return None
        self.at = end + 1
        least = int(numbers[0])
        most = least if len(numbers) == 1 else int(numbers[1]) if numbers[1] else None
        if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
            raise PatternError("invalid repeat count")
        return least, most

    def _atom(self) -> Any:
        """One node; None for a group that only sets flags."""
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return ("chars", self._class())
        if char == ".":
            return ("chars", Chars(() if "s" in self.flags else ((10, 10),), negated=True))
        if char == "^":
            return ("assert", "line_start" if "m" in self.flags else "start")
        if char == "$":
            return ("assert", "line_end" if "m" in self.flags else "end")
        if char == "\\":
            return self._escape()
        self.at -= 1
        if self._bounds() is not None:
            raise PatternError("a repeat has nothing to repeat")
        self.at += 1
        return self._char(ord(char))

    def _char(self, code: int) -> Any:
        codes = {code} | (_variants(chr(code)) if "i" in self.flags else set())
        return ("chars", Chars(tuple((each, each) for each in sorted(codes)), folded="i" in self.flags))

    def _group(self) -> Any:
        outer = self.flags
        if self._take("?"):
            if self._peek("P<") or self._peek("<"):
                self._group_name()
            elif self._group_flags():
                return None
        self.depth += 1
        if self.depth > _MOST_NESTING:
            raise PatternError("the pattern nests too deeply")
        node = self._choice()
        if not self._take(")"):
            raise PatternError("missing )")
        self.depth -= 1
        self.flags = outer
        return node

    def _group_name(self) -> None:
        self._take("P")
        end = self.text.find(">", self.at)
        name = self.text[self.at + 1 : end] if end >= 0 else ""
        if not (name.isascii() and name.replace("_", "a").isalnum()):
            raise PatternError("look-around and unnamed (?< groups are not supported")
        self.at = end + 1

    def _group_flags(self) -> bool:
        """Read `flags:` or `flags)`; whether it was the latter, which holds for the rest of the group."""
        wanted = True
        while (char := self._next()) not in ":)":
            if char == "-" and wanted:
                wanted = False
            elif char in "imsU":
                self.flags = self.flags | {char} if wanted else self.flags - {char}
            else:
                raise PatternError(f"(?{char} is not supported")
        return char == ")"

    def _escape(self) -> Any:
        char = self._next()
        if char in "AzbB":
            return ("assert", {"A": "start", "z": "end", "b": "border", "B": "no_border"}[char])
        if found := self._named_class(char):
            ranges, categories, negated = found
            return ("chars", Chars(ranges, negated, "i" in self.flags, categories))
        return self._char(self._code(char))

    def _named_class(self, char: str) -> tuple[Any, Any, bool] | None:
        """The ranges, categories and sign of `\\d`, `\\S`, `\\pL`, `\\P{Lu}` …"""
        if char.lower() in _PERL:
            return _PERL[char.lower()], (), char.isupper()
        if char not in "pP":
            return None
        name = self._next()
        if name == "{":
            end = self.text.find("}", self.at)
            name = self.text[self.at : end] if end >= 0 else ""
            self.at = end + 1
        negated = (char == "P") is not name.startswith("^")
        name = name.removeprefix("^")
        if not name or len(name) > 2 or name[0] not in _CATEGORIES or name[1:] not in _CATEGORIES[name[0]]:
            raise PatternError(f"the character class \\{char}{{{name}}} is not supported")
        return (), ((name, True),), negated

    def _code(self, char: str) -> int:
        """The code of an escaped single character, after its backslash."""
        if char in _SIMPLE_ESCAPES:
            return _SIMPLE_ESCAPES[char]
        if char == "x":
            return self._hexadecimal()
        if char in "01234567":
            return self._octal(char)
        if char.isascii() and not char.isalnum():
            return ord(char)
        raise PatternError(f"\\{char} is not supported")

    def _hexadecimal(self) -> int:
        if self._take("{"):
            end = self.text.find("}", self.at)
            digits = self.text[self.at : end] if end >= 0 else ""
            self.at = end + 1
        else:
            digits = self.text[self.at : self.at + 2]
            self.at += 2
            if len(digits) < 2:
                digits = ""
        if not digits or len(digits) > 8 or digits.strip("0123456789abcdefABCDEF") or int(digits, 16) > _LAST:
            raise PatternError("invalid \\x escape")
        return int(digits, 16)

    def _octal(self, first: str) -> int:
        """RE2 has no back-references: `\\1` alone is an error, `\\12` and `\\0` are octal."""
        digits = first
        while len(digits) < 3 and self.text[self.at : self.at + 1] in tuple("01234567"):
            digits += self._next()
        if first != "0" and len(digits) == 1:
            raise PatternError("back-references are not supported")
        return int(digits, 8)

    def _class(self) -> Chars:
        negated = self._take("^")
        ranges: list[tuple[int, int]] = []
        categories: list[tuple[str, bool]] = []
        self._class_item(ranges, categories)  # a first ] is an ordinary character
        while not self._take("]"):
            self._class_item(ranges, categories)
        return Chars(tuple(ranges), negated, "i" in self.flags, tuple(categories))

    def _class_item(self, ranges: list[tuple[int, int]], categories: list[tuple[str, bool]]) -> None:
        if self._peek("[:"):
            ranges.extend(self._posix())
            return
        if self._take("\\"):
            char = self._next()
            if found := self._named_class(char):
                named, kinds, negated = found
                ranges.extend(_complement(named) if negated and named else named)
                categories.extend((name, not negated) for name, _ in kinds)
                return
            low = self._code(char)
        else:
            low = ord(self._next())
        ranges.append((low, self._range_end(low)))

    def _range_end(self, low: int) -> int:
        if not self._peek("-") or self._peek("-]"):
            return low
        self.at += 1
        high = self._code(self._next()) if self._take("\\") else ord(self._next())
        if high < low:
            raise PatternError("invalid character range")
        return high

    def _posix(self) -> tuple[tuple[int, int], ...]:
        end = self.text.find(":]", self.at)
        name = self.text[self.at + 2 : end] if end >= 0 else ""
        known = _POSIX.get(name.removeprefix("^"))
        if known is None:
            raise PatternError(f"[:{name}:] is no character class")
        self.at = end + 2
        return _complement(known) if name.startswith("^") else known


def _complement(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """The characters outside of sorted ranges."""
    gaps: list[tuple[int, int]] = []
    low = 0
    for first, last in ranges:
        if low < first:
            gaps.append((low, first - 1))
        low = last + 1
    return (*gaps, (low, _LAST))


def _are_bounds(numbers: list[str]) -> bool:
    if not 1 <= len(numbers) <= 2 or not numbers[0]:
        return False
    return all(number.isascii() and len(number) < 6 and (number.isdigit() or not number) for number in numbers)
