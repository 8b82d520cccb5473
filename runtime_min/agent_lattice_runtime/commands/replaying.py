"""`replay`: whether the code still does what a log says, and how things stood where it comes to a step."""

from __future__ import annotations

import sys

from ..canonical import canonical
from ..progress import printable, put
from .inputs import open_store
from .showing import described
from .tables import cell, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..replay import Replay
    from ..time_travel import Moment
    from . import Request


def replay_command(request: Request) -> int:
    """Check that the log is untouched, and that the code still does what the log says, or with --until show variables and
    results as they were just before a step. Performs nothing."""
    from ..execute import find_run
    from ..verify import verify
    from .logs import show_findings

    run_id, until = request["RUN"], request.get("until")
    kept = open_store(request.store, readonly=True)
    try:
        finding = verify(kept, find_run(kept, run_id))
        if finding is not None:
            return show_findings([finding], request.as_json)
        if until is None:
            from ..replay import replay

            found = replay(request.workflow, run_id, kept)
        else:
            from ..time_travel import moment

            state = moment(request.workflow, run_id, kept, until)
    finally:
        kept.close()
    if until is not None:
        text = canonical(_moment_json(state)) if request.as_json else "\n".join(_moment_lines(state))
        put(sys.stdout, text + "\n")
        return 0
    _show_replay(found, request.as_json)
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
                "likely": divergence.likely,
            }
        elif found.failure is not None:
            line["failure"] = described(found.failure)
        elif found.finished:
            line["result"] = found.result
        put(sys.stdout, canonical(line) + "\n")
    elif divergence is not None:
        lines = [f"run {found.run_id} diverges: {divergence.message}", *(f"  {line}" for line in divergence.details)]
        lines += [f"  likely: {divergence.likely}"] if divergence.likely else []
        put(sys.stdout, "\n".join(printable(line, 2000) for line in lines) + "\n")
    elif not found.finished:
        put(sys.stdout, f"run {found.run_id} agrees with its log, which has no end yet; nothing was performed\n")
    else:
        put(sys.stdout, f"run {found.run_id} agrees with its log; nothing was performed\n")


def _moment_json(state: Moment) -> dict[str, object]:
    scopes = [
        {"workflow": scope.workflow, "path": scope.path.rstrip("."), "variables": dict(scope.names)}
        for scope in state.scopes
    ]
    steps = [record.data() for record in state.steps]
    return {"run_id": state.run_id, "step": state.step, "seq": state.seq, "scopes": scopes, "steps": steps}


def _moment_lines(state: Moment) -> list[str]:
    place = "the end of its log" if state.seq is None else f"event {state.seq}"
    lines = [f"run {state.run_id} just before {printable(state.step)}, at {place}", "", "variables"]
    for scope in state.scopes:
        where = f"{scope.workflow} in {scope.path.rstrip('.')}" if scope.path else scope.workflow
        rows = [(name, cell(value)) for name, value in scope.names.items()]
        lines += [f"  {printable(where)}", *table(rows or [("(none)",)], "    ")]
    steps = [(record.step, record.status, cell(record.outcome)) for record in state.steps]
    return [*lines, "", "steps", *table(steps or [("(none)",)], "  ")]
