"""What meets where ways come together: one token of several that exclude each other, or all of several at once.

The sets of runs in which an arc is taken are computed relative to the unit that dominates the meeting, and only where
something runs side by side: below a fork, or below a unit that more than one token leaves. Everywhere else there is one
token, and all meetings are exclusive. Known as symbolic execution of acyclic workflow graphs (Favre, Völzer, 2010).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate, combinations

from agent_lattice.nets.decisions import ALWAYS, NEVER, Decisions
from agent_lattice.nets.levels import OVER, Level, Unit, levels
from agent_lattice.nets.loops import Loops
from agent_lattice.nets.net import END, Arc, Net
from agent_lattice.records import record


@record
class Mixed:
    """Of the arcs into a place some exclude each other and some come together."""

    place: int
    exclusive: tuple[Arc, Arc]
    together: tuple[Arc, Arc]


@record
class Stuck:
    """All arcs into a place come together, but there are runs in which `arrives` is taken and `missing` is not."""

    place: int
    arrives: Arc
    missing: Arc


@record
class Torn:
    """Both arcs leave a turn of a loop in one run: one part goes on while the other goes somewhere else."""

    first: Arc
    second: Arc


@record
class Lost:
    """Of the targets of one way, `goes_on` leads to the end and `fails` only to errors: nothing waits for it."""

    goes_on: Arc
    fails: Arc


Finding = Mixed | Stuck | Torn | Lost


class Joins:
    """All meetings of a net. `waits` are the places that wait for all their arcs; all others go on with each token."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.loops = Loops(net)
        self.levels = levels(self.loops)
        self.waits: set[int] = set()
        self.findings: list[Finding] = []
        self._groups = {number: _Groups(level, self) for number, level in self.levels.items()}
        for groups in self._groups.values():
            groups.run()
        self.findings += self._lost()

    def _lost(self) -> Iterator[Lost]:
        failing = self.net.reachable - self.net.finishing - self.net.stranded
        for place in sorted(self.net.reachable):
            for number, way in enumerate(self.net.ways[place]):
                good = [target for target in way.targets if target in self.net.finishing]
                bad = [target for target in way.targets if target in failing]
                if good and bad:
                    yield Lost(Arc(place, number, good[0]), Arc(place, number, bad[0]))

    def level_of(self, left: int, right: int) -> Level:
        """The innermost level that has both places, each in a unit of its own."""
        common = self.loops.common(left, right)
        return self.levels[common.number if common else None]

    def concurrent(self, left: int, right: int) -> bool:
        """Whether two places can hold tokens at the same time, neither being before the other."""
        if left == right or not {left, right} <= self.net.reachable:
            return False
        level = self.level_of(left, right)
        return self._groups[level.number].concurrent(level.unit(left), level.unit(right))

    def certain(self, level: Level, unit: Unit, meetings: list[Unit]) -> set[Unit]:
        """Those of the units below one, in their order, that every run visits which comes to their place behind the ways
        of `unit`: runs that have ended with an error or a result do not come there."""
        groups = self._groups[level.number]
        if unit in groups.taken:
            return {kid for kid in meetings if groups.always(kid, unit)}
        return groups.crossed_by_none(unit, meetings)

    def batches(self, level: Level, unit: Unit, meetings: list[Unit]) -> list[list[Unit]]:
        """The units below one in an order in which they can be visited, those together that are independent."""
        groups = self._groups[level.number]
        if unit not in groups.taken:
            return [[kid] for kid in meetings]
        depths, found = groups.depths(unit, meetings), list[list[Unit]]()
        for kid in sorted(meetings, key=lambda kid: depths[kid]):
            if found and depths[found[-1][0]] == depths[kid] and groups.together(unit, kid, found[-1]):
                found[-1].append(kid)
            else:
                found.append([kid])
        return found


