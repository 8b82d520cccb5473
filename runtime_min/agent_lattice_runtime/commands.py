"""The commands on runs, for the command line of a package and for the compiler's own: each returns an exit code.

0 clean, 1 the run failed, diverged or was tampered with, 2 unusable input (raised as Failure), 130 interrupted.
"""

from __future__ import annotations

import sys

from .canonical import canonical, parse, recorded
from .errors import Failure, failure_payload
from .progress import Progress, printable, put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .journal import EventRow
    from .models import Workflow
    from .replay import Replay
    from .run import Run, Setting
    from .stores.sqlite import SqliteStore
    from .traces import Span
    from .verify import Finding


def default_store(name: str) -> str:
    """Where the runs of a workflow are kept when nobody says otherwise."""
    return f".lattice/{name}.db"


def read_input(text: str) -> object:
    """The value of `--input`: JSON as it is, the name of a JSON file, or - for standard input. Raises Failure."""
    if text == "-":
        return parse(sys.stdin.buffer.read(), "standard input")
    if text.lstrip()[:1] in tuple('{["'):
        return parse(text, "--input")
    return read_json_file(text)


def read_json_file(path: str) -> object:
    """The value of a JSON file; raises Failure validation when it cannot be read."""
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Failure("validation", f"cannot read {path}: {reason}") from None
    return parse(raw, path)


def open_store(path: str, readonly: bool = False) -> SqliteStore:
    """The store at `path`; raises StoreFailure."""
    from .stores.sqlite import SqliteStore

    return SqliteStore(path, readonly=readonly)


def run_command(
    workflow: Workflow,
    value: object,
    store: str,
    *,
    run_id: str | None = None,
    setting: Setting,
    as_json: bool = False,
    quiet: bool = False,
) -> int:
    """Run to the end, showing steps on stderr and the result on stdout."""
    from .execute import new_run_id, start

    name = run_id or new_run_id()
    return _driven(lambda kept: start(workflow, value, kept, name, setting), store, name, setting, as_json, quiet)


def resume_command(
    workflow: Workflow, run_id: str, store: str, *, setting: Setting, as_json: bool = False, quiet: bool = False
) -> int:
    """Go on with a run where its log ends."""
    from .execute import resume

    return _driven(lambda kept: resume(workflow, run_id, kept, setting), store, run_id, setting, as_json, quiet)


def _driven(
    drive: Callable[[SqliteStore], Run], path: str, run_id: str, setting: Setting, as_json: bool, quiet: bool
) -> int:
    from .interrupts import interruptible

    progress = Progress(sys.stderr)
    if not quiet:
        setting.on_event, setting.on_notice = progress.event, progress.notice
    store = open_store(path)
    try:
        with interruptible():
            run = drive(store)
    except KeyboardInterrupt:
        progress.close()
        put(sys.stderr, f"interrupted; go on with: resume {run_id}\n")
        return 130
    finally:
        progress.close()
        store.close()
    _show_outcome(run, as_json)
    return 0 if run.failure is None else 1


def _show_outcome(run: Run, as_json: bool) -> None:
    row, failure = run.journal.row, run.failure
    ended = "completed" if failure is None else "cancelled" if row.status == "cancelled" else "failed"
    if as_json:
        line: dict[str, object] = {"run_id": row.run_id, "status": ended}
        line |= {"result": run.result} if failure is None else {"failure": _described(failure)}
        put(sys.stdout, canonical(line) + "\n")
    elif failure is None:
        put(sys.stdout, pretty(run.result) + "\n")
    else:
        put(sys.stderr, f"run {row.run_id} {ended}: {explained(failure)}\n")


def _described(failure: Failure) -> dict[str, object]:
    return failure_payload(failure) | {"step": failure.step}


def pretty(value: object) -> str:
    """JSON for people, in the same wire form as everywhere."""
    from json import dumps

    return dumps(recorded(canonical(value)), indent=2, ensure_ascii=False)


def explained(failure: Failure) -> str:
    """A failure with its step and its details, a line each."""
    where = f"step {failure.step}: " if failure.step else ""
    details = [detail for detail in failure.details if detail not in failure.message]
    lines = [f"{where}{failure.code}: {failure.message}", *(f"  {detail}" for detail in details)]
    return "\n".join(printable(line, 2000) for line in lines)


def replay_command(workflow: Workflow, run_id: str, store: str, *, as_json: bool = False) -> int:
    """Check that the log is untouched, and that the code still does what the log says. Performs nothing."""
    from .execute import find_run
    from .replay import replay
    from .verify import verify

    kept = open_store(store, readonly=True)
    try:
        finding = verify(kept, find_run(kept, run_id))
        if finding is not None:
            return _show_findings([finding], as_json)
        found = replay(workflow, run_id, kept)
    finally:
        kept.close()
    _show_replay(found, as_json)
    return 0 if found.divergence is None else 1


def _show_replay(found: Replay, as_json: bool) -> None:
    divergence = found.divergence
    if as_json:
        line: dict[str, object] = {"run_id": found.run_id, "agrees": divergence is None, "finished": found.finished}
        if divergence is not None:
            line["divergence"] = {
                "step": divergence.step,
                "message": divergence.message,
                "details": list(divergence.details),
            }
        elif found.failure is not None:
            line["failure"] = _described(found.failure)
        elif found.finished:
            line["result"] = found.result
        put(sys.stdout, canonical(line) + "\n")
    elif divergence is not None:
        lines = [f"run {found.run_id} diverges: {divergence.message}", *(f"  {line}" for line in divergence.details)]
        put(sys.stdout, "\n".join(printable(line, 2000) for line in lines) + "\n")
    elif not found.finished:
        put(sys.stdout, f"run {found.run_id} agrees with its log, which has no end yet; nothing was performed\n")
    else:
        put(sys.stdout, f"run {found.run_id} agrees with its log; nothing was performed\n")


