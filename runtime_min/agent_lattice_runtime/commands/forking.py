"""`fork`: a new run that begins as an old one did."""

from __future__ import annotations

import sys

from ..arguments import Usage
from ..canonical import canonical
from ..progress import printable, put
from .driving import drive_on
from .inputs import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..forks import Fork
    from . import Request


def fork_command(request: Request) -> int:
    """Store the new run, say which writes it will come to again, and with --resume go on with it."""
    from ..execute import find_run
    from ..forks import fork
    from ..verify import verify
    from .logs import show_findings

    run_id = request["RUN"]
    changes = _changes(request.all("set"))
    kept = open_store(request.store)
    try:
        finding = verify(kept, find_run(kept, run_id))
        if finding is not None:
            return show_findings([finding], request.as_json)
        made = fork(request.workflow, run_id, kept, request.get("from"), changes, request.get("id"))
    finally:
        kept.close()
    if not request.has("resume"):
        text = canonical(_data(run_id, made)) if request.as_json else "\n".join(_lines(run_id, made))
        put(sys.stdout, text + "\n")
        return 0
    put(sys.stderr, "\n".join(_lines(run_id, made)[:-1]) + "\n")
    return drive_on(request, made.run_id)


def _changes(words: Sequence[str]) -> dict[str, str]:
    """The values of --set by name; raises Usage."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Usage(f"--set is name=value, not {word!r}")
        if name in found:
            raise Usage(f"--set {name} is given twice")
        found[name] = value
    return found


def _data(run_id: str, made: Fork) -> dict[str, object]:
    writes = [{"key": write.key, "op": write.op, "step": write.step} for write in made.writes]
    origin = {"run": run_id, "seq": made.seq, "step": made.step}
    return {"run_id": made.run_id, "forked_from": origin, "events": made.kept, "writes": writes}


def _lines(run_id: str, made: Fork) -> list[str]:
    """What has been made, what will be done again, and how to go on."""
    place = f"just before {made.step}" if made.step else f"where the log of {run_id} ends"
    lines = [f"run {made.run_id} begins as {run_id} did, {place}: {made.kept} events are taken over"]
    for write in made.writes:
        key = "with the same key" if write.key else "a second time: it has no key"
        lines.append(f"if it comes to {write.step}, it makes the write {write.op} {key}")
    return [printable(line, 1000) for line in [*lines, f"go on with: resume {made.run_id}"]]
