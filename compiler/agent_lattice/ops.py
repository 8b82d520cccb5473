"""Operations: the closed table of what a step of a workflow can be. Targets and the runtime know these, never the kinds that were
lowered to them."""

from __future__ import annotations

from collections.abc import Iterator

from agent_lattice import types
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.terms import Template, Term

__all__ = [
    "Approve",
    "Args",
    "Ask",
    "Block",
    "Branch",
    "Call",
    "Case",
    "Check",
    "Each",
    "Emit",
    "Fail",
    "Handler",
    "If",
    "Let",
    "Loop",
    "Match",
    "Narrow",
    "Op",
    "Parallel",
    "Race",
    "Retry",
    "Return",
    "Run",
    "Set",
    "Signal",
    "Tool",
    "Try",
    "Undo",
    "Var",
    "Wait",
    "blocks",
    "walk",
]


@record
class Op:
    """One operation; the classes below are all there are."""


Block = tuple[Op, ...]
Args = tuple[tuple[str, Term], ...]


@record
class Retry:
    """At most `times` more tries after a failure of one of the classes `codes`; the pause before each grows from `first` to at
    most `longest` seconds."""

    times: int
    first: float
    longest: float
    codes: tuple[str, ...]


@record
class Undo:
    """The operation that takes back what a step did, if the run fails later; its arguments may read the step's result."""

    operation: str
    args: Args
    retry: Retry | None = None
    span: Span = field(default=NOWHERE, compare=False)


@record
class Tool(Op):
    """Call an operation of a tool; the result is bound to `name`. A try takes at most `timeout` seconds."""

    step: str
    name: str
    operation: str
    args: Args
    type: types.Type
    span: Span = field(default=NOWHERE, compare=False)
    retry: Retry | None = None
    timeout: float | None = None
    undo: Undo | None = None


@record
class Check:
    """A condition that a model output must meet; `message` goes back to the model."""

    condition: Term
    message: str


@record
class Ask(Op):
    """Ask a model for a value of `type`; checks see it under `name`."""

    step: str
    name: str
    model: str
    type: types.Type
    system: Template | None
    prompt: Template
    checks: tuple[Check, ...]
    repair: int
    escalate: str | None
    span: Span = field(default=NOWHERE, compare=False)
    timeout: float | None = None
    """Seconds that all attempts together may take."""


@record
class Call(Op):
    """Run another workflow of the plan as a child, its steps under `step.`."""

    step: str
    name: str
    workflow: str
    args: Args
    type: types.Type
    span: Span = field(default=NOWHERE, compare=False)
    timeout: float | None = None


@record
class Run(Op):
    """Let an agent of the plan work; its turns and their tool calls stand under `step.`."""

    step: str
    name: str
    agent: str
    args: Args
    type: types.Type
    span: Span = field(default=NOWHERE, compare=False)
    timeout: float | None = None


@record
class Let(Op):
    """Name a value."""

    name: str
    value: Term
    span: Span = field(default=NOWHERE, compare=False)


@record
class Narrow(Op):
    """Name a value of a union or `any` as what it has to be; one of another type ends the run with `validation`."""

    name: str
    value: Term
    type: types.Type
    span: Span = field(default=NOWHERE, compare=False)


@record
class Var(Op):
    """Declare a variable that `Set` may change. With a `merge` policy branches that run side by side may change it too."""

    name: str
    type: types.Type
    value: Term
    merge: str | None = None
    span: Span = field(default=NOWHERE, compare=False)


@record
class Set(Op):
    """Change a variable."""

    name: str
    value: Term
    span: Span = field(default=NOWHERE, compare=False)


@record
class If(Op):
    """Take one of two blocks."""

    condition: Term
    then: Block
    otherwise: Block
    span: Span = field(default=NOWHERE, compare=False)


@record
class Case:
    """A block taken when the subject equals one of the values, or has one of the types.

    A union is told apart by `types`, each a member or null. Of an `any` there is one type; inside the block the
    variable that is the subject has that type.
    """

    values: tuple[str | int | bool | None, ...]
    body: Block
    types: tuple[types.Type, ...] = ()


@record
class Match(Op):
    """Take the block of the first case that fits; `otherwise` is None when the cases cover the subject's type."""

    subject: Term
    cases: tuple[Case, ...]
    otherwise: Block | None
    span: Span = field(default=NOWHERE, compare=False)


@record
class Branch:
    """A branch of a `Parallel`; the names it defines are visible afterwards."""

    name: str
    body: Block
    span: Span = field(default=NOWHERE, compare=False)


