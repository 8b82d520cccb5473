"""Steps that wait for each other and need not: reads and questions in a row that do not need each other's results. Linear."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from agent_lattice import plan
from agent_lattice.analyses.touches import Touches
from agent_lattice.dataflow import own_reads, span_of
from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report, Severity
from agent_lattice.source import Span

COULD_RUN_TOGETHER = Code("LAT4007", "could-run-side-by-side", Severity.HINT)

_STEP = "  "
_QUOTES = re.compile(r'"""|\'\'\'')
_COMMENT = re.compile(r"//[^\n]*")


def waiting(workflow: plan.Workflow, touches: Touches, report: Report) -> None:
    """Report each longest run of steps that could stand in a `parallel`, with a fix that puts them there."""
    for block in _blocks(workflow.body):
        for run in _runs(block, touches):
            if sum(_waits(op, touches.operations) for op in run) > 1:
                _report(run, report)


def _blocks(block: plan.Block) -> Iterator[plan.Block]:
    yield block
    for op in plan.walk(block):
        yield from plan.blocks(op)


def _runs(block: plan.Block, touches: Touches) -> Iterator[list[plan.Op]]:
    """Operations that follow each other in the block and in the text, look and do not touch, and do not need each other."""
    run: list[plan.Op] = []
    made: set[str] = set()
    for op in block:
        if run and not (touches.looks(op) and made.isdisjoint(own_reads(op)) and _adjacent(run[-1], op)):
            yield run
            run, made = [], set()
        if touches.looks(op):
            run.append(op)
            made.add(getattr(op, "name", ""))
    yield run


def _waits(op: plan.Op, operations: Mapping[str, plan.Operation]) -> bool:
    """Whether a step waits for something outside, and not only computes."""
    return isinstance(op, plan.Ask | plan.Run) or (
        isinstance(op, plan.Tool) and operations[op.operation].effect == "read"
    )


def _adjacent(before: plan.Op, after: plan.Op) -> bool:
    """Whether nothing but space and comments stands between two operations."""
    left, right = span_of(before), span_of(after)
    return left.source is right.source and not _COMMENT.sub("", left.source.text[left.end : right.start]).strip()


def _report(run: Sequence[plan.Op], report: Report) -> None:
    first, *others = map(span_of, run)
    report.add(
        COULD_RUN_TOGETHER,
        f"these {len(run)} steps wait for each other and do not need to",
        first,
        related=[Label(span, "this needs nothing of what is before it") for span in others],
        help="in a `parallel` they run side by side; their names, ids and results stay the same",
        fix=_wrapped(first.to(others[-1])),
    )


def _wrapped(steps: Span) -> Fix:
    """Put the steps into a `parallel`, indented; where a text in triple quotes would change with that, as they are."""
    text = steps.source.text
    start = text.rfind("\n", 0, steps.start) + 1
    line = text[start : steps.start]
    indent = line if not line.strip() else ""
    inner = steps.text if _QUOTES.search(steps.text) else re.sub(r"\n(?=[^\n])", f"\n{_STEP}", steps.text)
    wrapped = f"parallel {{\n{indent}{_STEP}{inner}\n{indent}}}"
    return Fix("run them side by side", (Edit(steps, wrapped),), safe=False)
