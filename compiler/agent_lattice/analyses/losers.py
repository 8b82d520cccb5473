"""Writes in branches of races: a branch that loses may have written before it was stopped. Linear."""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice.analyses.touches import Touches
from agent_lattice.dataflow import span_of
from agent_lattice.diagnostics import Code, Label, Report, Severity

WRITE_IN_RACE = Code("LAT5012", "write-in-race", Severity.WARNING)


def losers(workflow: str, touches: Touches, report: Report) -> None:
    """Report, once for each step, a write that a race may stop or outrun."""
    seen: set[int] = set()
    for placed in touches.of(workflow):
        if not placed.touch.writes or not any(area.race for area in placed.areas) or id(placed.step) in seen:
            continue
        seen.add(id(placed.step))
        inside = () if isinstance(placed.step, plan.Tool) else (Label(placed.touch.span, "by this write"),)
        report.add(
            WRITE_IN_RACE,
            f"`{placed.touch.operation}` may have written although its branch loses",
            span_of(placed.step),
            related=inside,
            help="let the branches only look, and write behind the race what the winner has found",
        )
