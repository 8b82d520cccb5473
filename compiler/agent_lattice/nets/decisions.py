"""Sets of runs as decision diagrams: which outcome was taken at which choice. Equal sets are equal numbers.

A node decides one choice: some outcomes have a child of their own, all others share one. Choices are numbers; those with
greater numbers stand higher, so that a set for what happens later is built on the sets of what was before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

NEVER, ALWAYS = 0, 1
"""No run, and all runs."""


class Decisions:
    """All sets of one analysis; a set is a number that is only good here."""

    def __init__(self) -> None:
        self._nodes: list[tuple[int, dict[int, int], int]] = [(-1, {}, NEVER), (-1, {}, ALWAYS)]
        self._known: dict[tuple[int, frozenset[tuple[int, int]], int], int] = {}
        self._sizes: dict[int, int] = {}
        self._unions: dict[tuple[int, int], int] = {}
        self._overlaps: dict[tuple[int, int], int] = {}

    def outcome(self, choice: int, of: int, which: int, below: int = ALWAYS) -> int:
        """The runs of `below` in which the choice, whose outcomes are 0 to `of` - 1, has the outcome `which`. `below`
        knows only choices with lower numbers."""
        self._sizes[choice] = of
        return self._node(choice, {which: below}, NEVER)

    def union(self, sets: Iterable[int]) -> int:
        """The runs that are in one of the sets."""
        rest = list(dict.fromkeys(sets)) or [NEVER]
        while len(rest) > 1:
            pairs = [(rest[at], rest[at + 1]) for at in range(0, len(rest) - 1, 2)]
            rest = [self._union(left, right) for left, right in pairs] + rest[len(pairs) * 2 :]
        return rest[0]

    def overlap(self, sets: Iterable[int]) -> int:
        """The runs that are in all of the sets."""
        found = ALWAYS
        for runs in dict.fromkeys(sets):
            found = self._combined(found, runs, self._overlaps, _known_overlap)
        return found

    def all_disjoint(self, sets: Sequence[int]) -> bool:
        """Whether no run is in two of the sets (a set that stands twice is two sets)."""
        rest = list(sets)
        while len(rest) > 1:
            pairs = [(rest[at], rest[at + 1]) for at in range(0, len(rest) - 1, 2)]
            if not all(self.disjoint(left, right) for left, right in pairs):
                return False
            rest = [self._union(left, right) for left, right in pairs] + rest[len(pairs) * 2 :]
        return True

    def disjoint(self, left: int, right: int) -> bool:
        """Whether no run is in both sets."""
        return not any(a != NEVER != b and (ALWAYS in (a, b) or a == b) for a, b in self._pairs(left, right))

    def within(self, inner: int, outer: int) -> bool:
        """Whether every run of `inner` is in `outer`."""
        return not any(NEVER != a != b != ALWAYS and (a == ALWAYS or b == NEVER) for a, b in self._pairs(inner, outer))

    def after(self, later: int, below: int) -> int:
        """The runs of `later`, which knows only choices with higher numbers, that are also in `below`."""
        made = {NEVER: NEVER, ALWAYS: below}
        stack = [later]
        while stack:
            if stack[-1] in made:
                stack.pop()
                continue
            choice, children, default = self._nodes[stack[-1]]
            missing = [child for child in (*children.values(), default) if child not in made]
            if missing:
                stack.extend(missing)
            else:
                made[stack.pop()] = self._node(
                    choice, {outcome: made[child] for outcome, child in children.items()}, made[default]
                )
        return made[later]

    def _node(self, choice: int, children: Mapping[int, int], default: int) -> int:
        """The number of a node, in its only form: its most frequent child is the default."""
        size = self._sizes[choice]
        counts = Counter(children.values())
        counts[default] += size - len(children)
        usual = min(counts, key=lambda child: (-counts[child], child))
        if counts[usual] == size:
            return usual
        if usual != default:
            children = {outcome: children.get(outcome, default) for outcome in range(size)}
        kept = {outcome: child for outcome, child in children.items() if child != usual}
        key = (choice, frozenset(kept.items()), usual)
        if key not in self._known:
            self._known[key] = len(self._nodes)
            self._nodes.append((choice, kept, usual))
        return self._known[key]

    def _expanded(self, left: int, right: int) -> tuple[int, dict[int, tuple[int, int]], tuple[int, int]]:
        """The higher choice of two sets, and the pairs of their children by outcome and by default."""
        a, b = self._nodes[left], self._nodes[right]
        choice = max(a[0], b[0])
        _, ours, our_default = a if a[0] == choice else (choice, {}, left)
        _, theirs, their_default = b if b[0] == choice else (choice, {}, right)
        pairs = {
            outcome: (ours.get(outcome, our_default), theirs.get(outcome, their_default))
            for outcome in ours.keys() | theirs.keys()
        }
        return choice, pairs, (our_default, their_default)

    def _pairs(self, left: int, right: int) -> Iterator[tuple[int, int]]:
        """The pairs of subsets that the same outcomes lead to; of two that one look decides, nothing further."""
        seen, stack = {(left, right)}, [(left, right)]
        while stack:
            pair = stack.pop()
            yield pair
            if (pair[0] in (NEVER, ALWAYS) and pair[1] in (NEVER, ALWAYS)) or NEVER in pair or pair[0] == pair[1]:
                continue
            choice, pairs, default = self._expanded(*pair)
            following = set(pairs.values()) | ({default} if len(pairs) < self._sizes[choice] else set())
            stack.extend(following - seen)
            seen |= following

    def _union(self, left: int, right: int) -> int:
        return self._combined(left, right, self._unions, _known_union)

    def _combined(self, left: int, right: int, made: dict[tuple[int, int], int], known: _Known) -> int:
        stack = [(left, right)]
        while stack:
            pair = stack[-1]
            if pair in made:
                stack.pop()
                continue
            if (decided := known(*pair)) is not None:
                made[stack.pop()] = decided
                continue
            choice, pairs, default = self._expanded(*pair)
            missing = [found for found in (*pairs.values(), default) if found not in made]
            if missing:
                stack.extend(missing)
            else:
                children = {outcome: made[found] for outcome, found in pairs.items()}
                made[stack.pop()] = self._node(choice, children, made[default])
        return made[left, right]


_Known = Callable[[int, int], int | None]


def _known_union(left: int, right: int) -> int | None:
    """The union of two sets where it can be seen."""
    if left == right or right == NEVER:
        return left
    if left == NEVER:
        return right
    return ALWAYS if ALWAYS in (left, right) else None


def _known_overlap(left: int, right: int) -> int | None:
    """The overlap of two sets where it can be seen."""
    if left == right or right == ALWAYS:
        return left
    if left == ALWAYS:
        return right
    return NEVER if NEVER in (left, right) else None
