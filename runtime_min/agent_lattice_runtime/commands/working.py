"""`worker` and `enqueue`: many runs, driven by whoever is free."""

from __future__ import annotations

import sys

from ..arguments import Usage
from ..canonical import canonical
from ..progress import put
from .driving import setting_of
from .inputs import open_store, read_input
from .outcomes import outcome_json, outcome_line
from .showing import described, explained

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..errors import Failure
    from ..journal import RunRow
    from ..run import Run
    from ..stores import Store
    from . import Request


def enqueue_command(request: Request) -> int:
    """Store a run that a worker is to start."""
    from ..execute import enqueue

    value = read_input(request.get("input") or "{}")
    store = open_store(request.store)
    try:
        row = enqueue(request.workflow, value, store, request.get("run-id"))
    finally:
        store.close()
    line = {"run_id": row.run_id, "status": row.status}
    put(sys.stdout, (canonical(line) if request.as_json else row.run_id) + "\n")
    return 0


def worker_command(request: Request) -> int:
    """Drive what is due until somebody stops it."""
    return work(request, once=request.has("once"))


def work(request: Request, *, once: bool) -> int:
    """Drive what is due, showing a line for each run. 1 when one failed in the only round, 130 after Ctrl-C, else 0."""
    from signal import SIGINT

    from ..deaths import DEATHS
    from ..due_runs import EVERY, LIMIT, Worker
    from ..interrupts import draining

    failed = unread = False

    def tell(store: Store, row: RunRow, run: Run | None, failure: Failure | None) -> None:
        nonlocal failed, unread
        failed = failed or failure is not None
        if request.has("quiet") or unread:
            return
        try:
            put(sys.stdout, _outcome(store, row, run, failure, request.as_json) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            unread = True
            worker.stop()  # and not at once: effects of other runs go on

    worker = Worker(
        request.workflow,
        lambda: open_store(request.store),
        setting_of(request),
        limit=int(_number(request, "limit", LIMIT, 1, 10_000)),
        every=_number(request, "every", EVERY, 0.01, 3600),
        deaths=int(_number(request, "deaths", DEATHS, 1, 1_000_000)),
        tell=tell,
        once=once,
    )
    with draining(worker.stop) as drained:
        worker.work()
    if unread:
        raise BrokenPipeError
    return 130 if drained.asked == SIGINT else int(failed and once)


def _outcome(store: Store, row: RunRow, run: Run | None, failure: Failure | None, as_json: bool) -> str:
    """A line about a run that is not driven here any more, or that could not be."""
    if run is not None:
        return (outcome_json if as_json else outcome_line)(run, store)
    assert failure is not None
    if as_json:
        return canonical({"run_id": row.run_id, "status": row.status, "failure": described(failure)})
    return f"run {row.run_id} is left as it is: {explained(failure)}"


def _number(request: Request, name: str, usual: float, least: float, most: float) -> float:
    """A number that an option gives; raises Usage."""
    text = request.get(name)
    if text is None:
        return usual
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not least <= number <= most:
        raise Usage(f"--{name} is a number from {least:g} to {most:g}, not {text!r}")
    return number
