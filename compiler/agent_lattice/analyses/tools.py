"""Tools that branches or items use side by side: in which order their writes arrive, nobody can say.

Linear in the steps and the branches around each.
"""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice.analyses.touches import Placed, Touches
from agent_lattice.dataflow import span_of
from agent_lattice.diagnostics import Code, Label, Report, Severity
from agent_lattice.records import field, record
from agent_lattice.terms import Const

UNORDERED_WRITES = Code("LAT4005", "unordered-tool-writes", Severity.WARNING)
RACING_TOOL_READ = Code("LAT4006", "racing-tool-read", Severity.HINT)


def tools(workflow: str, touches: Touches, report: Report) -> None:
    """Report, once for each `parallel` and tool, two branches that write through it, or of which one writes and another
    reads; and once for each `for … parallel` and tool, items that all write the same."""
    forks: dict[tuple[int, str], _Fork] = {}
    items: set[tuple[int, str]] = set()
    for placed in touches.of(workflow):
        for area in placed.areas:
            place = area.owner, placed.touch.tool
            if area.branch is not None:
                forks.setdefault(place, _Fork()).add(area.branch, placed)
            elif placed.touch.writes and area.owner not in placed.touch.roots and place not in items:
                items.add(place)
                _report_items(placed, report)
    for fork in forks.values():
        if fork.writes:
            _report_branches(*fork.writes, report)
        elif fork.race:
            _report_race(*fork.race, report)


@record(frozen=False)
class _Fork:
    """What the branches of a `parallel` do to a tool: the first two that cannot be told apart."""

    first: dict[bool, dict[str, Placed]] = field(default_factory=lambda: {False: {}, True: {}})
    """For reads and writes: at most two branches with their first touch whose key is not known."""
    constant: dict[bool, dict[Const, dict[str, Placed]]] = field(default_factory=lambda: {False: {}, True: {}})
    """The same for each known key, and for all known keys under None."""
    writes: tuple[Placed, Placed] | None = None
    race: tuple[Placed, Placed] | None = None

    def add(self, branch: str, placed: Placed) -> None:
        touch = placed.touch
        if touch.writes and self.writes is None and (other := self._other(True, branch, placed)):
            self.writes = other, placed
        if self.race is None and (other := self._other(not touch.writes, branch, placed)):
            self.race = (other, placed) if touch.writes else (placed, other)
        if touch.key is None:
            _remember(self.first[touch.writes], branch, placed)
        else:
            _remember(self.constant[touch.writes].setdefault(touch.key, {}), branch, placed)
            _remember(self.constant[touch.writes].setdefault(_ANY, {}), branch, placed)

    def _other(self, writes: bool, branch: str, placed: Placed) -> Placed | None:
        """An earlier touch in another branch that is not known to have another key."""
        key = placed.touch.key
        alike = self.constant[writes].get(_ANY if key is None else key, {})
        for known in (self.first[writes], alike):
            for other, earlier in known.items():
                if other != branch:
                    return earlier
        return None


_ANY = Const(None)
"""Stands for all keys: no key is null."""


def _remember(known: dict[str, Placed], branch: str, placed: Placed) -> None:
    """Two different branches are enough: one of them is always another than the one asked for."""
    if len(known) < 2:
        known.setdefault(branch, placed)


def _report_branches(first: Placed, second: Placed, report: Report) -> None:
    message = f"two parallel branches write through `{second.touch.tool}`, in no order"
    help = "let one follow the other, or give both a key with `idempotent_by` and different constants"
    _report(UNORDERED_WRITES, message, second, (first,), help, report)


def _report_race(read: Placed, write: Placed, report: Report) -> None:
    message = f"`{read.touch.tool}` is read while another branch writes through it"
    help = "let one follow the other if what is read depends on what is written"
    _report(RACING_TOOL_READ, message, read, (write,), help, report)


def _report_items(placed: Placed, report: Report) -> None:
    message = f"items that run side by side all write the same through `{placed.touch.tool}`"
    help = "let the key, or without one an argument, come from the item, or work on one item after the other"
    _report(UNORDERED_WRITES, message, placed, (), help, report)


def _report(code: Code, message: str, at: Placed, others: tuple[Placed, ...], help: str, report: Report) -> None:
    beside = (Label(span_of(other.step), _what(other)) for other in others)
    inside = (label for placed in (*others, at) for label in _inside(placed))
    report.add(code, message, span_of(at.step), label=_what(at), related=(*beside, *inside), help=help)


def _what(placed: Placed) -> str:
    verb = "writes" if placed.touch.writes else "reads"
    return f"`{placed.touch.operation}` {verb}" if isinstance(placed.step, plan.Tool) else f"this {verb}"


def _inside(placed: Placed) -> tuple[Label, ...]:
    """Where a called workflow does it."""
    called = not isinstance(placed.step, plan.Tool)
    return (Label(placed.touch.span, f"by `{placed.touch.operation}` here"),) if called else ()
