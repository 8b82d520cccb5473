"""What must hold of simulated runs: of every one, of every two in the same world, and what tests say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from agent_lattice_runtime.canonical import canonical, recorded
from agent_lattice_runtime.crashing import repeated
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.testing import Fails, Tested
from agent_lattice_runtime.verify import verify_store

from agent_lattice.records import record
from agent_lattice.simulating.lives import Life
from agent_lattice.simulating.people import RUN
from agent_lattice.simulating.scenarios import Subject
from agent_lattice.testing import broken, unmet

if TYPE_CHECKING:
    from agent_lattice_runtime.journal import EventRow

_UNLIKE = frozenset({"effect.in_doubt", "branch.taken", "run.cancelling", "signal.received", "approval.decided"})
"""Events after which the same world may come to another end: who was first, or when something came, matters."""


@record
class Problem:
    """A law that a run has broken, and how. `law` is the same for the same kind of problem."""

    law: str
    text: str


def problems(subject: Subject, life: Life) -> Iterator[Problem]:
    """The laws that a run has broken by itself."""
    for finding in verify_store(life.memory):
        yield Problem("the log of a run verifies", finding.message)
    if life.stuck:
        yield Problem("a run ends, or waits with a deadline", life.stuck)
        return
    if life.run is None:
        if life.refused is not None and life.scenario.test is None:
            yield Problem("any value of the declared types is a valid input", str(life.refused))
        return
    for entry in life.run.waits:
        if not isinstance(entry.get("until"), int):
            yield Problem("a run ends, or waits with a deadline", f"step {entry['step']} waits for ever")
    failure = life.run.failure
    if failure is not None and failure.code == "internal" and not _mocked_internal(life):
        yield Problem(
            "no run fails with internal", f"step {failure.step}: {failure.message}" if failure.step else failure.message
        )
    yield from _replayed(subject, life)
    for line in repeated(life.world.writes):
        yield Problem("no write is made twice", line)
    yield from _user_laws(subject, life)


def _mocked_internal(life: Life) -> bool:
    return any(
        isinstance(reply, Fails) and reply.code == "internal"
        for each in life.scenario.replies.values()
        for reply in each
    )


def _replayed(subject: Subject, life: Life) -> Iterator[Problem]:
    try:
        divergence = replay(subject.workflow, RUN, life.memory, Setting(mocks=life.world)).divergence
    except Failure as failure:
        yield Problem("a run replays", str(failure))
        return
    if divergence is not None:
        yield Problem("a run replays", f"{divergence.message}{''.join(f'; {line}' for line in divergence.details)}")


def _user_laws(subject: Subject, life: Life) -> Iterator[Problem]:
    """What all tests say of every run, and what the test that this run is of expects, as long as nothing went wrong that the
    test does not say."""
    assert life.run is not None
    world, test = life.world, life.scenario.test
    tested = Tested(life.run.result, life.run.failure, world)
    for scenario in subject.scenarios:
        for expectation in scenario.test.expectations if scenario.test is not None else ():
            if expectation.always and (text := broken(expectation, tested, world.effects)):
                yield Problem(f"always {expectation.text}", text)
    if test is not None and not life.world.faults and not in_doubt(life) and not _overdue(life):
        for text in unmet(test, tested):
            yield Problem(f'test "{test.name}" holds in any order and after any crash', text)


def _overdue(life: Life) -> bool:
    """Whether something took longer than the workflow allows."""
    kinds = ((event[2], event[3]) for event in life.events)
    fired = any(
        kind == "budget.exceeded" or (kind == "timer.fired" and step.endswith(".timeout")) for kind, step in kinds
    )
    return fired or life.world.overdue > 0


def in_doubt(life: Life) -> bool:
    """Whether a crash has left a write in doubt that may not be made again."""
    return any(event[2] == "effect.in_doubt" for event in life.events)


def differences(plain: Life, other: Life, concurrent: bool) -> Iterator[Problem]:
    """What order and crashes have changed: nothing, unless time or who was first matters to the workflow."""
    if _depends(plain, concurrent) or _depends(other, concurrent):
        return
    law = "order and crashes change nothing"
    if _outcome(plain) != _outcome(other):
        yield Problem(law, f"it ends in {_outcome(other)}, without them in {_outcome(plain)}")
        return
    before, after = _by_step(plain.events), _by_step(other.events)
    for step in sorted(before.keys() | after.keys()):
        if before.get(step) != after.get(step):
            yield Problem(law, f"step {step} has the events {_named(after, step)}, without them {_named(before, step)}")
            return


def _depends(life: Life, concurrent: bool) -> bool:
    """Whether the end of a run may depend on time or order: then nothing is said of it."""
    kinds = {event[2] for event in life.events}
    if life.stuck or life.run is None or kinds & _UNLIKE or _expired(life.events):
        return True
    failed = any(kind.endswith(".failed") and kind != "run.failed" for kind in kinds) or "run.failed" in kinds
    return concurrent and failed


def _expired(events: list[EventRow]) -> bool:
    """Whether a deadline was missed, or a call took too long."""
    for _, _, kind, _, payload, _, _ in events:
        if kind == "budget.exceeded" or (kind == "timer.set" and recorded(payload).get("kind") != "wait"):
            return True
        if kind.endswith(".failed") and recorded(payload).get("error") in ("timeout", "budget_exceeded"):
            return True
    return False


def _outcome(life: Life) -> str:
    run = life.run
    assert run is not None
    return canonical(run.result) if run.failure is None else f"{run.failure.code}: {run.failure.message}"


def _by_step(events: list[EventRow]) -> dict[str, list[tuple[str, Any]]]:
    """The events of each step that do not tell of time, in their order; a question that was asked again, once."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for _, _, kind, step, payload, _, _ in events:
        entry = (kind, _timeless(recorded(payload)))
        if not step or kind.startswith("timer.") or (kind == "llm.requested" and entry in found.get(step, ())):
            continue
        found.setdefault(step, []).append(entry)
    return found


def _timeless(payload: Any) -> Any:
    return (
        {name: value for name, value in payload.items() if name not in ("ms", "until")}
        if isinstance(payload, dict)
        else payload
    )


def _named(steps: dict[str, list[tuple[str, Any]]], step: str) -> str:
    return ", ".join(f"{kind} {canonical(payload)[:200]}" for kind, payload in steps.get(step, [])) or "none"
