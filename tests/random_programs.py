"""Random programs: token sequences that the joined grammar derives, and texts with other layouts.

A sequence is what some derivation gives; where the grammar is ambiguous the parser may read it in another way or not at all.
"""

from __future__ import annotations

import random
import re
from functools import cache
from typing import Any

from agent_lattice.parse import _parser
from lark.lexer import PatternStr

WORDS = {
    "NAME": ["a", "b1", "order", "it", "step_2", "long_name_of_something_that_takes_columns"],
    "TYPE_NAME": ["Order", "T", "KEY", "LongNameOfSomethingThatTakesColumns"],
    "INT": ["0", "7", "30_000", "9223372036854775807"],
    "HEX": ["0x1F"],
    "FLOAT": ["1.0", ".5", "1e3", "2.50"],
    "UINT": ["3u"],
    "BYTES": ['b"x"'],
    "QUOTED_NAME": ["`a-b`"],
    "DURATION": ["30s", "5m"],
    "STRING": ['"x"', "'it'", 'r"^\\d+$"', '"// no comment {"', '"""\n   long\n\n\n  {{ a }} // no comment\n"""', "''"],
}
"""What stands for the terminals that are not fixed words."""

GAPS = [" ", " ", " ", " ", "   ", "\n", "\n\n", "\n\n\n\n", "\t", " \n  \n "]
NOTES = [
    " // one\n",
    "\n// own line\n",
    "\n\n  //\n",
    "\n/// documented\n",
    " /// documented\n",
    " // two\n\n  // lines  \n",
]

TOKEN = re.compile(
    r"""[rR]?(?:"{3}(?:[^\\]|\\.)*?"{3}|'{3}(?:[^\\]|\\.)*?'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|`[^`\n]*`|(?P<note>//[^\n]*)|(?P<space>\s+)|\.\.|[0-9]*\.?[0-9]+\w*|\w+|->|&&|\|\||[=!<>]=|.""",
    re.DOTALL,
)


@cache
def _grammar() -> tuple[dict[str, list[list[str]]], dict[str, str], dict[str, int]]:
    """The rules as lists of symbols, the fixed words, and how deep the shortest derivation of each symbol is."""
    made = _parser().lark
    words = {t.name: t.pattern.value for t in made.terminals if isinstance(t.pattern, PatternStr)}
    rules: dict[str, list[list[str]]] = {}
    for rule in made.rules:
        symbols = [str(symbol.name) for symbol in rule.expansion]
        if "ERROR" not in symbols:
            rules.setdefault(str(rule.origin.name), []).append(symbols)
    depths = dict.fromkeys([*words, *WORDS], 0)
    while any(name not in depths for name in rules if name != "junk"):
        for name, choices in rules.items():
            known = [_depth(choice, depths) for choice in choices if all(symbol in depths for symbol in choice)]
            if known:
                depths[name] = min(known)
    return rules, words, depths


def _depth(choice: list[str], depths: dict[str, int]) -> int:
    return 1 + max((depths[symbol] for symbol in choice), default=0)


@cache
def _ways(goal: str) -> dict[str, tuple[list[str], int]]:
    """From each symbol the next step of a shortest way to a rule: what it is derived to, and at which place the way goes on."""
    rules, _, depths = _grammar()
    ways: dict[str, tuple[list[str], int]] = {}
    new = {goal}
    while new:
        known, new = new, set()
        for name, choices in rules.items():
            for choice in choices if name not in ways and name != goal else ():
                place = next((at for at, symbol in enumerate(choice) if symbol in known), None)
                if place is not None and all(symbol in depths for symbol in choice):
                    ways[name] = choice, place
                    new.add(name)
                    break
    return ways


def derived(chance: random.Random, start: str = "module", depth: int = 40) -> list[str]:
    """Random tokens of a symbol of the grammar. Most have a rule in them that is chosen first: left to themselves derivations seldom come
    to what stands deep inside."""
    goal = chance.choice(sorted(_grammar()[0])) if chance.random() < 0.7 else ""
    return _derived(chance, start, depth, goal)


def _derived(chance: random.Random, start: str, depth: int, goal: str) -> list[str]:
    rules, words, depths = _grammar()
    if start not in rules:
        return [words[start] if start in words else chance.choice(WORDS[start])]
    ways = _ways(goal) if goal else {}
    if start in ways:
        choice, place = ways[start]
        parts = [_derived(chance, symbol, 6, goal if at == place else "") for at, symbol in enumerate(choice)]
        return [token for part in parts for token in part]
    depth = max(depth, 20) if start == goal else depth
    possible = [choice for choice in rules[start] if all(symbol in depths for symbol in choice)]
    fitting = [choice for choice in possible if _depth(choice, depths) <= depth]
    least = min(possible, key=lambda choice: _depth(choice, depths))
    choice = chance.choice(fitting) if fitting else least
    return [token for symbol in choice for token in _derived(chance, symbol, depth - chance.randint(1, 5), "")]


def tokens(text: str) -> list[str]:
    """The tokens of a program, its comments with their line ends among them."""
    found: list[str] = []
    for match in TOKEN.finditer(text):
        if match["note"] is not None:
            found.append(match["note"] + "\n")
        elif match["space"] is None:
            found.append(match.group())
    return found


def laid_out(chance: random.Random, sequence: list[str], notes: float = 0.05) -> str:
    """The tokens with random white space, and sometimes comments, between them."""
    parts: list[str] = []
    for left, right in zip(["{", *sequence], [*sequence, "}"], strict=True):
        gap: Any = chance.choice(NOTES) if chance.random() < notes else chance.choice(GAPS)
        parts += ["" if chance.random() < 0.5 and _may_touch(left, right) else gap, right]
    return "".join(parts[:-1])


def _may_touch(left: str, right: str) -> bool:
    """Whether two tokens without a space between them stay two."""
    if left.endswith("\n"):
        return True
    if right[0] in "\"'." or right.startswith("//"):
        return False
    return (left[-1] in "()[]{},") or (right[0] in "()[]{},")
