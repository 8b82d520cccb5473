"""Whether runs that an old version of a program has recorded can go on with a new one, told from the two plans alone.

Both are read side by side, in the order in which a run goes through them. As long as they are the same, so is what a run
does. From the first difference on every step that a run of the old version may come to is *affected*: a run whose log has
one of them, or an end, may not replay. Nothing is called safe that is not: what cannot be told counts as different.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest

from agent_lattice import plan
from agent_lattice.change_words import added, changed, removed
from agent_lattice.plan_definitions import Definitions
from agent_lattice.plan_steps import first_steps, step_of, steps_of
from agent_lattice.records import field, record, replace
from agent_lattice.terms import Const
from agent_lattice.types import NULL

_MARK = plan.Return(Const(None, type=NULL))  # stands for a block that is there


@record(frozen=False)
class Change:
    """The first difference of two blocks: `affected` are steps of the old one, `first` those of which a run leaves one first;
    unless `sure`, a run may leave none of them in this block."""

    reason: str
    affected: set[str] = field(default_factory=set)
    first: list[str] = field(default_factory=list)
    sure: bool = False

    def join(self, other: Change) -> None:
        """Another difference, in a block that a run goes through in place of this one, or beside it."""
        self.affected |= other.affected
        self.first += [step for step in other.first if step not in self.first]
        self.sure = self.sure and other.sure


@record
class Verdict:
    """`safe`, `conditional` (safe for runs under way that have come to none of the steps `first`) or `breaking`, and why. `affected`
    are all static ids that a run under way must not have in its log."""

    word: str
    reason: str = ""
    first: tuple[str, ...] = ()
    affected: frozenset[str] = frozenset()

    def allows(self, steps: Iterable[str], ended: bool) -> bool:
        """Whether a run with these static step ids in its log, which has ended or not, replays for certain."""
        if self.word == "safe":
            return True
        if self.word == "breaking" or ended:
            return False
        return not any(step == known or step.startswith(f"{known}.") for step in steps for known in self.affected)


def verdict(old: plan.Plan, new: plan.Plan, outputs_old: Mapping[str, str], outputs_new: Mapping[str, str]) -> Verdict:
    """Compare two plans. `outputs_*` are the names under which their packages ask models for types, by the type's text."""
    known = Definitions(old, new, outputs_old, outputs_new)
    if reason := known.interface():
        return Verdict("breaking", reason)
    found = _Comparison(known).workflow(old.main, "")
    if found is None:
        return Verdict("safe")
    every = set(steps_of(known.workflows[0][old.main].body, known.workflows[0]))
    word = "breaking" if every and every <= found.affected else "conditional"
    return Verdict(word, found.reason, tuple(found.first), frozenset(found.affected))


