"""`on_doubt: verify with find_refund`, `ask "ops" within 7d`, `assume done`, `fail`: what follows when nobody knows whether a
write has happened, and it may not be made twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent_lattice import plan
from agent_lattice.annotations import unquote
from agent_lattice.diagnostics import Code, Edit, Fix, Report, did_you_mean
from agent_lattice.durations import Length, checked_seconds, missing_deadline
from agent_lattice.records import replace
from agent_lattice.settings import Rule, Value
from agent_lattice.source import Span
from agent_lattice.tree import Name
from agent_lattice.types import Null, Optional, Unknown, assignable, optional

UNDECIDED = Code("LAT5001", "undecided-write")
WRONG_DOUBT = Code("LAT5004", "wrong-doubt")
WRONG_VERIFY = Code("LAT5005", "wrong-verify")

ON_DOUBT = Rule(
    "word|doubt", ("fail",), doc="what follows when nobody knows whether a write without `idempotent_by` happened"
)
ON_FAILURE = "on_doubt: fail"
"""What a fix proposes: it makes nothing up, and somebody has to look."""


def doubt_of(value: Value | None, operation: plan.Operation, report: Report) -> plan.Doubt | None:
    """What `on_doubt` says about an operation, which is not yet known to have a fitting one to verify with."""
    if value is None:
        return None
    if operation.effect != "write" or operation.key is not None:
        why = "is made again with the same key" if operation.effect == "write" else "can simply be made again"
        message = f"there is no doubt about `{operation.name}`: it {why}"
        report.add(WRONG_DOUBT, message, value.span, help="leave `on_doubt` out")
        return None
    if value.sort == "word":
        return plan.Doubt("fail")
    word, name, length = value.value
    if word == "ask":
        return _asked(name.text, length, value, report)
    if word == "assume" and not isinstance(operation.type, Null | Optional | Unknown):
        message = f"nobody knows what `{operation.name}` would have given: its result is `{operation.type}`"
        help = f"let it give `{optional(operation.type)}`, which is null then, or choose another way"
        report.add(WRONG_DOUBT, message, value.span, help=help)
    return plan.Doubt(word, name.text if word == "verify" else None)


def report_undecided(what: str, at: Span, fix: Fix | None, report: Report) -> None:
    """Report a write of which nothing says what follows when nobody knows whether it happened."""
    notes = ("a process may die between the call and the answer, and a second call would do it twice",)
    help = "say `idempotent_by` if the other side knows a repeated call, else `on_doubt: verify with …`, `ask …`, `assume done` or `fail`"
    report.add(
        UNDECIDED,
        f"nothing says what follows when nobody knows whether {what} happened",
        at,
        notes=notes,
        help=help,
        fix=fix,
    )


def _asked(role: str, length: Name | None, value: Value, report: Report) -> plan.Doubt:
    if not unquote(role).strip():
        report.add(WRONG_DOUBT, "nobody is asked: the role is empty", value.span, help="name one")
    if length is None:
        missing_deadline("nothing says how long to wait for an answer", value.span.after(), " within 7d", report)
        return plan.Doubt("ask", None, unquote(role), 0.0)
    return plan.Doubt(
        "ask", None, unquote(role), checked_seconds(Length(length.text, length.span), "this deadline", report)
    )


def verified(tool: plan.ToolSet, values: Mapping[str, Value], report: Report) -> plan.ToolSet:
    """The tool with what verifies its writes named as the plan does. `values` are the settings `on_doubt` by operation, that of
    the tool under ""."""
    by_name = {op.name: op for op in reversed(tool.operations)}
    made: list[plan.Operation] = []
    for op in tool.operations:
        if op.doubt and op.doubt.operation:
            found = _verifier(op, op.doubt.operation, by_name, (values.get(op.name) or values[""]).span, report)
            op = replace(op, doubt=replace(op.doubt, operation=f"{tool.name}.{found.name}") if found else None)
        made.append(op)
    return replace(tool, operations=tuple(made))


def _verifier(
    write: plan.Operation, name: str, known: Mapping[str, plan.Operation], at: Span, report: Report
) -> plan.Operation | None:
    found = known.get(name)
    if found is None:
        help, fix = did_you_mean(name, (op.name for op in known.values() if op.effect == "read"), at)
        if fix is not None:
            fix = Fix(fix.title, tuple(Edit(edit.span, f"verify with {edit.text}") for edit in fix.edits))
        message = f"this tool has no operation `{name}`"
        report.add(WRONG_VERIFY, message, at, help=help or "name an operation of the same tool that reads", fix=fix)
        return None
    problem = "".join(_problems(write, found))
    if problem:
        help = f"it reads with the arguments of `{write.name}`, and gives its result, or null when there was no write"
        report.add(WRONG_VERIFY, f"`{name}` cannot tell whether `{write.name}` happened: {problem}", at, help=help)
        return None
    return found


def _problems(write: plan.Operation, read: plan.Operation) -> Iterable[str]:
    """The first reason why an operation cannot verify a write."""
    given = {param.name: param.type for param in write.params}
    for param in read.params:
        if param.name not in given and not isinstance(param.type, Optional | Unknown):
            yield f"it needs `{param.name}`, which `{write.name}` does not have"
            return
        if param.name in given and not assignable(given[param.name], param.type):
            yield f"its `{param.name}` is `{param.type}`, not `{given[param.name]}`"
            return
    if read.effect != "read":
        yield f"its effect is `{read.effect}`"
    elif isinstance(write.type, Null | Optional):
        yield "null would be a result, too"
    elif not isinstance(read.type, Optional | Unknown):
        yield "it never gives null"
    elif not assignable(read.type, optional(write.type)):
        yield f"it gives `{read.type}`, not `{optional(write.type)}`"
