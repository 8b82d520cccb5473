"""Variables that branches or items change while others use them: the outcome would depend on which is faster.

Linear in the uses of a variable and the branches around each.
"""

from __future__ import annotations

from agent_lattice.analyses.areas import Access, Survey, Variable, place_of
from agent_lattice.dataflow import span_of
from agent_lattice.diagnostics import Code, Label, Report
from agent_lattice.records import field, record

CONCURRENT_WRITES = Code("LAT4001", "concurrent-writes")
RACING_READ = Code("LAT4004", "racing-read")


def writers(survey: Survey, report: Report) -> None:
    """Report each variable that two branches of one `parallel` set, that one sets and another reads, or that a
    `for … parallel` sets although it lives outside."""
    for variable in survey.variables:
        if variable.writes:
            forks = _forks(variable)
            raced = _check_items(variable, report)
            raced |= _check_writes(variable, forks, report)
            if not raced:
                _check_reads(variable, forks, report)


def _check_items(variable: Variable, report: Report) -> bool:
    for write in variable.writes:
        around = [area for area in variable.beyond(write) if area.branch is None]
        if around:
            report.add(
                CONCURRENT_WRITES,
                f"items that run side by side all set `{variable.name}`",
                span_of(write.op),
                related=_read_afterwards(variable, write, around[0].owner),
                help="`yield` a value for each item and combine them behind, or declare it with `merge`",
            )
            return True
    return False


@record(frozen=False)
class _Fork:
    """The first accesses of a variable in each branch of a `parallel`, by branch."""

    writes: dict[str, Access] = field(default_factory=dict)
    reads: dict[str, Access] = field(default_factory=dict)


def _forks(variable: Variable) -> dict[int, _Fork]:
    """By the number of the `parallel`."""
    forks: dict[int, _Fork] = {}
    for accesses, sort in ((variable.writes, "writes"), (variable.reads, "reads")):
        for access in accesses:
            for area in variable.beyond(access):
                if area.branch is not None:
                    known: dict[str, Access] = getattr(forks.setdefault(area.owner, _Fork()), sort)
                    known.setdefault(area.branch, access)
    return forks


def _check_writes(variable: Variable, forks: dict[int, _Fork], report: Report) -> bool:
    for owner, fork in forks.items():
        if len(fork.writes) > 1:
            _report_writes(variable, fork, owner, report)
            return True
    return False


def _check_reads(variable: Variable, forks: dict[int, _Fork], report: Report) -> None:
    for fork in forks.values():
        for branch, write in fork.writes.items():
            reads = [read for other, read in fork.reads.items() if other != branch]
            if reads:
                _report_read(variable, reads[0], branch, write, report)
                return


def _report_writes(variable: Variable, fork: _Fork, owner: int, report: Report) -> None:
    (branch, first), (_, second), *_ = fork.writes.items()
    related = [Label(span_of(first.op), f"the branch `{branch}` sets it here")]
    report.add(
        CONCURRENT_WRITES,
        f"two parallel branches set `{variable.name}`",
        span_of(second.op),
        related=[*related, *_read_afterwards(variable, second, owner)],
        help="let each branch name its own value and combine them behind, or declare it with `merge`",
    )


def _report_read(variable: Variable, read: Access, branch: str, write: Access, report: Report) -> None:
    report.add(
        RACING_READ,
        f"`{variable.name}` is read while another branch may be setting it",
        place_of(variable.name, read.op),
        related=(Label(span_of(write.op), f"the branch `{branch}` sets it here"),),
        help="read it before the `parallel` with `let`, or set it behind",
    )


def _read_afterwards(variable: Variable, write: Access, owner: int) -> list[Label]:
    """The first place behind the branches that reads what the race left."""
    for read in variable.reads:
        if read.order > write.order and all(area.owner != owner for area in read.areas):
            return [Label(place_of(variable.name, read.op), "and here its value is read")]
    return []