class _Comparison:
    def __init__(self, known: Definitions) -> None:
        self._known = known
        self._old = known.workflows[0]

    def workflow(self, name: str, prefix: str) -> Change | None:
        """The first difference of a workflow of that name in both plans; its steps begin with `prefix`."""
        old, new = (known.get(name) for known in self._known.workflows)
        assert old is not None
        if new is None:
            return self._all(f"the workflow {name} is gone", old.body, prefix)
        if found := self._block(old.body, new.body, prefix):
            return found
        if old.type != new.type or self._known.touches(old.type):
            return Change(f"the type of the result of {name} was changed")
        params = [[(param.name, param.type) for param in w.params] for w in (old, new)]
        if prefix and params[0] != params[1]:
            return self._all(f"the parameters of {name} were changed", old.body, prefix)
        return None

    def _all(self, reason: str, ops: Iterable[plan.Op], prefix: str) -> Change:
        """A difference before all of these operations."""
        ops = tuple(ops)
        first, sure = first_steps(ops, self._old, prefix)
        return Change(reason, set(steps_of(ops, self._old, prefix)), first, sure)

    def _block(self, old: plan.Block, new: plan.Block, prefix: str) -> Change | None:
        for place, (one, other) in enumerate(zip_longest(old, new)):
            found = self._pair(one, other, old[place:], new[place:], prefix)
            if found is not None:
                rest = old[place + 1 :]
                found.affected |= set(steps_of(rest, self._old, prefix))
                if not found.sure:
                    more, found.sure = first_steps(rest, self._old, prefix)
                    found.first += [step for step in more if step not in found.first]
                return found
        return None

    def _pair(
        self, one: plan.Op | None, other: plan.Op | None, old: plan.Block, new: plan.Block, prefix: str
    ) -> Change | None:
        if one is None:
            return Change(added(new[0], ()))
        if other is None:
            return self._all(removed(one), (one,), prefix)
        if _head(one) != _head(other):
            return self._all(self._words(old, new), (one,), prefix)
        if reason := self._known.problem(_head(one)):
            return self._all(f"{reason}{_at(one)}", (one,), prefix)
        if isinstance(one, plan.Call):
            return self.workflow(one.workflow, f"{prefix}{one.step}.")
        return self._inside(one, other, prefix)

    def _words(self, old: plan.Block, new: plan.Block) -> str:
        """What was done to the first operation of a block."""
        if old[0] in new[1:] and new[0] not in old[1:]:
            return added(new[0], old)
        if new[0] in old[1:] and old[0] not in new[1:]:
            return removed(old[0])
        return changed(old[0], new[0], moved=old[0] in new[1:])

    def _inside(self, one: plan.Op, other: plan.Op, prefix: str) -> Change | None:
        """The differences of the blocks of an operation that is the same otherwise."""
        pairs = list(zip(plan.blocks(one), plan.blocks(other), strict=False))
        changes = [self._block(before, after, prefix) for before, after in pairs]
        found = [change for change in changes if change is not None]
        if not found:
            return None
        if isinstance(one, plan.Each | plan.Loop | plan.Race):  # a later turn comes to what is before the difference
            return self._all(found[0].reason, (one,), prefix)
        if isinstance(one, plan.Try):
            return self._of_try(one, changes, prefix)
        first = found[0]
        for change in found[1:]:
            first.join(change)
        first.sure = first.sure and len(found) == len(changes)
        return first

    def _of_try(self, one: plan.Try, changes: list[Change | None], prefix: str) -> Change:
        """A body that differs may fail otherwise: then all that follows it is affected; a block behind it, what follows that."""
        blocks = plan.blocks(one)
        place = next(place for place, change in enumerate(changes) if change is not None)
        first = changes[place]
        assert first is not None
        for change in changes[place + 1 :]:
            if change is not None:
                first.join(change)
        for block in blocks[1:] if place == 0 else (one.finish,):
            first.affected |= set(steps_of(block, self._old, prefix))
            first.first += [step for step in first_steps(block, self._old, prefix)[0] if step not in first.first]
        first.sure = False
        return first


def _at(op: plan.Op) -> str:
    return f", which step {step_of(op)} uses" if step_of(op) else ""


def _head(op: plan.Op) -> plan.Op:
    """An operation without the blocks inside it."""
    match op:
        case plan.If():
            return replace(op, then=(), otherwise=())
        case plan.Match(cases=cases, otherwise=otherwise):
            bare = tuple(replace(case, body=()) for case in cases)
            return replace(op, cases=bare, otherwise=None if otherwise is None else ())
        case plan.Parallel(branches=branches) | plan.Race(branches=branches):
            return replace(op, branches=tuple(replace(branch, body=()) for branch in branches))
        case plan.Each() | plan.Loop():
            return replace(op, body=())
        case plan.Try(handlers=handlers, finish=finish):
            bare_handlers = tuple(replace(handler, body=()) for handler in handlers)
            return replace(op, body=(), handlers=bare_handlers, otherwise=(), finish=finish[:1] and (_MARK,))
    return op
