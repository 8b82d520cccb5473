"""Two recorded runs beside each other: the first step in which they part, and all that differ."""

from __future__ import annotations

from .canonical import canonical, recorded
from .differences import differences
from .step_records import ASKED, StepRecord, sentence, step_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .journal import EventRow, RunRow

INPUT, OUTCOME = "(input)", "(outcome)"
"""What stands in the place of a step's path for what runs begin and end with."""


class Difference:
    """A step that is not the same in both runs. `one` and `other` are what each run has of it, None when it does not have the
    step; `aspects` names what differs, empty when only one run has it."""

    __slots__ = ("aspects", "one", "other", "step")

    def __init__(self, step: str, one: StepRecord | None, other: StepRecord | None) -> None:
        self.step = step
        self.one = one
        self.other = other
        self.aspects: tuple[str, ...] = ()
        if one is not None and other is not None:
            names = [*one.aspects, *(name for name in other.aspects if name not in one.aspects)]
            differing = [name for name in names if not _same(name, one.aspects, other.aspects)]
            if not differing and one.status != other.status:
                differing = ["status"]
            self.aspects = tuple(differing)

    @property
    def meaning(self) -> str:
        """What the difference says, in a few words."""
        if self.one is None:
            return "only the second run has this step"
        if self.other is None:
            return "only the first run has this step"
        if self.step == INPUT:
            return "the runs were given different inputs"
        if self.step == OUTCOME:
            return "the same steps, another end"
        asked = [name for name in self.aspects if name in ASKED]
        if asked:
            return f"the step is not asked the same: its {_listed(asked)} differ" + ("s" if len(asked) == 1 else "")
        return f"the same was asked, another {_listed(self.aspects)} came of it"

    def sides(self) -> Iterator[tuple[str, str, str]]:
        """(what, in the first run, in the second run) of each part that differs."""
        if self.one is None or self.other is None:
            return
        for name in self.aspects:
            if name == "status":
                yield name, self.one.status, self.other.status
                continue
            left, right = self.one.aspects.get(name), self.other.aspects.get(name)
            for place, one, other in differences(left, right):
                yield (f"{name} {place}" if place else name), one, other


def _same(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return name in one and name in other and canonical(one[name]) == canonical(other[name])


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


class Recorded:
    """A run as it is compared: its row, and its steps between what it was given and how it ended."""

    __slots__ = ("row", "steps")

    def __init__(self, row: RunRow, events: list[EventRow]) -> None:
        self.row = row
        self.steps = {INPUT: _input(events), **step_records(events), OUTCOME: _outcome(row, events)}


def _input(events: list[EventRow]) -> StepRecord:
    record = StepRecord(INPUT, 1)
    started: Mapping[str, Any] = recorded(events[0][4]) if events else {}
    record.aspects["input"] = started.get("input")
    return record


def _outcome(row: RunRow, events: list[EventRow]) -> StepRecord:
    """How a run stands: its result or failure when it is over."""
    last = events[-1] if events else None
    record = StepRecord(OUTCOME, last[0] if last else 0)
    record.status = row.status
    if last is not None and last[2] == "run.completed":
        record.aspects["result"] = recorded(last[4]).get("result")
    elif last is not None and last[2] == "run.failed":
        record.aspects["error"] = sentence(recorded(last[4]))
    return record


def compare(one: Recorded, other: Recorded) -> list[Difference]:
    """The steps that differ, in the order in which the runs came to them; steps that only the second has stand behind
    what comes before them there. The order of steps that went on side by side is no difference."""
    found = []
    for step in _merged(list(one.steps), list(other.steps)):
        difference = Difference(step, one.steps.get(step), other.steps.get(step))
        if difference.one is None or difference.other is None or difference.aspects:
            found.append(difference)
    return found


def _merged(one: list[str], other: list[str]) -> list[str]:
    """All of `one` in its order, each followed by what only `other` has behind it."""
    known = set(one)
    behind: dict[str, list[str]] = {}
    anchor = ""
    for step in other:
        if step in known:
            anchor = step
        else:
            behind.setdefault(anchor, []).append(step)
    return [*behind.get("", ()), *(found for step in one for found in (step, *behind.get(step, ())))]
