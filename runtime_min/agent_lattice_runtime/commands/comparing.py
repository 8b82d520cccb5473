"""`diff`: where two runs part."""

from __future__ import annotations

import sys

from ..canonical import canonical
from ..differences import shortened
from ..progress import printable, put
from .inputs import open_store
from .tables import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..comparisons import Difference, Recorded
    from ..step_records import StepRecord
    from . import Request


def diff_command(request: Request) -> int:
    """The first step in which two runs part, and all that differ; 0 when none does, else 1."""
    from ..comparisons import compare

    other_store = request.get("store-b") or request.store
    runs = _recorded(request["RUN_A"], request.store), _recorded(request["RUN_B"], other_store)
    found = compare(*runs)
    text = canonical(_diff_json(*runs, found)) if request.as_json else "\n".join(_diff_lines(*runs, found))
    put(sys.stdout, text + "\n")
    return 1 if found else 0


def _recorded(run_id: str, store: str) -> Recorded:
    """A run of a store; raises Failure not_found, or validation when its log is damaged."""
    from ..comparisons import Recorded
    from ..errors import Failure
    from ..execute import find_run

    kept = open_store(store, readonly=True)
    try:
        row = find_run(kept, run_id)
        return Recorded(row, list(kept.events(row)))
    except (ValueError, TypeError, AttributeError):
        raise Failure("validation", f"the log of run {run_id} is damaged: see `verify`") from None
    finally:
        kept.close()


def _diff_json(one: Recorded, other: Recorded, found: list[Difference]) -> dict[str, object]:
    def row(run: Recorded) -> dict[str, object]:
        return {"run_id": run.row.run_id, "workflow": run.row.workflow, "status": run.row.status, "plan": run.row.plan}

    line: dict[str, object] = {"one": row(one), "other": row(other), "same": not found}
    if found:
        line["first"] = {"step": found[0].step, "meaning": found[0].meaning}
    steps = [
        {
            "step": difference.step,
            "aspects": list(difference.aspects),
            "one": difference.one and difference.one.data(),
            "other": difference.other and difference.other.data(),
        }
        for difference in found
    ]
    return line | {"steps": steps}


def _diff_lines(one: Recorded, other: Recorded, found: list[Difference]) -> list[str]:
    names = f"runs {one.row.run_id} and {other.row.run_id}"
    lines = []
    if one.row.plan != other.row.plan:
        lines.append(f"{names} are of different versions: plans {one.row.plan} and {other.row.plan}")
    if not found:
        return [*lines, f"{names} are the same, step by step"]
    first = found[0]
    places = [
        f"event {record.seq} of {run.row.run_id}"
        for record, run in ((first.one, one), (first.other, other))
        if record is not None
    ]
    lines += [f"{names} part at {printable(first.step)} ({', '.join(places)}): {first.meaning}", ""]
    rows = [("step", "what", one.row.run_id, other.row.run_id)]
    for difference in found:
        rows += [(difference.step, *side) for side in difference.sides()] or [_alone(difference)]
    return [*lines, *table(rows)]


def _alone(difference: Difference) -> tuple[str, str, str, str]:
    """The line of a step that only one run has."""
    cells = ["-" if record is None else _told(record) for record in (difference.one, difference.other)]
    return difference.step, "only in one", cells[0], cells[1]


def _told(record: StepRecord) -> str:
    about = record.aspects.get("operation") or record.aspects.get("model") or record.aspects.get("event") or ""
    return shortened(f"{about} {record.status}".strip())
