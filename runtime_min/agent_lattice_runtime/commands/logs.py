"""`events`, `trace`, `runs` and `verify`: what the logs of runs say, and whether they are as they were written."""

from __future__ import annotations

import sys
from time import time_ns

from ..arguments import Usage
from ..canonical import canonical
from ..errors import Failure
from ..journal import LIFECYCLE
from ..progress import printable, put
from ..standing import Standing, ending_words
from .inputs import open_store
from .outcomes import ending, waits
from .showing import moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..checkpoints import Checkpoint
    from ..journal import EventRow, RunRow
    from ..stores import Store
    from ..traces import Span
    from ..verify import Finding
    from . import Request


def events_command(request: Request) -> int:
    """The events of a run, one per line."""
    from ..execute import find_run
    from ..verify import exported

    run_id = request["RUN"]
    kept = open_store(request.store, readonly=True)
    try:
        row = find_run(kept, run_id)
        for event in kept.events(row):
            try:
                line = exported(row, event) if request.as_json else _event_line(event)
            except (Failure, ValueError, TypeError, AttributeError):
                raise Failure("validation", f"event {event[0]} of run {run_id} is damaged: see `verify`") from None
            put(sys.stdout, line + "\n")
    finally:
        kept.close()
    return 0


def _event_line(event: EventRow) -> str:
    seq, ts, kind, step, payload, _, _ = event
    return f"{seq:>5}  {moment(ts)}  {kind:<18} {printable(step)}  {printable(payload, 160)}".rstrip()


def trace_command(request: Request) -> int:
    """What a run did when, and how long it took: a line for each step."""
    from ..execute import find_run
    from ..traces import spans, totals

    run_id = request["RUN"]
    kept = open_store(request.store, readonly=True)
    try:
        row = find_run(kept, run_id)
        try:
            found = spans(kept.events(row))
        except (Failure, ValueError, TypeError, AttributeError):
            raise Failure("validation", f"the log of run {run_id} is damaged: see `verify`") from None
        told = ending(kept, row)
    finally:
        kept.close()
    start = min((span.start for span in found), default=0)
    for span in found:
        put(sys.stdout, (_span_json(run_id, span) if request.as_json else _span_line(span, start)) + "\n")
    if not request.as_json:
        sums = totals(found)
        used = f"{sums['input_tokens']:.0f}+{sums['output_tokens']:.0f} tokens, {sums['cost_usd']:.6f} USD"
        calls = f"{sums['calls']:.0f} model call{'' if sums['calls'] == 1 else 's'}"
        asked = f", {calls}, {used}" if sums["calls"] else ""
        put(sys.stdout, f"run {run_id} of {printable(row.workflow)}: {row.status}{asked}\n")
        put(sys.stdout, "".join(f"  {printable(line, 2000)}\n" for line in ending_words(told)))
    return 0


def _span_json(run_id: str, span: Span) -> str:
    line = {"run_id": run_id, "step": span.step, "status": span.status, "start": span.start, "end": span.end}
    return canonical(line | {"about": span.about})


def _span_line(span: Span, start: int) -> str:
    from ..traces import note

    offset, took = (span.start - start) / 1000, (span.end - span.start) / 1000
    step = "  " * span.depth + span.step
    return f"{offset:>9.0f} ms {took:>7.0f} ms  {span.status:<8}  {printable(step):<28}  {printable(note(span), 160)}".rstrip()


def runs_command(request: Request) -> int:
    """The runs of a store, one per line, with what they wait for or why they ended."""
    for status in request.all("status"):
        if status not in LIFECYCLE or status == "new":
            raise Usage(f"--status is one of {', '.join(list(LIFECYCLE)[1:])}, not {status!r}")
    kept = open_store(request.store, readonly=True)
    try:
        for row in kept.runs(request.all("status")):
            put(sys.stdout, (_run_json if request.as_json else _run_line)(kept, row) + "\n")
    finally:
        kept.close()
    return 0


def _run_json(store: Store, row: RunRow) -> str:
    line: dict[str, Any] = {"run_id": row.run_id, "status": row.status, "workflow": row.workflow}
    if row.status in ("running", "waiting"):
        standing = _standing(store, row)
        line |= {"waits": standing.waits, "cancelling": standing.history.received.cancelling is not None}
    elif row.status in ("failed", "cancelled"):
        line["ended"] = ending(store, row)
    return canonical(line | ({"due": row.due} if row.due is not None else {}))


def _run_line(store: Store, row: RunRow) -> str:
    line = f"{row.run_id:<20} {row.status:<10} {printable(row.workflow)}"
    if row.status in ("running", "waiting"):
        standing = _standing(store, row)
        if standing.history.received.cancelling is not None:
            return f"{line}  is to be cancelled"
        return f"{line}  waits for {waits(standing.waits)}" if standing.waits or row.status == "waiting" else line
    told = ending(store, row) if row.status in ("failed", "cancelled") else {}
    words = ": ".join(str(told[key]) for key in ("step", "error", "message") if told.get(key))
    return f"{line}  {printable(words, 160)}" if words else line


def _standing(store: Store, row: RunRow) -> Standing:
    try:
        return Standing(store.events(row), time_ns() // 1000)
    except (Failure, ValueError, TypeError, AttributeError, KeyError):
        raise Failure("validation", f"the log of run {row.run_id} is damaged: see `verify`") from None


def verify_command(request: Request) -> int:
    """Whether the log of a run, or of all runs, is as it was written."""
    from ..execute import find_run
    from ..verify import head_of, verify, verify_store

    run_id, head = request.get("RUN"), request.get("head")
    if head is not None and run_id is None:
        raise Failure("validation", "--head is the hash of an event of one run: name the run")
    kept = open_store(request.store, readonly=True)
    try:
        pruned = kept.checkpoints(run_id or "")
        if run_id is not None and pruned and head is None:
            return _show_pruned(kept, pruned, request.as_json)
        rows = kept.runs() if run_id is None else [find_run(kept, run_id)]
        found = verify_store(kept) if run_id is None else [verify(kept, rows[0], head)]
        findings = [finding for finding in found if finding is not None]
        if findings:
            return show_findings(findings, request.as_json)
        for row in rows:
            count, digest = head_of(kept, row)
            line = {"run_id": row.run_id, "intact": True, "events": count, "head": digest}
            text = canonical(line) if request.as_json else f"run {row.run_id}: {count} events, intact, head {digest}"
            put(sys.stdout, text + "\n")
        return _show_pruned(kept, pruned, request.as_json)
    finally:
        kept.close()


def _show_pruned(store: Store, pruned: list[Checkpoint], as_json: bool) -> int:
    """What is left of pruned runs, if the log of checkpoints is as it was written."""
    from ..checkpoints import first_broken
    from ..verify import Finding

    if broken := first_broken(store.checkpoints()):
        return show_findings([Finding(broken[0], 0, broken[1])], as_json)
    for left in pruned:
        head = left.head_hash.hex()
        line = {"run_id": left.run_id, "intact": True, "pruned": True, "events": left.head_seq, "head": head}
        said = f"run {left.run_id}: {left.head_seq} events, {left.status} and pruned, head {head}"
        put(sys.stdout, (canonical(line) if as_json else said) + "\n")
    return 0


def show_findings(findings: list[Finding], as_json: bool) -> int:
    """What is wrong with logs, a line each; the exit code."""
    for finding in findings:
        line = {"run_id": finding.run_id, "intact": False, "seq": finding.seq, "message": finding.message}
        text = canonical(line) if as_json else f"run {finding.run_id}: {finding.message}"
        put(sys.stdout, printable(text, 4000) + "\n")
    return 1
