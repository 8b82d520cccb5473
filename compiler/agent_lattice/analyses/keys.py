"""Keys of writes that are made anew: where a model is asked again before a write is repeated and the key of the write comes from its
answer, each time writes under another key, and what was meant to happen once happens again.

What is recorded is never asked again: a resumed run has the keys that it had. A write is repeated by a turn of a loop, or of a cycle of a
graph, and by a handler that does again what may have happened although it failed. What a turn leaves to the next is remembered for each
loop, so that a body is gone through again only when there is something new to learn: loops in loops do not multiply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agent_lattice import plan
from agent_lattice.dataflow import own_terms
from agent_lattice.diagnostics import Code, Label, Report, Severity
from agent_lattice.records import record
from agent_lattice.source import Span
from agent_lattice.terms import Template, Term, reads, template_reads

REGENERATED = Code("LAT5003", "regenerated-key")
CHOSEN = Code("LAT5021", "agent-chooses-key", Severity.WARNING)

_DOUBTFUL = frozenset({"timeout", "unavailable", "malformed_output", "in_doubt"})
"""Failures of writes that may have happened all the same."""


@record
class Origin:
    """What a value comes from: `models` are the scopes that ask for it anew each time, `items` those `for` loops whose item
    it comes from by no model; `params` are parameters of the workflow; `asked` is a model's answer that is among it."""

    models: frozenset[int] = frozenset()
    items: frozenset[int] = frozenset()
    params: frozenset[str] = frozenset()
    asked: Span | None = None

    def __or__(self, other: Origin) -> Origin:
        asked = self.asked or other.asked
        return Origin(self.models | other.models, self.items | other.items, self.params | other.params, asked)


NOTHING = Origin()


@record
class Use:
    """A write with a key, as a caller of its workflow sees it: the key comes from these parameters, and from a model where it is
    `asked` for or `chosen` by the model of an agent."""

    operation: str
    span: Span
    params: frozenset[str]
    asked: bool
    chosen: bool


@record
class Keys:
    """Of a workflow: its writes with keys, the operations by which it writes, and whether it asks a model."""

    uses: frozenset[Use] = frozenset()
    writes: frozenset[str] = frozenset()
    asks: bool = False


class Tracing:
    """Follows values to keys, through workflows and those that they call. `operations` are by `tool.op`."""

    def __init__(
        self,
        workflows: Mapping[str, plan.Workflow],
        operations: Mapping[str, plan.Operation],
        agents: Mapping[str, plan.Agent],
        report: Report,
    ) -> None:
        self.workflows = workflows
        self.operations = operations
        self.agents = agents
        self.report = report
        self._known: dict[str, Keys] = {}

    def keys(self, name: str) -> Keys:
        """The keys of a workflow; what is wrong in it is reported the first time."""
        if name not in self._known:
            self._known[name] = Keys()  # for one that calls itself, which is reported elsewhere
            body = _Body(self, self.workflows[name])
            self._known[name] = Keys(frozenset(body.uses), frozenset(body.written[0]), body.asks)
        return self._known[name]

    def writes(self, name: str) -> bool:
        return name in self.operations and self.operations[name].effect == "write"


