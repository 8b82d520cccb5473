"""Signals of one name and several types: who sends one cannot know which step of a run will take it. Linear."""

from __future__ import annotations

from collections.abc import Mapping

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Label, Report
from agent_lattice.source import Span
from agent_lattice.types import Unknown

TWO_TYPES = Code("LAT5010", "signal-of-two-types")

Sent = dict[str, plan.Signal]
"""The first step that takes a signal, by its name."""


def signals(workflows: Mapping[str, plan.Workflow], report: Report) -> None:
    """Report a signal that one run, with the workflows that it calls, takes in two types."""
    known: dict[str, Sent] = {}
    for name in workflows:
        _sent(name, workflows, known, report)


def _sent(name: str, workflows: Mapping[str, plan.Workflow], known: dict[str, Sent], report: Report) -> Sent:
    if name in known:
        return known[name]
    found = known[name] = {}
    for op in plan.walk(workflows[name].body):
        if isinstance(op, plan.Signal):
            _add(op, op.span, found, report)
        elif isinstance(op, plan.Call) and op.workflow in workflows:
            for step in _sent(op.workflow, workflows, known, report).values():
                _add(step, op.span, found, report)
    return found


def _add(step: plan.Signal, at: Span, found: Sent, report: Report) -> None:
    first = found.setdefault(step.signal, step)
    if first.sent == step.sent or isinstance(first.sent, Unknown) or isinstance(step.sent, Unknown):
        return
    related = [Label(first.span, f"here it is `{first.sent}`")]
    related += [Label(step.span, "taken here")] if at != step.span else []
    message = f"the signal `{step.signal}` is `{step.sent}` here, and something else elsewhere in the run"
    report.add(TWO_TYPES, message, at, related=related, help="give one of them another name")
