"""`tools docs.search, web.*`: the operations that an agent's model may call, and what they are called there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from agent_lattice import plan
from agent_lattice.called_operations import UNKNOWN_OPERATION
from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report, did_you_mean
from agent_lattice.layout import Hanging
from agent_lattice.printer import Printer
from agent_lattice.program import Module
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Parts

REPEATED_TOOL = Code("LAT2253", "repeated-agent-tool")

LONGEST_NAME = 64
"""Characters of a tool's name that every provider takes."""


@record
class AgentTool:
    """`docs.search`, or all operations of a tool: `docs.*`, then `operation` is None."""

    tool: Name
    operation: Name | None
    span: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return f"{self.tool}.{self.operation or '*'}"


@record
class Tools:
    """The clause: its items in their order."""

    items: tuple[AgentTool, ...]
    span: Span = field(default=NOWHERE, compare=False)

    word: ClassVar[str] = "tools"

    def show(self, out: Printer) -> None:
        out.line("tools", Hanging(tuple(map(str, self.items))))


def read_tool(parts: Parts) -> AgentTool:
    tool, *operation = parts.names()
    return AgentTool(tool, operation[0] if operation else None, parts.span)


def offers(clause: Tools, module: Module, report: Report) -> tuple[plan.Offer, ...]:
    """What the clause offers, each operation once, under names that are all different."""
    found: dict[str, plan.Offer] = {}
    first: dict[str, AgentTool] = {}
    names: set[str] = set()
    for place, item in enumerate(clause.items):
        for operation, name in _operations(item, module, report):
            if operation not in found:
                found[operation] = plan.Offer(_free(name, names), operation)
                first[operation] = item
            elif item.operation is not None or first[operation].operation is None:
                _report_repeated(clause, place, first[operation], report)
                break
    return tuple(found.values())


def _operations(item: AgentTool, module: Module, report: Report) -> Iterator[tuple[str, str]]:
    """The operations by their unique names, each with the name that is wanted for the model."""
    tool = module.find(item.tool, "tool", report)
    if not isinstance(tool, plan.ToolSet):
        return
    known = [operation.name for operation in tool.operations]
    wanted = known if item.operation is None else [item.operation.text]
    if item.operation is not None and item.operation.text not in known:
        help, fix = did_you_mean(item.operation.text, known, item.operation.span)
        listed = ", ".join(f"`{name}`" for name in known)
        message = f"`{item.tool}` has no operation `{item.operation}`"
        report.add(UNKNOWN_OPERATION, message, item.operation.span, help=help or f"it has {listed}", fix=fix)
        return
    for name in wanted:
        yield f"{tool.name}.{name}", f"{item.tool}_{name}"


def _free(wanted: str, taken: set[str]) -> str:
    name, count = wanted[:LONGEST_NAME], 1
    while name in taken:
        count += 1
        end = f"_{count}"
        name = wanted[: LONGEST_NAME - len(end)] + end
    taken.add(name)
    return name


def _report_repeated(clause: Tools, place: int, first: AgentTool, report: Report) -> None:
    item = clause.items[place]
    gap = Span(item.span.source, clause.items[place - 1].span.end, item.span.end)
    report.add(
        REPEATED_TOOL,
        f"`{item}` is offered twice",
        item.span,
        related=(Label(first.span, "it is already offered here"),),
        help="remove it",
        fix=Fix("remove it", (Edit(gap, ""),)),
    )
