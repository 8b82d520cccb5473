"""Conditions on a value of a union: which of its alternatives it is."""

from __future__ import annotations

from collections.abc import Sequence

from agent_lattice import plan, types, unions
from agent_lattice.terms import Var

from agent_lattice_clients.javascript.checks import check
from agent_lattice_clients.javascript.code import POSTFIX, Code, constant, member, string
from agent_lattice_clients.javascript.expressions import javascript
from agent_lattice_clients.javascript.scopes import Place

_TESTS: dict[type[types.Type], str] = {
    types.Null: "{} === null",
    types.Bool: 'typeof {} === "boolean"',
    types.Int: 'typeof {} === "bigint"',
    types.Uint: 'cel.kind({}) === "uint"',
    types.Float: 'typeof {} === "number"',
    types.String: 'typeof {} === "string"',
    types.Bytes: "{} instanceof Uint8Array",
    types.Timestamp: 'cel.kind({}) === "google.protobuf.Timestamp"',
    types.Duration: 'cel.kind({}) === "google.protobuf.Duration"',
    types.ListType: "Array.isArray({})",
    types.MapType: 'cel.kind({}) === "map"',
    types.Record: 'cel.kind({}) === "map"',
}


def type_tests(subject: str, wanted: Sequence[types.Type], subject_type: types.Type) -> str:
    """Whether a value of a type is of one of some of its alternatives."""
    options = unions.alternatives(subject_type)
    tests = dict.fromkeys(_test(subject, one, options) for one in wanted)
    return " || ".join(tests)


def _test(subject: str, one: types.Type, options: Sequence[types.Type]) -> str:
    several = unions.records(options)
    if not isinstance(one, types.Record) or len(several) < 2:
        return _TESTS[types.widened(one).__class__].format(subject)
    told = unions.discriminator(several)
    if told is None:
        return f"check.isRecord({', '.join([subject, *map(string, one.fields)])})"
    field = member(Code(subject, POSTFIX), told.field).text
    values = [value for value, record in told.records.items() if record == one]
    found = " || ".join(f"{field} === {constant(value).text}" for value in values)
    if len(several) == len(options):
        return found
    return f'(cel.kind({subject}) === "map" && {f"({found})" if len(values) > 1 else found})'


def of_any(op: plan.Match) -> str:
    """The variable that has another type inside each case of a match: an `any`; else empty."""
    return op.subject.name if isinstance(op.subject, Var) and isinstance(op.subject.type, types.AnyValue) else ""


def any_test(op: plan.Match, case: plan.Case, place: Place) -> str:
    """The value as the type of a case, alone in a list; null when it is of another."""
    (type,) = case.types
    return f"check.fitting({javascript(op.subject, place.names).text}, {check(type)})"
