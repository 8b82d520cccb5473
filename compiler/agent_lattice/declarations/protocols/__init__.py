"""What a tool may speak: every module of this folder holds one protocol, under the name `PROTOCOL`. Adding one is adding a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Report
from agent_lattice.program import Module
from agent_lattice.records import record
from agent_lattice.settings import Rule, Value
from agent_lattice.source import Span

MISPLACED_CLAUSE = Code("LAT2421", "misplaced-tool-clause")

Given = Mapping[str, Value]
"""Settings by name, those that are wrong left out."""


@record
class ToolProtocol:
    """A protocol: its word in `tool x = word(…)`, what may stand in the braces, and what is made of it."""

    word: str
    instead: str
    """What to do in place of a clause that it does not have."""
    clauses: frozenset[str]
    """Which of `auth` and `header` it has."""
    settings: dict[str, Rule]
    """Of the tool."""
    operation_settings: dict[str, Rule]
    """Of an operation."""
    call: Callable[[Any, Given, Report], dict[str, Any]]
    """From an operation's node and settings the fields of `plan.Operation` that are this protocol's."""
    connect: Callable[[plan.ToolSet, Any, Given, Module, Report], plan.ToolSet]
    """The tool with the fields of `plan.ToolSet` that are this protocol's, from its declaration and settings."""
    check: Callable[[plan.ToolSet, Any, Module, Report], None]
    """What shows only when everything is declared; reports."""


@cache
def protocols() -> dict[str, ToolProtocol]:
    """All protocols by word, in the order of their words."""
    names = sorted(module.name for module in iter_modules(__path__))
    found = (import_module(f"{__name__}.{name}") for name in names)
    return {module.PROTOCOL.word: module.PROTOCOL for module in found}


def misplaced(what: str, span: Span, owner: str, protocol: ToolProtocol, report: Report) -> None:
    """Report something that only tools of another protocol, `owner`, can obey."""
    report.add(MISPLACED_CLAUSE, f"`{what}` belongs to an `{owner}` tool", span, help=protocol.instead)
