"""Variables whose values follow from the operations alone: flags and counters. Graphs that have become blocks have many of them.

A `State` has the value of each such variable, `OPEN` where it is not known.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from agent_lattice import plan
from agent_lattice.dataflow import variables
from agent_lattice.terms import Apply, Chain, Const, Logic, Term, Var

State = tuple[Any, ...]


class _Open:
    """No value that is known."""


OPEN = _Open()
_COMPARED = {
    "equal": operator.eq,
    "unequal": operator.ne,
    "less_int_int": operator.lt,
    "less_equal_int_int": operator.le,
    "greater_int_int": operator.gt,
    "greater_equal_int_int": operator.ge,
}


class Known:
    """The variables of a body that are only ever set to constants, or to one more or less, and that conditions read."""

    def __init__(self, body: plan.Block) -> None:
        ops = list(plan.walk(body))
        declared = {op.name for op in ops if isinstance(op, plan.Var)}
        other = {op.name for op in ops if isinstance(op, plan.Var | plan.Set) and not _follows(op)}
        asked = [op.condition for op in ops if isinstance(op, plan.If)]
        asked += [op.until for op in ops if isinstance(op, plan.Loop) and op.until is not None]
        names = sorted({read.name for read in variables(tuple(asked))} & declared - other)
        self._places = {name: place for place, name in enumerate(names)}
        self.nothing: State = (OPEN,) * len(names)

    def places(self, ops: Iterable[plan.Op], kind: type[plan.Var | plan.Set]) -> frozenset[int]:
        """Of the variables that operations of a kind are about."""
        return frozenset(
            self._places[op.name] for op in ops if isinstance(op, kind) and getattr(op, "name", None) in self._places
        )

    def forgotten(self, state: State, places: Iterable[int]) -> State:
        """The state when nothing is known of some variables any more."""
        return _changed(state, dict.fromkeys(places, OPEN))

    def knows(self, op: plan.Var | plan.Set) -> bool:
        return op.name in self._places

    def after(self, state: State, op: plan.Var | plan.Set) -> State:
        """The state when a variable has been declared or set."""
        return _changed(state, {self._places[op.name]: self._value(op.value, state)})

    def holds(self, term: Term, state: State) -> bool | None:
        """Whether a condition holds; None when that is not known."""
        match term:
            case Logic(operator=word, operands=operands):
                found = [self.holds(operand, state) for operand in operands]
                decisive = word == "or"
                return decisive if decisive in found else None if None in found else not decisive
            case Apply(function="not", args=(inner,)):
                held = self.holds(inner, state)
                return None if held is None else not held
            case Apply(function=function, args=(left, right)) if function in _COMPARED:
                values = self._value(left, state), self._value(right, state)
                return None if OPEN in values else bool(_COMPARED[function](*values))
        value = self._value(term, state)
        return value if isinstance(value, bool) else None

    def _value(self, term: Term, state: State) -> Any:
        match term:
            case Const(value=value):
                return value
            case Var(name=name) if name in self._places:
                return state[self._places[name]]
            case Chain(first=Var() as first, links=((_, Const(value=int() as step)),)):
                before = self._value(first, state)
                return OPEN if before is OPEN else before + step
        return OPEN


def _follows(op: plan.Var | plan.Set) -> bool:
    """Whether the value of a variable stays known through an operation."""
    if isinstance(op, plan.Var) and op.merge:
        return False
    match op.value:
        case Const():
            return True
        case Chain(first=Var(name=name), links=(("add_int", Const(value=int())),)):
            return isinstance(op, plan.Set) and name == op.name
    return False


def _changed(state: State, values: dict[int, Any]) -> State:
    return tuple(values.get(place, value) for place, value in enumerate(state)) if values else state
