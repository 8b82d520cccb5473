"""What a model is to say: rules over what it is asked, in the order in which they apply."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from clients.harness.requests import Asked

TAKEN = "<taken>"


@dataclass(frozen=True)
class Call:
    """A call that a model makes, whether or not the tool was offered. `source` is what a tool takes that is given text, not arguments."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    space: str | None = None
    """The namespace of the tool, for clients that have some."""
    source: str | None = None


@dataclass(frozen=True)
class Rule:
    """Says or calls something, at most `times` times, if a request fits."""

    name: str
    says: str = ""
    calls: tuple[Call, ...] = ()
    having: tuple[str, ...] = ()
    """Texts that occur in the request."""
    lacking: tuple[str, ...] = ()
    """Texts that do not."""
    taken: str | None = None
    """A pattern with a group. What it finds last in the request takes the place of `TAKEN` in the calls, or is all of their arguments."""
    armed: bool = False
    """Only where tools are offered: clients also ask for titles and summaries of what they are told."""
    at: str = ""
    """How the path of the request begins."""
    times: int = 1

    def fits(self, asked: Asked) -> bool:
        """Whether this is the rule for a request."""
        return (
            asked.path.startswith(self.at)
            and (not self.armed or bool(asked.tools))
            and all(text in asked.text for text in self.having)
            and (self.taken is None or re.search(self.taken, asked.text) is not None)
            and not any(text in asked.text for text in self.lacking)
        )


@dataclass(frozen=True)
class Answer:
    """What is said to one request: text, and calls by their ids."""

    rule: str
    says: str
    calls: Mapping[str, Call]


class Script:
    """Rules and how often they have been used. A request that no rule is for is answered with `otherwise`."""

    def __init__(self, rules: tuple[Rule, ...], otherwise: str = "Nothing more to do.") -> None:
        self._rules = rules
        self._otherwise = otherwise
        self._used: dict[str, int] = {}

    def answer(self, asked: Asked) -> Answer:
        """What the first rule that fits says; its calls are `RULE-NUMBER` of all that it has made."""
        for rule in self._rules:
            used = self._used.get(rule.name, 0)
            if used < rule.times and rule.fits(asked):
                self._used[rule.name] = used + 1
                first = used * len(rule.calls)
                name = re.sub(r"\W", "_", rule.name)  # clients change what does not look like an identifier
                calls = {f"{name}-{first + i}": _given(call, rule.taken, asked) for i, call in enumerate(rule.calls)}
                return Answer(rule.name, rule.says, calls)
        return Answer("", self._otherwise, {})


def _given(call: Call, taken: str | None, asked: Asked) -> Call:
    """A call with what is taken from the request."""
    if taken is None:
        return call
    found = re.findall(taken, asked.text)[-1]
    return replace(
        call, arguments=json.loads(json.dumps(call.arguments).replace(TAKEN, found) if call.arguments else found)
    )


def as_data(rules: tuple[Rule, ...]) -> list[dict[str, Any]]:
    """Rules as JSON."""
    return [asdict(rule) for rule in rules]


def rules_of(data: list[dict[str, Any]]) -> Iterator[Rule]:
    """Rules from JSON."""
    for entry in data:
        lists = {name: tuple(entry[name]) for name in ("having", "lacking")}
        yield Rule(**{**entry, **lists, "calls": tuple(Call(**call) for call in entry["calls"])})
