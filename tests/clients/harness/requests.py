"""Requests for an answer of a model, as far as rules and tests look into them: what is said, offered and brought back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A request: `tools` are the names offered, `SPACE/NAME` for those in a namespace; `results` what calls brought, by their ids."""

    path: str
    body: Mapping[str, Any]
    tools: tuple[str, ...]
    results: Mapping[str, str]

    @cached_property
    def text(self) -> str:
        """Every text of the request, a line or more each; without the names of fields."""
        return "\n".join(texts(self.body))


def texts(value: object) -> Iterator[str]:
    """The texts in a JSON value, in its order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def joined(value: object) -> str:
    """The texts in a JSON value as one."""
    return "\n".join(texts(value))


def entries(value: object) -> list[dict[str, Any]]:
    """The objects of a list; none of anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