def events_command(run_id: str, store: str, *, as_json: bool = False) -> int:
    """The events of a run, one per line."""
    from .execute import find_run
    from .verify import exported

    kept = open_store(store, readonly=True)
    try:
        row = find_run(kept, run_id)
        for event in kept.events(row):
            try:
                line = exported(row, event) if as_json else _event_line(event)
            except (Failure, ValueError, TypeError, AttributeError):
                raise Failure("validation", f"event {event[0]} of run {run_id} is damaged: see `verify`") from None
            put(sys.stdout, line + "\n")
    finally:
        kept.close()
    return 0


def _event_line(event: EventRow) -> str:
    seq, ts, kind, step, payload, _, _ = event
    return f"{seq:>5}  {moment(ts)}  {kind:<18} {printable(step)}  {printable(payload, 160)}".rstrip()


def trace_command(run_id: str, store: str, *, as_json: bool = False) -> int:
    """What a run did when, and how long it took: a line for each step."""
    from .execute import find_run
    from .traces import spans, totals

    kept = open_store(store, readonly=True)
    try:
        row = find_run(kept, run_id)
        try:
            found = spans(kept.events(row))
        except (Failure, ValueError, TypeError, AttributeError):
            raise Failure("validation", f"the log of run {run_id} is damaged: see `verify`") from None
    finally:
        kept.close()
    start = min((span.start for span in found), default=0)
    for span in found:
        put(sys.stdout, (_span_json(run_id, span) if as_json else _span_line(span, start)) + "\n")
    if not as_json:
        sums = totals(found)
        used = f"{sums['input_tokens']:.0f}+{sums['output_tokens']:.0f} tokens, {sums['cost_usd']:.6f} USD"
        asked = f", {sums['calls']:.0f} model calls, {used}" if sums["calls"] else ""
        put(sys.stdout, f"run {run_id} of {printable(row.workflow)}: {row.status}{asked}\n")
    return 0


def _span_json(run_id: str, span: Span) -> str:
    line = {"run_id": run_id, "step": span.step, "status": span.status, "start": span.start, "end": span.end}
    return canonical(line | {"about": span.about})


def _span_line(span: Span, start: int) -> str:
    from .traces import note

    offset, took = (span.start - start) / 1000, (span.end - span.start) / 1000
    step = "  " * span.depth + span.step
    return f"{offset:>9.0f} ms {took:>7.0f} ms  {span.status:<8}  {printable(step):<28}  {printable(note(span), 160)}".rstrip()


def moment(ts: int) -> str:
    """Microseconds since 1970 as a time in UTC."""
    from time import gmtime, strftime

    return f"{strftime('%Y-%m-%dT%H:%M:%S', gmtime(ts // 1_000_000))}.{ts % 1_000_000 // 1000:03}Z"


def runs_command(store: str, *, as_json: bool = False) -> int:
    """The runs of a store, one per line."""
    kept = open_store(store, readonly=True)
    try:
        for row in kept.runs():
            fields: dict[str, Any] = {"run_id": row.run_id, "status": row.status, "workflow": row.workflow}
            line = canonical(fields) if as_json else f"{row.run_id:<20} {row.status:<10} {row.workflow}"
            put(sys.stdout, line + "\n")
    finally:
        kept.close()
    return 0


def hook_command(workflow: Workflow, client: str, event: str, store: str) -> int:
    """Write down what a coding agent tells on standard input. The exit code is 1 at worst: 2 would stop some agents."""
    from .client_hooks import record
    from .errors import StoreFailure
    from .journal import check_run_id

    try:
        check_run_id(client)
        kept = open_store(store)
        try:
            record(workflow, client, sys.stdin.buffer.read(), kept, event)
        finally:
            kept.close()
    except (Failure, StoreFailure) as failure:
        put(sys.stderr, f"{workflow.name}: {explained(failure)}\n")
        return 1
    return 0


def decide_command(file: str) -> int:
    """Answer who asks on standard input whether a call may be made. What cannot be answered is a Failure: exit code 2 refuses."""
    from .client_decisions import answer, checked
    from .client_messages import read_message

    said = answer(checked(read_json_file(file)), read_message(sys.stdin.buffer.read()))
    if said is not None:
        put(sys.stdout, canonical(said) + "\n")
    return 0


def verify_command(run_id: str | None, store: str, *, head: str | None = None, as_json: bool = False) -> int:
    """Whether the log of a run, or of all runs, is as it was written."""
    from .execute import find_run
    from .verify import head_of, verify, verify_store

    if head is not None and run_id is None:
        raise Failure("validation", "--head is the hash of an event of one run: name the run")
    kept = open_store(store, readonly=True)
    try:
        rows = kept.runs() if run_id is None else [find_run(kept, run_id)]
        found = verify_store(kept) if run_id is None else [verify(kept, rows[0], head)]
        findings = [finding for finding in found if finding is not None]
        if findings:
            return _show_findings(findings, as_json)
        for row in rows:
            count, digest = head_of(kept, row)
            line = {"run_id": row.run_id, "intact": True, "events": count, "head": digest}
            text = canonical(line) if as_json else f"run {row.run_id}: {count} events, intact, head {digest}"
            put(sys.stdout, text + "\n")
    finally:
        kept.close()
    return 0


def _show_findings(findings: list[Finding], as_json: bool) -> int:
    for finding in findings:
        line = {"run_id": finding.run_id, "intact": False, "seq": finding.seq, "message": finding.message}
        text = canonical(line) if as_json else f"run {finding.run_id}: {finding.message}"
        put(sys.stdout, printable(text, 4000) + "\n")
    return 1
