"""Those outside of a run: they answer what it waits for in time, late, twice, otherwise or never, and some cancel it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from agent_lattice_runtime import deliveries
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.stores.memory import MemoryStore

from agent_lattice import types
from agent_lattice.simulating.choices import Choices
from agent_lattice.simulating.clock import Clock
from agent_lattice.simulating.near_misses import NearMisses
from agent_lattice.simulating.scenarios import Subject
from agent_lattice.simulating.signatures import static_id
from agent_lattice.simulating.values import Values

RUN = "simulated"
_SECOND = 1_000_000  # microseconds
_HOW_OFTEN = 60  # of a hundred waits so many are not answered in the plainest way
_SIGNALS = ("never", "late", "twice", "two values", "wrong value")
_APPROVALS = (
    "rejected",
    "never",
    "late",
    "twice",
    "approved and rejected",
    "changed values",
    "something else was shown",
)
_DOUBTS = ("redo", "fail", "never", "late", "twice")
_EARLY = 15
_CANCELLED = 4

Delivery = tuple[int, Callable[[], object]]
"""When, in µs since 1970, and what."""


class People:
    """Whoever sends signals to one run, decides what it asks and cancels it. `tell` is told what they do that is not plain."""

    def __init__(
        self, subject: Subject, memory: MemoryStore, choices: Choices, clock: Clock, tell: Callable[[str], None]
    ) -> None:
        self._subject = subject
        self._memory = memory
        self._choices = choices
        self._values = Values(choices)
        self._misses = NearMisses(choices)
        self._clock = clock
        self._tell = tell
        self._tended: set[str] = set()
        self.waiting: list[Delivery] = []

    def meanwhile(self, commit: int) -> None:
        """What comes before commit number so and so, asked for or not."""
        if commit == 1:
            return  # there is no run yet
        for name, type in sorted(self._subject.signatures.signals.items()):
            if self._choices.some(f"early {name}", _EARLY, 6) == commit - 1:
                self._tell(f"the signal {name} comes early")
                self._deliver(partial(self._signal, name, self._values.of(type, f"early {name}"), f"early {name}"))
        if self._choices.some("cancelled", _CANCELLED, 12) == commit - 1:
            self._tell("somebody cancels the run")
            self._deliver(
                partial(
                    deliveries.cancel,
                    self._subject.workflow,
                    self._memory,
                    RUN,
                    "not wanted",
                    delivery="cancel",
                    clock=self._clock,
                )
            )

    def tend(self, waits: list[dict[str, Any]]) -> None:
        """Decide what becomes of everything that a run waits for now."""
        for entry in waits:
            step, until = str(entry["step"]), int(entry["until"])
            mark = f"{step} {until}"
            if mark in self._tended:
                continue
            self._tended.add(mark)
            if entry["kind"] == "signal":
                self._tend_signal(str(entry["name"]), step, until)
            elif entry["kind"] == "approval":
                self._tend_approval(step, until)
            elif entry["kind"] == "doubt":
                self._tend_doubt(step, until, str(entry["op"]))
        self.waiting.sort(key=lambda delivery: delivery[0])

    def deliver_due(self) -> None:
        """Deliver what is due by the clock."""
        while self.waiting and self.waiting[0][0] * 1000 <= self._clock.now:
            self._deliver(self.waiting.pop(0)[1])

    def _deliver(self, action: Callable[[], object]) -> None:
        """Whoever comes too late, or with what does not fit, is told so; nothing else may come of it."""
        try:
            action()
        except Failure as failure:
            if failure.code == "internal":
                raise

    def _how(self, step: str, ways: tuple[str, ...], what: str) -> str:
        chosen = self._choices.some(f"answer {step}", _HOW_OFTEN, len(ways))
        if chosen:
            self._tell(f"{step}: {what}: {ways[chosen - 1]}")
        return ways[chosen - 1] if chosen else ""

    def _at(self, seconds_from_now: int, *actions: Callable[[], object]) -> None:
        moment = self._clock.now // 1000 + seconds_from_now * _SECOND
        self.waiting += [(moment + place, action) for place, action in enumerate(actions)]

    def _signal(self, name: str, value: Any, delivery: str) -> object:
        return deliveries.signal(
            self._subject.workflow, self._memory, RUN, name, value, delivery=delivery, clock=self._clock
        )

    def _tend_signal(self, name: str, step: str, until: int) -> None:
        type = self._subject.signatures.signals[name]
        how = self._how(step, _SIGNALS, f"the signal {name}")
        plain = partial(self._signal, name, self._values.of(type, f"sent {step}"), step)
        other = partial(self._signal, name, self._values.of(type, f"sent again {step}"), f"{step} again")
        if how == "late":
            self.waiting.append((until + _SECOND, plain))
        elif how == "wrong value":
            self._at(1, partial(self._signal, name, self._misses.of(type, f"sent {step}"), f"{step} wrong"))
        elif how != "never":
            self._at(1, plain, *{"twice": [plain], "two values": [other]}.get(how, []))

    def _decide(self, step: str, approved: bool, delivery: str, **more: Any) -> object:
        return deliveries.decide(
            self._subject.workflow,
            self._memory,
            RUN,
            step,
            approved,
            by="ada",
            delivery=delivery,
            clock=self._clock,
            **more,
        )

    def _tend_approval(self, step: str, until: int) -> None:
        how = self._how(step, _APPROVALS, "the approval")
        plain = partial(self._decide, step, how != "rejected", step)
        other = partial(self._decide, step, False, f"{step} again")
        if how == "late":
            self.waiting.append((until + _SECOND, plain))
        elif how == "changed values":
            self._at(1, partial(self._decide, step, True, step, values=self._changed(step)))
        elif how == "something else was shown":
            self._at(1, partial(self._decide, step, True, step, shown="0" * 64))
        elif how != "never":
            self._at(1, plain, *{"twice": [plain], "approved and rejected": [other]}.get(how, []))

    def _changed(self, step: str) -> dict[str, Any]:
        asked = self._subject.signatures.approvals.get(static_id(step))
        shown: dict[str, types.Type] = {} if asked is None else {name: term.type for name, term in asked.args}
        return {name: self._values.of(type, f"changed {step}.{name}") for name, type in shown.items()}

    def _tend_doubt(self, step: str, until: int, operation: str) -> None:
        how = self._how(step, _DOUBTS, "the write in doubt")
        given = {} if how in ("redo", "fail") else self._result(step, operation)
        said = partial(
            deliveries.resolve, self._subject.workflow, self._memory, RUN, step, how if how in ("redo", "fail") else "done",
            by="ada", delivery=step, clock=self._clock, **given,
        )  # fmt: skip
        if how == "late":
            self.waiting.append((until + _SECOND, said))
        elif how != "never":
            self._at(1, said, *([said] if how == "twice" else []))

    def _result(self, step: str, operation: str) -> dict[str, Any]:
        """The result that somebody has seen: a value of the type of the operation."""
        return {"value": self._values.of(self._subject.signatures.operations[operation].type, f"resolved {step}")}