class _Body:
    """The operations of a workflow in their order. `_scopes` are the loops and handlers around the one that is looked at; a handler
    repeats the writes in `_repeats`. `_carried` is what a turn of a loop leaves to the next, by loop and name; `_given` are the names that
    get a value in each of the loops around, `written` the operations that write in each of the attempts around."""

    def __init__(self, tracing: Tracing, workflow: plan.Workflow) -> None:
        self.tracing = tracing
        self.uses: set[Use] = set()
        self.written: list[set[str]] = [set()]
        self.asks = False
        self._origins = {param.name: Origin(params=frozenset((param.name,))) for param in workflow.params}
        self._scopes: list[int] = []
        self._repeats: dict[int, set[str]] = {}
        self._each: set[int] = set()
        self._reported: set[Span] = set()
        self._carried: dict[int, dict[str, Origin]] = {}
        self._given: list[set[str]] = []
        self._block(workflow.body)

    def _block(self, block: plan.Block) -> None:
        for op in block:
            self._op(op)

    def _op(self, op: plan.Op) -> None:
        read = self._read(own_terms(op))
        match op:
            case plan.Each() | plan.Loop():
                self._loop(op, read)
                return
            case plan.Try():
                self._try(op)
                return
            case plan.Ask():
                read = self._answer(op)
            case plan.Run():
                self._run(op, read)
                read = self._answer(op)
            case plan.Call():
                read = self._called(op, read)
            case plan.Tool():
                self._tool(op)
        for inner in plan.blocks(op):
            self._block(inner)
        self._give(op, read)

    def _give(self, op: plan.Op, origin: Origin) -> None:
        name: str | None = getattr(op, "name", None)
        if isinstance(op, plan.Race):
            origin = origin | self._read(op.values)
        if name is not None:
            before = self._origins.get(name, NOTHING) if isinstance(op, plan.Set) else NOTHING
            self._origins[name] = before | origin
            if self._given:
                self._given[-1].add(name)

    def _loop(self, op: plan.Each | plan.Loop, read: Origin) -> None:
        number = id(op)
        self._scopes.append(number)
        if isinstance(op, plan.Each):
            self._each.add(number)
            self._origins[op.item] = read | Origin(items=frozenset((number,)))
        if self._turn(op, number):
            self._turn(op, number)
        self._scopes.pop()
        if isinstance(op, plan.Each) and op.name:
            self._origins[op.name] = self._read([op.value] if op.value is not None else [])
            if self._given:
                self._given[-1].add(op.name)

    def _turn(self, op: plan.Each | plan.Loop, number: int) -> bool:
        """Go through a body that begins with what earlier turns have left. Whether it leaves more than they did."""
        carried = self._carried.setdefault(number, {})
        for name, origin in carried.items():
            self._origins[name] = self._origins.get(name, NOTHING) | origin
        self._given.append(set())
        self._block(op.body)
        given = self._given.pop()
        if self._given:
            self._given[-1] |= given
        left = {name: carried.get(name, NOTHING) | self._origins[name] for name in given}
        more = any(carried.get(name) != origin for name, origin in left.items())
        carried |= left
        return more

    def _answer(self, op: plan.Ask | plan.Run | plan.Call) -> Origin:
        self.asks = True
        return Origin(frozenset(self._scopes), asked=op.span)

    def _try(self, op: plan.Try) -> None:
        """A handler for what may have happened all the same repeats what the body writes."""
        self.written.append(set())
        self._block(op.body)
        written = self.written.pop()
        self.written[-1] |= written
        for handler in op.handlers:
            repeats = not handler.codes or not _DOUBTFUL.isdisjoint(handler.codes)
            self._scopes.append(id(handler))
            self._repeats[id(handler)] = written if repeats else set()
            self._block(handler.body)
            self._scopes.pop()
        self._block(op.otherwise)
        self._block(op.finish)

    def _called(self, op: plan.Call, read: Origin) -> Origin:
        """What a child gives. Its keys come from what it is given and from models that it asks."""
        if op.workflow not in self.tracing.workflows:
            return read
        child, args = self.tracing.keys(op.workflow), dict(op.args)
        self.written[-1] |= child.writes
        for use in sorted(child.uses, key=lambda use: (use.span.start, use.operation)):
            given = self._read([args[name] for name in sorted(use.params) if name in args])
            origin = given | Origin(frozenset(self._scopes), asked=op.span) if use.asked else given
            self._key(use.operation, origin, op.span, use.span, use.chosen)
        return read | self._answer(op) if child.asks else read

    def _run(self, op: plan.Run, read: Origin) -> None:
        """The model of an agent chooses the keys of what it writes, from what the agent is given."""
        agent = self.tracing.agents.get(op.agent)
        for offer in agent.offers if agent is not None else ():
            if self.tracing.writes(offer.operation):
                self.written[-1].add(offer.operation)
                if self.tracing.operations[offer.operation].key is not None:
                    origin = read | Origin(frozenset(self._scopes), asked=op.span)
                    self._key(offer.operation, origin, op.span, None, True)

    def _tool(self, op: plan.Tool) -> None:
        if not self.tracing.writes(op.operation):
            return
        self.written[-1].add(op.operation)
        key = dict(op.args).get(self.tracing.operations[op.operation].key or "")
        if key is not None:
            at = key.span if key.span.end > key.span.start else op.span
            self._key(op.operation, self._read([key]), at, None, False)

    def _key(self, operation: str, origin: Origin, at: Span, below: Span | None, chosen: bool) -> None:
        """A key of a write here, or, of a child's, `below`; `chosen` by the model of an agent."""
        self.uses.add(Use(operation, below or at, origin.params, origin.asked is not None, chosen))
        anew = origin.models.intersection(self._scopes) - (self._each & origin.items)
        loops = [scope for scope in anew if scope not in self._repeats]
        again = [scope for scope in anew if operation in self._repeats.get(scope, ())]
        if (loops or again) and at not in self._reported:
            self._reported.add(at)
            self._report(operation, at, below, origin, "turn" if loops else "handler", chosen)

    def _report(self, operation: str, at: Span, below: Span | None, origin: Origin, scope: str, chosen: bool) -> None:
        related = [Label(origin.asked, _ASKED[scope])] if origin.asked and origin.asked != at else []
        related += [Label(below, "the key of this write")] if below else []
        if chosen:
            message = f"{_CHOSEN[scope]} of `{operation}`, and may write again what is written"
            help = "let the agent say what is to be written, and write it in the workflow"
            self.tracing.report.add(CHOSEN, message, at, related=related, help=help)
        else:
            message = f"{_ANEW[scope]}, so the write happens again"
            self.tracing.report.add(REGENERATED, message, at, related=related, help=_HELP[scope])

    def _read(self, values: Iterable[Term | Template]) -> Origin:
        found = NOTHING
        for name in _names(values):
            found = found | self._origins.get(name, NOTHING)
        return found


_ANEW = {"turn": "every turn makes another key", "handler": "after a failure another key is made"}
_CHOSEN = {
    "turn": "in every turn the model of this agent chooses the key",
    "handler": "after a failure the model of this agent chooses another key",
}
_ASKED = {"turn": "asked again in every turn", "handler": "asked after the write may have happened"}
_HELP = {
    "turn": "take the key from what stays the same in all turns, or ask the model before the loop",
    "handler": "take the key from what was there before the `try`: then a second write under it is none",
}


def _names(values: Iterable[Term | Template]) -> Iterator[str]:
    for value in values:
        yield from sorted(template_reads(value) if isinstance(value, Template) else reads(value))


def keys(
    workflows: Mapping[str, plan.Workflow],
    operations: Mapping[str, plan.Operation],
    agents: Mapping[str, plan.Agent],
    report: Report,
) -> None:
    """Report keys that a model makes anew when a write is repeated. `workflows` have their bodies in blocks."""
    tracing = Tracing(workflows, operations, agents, report)
    for name in workflows:
        tracing.keys(name)
