"""Whether the conditions on the ways out of a node leave no case out."""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Edit, Fix, Report
from agent_lattice.expr.narrow import Path, path
from agent_lattice.records import replace
from agent_lattice.terms import Apply, Const, Term
from agent_lattice.types import Bool, Literal, Type, base

MISSING_OTHERWISE = Code("LAT3017", "missing-otherwise")


def complete(ways: tuple[plan.Way, ...], node: str, report: Report) -> tuple[plan.Way, ...]:
    """The ways, of which the last one needs no condition any more; reported when there may be none to take."""
    chosen = [way for way in ways if way.codes is None]
    if not chosen or any(way.guard is None and way.at_most is None for way in chosen):
        return ways
    last = chosen[-1]
    if all(way.at_most is None and way.guard is not None for way in chosen) and _covers(chosen):
        return tuple(replace(way, guard=None) if way is last else way for way in ways)
    start = last.span.source.text.rfind("\n", 0, last.span.start) + 1
    margin = last.span.source.text[start : last.span.start]
    text = f"\n{margin if not margin.strip() else ''}{node} -> end otherwise"
    report.add(
        MISSING_OTHERWISE,
        f"there may be no way on from `{node}`",
        last.span,
        help="say where to go when no condition holds and no bound is left: `otherwise`",
        fix=Fix(f"add `{node} -> end otherwise`", (Edit(last.span.after(), text),), safe=False),
    )
    return ways


def _covers(ways: list[plan.Way]) -> bool:
    """Whether the conditions compare one value of a closed type with each of its values, or are `a` and `!a`."""
    found: dict[Path, set[object]] = {}
    types: dict[Path, Type] = {}
    for way in ways:
        assert way.guard is not None
        tested = _tested(way.guard)
        if tested is None:
            return False
        where, type, value = tested
        found.setdefault(where, set()).add((value.__class__, value))
        types[where] = type
    if len(found) != 1:
        return False
    ((where, values),) = found.items()
    type = base(types[where])
    wanted = (True, False) if isinstance(type, Bool) else type.values if isinstance(type, Literal) else None
    return wanted is not None and {(value.__class__, value) for value in wanted} <= values


def _tested(guard: Term) -> tuple[Path, Type, object] | None:
    """The value that a condition compares with a constant: where it is, its type, the constant."""
    match guard:
        case Apply(function="equal" | "equal_deep", args=(value, Const(value=constant))) if where := path(value):
            return where, value.type, constant
        case Apply(function="not", args=(value,)) if isinstance(base(value.type), Bool) and (where := path(value)):
            return where, value.type, False
    if isinstance(base(guard.type), Bool) and (where := path(guard)):
        return where, guard.type, True
    return None
