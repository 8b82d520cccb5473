"""The records that the language itself makes: of a decision, and of a failure that is caught."""

from __future__ import annotations

from typing import Any

from agent_lattice import plan
from agent_lattice.kind import Scope
from agent_lattice.schema_names import type_name
from agent_lattice.types import BOOL, STRING, Field, Literal, Record, Type, widened

OUTCOMES = ("reject", "approve", "fail")
"""What a missing answer may count as."""
OWN_FIELDS: dict[str, tuple[Type, str]] = {
    "approved": (BOOL, "whether the answer was yes"),
    "by": (STRING, "who decided; empty when nobody did in time"),
    "reason": (STRING, "what they said about it, perhaps nothing"),
}
"""What every decision has."""
_CAUGHT: dict[str, tuple[Type, str]] = {
    "code": (STRING, "the class of the failure"),
    "message": (STRING, "what went wrong, in one line"),
    "step": (STRING, "the step that failed, empty outside of steps"),
}


def decision_type(scope: Scope, step: str, values: plan.Args) -> Record:
    """The record of a decision: its own fields, and the values that were shown, as they were changed perhaps."""
    if not values:
        return _made(scope, "Decision", OWN_FIELDS)
    shown = {name: (value_type(term.type), "") for name, term in values}
    return _made(scope, type_name(scope.body.name, step, "decision"), OWN_FIELDS | shown)


def value_type(type: Type) -> Type:
    """What may be entered for a value: a constant is one of many."""
    return widened(type) if isinstance(type, Literal) and len(type.values) == 1 else type


def caught_type(scope: Scope) -> Record:
    """The record of a failure in a handler."""
    return _made(scope, "Caught", _CAUGHT)


def _made(scope: Scope, wanted: str, given: dict[str, tuple[Type, str]]) -> Record:
    """A record that no declaration names, under a name that none has. Asked for again, it is the same one."""
    module, name = scope.module, wanted
    while name in module.taken:
        name += "_"
    fields: dict[str, Any] = {field: Field(field, type, doc) for field, (type, doc) in given.items()}
    found = Record(name, fields)
    if found in module.made:
        module.made.remove(found)
    module.made.append(found)
    return found
