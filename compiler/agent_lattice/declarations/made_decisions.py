"""`mock approve sign = {approved: true, by: "ada", amount: 3.0}`: in a test, what a person decides."""

from __future__ import annotations

from agent_lattice.diagnostics import Code, Report, did_you_mean
from agent_lattice.expr.check import check
from agent_lattice.expr.tree import Expr, Ident, Literal, MapLiteral
from agent_lattice.fitting import fit
from agent_lattice.kind import Scope
from agent_lattice.terms import Const, MapOf, Term
from agent_lattice.types import ANY, STRING, MapType, Record

WRONG_DECISION = Code("LAT5019", "wrong-decision")


def decision(value: Expr, type: Record, scope: Scope, report: Report) -> Term:
    """A decision as a map of what it says: `approved` must be there; what it leaves out of the values stays as it was shown."""
    if not isinstance(value, MapLiteral):
        check(value, scope, report)
        help = 'write what is decided: `{approved: true, by: "ada"}`'
        report.add(WRONG_DECISION, "a decision is a map of its fields", value.span, help=help)
        return Const(None)
    entries: dict[str, Term] = {}
    for key, given in value.entries:
        name = _name(key)
        if name not in type.fields:
            check(given, scope, report)
            help, fix = did_you_mean(name, type.fields, key.span)
            listed = ", ".join(f"`{field}`" for field in type.fields)
            message = f"a decision here has no `{name}`"
            report.add(WRONG_DECISION, message, key.span, help=help or f"it has {listed}", fix=fix)
        elif name in entries:
            report.add(WRONG_DECISION, f"`{name}` is given twice", key.span)
        else:
            entries[name] = fit(given, type.fields[name].type, scope, report, f"`{name}` of the decision")
    if "approved" not in entries:
        report.add(WRONG_DECISION, "nothing says whether it is approved", value.span, help="add `approved: true`")
    made = tuple((Const(name, type=STRING), term) for name, term in entries.items())
    return MapOf(made, type=MapType(ANY), span=value.span)


def _name(key: Expr) -> str:
    """The field that a key names, bare or as a string."""
    if isinstance(key, Ident):
        return key.name
    return key.value if isinstance(key, Literal) and isinstance(key.value, str) else key.span.text