@record
class Parallel(Op):
    """Run all branches, go on when all have ended."""

    branches: tuple[Branch, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class Race(Op):
    """Run all branches until `need` of them have ended well, then stop the others. Each branch ends with a value, of
    `values` in the order of the branches; bound to `name` is that of the first (`need` is 1 and not `many`), or the list of
    the first `need`, in the order of the branches. No name of a branch is visible afterwards."""

    step: str
    name: str
    need: int
    many: bool
    branches: tuple[Branch, ...]
    values: tuple[Term, ...]
    type: types.Type
    span: Span = field(default=NOWHERE, compare=False)


@record
class Wait(Op):
    """Go on after a duration, or at a point in time."""

    step: str
    value: Term
    """A duration or a timestamp."""
    span: Span = field(default=NOWHERE, compare=False)


@record
class Signal(Op):
    """Wait for a value that somebody sends the run under the name `signal`, at most `within` (a duration); what comes later
    or never is `otherwise`."""

    step: str
    name: str
    signal: str
    sent: types.Type
    """What is sent; `type` also covers `otherwise`."""
    within: Term
    otherwise: Term
    type: types.Type
    span: Span = field(default=NOWHERE, compare=False)


@record
class Approve(Op):
    """Ask people in `role` a question, at most `within` (a duration). `args` are shown beside it and may be changed by who
    approves; `otherwise` is what a missing answer counts as: approve, reject or fail. The result has the type `type`:
    approved, by, reason and the values."""

    step: str
    name: str
    role: str
    question: Template
    args: Args
    within: Term
    otherwise: str
    type: types.Type
    span: Span = field(default=NOWHERE, compare=False)


@record
class Each(Op):
    """Run `body` for each item of a list of at most `at_most`, `width` at a time; the yielded values are bound to `name` in order."""

    step: str
    name: str | None
    item: str
    item_type: types.Type
    items: Term
    at_most: int
    width: int
    body: Block
    value: Term | None
    type: types.Type
    span: Span = field(default=NOWHERE, compare=False)


@record
class Loop(Op):
    """Repeat `body` until the condition holds, at most `at_most` times; whether it held is bound to `name`. What the last
    turn has given the names in `exports` is visible afterwards."""

    step: str
    name: str | None
    at_most: int
    body: Block
    until: Term | None
    span: Span = field(default=NOWHERE, compare=False)
    exports: tuple[str, ...] = ()


@record
class Handler:
    """What is done after a failure of one of the classes; none: of any but `cancelled` and `in_doubt`. The body sees the
    failure under `name`, as a record of `code`, `message` and `step`."""

    codes: tuple[str, ...]
    body: Block
    name: str | None = None


@record
class Try(Op):
    """Run `body`; when it fails, the first handler for that; else `otherwise`, which sees the names that `body` defines.
    Whatever happens, `finish` comes last, also before a `return` in them takes effect."""

    body: Block
    handlers: tuple[Handler, ...]
    otherwise: Block
    span: Span = field(default=NOWHERE, compare=False)
    finish: Block = ()


@record
class Return(Op):
    """End the workflow with a result."""

    value: Term
    span: Span = field(default=NOWHERE, compare=False)


@record
class Fail(Op):
    """End the run with an error of the catalogue."""

    code: str
    message: Template
    span: Span = field(default=NOWHERE, compare=False)


@record
class Emit(Op):
    """Write the event `custom.<event>`."""

    step: str
    event: str
    payload: Args
    span: Span = field(default=NOWHERE, compare=False)


def blocks(op: Op) -> tuple[Block, ...]:
    """The blocks inside an operation, in source order."""
    match op:
        case If(then=then, otherwise=otherwise):
            return (then, otherwise)
        case Match(cases=cases, otherwise=otherwise):
            return (*(case.body for case in cases), *((otherwise,) if otherwise is not None else ()))
        case Parallel(branches=branches) | Race(branches=branches):
            return tuple(branch.body for branch in branches)
        case Each(body=body) | Loop(body=body):
            return (body,)
        case Try(body=body, handlers=handlers, otherwise=otherwise, finish=finish):
            return (body, *(handler.body for handler in handlers), otherwise, *((finish,) if finish else ()))
    return ()


def walk(block: Block) -> Iterator[Op]:
    """Every operation of a block and of the blocks inside it, in source order."""
    stack = [iter(block)]
    while stack:
        op = next(stack[-1], None)
        if op is None:
            stack.pop()
            continue
        yield op
        stack.extend(iter(inner) for inner in reversed(blocks(op)))
