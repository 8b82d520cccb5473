"""`run` and `resume`: drive a run to its end, showing steps on stderr and the result on stdout."""

from __future__ import annotations

import sys

from ..canonical import canonical
from ..progress import Progress, put
from .inputs import open_store, read_input
from .showing import described, explained, pretty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..run import Run, Setting
    from ..stores import Store
    from . import Request


def run_command(request: Request) -> int:
    """Run to the end."""
    from ..execute import new_run_id, start

    setting = setting_of(request)
    value = read_input(request.get("input") or "{}")
    run_id = request.get("run-id") or new_run_id()
    return _driven(lambda kept: start(request.workflow, value, kept, run_id, setting), request, run_id, setting)


def resume_command(request: Request) -> int:
    """Go on with a run where its log ends."""
    return drive_on(request, request["RUN"])


def drive_on(request: Request, run_id: str) -> int:
    """Resume that run, as the options say."""
    from ..execute import resume

    setting = setting_of(request)
    return _driven(lambda kept: resume(request.workflow, run_id, kept, setting), request, run_id, setting)


def setting_of(request: Request) -> Setting:
    """Where runs take place: the folders of the request, and replies that are given in place of asking models."""
    from ..run import Setting

    scripted = request.get("scripted")
    replies = None if scripted is None else read_input(scripted, "--scripted")
    return Setting(scripted=replies, folder=request.folder, tools=request.tools)


def _driven(drive: Callable[[Store], Run], request: Request, run_id: str, setting: Setting) -> int:
    from ..interrupts import interruptible

    progress = Progress(sys.stderr)
    if not request.has("quiet"):
        setting.on_event, setting.on_notice = progress.event, progress.notice
    store = open_store(request.store)
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
    _show_outcome(run, request.as_json)
    return 0 if run.failure is None else 1


def _show_outcome(run: Run, as_json: bool) -> None:
    row, failure = run.journal.row, run.failure
    ended = "completed" if failure is None else "cancelled" if row.status == "cancelled" else "failed"
    if as_json:
        line: dict[str, object] = {"run_id": row.run_id, "status": ended}
        line |= {"result": run.result} if failure is None else {"failure": described(failure)}
        put(sys.stdout, canonical(line) + "\n")
    elif failure is None:
        put(sys.stdout, pretty(run.result) + "\n")
    else:
        put(sys.stderr, f"run {row.run_id} {ended}: {explained(failure)}\n")
