"""Keys of writes that are made anew: where a turn asks a model again and the key of a write comes from its answer, each turn
writes under another key, and what was meant to happen once happens again.

What is recorded is never asked again: a resumed run has the keys that it had. Only a turn of a loop, or of a cycle of a graph,
makes new ones. What a turn leaves to the next is remembered for each loop, so that a body is gone through again only when there is
something new to learn: loops in loops do not multiply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agent_lattice import plan
from agent_lattice.dataflow import own_terms
from agent_lattice.diagnostics import Code, Label, Report
from agent_lattice.records import field, record
from agent_lattice.source import Span
from agent_lattice.terms import Template, Term, reads, template_reads

REGENERATED = Code("LAT5003", "regenerated-key")


@record
class Origin:
    """What a value comes from: `models` are the loops that ask for it anew in every turn, `items` those `for` loops whose item
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
class Keys:
    """Of a workflow: the parameters that keys of its writes come from, each with the place of one, and whether it asks a model."""

    params: Mapping[str, Span] = field(default_factory=dict)
    asks: bool = False


class Tracing:
    """Follows values to keys, through workflows and those that they call. `operations` are by `tool.op`."""

    def __init__(
        self, workflows: Mapping[str, plan.Workflow], operations: Mapping[str, plan.Operation], report: Report
    ) -> None:
        self.workflows = workflows
        self.operations = operations
        self.report = report
        self._known: dict[str, Keys] = {}

    def keys(self, name: str) -> Keys:
        """The keys of a workflow; what is wrong in it is reported the first time."""
        if name not in self._known:
            self._known[name] = Keys()  # for one that calls itself, which is reported elsewhere
            body = _Body(self, self.workflows[name])
            self._known[name] = Keys(body.params, body.asks)
        return self._known[name]


class _Body:
    """The operations of a workflow in their order. `_carried` is what a turn of a loop leaves to the next, by loop and name; `_given`
    are the names that get a value in each of the loops around."""

    def __init__(self, tracing: Tracing, workflow: plan.Workflow) -> None:
        self.tracing = tracing
        self.params: dict[str, Span] = {}
        self.asks = False
        self._origins = {param.name: Origin(params=frozenset((param.name,))) for param in workflow.params}
        self._loops: list[int] = []
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
            case plan.Ask() | plan.Run():
                self.asks = True
                read = Origin(frozenset(self._loops), asked=op.span)
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
        self._loops.append(number)
        if isinstance(op, plan.Each):
            self._each.add(number)
            self._origins[op.item] = read | Origin(items=frozenset((number,)))
        if self._turn(op, number):
            self._turn(op, number)
        self._loops.pop()
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

    def _called(self, op: plan.Call, read: Origin) -> Origin:
        """What a child gives, and keys in it that come from what it is given."""
        if op.workflow not in self.tracing.workflows:
            return read
        child = self.tracing.keys(op.workflow)
        for name, term in op.args:
            if name in child.params:
                self._key(term, op.span, child.params[name])
        self.asks |= child.asks
        return read | Origin(frozenset(self._loops), asked=op.span) if child.asks else read

    def _tool(self, op: plan.Tool) -> None:
        operation = self.tracing.operations.get(op.operation)
        key = dict(op.args).get(operation.key) if operation and operation.key else None
        if operation is not None and operation.effect == "write" and key is not None:
            self._key(key, op.span, None)

    def _key(self, key: Term, at: Span, below: Span | None) -> None:
        """A key of a write here, or, of a child's, `below`."""
        origin = self._read([key])
        for name in origin.params:
            self.params.setdefault(name, below or at)
        anew = origin.models.intersection(self._loops) - (self._each & origin.items)
        if anew and at not in self._reported:
            self._reported.add(at)
            self._report(key, at, below, origin)

    def _report(self, key: Term, at: Span, below: Span | None, origin: Origin) -> None:
        span = key.span if key.span.end > key.span.start else at
        related = [Label(origin.asked, "asked again in every turn")] if origin.asked else []
        related += [Label(below, "the key of this write")] if below else []
        self.tracing.report.add(
            REGENERATED,
            "every turn makes another key, so the write happens again",
            span,
            related=related,
            help="take the key from what stays the same in all turns, or ask the model before the loop",
        )

    def _read(self, values: Iterable[Term | Template]) -> Origin:
        found = NOTHING
        for name in _names(values):
            found = found | self._origins.get(name, NOTHING)
        return found


def _names(values: Iterable[Term | Template]) -> Iterator[str]:
    for value in values:
        yield from sorted(template_reads(value) if isinstance(value, Template) else reads(value))


def keys(workflows: Mapping[str, plan.Workflow], operations: Mapping[str, plan.Operation], report: Report) -> None:
    """Report keys of writes that a model makes anew in every turn. `workflows` have their bodies in blocks."""
    tracing = Tracing(workflows, operations, report)
    for name in workflows:
        tracing.keys(name)