class _Groups:
    """The units below each dominator of one level: which arcs are taken in which runs."""

    def __init__(self, level: Level, joins: Joins) -> None:
        self.level = level
        self.net = level.net
        self.joins = joins
        self.runs = Decisions()
        self.taken: dict[Unit, dict[Unit, int]] = {}
        """Of each dominator below which things run side by side: the runs in which a unit is reached, by unit."""
        self.loose: dict[Unit, dict[Arc, int]] = {}
        """Of each unit that several tokens leave: the runs in which an arc is taken, relative to it."""
        self.failed: dict[Unit, int] = {}
        """Of the same units: the runs that fail inside."""
        self.gone: dict[Unit, int] = {}
        """Of each dominator as in `taken`: the runs that fail in what it dominates."""
        self._numbers: dict[Unit, dict[Arc, int]] = {}

    def run(self) -> None:
        for unit in reversed(self.level.order):
            if self._forks(unit) or any(kid in self.loose for kid in self.level.kids[unit]):
                self._group(unit)

    def together(self, above: Unit, kid: Unit, others: list[Unit]) -> bool:
        """Whether there are runs that visit a unit below `above` and one of the others, for each of them."""
        taken = self.taken[above]
        return not any(self.runs.disjoint(taken[kid], taken[other]) for other in others)

    def always(self, kid: Unit, above: Unit) -> bool:
        """Whether a run visits a unit below `above` unless it fails or ends with a result before."""
        over = self.taken[above].get(self.level.end, NEVER) if self.level.end not in self.joins.waits else NEVER
        return self._covers(self.taken[above][kid], self.runs.union((self.gone[above], over)), ALWAYS)

    def crossed_by_none(self, above: Unit, meetings: list[Unit]) -> set[Unit]:
        """Where one token runs: the units that no arc out of what `above` dominates goes around."""
        level, places = self.level, {kid: at for at, kid in enumerate(meetings)}
        escaping = {kid: self._going[kid] for kid in level.kids[above]}
        escaping[above] = sum(
            self._goes_on(arc) and (to == OVER or level.above[to] != above) for arc, to in level.outs[above]
        )
        crossing = [0] * (len(meetings) + 1)
        for at, kid in enumerate(meetings):
            for _, source in level.ins[kid]:
                origin = above if source == above else level.kid_above(source, above)
                escaping[origin] -= source != above
                crossing[places.get(origin, -1) + 1] += 1
                crossing[at] -= 1
        for origin, count in escaping.items():
            crossing[places.get(origin, -1) + 1] += count
        depths = accumulate(crossing)
        return {kid for kid, depth in zip(meetings, depths, strict=False) if depth == 0}

    def _goes_on(self, arc: Arc) -> bool:
        """Whether a run goes on behind an arc: not where it ends with a result at once."""
        return arc.target != END or END in self.joins.waits

    @cached_property
    def _going(self) -> dict[Unit, int]:
        """How many arcs leave what a unit dominates with the run going on behind them; the end of a turn is outside of
        everything."""
        level = self.level
        found = dict.fromkeys(level.order, 0)
        for unit in level.order:
            for arc, target in level.outs[unit]:
                if self._goes_on(arc):
                    found[unit] += 1
                    if target != OVER:
                        found[level.above[target]] -= 1
        for unit in reversed(level.order[1:]):
            found[level.above[unit]] += found[unit]
        return found

    def depths(self, above: Unit, meetings: list[Unit]) -> dict[Unit, int]:
        """Units with the length of the longest way of such units that leads to them: what is equally far does not depend
        on each other."""
        depths: dict[Unit, int] = {}
        for kid in meetings:
            origins = (
                source if source == above else self.level.kid_above(source, above) for _, source in self.level.ins[kid]
            )
            depths[kid] = max(depths.get(origin, -1) + 1 for origin in origins)
        return depths

    def concurrent(self, left: Unit, right: Unit) -> bool:
        level = self.level
        above = level.meeting(left, right)
        if above in (left, right) or above not in self.taken:
            return False
        if self.runs.disjoint(self._visits(left, above), self._visits(right, above)):
            return False
        return right not in self._following(left) and left not in self._following(right)

    def _visits(self, unit: Unit, above: Unit) -> int:
        """The runs, relative to `above`, that may visit a unit which it dominates: those that leave by what follows."""
        level, taken = self.level, self.taken[above]
        kid = level.kid_above(unit, above)
        if unit == kid:
            return taken[kid]
        found = []
        for place in {unit, *self._following(unit)}:
            if level.dominates(kid, place):
                found += [
                    self._arc(arc, place, above, taken)
                    for arc, target in level.outs[place]
                    if not level.dominates(kid, target)
                ]
                found += [self._failure(kid, taken[kid])] if level.fails(place) else []
        return self.runs.union(found)

    def _failure(self, kid: Unit, below: int) -> int:
        """The runs of `below` that fail in what a unit dominates."""
        if kid in self.failed:
            return self.runs.after(self.failed[kid], below)
        count = self._outcomes(kid)
        return self.runs.outcome(self.level.index[kid], count, count - 1, below)

    def _following(self, unit: Unit) -> set[Unit]:
        """What comes after a unit in its level."""
        found: set[Unit] = set()
        stack = [unit]
        while stack:
            for _, target in self.level.outs[stack.pop()]:
                if target not in found:
                    found.add(target)
                    stack.append(target)
        return found

    def _forks(self, unit: Unit) -> bool:
        return 0 <= unit < len(self.net.ways) and self.net.forks(unit)

    def _group(self, above: Unit) -> None:
        level, taken = self.level, {above: ALWAYS}
        self.taken[above] = taken
        failed = self._own_failure(above)
        for kid in level.kids[above]:
            arcs = [(arc, self._arc(arc, source, above, taken)) for arc, source in level.ins[kid]]
            sets = [runs for _, runs in arcs]
            if len(arcs) < 2 or self.runs.all_disjoint(sets):
                taken[kid] = self.runs.union(sets)
            else:
                mixed = next(self._pairs(arcs, disjoint=True), None)
                taken[kid] = self.runs.union(sets) if mixed else self.runs.overlap(sets)
                self._meet(kid, arcs, failed)
            if level.failing[kid]:  # what fails behind a meeting is no reason why something does not come to it
                failed = self.runs.union((failed, self._failure(kid, taken[kid])))
        self.gone[above] = failed
        self._leave(above, taken, failed)

    def _arc(self, arc: Arc, source: Unit, above: Unit, taken: dict[Unit, int]) -> int:
        """The runs, relative to `above`, in which an arc out of what it dominates is taken."""
        if source == above:
            return self._own(arc, above)
        kid = self.level.kid_above(source, above)
        if kid in self.loose:
            return self.runs.after(self.loose[kid][arc], taken[kid])
        numbers = self._numbers.setdefault(kid, {})
        number = numbers.setdefault(arc, len(numbers))
        return self.runs.outcome(self.level.index[kid], self._outcomes(kid), number, taken[kid])

    def _own(self, arc: Arc, unit: Unit) -> int:
        """The runs in which a unit itself takes an arc."""
        choice, inner = self.level.index[unit], self.level.inner(unit)
        if inner is None:
            ways = len(self.level.outs[unit]) if unit < 0 else len(self.net.ways[unit])
            return self.runs.outcome(choice, ways, arc.way)
        numbers = self._numbers.setdefault(unit, {})
        count = len(self.level.outs[unit]) + self.level.fails(unit)
        return self.runs.outcome(choice, count, numbers.setdefault(arc, len(numbers)))

    def _outcomes(self, kid: Unit) -> int:
        """How many ways there are out of what a unit dominates, that one token leaves; failing is one of them."""
        return self.level.leaving[kid] + self.level.failing[kid]

    def _own_failure(self, unit: Unit) -> int:
        """The runs that fail in a unit itself."""
        if not self.level.fails(unit):
            return NEVER
        choice = self.level.index[unit]
        if self.level.inner(unit) is not None:
            count = len(self.level.outs[unit]) + 1
            return self.runs.outcome(choice, count, count - 1)
        ways = self.net.ways[unit]
        return self.runs.union(
            self.runs.outcome(choice, len(ways), at) for at, way in enumerate(ways) if not way.targets
        )

    def _meet(self, kid: Unit, arcs: list[tuple[Arc, int]], failed: int) -> None:
        """Arcs of which some come together."""
        level, any_of = self.level, self.runs.union(runs for _, runs in arcs)
        if kid == OVER:
            self._report_torn(arcs)
            return
        missing = next((arc for arc, runs in arcs if not self._covers(runs, failed, any_of)), None)
        if level.inner(kid) is not None:
            self._report_entered(arcs)
        elif missing is None:
            self.joins.waits.add(kid)
        else:
            self._report(kid, arcs, missing, failed)

    def _covers(self, runs: int, failed: int, all_runs: int) -> bool:
        return self.runs.within(all_runs, self.runs.union((runs, failed)))

    def _report(self, kid: Unit, arcs: list[tuple[Arc, int]], missing: Arc, failed: int) -> None:
        exclusive = next(self._pairs(arcs, disjoint=True), None)
        together = next(self._pairs(arcs, disjoint=False))
        if exclusive:
            self.joins.findings.append(Mixed(kid, exclusive, together))
            return
        absent = next(runs for arc, runs in arcs if arc == missing)
        other = next(arc for arc, runs in arcs if arc != missing and not self._covers(absent, failed, runs))
        self.joins.waits.add(kid)
        self.joins.findings.append(Stuck(kid, other, missing))

    def _report_entered(self, arcs: list[tuple[Arc, int]]) -> None:
        """A loop that several tokens enter: a turn starts with one."""
        first, second = next(self._pairs(arcs, disjoint=False))
        back = next(arc for arc in self.net.arcs() if self.joins.loops.goes_back(arc) and arc.target == first.target)
        self.joins.findings.append(Mixed(first.target, (first, back), (first, second)))

    def _report_torn(self, arcs: list[tuple[Arc, int]]) -> None:
        self.joins.findings.append(Torn(*next(self._pairs(arcs, disjoint=False))))

    def _pairs(self, arcs: list[tuple[Arc, int]], *, disjoint: bool) -> Iterator[tuple[Arc, Arc]]:
        """Pairs of arcs that are never, or sometimes, taken in one run; of arcs taken in the same runs only two count."""
        different: dict[int, list[Arc]] = {}
        for arc, runs in arcs:
            different.setdefault(runs, []).append(arc)
        if not disjoint:
            yield from ((same[0], same[1]) for runs, same in different.items() if len(same) > 1 and runs != NEVER)
        for (ours, first), (theirs, second) in combinations(different.items(), 2):
            if self.runs.disjoint(ours, theirs) == disjoint:
                yield first[0], second[0]

    def _leave(self, above: Unit, taken: dict[Unit, int], failed: int) -> None:
        """Remember the arcs that leave what a unit dominates, if two of them can be taken in one run, or one in a run that
        fails."""
        level = self.level
        leaving: dict[Arc, int] = {}
        stack = [above]
        while stack:
            unit = stack.pop()
            stack.extend(level.kids[unit])
            for arc, target in level.outs[unit]:
                if level.above[target] != above and not level.dominates(above, level.above[target]):
                    leaving[arc] = self._arc(arc, unit, above, taken)
        if not self.runs.all_disjoint([*leaving.values(), failed]):
            self.loose[above] = leaving
            self.failed[above] = failed
