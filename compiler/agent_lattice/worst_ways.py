"""The dearest ways through a body of operations: one walk, which carries what is known of flags and counters and their costs so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import sub

from agent_lattice import plan
from agent_lattice.costs import Cost, larger, largest, times, total
from agent_lattice.known_values import Known, State
from agent_lattice.records import record

Costs = dict[State, Cost]
"""The dearest way to be at a place, for each state in which it can be reached."""
PATIENCE = 20_000
"""Steps of a walk after which nothing is told apart any more: then a bound is found at once, and may be larger."""
MOST_KNOWN = 64
"""Flags and counters that are followed; with more of them comparing states alone would take too long."""


@record
class Ways:
    """How a body is left: behind its end (`through`), by a failure anywhere in it, or with a result (None: never)."""

    through: Costs
    failed: Costs
    ended: Cost | None

    @property
    def most(self) -> Cost:
        return largest([*self.failed.values(), *([self.ended] if self.ended is not None else [])])


class TooMany(Exception):
    """More states than the walk has patience for."""


class Walk:
    """A walk through bodies. `asks` is the cost of asking a model or running an agent, `calls` those of another workflow, where it
    has a result (None: never) and where it fails; `patience` None for a walk that tells no states apart."""

    def __init__(
        self,
        body: plan.Block,
        nothing: Cost,
        asks: Callable[[plan.Ask | plan.Run], Cost],
        calls: Callable[[str], tuple[Cost | None, Cost]],
        patience: int | None,
    ) -> None:
        self._known = Known(body if patience is not None else ())
        self._left = patience
        self._nothing = nothing
        self._asks = asks
        self._calls = calls
        self._body = body

    def ways(self) -> Ways:
        """Through the whole body. Raises TooMany."""
        if len(self._known.nothing) > MOST_KNOWN:
            raise TooMany
        return self._block(self._body, {self._known.nothing: self._nothing})

    def _block(self, block: plan.Block, entering: Costs) -> Ways:
        through, failed = entering, entering
        ended: Cost | None = None
        for op in block:
            ways = self._op(op, through)
            if ways is not None:
                through, failed, ended = ways.through, _joined(failed, ways.failed), larger(ended, ways.ended)
                if not through:
                    break
        return Ways(through, failed, ended)

    def _op(self, op: plan.Op, states: Costs) -> Ways | None:
        """None where nothing is asked and nothing becomes known."""
        match op:
            case plan.Ask() | plan.Run():
                return self._passed(_dearer(states, self._asks(op)))
            case plan.Call(workflow=name):
                result, most = self._calls(name)
                return Ways(_dearer(states, result) if result is not None else {}, _dearer(states, most), None)
            case plan.Return():
                return Ways({}, {}, largest(states.values()))
            case plan.Fail():
                return Ways({}, {}, None)
            case plan.Var() | plan.Set():
                if not self._known.knows(op):
                    return None
                return self._passed(_gathered((self._known.after(state, op), cost) for state, cost in states.items()))
        if not plan.blocks(op):
            return None
        self._wait(len(states))
        match op:
            case plan.If():
                return self._if(op, states)
            case plan.Match():
                return _either([self._block(block, states) for block in plan.blocks(op)], states)
            case plan.Try():
                return self._try(op, states)
            case plan.Parallel():
                return _either([self._parallel(op, state, cost) for state, cost in states.items()])
            case plan.Race():
                return _either([self._race(op, state, cost) for state, cost in states.items()])
            case plan.Each() | plan.Loop():
                return self._repeated(op, states)
        raise AssertionError(op)

    def _wait(self, states: int) -> None:
        if self._left is not None:
            self._left -= states
            if self._left < 0:
                raise TooMany

    def _passed(self, states: Costs) -> Ways:
        return Ways(states, states, None)

    def _if(self, op: plan.If, states: Costs) -> Ways:
        held = {state: self._known.holds(op.condition, state) for state in states}
        yes = {state: cost for state, cost in states.items() if held[state] is not False}
        no = {state: cost for state, cost in states.items() if held[state] is not True}
        return _either(self._block(block, some) for block, some in ((op.then, yes), (op.otherwise, no)) if some)

    def _try(self, op: plan.Try, states: Costs) -> Ways:
        """The body and what follows its end, or the body up to a failure, and a handler."""
        body = self._block(op.body, states)
        found = [Ways({}, body.failed, body.ended)]
        found += [self._block(op.otherwise, body.through)] if body.through else []
        found += [self._block(handler.body, body.failed) for handler in op.handlers]
        return self._finished(op.finish, _either(found)) if op.finish else _either(found)

    def _finished(self, finish: plan.Block, ways: Ways) -> Ways:
        """What comes last however a body was left, and leaves it the same way unless it fails itself."""
        nothing = Ways({}, {}, None)
        behind = self._block(finish, ways.through) if ways.through else nothing
        failing = self._block(finish, ways.failed) if ways.failed else nothing
        ending = self._block(finish, {self._known.nothing: ways.ended}) if ways.ended is not None else nothing
        failed = _either((behind, failing, ending, Ways({}, ways.failed, None))).failed
        ended = largest(ending.through.values()) if ending.through else None
        return Ways(behind.through, _joined(failed, failing.through), ended)

    def _parallel(self, op: plan.Parallel, state: State, cost: Cost) -> Ways:
        """All branches, each of which may go on until another fails."""
        through: Costs = {state: cost}
        most = [cost]
        ended = False
        for branch in op.branches:
            ways = self._block(branch.body, {state: self._nothing})
            most.append(ways.most)
            ended = ended or ways.ended is not None
            through = _gathered(
                (_both(state, before, after), total([one, other]))
                for before, one in through.items()
                for after, other in ways.through.items()
            )
            self._wait(len(through))
        return Ways(through, {self._known.nothing: total(most)}, total(most) if ended else None)

    def _race(self, op: plan.Race, state: State, cost: Cost) -> Ways:
        """So many branches go through that win, the others as far as they can, also to a failure."""
        ways = [self._block(branch.body, {state: self._nothing}) for branch in op.branches]
        most = total([cost, *(one.most for one in ways)])
        spared = [_less(one.most, largest(one.through.values())) for one in ways if one.through]
        through = {state: _less(most, _least(spared, op.need))} if len(spared) >= op.need else {}
        return Ways(through, {self._known.nothing: most}, None)

    def _repeated(self, op: plan.Each | plan.Loop, states: Costs) -> Ways:
        inside = list(plan.walk(op.body)) if self._known.nothing else []  # loops in loops are walked again and again
        own = self._known.places(inside, plan.Var)
        changed = self._known.places(inside, plan.Set) - own
        if not changed:
            return _either(self._alike(op, state, cost) for state, cost in states.items())
        if isinstance(op, plan.Each) and op.width > 1:
            forgotten = _gathered((self._known.forgotten(state, changed), cost) for state, cost in states.items())
            return _either(self._alike(op, state, cost) for state, cost in forgotten.items())
        return self._turns(op, states, own)

    def _turns(self, op: plan.Each | plan.Loop, states: Costs, own: Iterable[int]) -> Ways:
        """Turn by turn, since what is known in one depends on those before it."""
        found = [self._passed(states)] if isinstance(op, plan.Each) else []  # a list may be empty
        for turn in range(op.at_most):
            ways = self._block(op.body, states)
            until = self._until(op, ways.through)
            left = {s: cost for s, cost in ways.through.items() if until[s] is not False or turn == op.at_most - 1}
            found.append(Ways(self._without(left, own), ways.failed, ways.ended))
            states = self._without({s: cost for s, cost in ways.through.items() if until[s] is not True}, own)
            if not states:
                break
        return _either(found)

    def _until(self, op: plan.Each | plan.Loop, states: Costs) -> dict[State, bool | None]:
        """Whether a loop is left behind a turn; None for perhaps."""
        if isinstance(op, plan.Each):
            return dict.fromkeys(states)
        return {state: self._known.holds(op.until, state) if op.until is not None else False for state in states}

    def _without(self, states: Costs, places: Iterable[int]) -> Costs:
        return _gathered((self._known.forgotten(state, places), cost) for state, cost in states.items())

    def _alike(self, op: plan.Each | plan.Loop, state: State, cost: Cost) -> Ways:
        """All turns are alike. Each but those that leave the loop goes through; as many as go on side by side may fail together."""
        body = self._block(op.body, {state: self._nothing})
        until = self._until(op, body.through)
        again = [each for s, each in body.through.items() if until[s] is not True]
        last = min(op.width, op.at_most) if isinstance(op, plan.Each) else 1
        turns = op.at_most if again else last
        one = largest(again) if again else self._nothing
        before = total([cost, times(turns - 1, one)])
        through = {state: total([before, largest(body.through.values())])} if body.through else {}
        if isinstance(op, plan.Each) and not through:
            through = {state: cost}  # a list may be empty
        ended = total([before, body.ended]) if body.ended is not None else None
        most = total([cost, times(turns - last, one), times(last, body.most)])
        return Ways(through, {state: most}, ended)


def _less(one: Cost, other: Cost) -> Cost:
    return tuple(map(sub, one, other))


def _least(costs: Iterable[Cost], count: int) -> Cost:
    """The sum of the least so many, number by number."""
    return tuple(sum(sorted(numbers)[:count]) for numbers in zip(*costs, strict=True))


def _both(state: State, one: State, other: State) -> State:
    """What is known behind two branches, which change different variables of the state before them."""
    return tuple(b if b is not a else c for a, b, c in zip(state, one, other, strict=True))


def _either(ways: Iterable[Ways], failed: Costs | None = None) -> Ways:
    """Any of several ways."""
    through: Costs = {}
    failing: Costs = dict(failed or {})
    ended: Cost | None = None
    for one in ways:
        through, failing, ended = _joined(through, one.through), _joined(failing, one.failed), larger(ended, one.ended)
    return Ways(through, failing, ended)


def _joined(one: Costs, other: Costs) -> Costs:
    if one is other or not other:
        return one
    return _gathered([*one.items(), *other.items()]) if one else other


def _gathered(pairs: Iterable[tuple[State, Cost]]) -> Costs:
    """The dearest of each state."""
    found: Costs = {}
    for state, cost in pairs:
        found[state] = largest([found[state], cost]) if state in found else cost
    return found


def _dearer(states: Costs, cost: Cost) -> Costs:
    return {state: total([before, cost]) for state, before in states.items()}
