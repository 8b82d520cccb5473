"""`run` and `resume`: drive a run to its end or until it waits, showing steps on stderr and the result on stdout."""

from __future__ import annotations

import sys

from ..arguments import Usage
from ..progress import Progress, put
from .inputs import open_store, read_input
from .outcomes import show_outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..run import Run, Setting
    from ..stores import Store
    from . import Request


def run_command(request: Request) -> int:
    """Run to the end, or until the run waits."""
    from ..execute import new_run_id, start

    setting = setting_of(request)
    value = read_input(request.get("input") or "{}")
    run_id = request.get("run-id") or new_run_id()
    return _driven(lambda kept: start(request.workflow, value, kept, run_id, setting), request, run_id, setting)


def resume_command(request: Request) -> int:
    """Go on with a run where its log ends, or with all that are due."""
    run_id = request.get("RUN")
    if request.has("all-due") != (run_id is None):
        raise Usage("resume takes the id of a run, or --all-due")
    if run_id is None:
        from .working import work

        return work(request, once=True)
    return drive_on(request, run_id)


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
        progress.close()
        return show_outcome(run, store, request.as_json)
    except KeyboardInterrupt:
        progress.close()
        put(sys.stderr, f"interrupted; go on with: resume {run_id}\n")
        return 130
    finally:
        progress.close()
        store.close()
