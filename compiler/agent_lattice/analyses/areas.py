"""What runs side by side with what: where in a body operations stand, who reads and changes its variables, and what values come from.

One pass over the operations, whatever body they were lowered from.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent_lattice import plan
from agent_lattice.dataflow import after_terms, own_terms, span_of
from agent_lattice.records import field, record
from agent_lattice.source import Span
from agent_lattice.terms import Template, Term, Var, parts, reads, template_reads, template_terms

Roots = frozenset[str | int]
"""What a value comes from: parameters by name, items of a `for` by its number."""

_NOTHING: Roots = frozenset()


@record
class Area:
    """A branch of the `parallel` or race of that number, or, without a branch, the items of a `for … parallel`."""

    owner: int
    branch: str | None
    race: bool = False


Areas = tuple[Area, ...]


@record(frozen=False)
class Access:
    """An operation that reads or sets a variable. `order` counts operations in source order."""

    op: plan.Op
    areas: Areas
    order: int


@record(frozen=False)
class Variable:
    """A variable without a merge policy, the areas it lives in, and who touches it."""

    name: str
    home: Areas
    writes: list[Access] = field(default_factory=list)
    reads: list[Access] = field(default_factory=list)

    def beyond(self, access: Access) -> Areas:
        """The areas of an access inside those where the variable lives."""
        inside = access.areas[: len(self.home)] == self.home
        return access.areas[len(self.home) :] if inside else ()


@record
class Step:
    """A step with the areas it stands in and what each of its arguments comes from."""

    op: plan.Op
    areas: Areas
    roots: dict[str, Roots] = field(default_factory=dict, compare=False)


class Survey:
    """The variables and steps of a workflow."""

    def __init__(self, workflow: plan.Workflow) -> None:
        self.variables: list[Variable] = []
        self.steps: list[Step] = []
        self._visible: dict[str, Variable] = {}
        self._roots: dict[str, Roots] = {param.name: frozenset((param.name,)) for param in workflow.params}
        self._given: list[str] = []
        self._order = 0
        self._block(workflow.body, ())

    def _block(self, block: plan.Block, areas: Areas) -> list[str]:
        """The names of the variables it declares, which stay visible until the caller hides them."""
        declared: list[str] = []
        for op in block:
            self._order += 1
            declared += self._operation(op, areas)
        return declared

    def _operation(self, op: plan.Op, areas: Areas) -> list[str]:
        read = _names(own_terms(op))
        self._read(op, read, areas)
        self._own(op, read, areas)
        number = self._order
        if isinstance(op, plan.Parallel):
            return [
                name for branch in op.branches for name in self._block(branch.body, (*areas, Area(number, branch.name)))
            ]
        if isinstance(op, plan.Race):
            self._race(op, read, areas)
            return []
        given = len(self._given)
        if isinstance(op, plan.Each):
            self._roots[op.item] = self._from(read)
            if op.width > 1:
                self._roots[op.item] |= {number}
                areas = (*areas, Area(number, None))
        for inner in plan.blocks(op):
            declared = self._block(inner, areas)
            self._read(op, _names(after_terms(op)), areas)
            for name in declared:
                self._visible.pop(name, None)
        self._give(op, read)
        if isinstance(op, plan.Each) and op.width > 1:
            for name in self._given[given:]:  # which item it was means nothing behind the loop
                self._roots[name] -= {number}
        if isinstance(op, plan.Var) and not op.merge:
            self._visible[op.name] = Variable(op.name, areas)
            self.variables.append(self._visible[op.name])
            return [op.name]
        return []

    def _race(self, op: plan.Race, read: frozenset[str], areas: Areas) -> None:
        """As branches of a `parallel`, but nothing that they declare is visible behind."""
        number = self._order
        for branch, value in zip(op.branches, op.values, strict=True):
            inside = (*areas, Area(number, branch.name, race=True))
            declared = self._block(branch.body, inside)
            self._read(op, reads(value), inside)
            for name in declared:
                self._visible.pop(name, None)
        self._give(op, read)

    def _own(self, op: plan.Op, read: frozenset[str], areas: Areas) -> None:
        if isinstance(op, plan.Set) and op.name in self._visible:
            self._visible[op.name].writes.append(Access(op, areas, self._order))
        args: plan.Args = getattr(op, "args", ())
        if getattr(op, "step", None):
            self.steps.append(Step(op, areas, {name: self._from(reads(term)) for name, term in args}))

    def _read(self, op: plan.Op, names: Iterable[str], areas: Areas) -> None:
        for name in names:
            if name in self._visible:
                self._visible[name].reads.append(Access(op, areas, self._order))

    def _from(self, names: Iterable[str]) -> Roots:
        return _NOTHING.union(*(self._roots.get(name, _NOTHING) for name in names))

    def _give(self, op: plan.Op, read: frozenset[str]) -> None:
        """What the value that an operation defines or sets comes from."""
        name: str | None = getattr(op, "name", None)
        if name is None:
            return
        read = read.union(_names(after_terms(op)))
        before = self._roots.get(name, _NOTHING) if isinstance(op, plan.Set) else _NOTHING
        self._roots[name] = before | self._from(read)
        self._given.append(name)


def _names(values: Iterable[Term | Template]) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for value in values:
        found |= template_reads(value) if isinstance(value, Template) else reads(value)
    return found


def place_of(name: str, op: plan.Op) -> Span:
    """Where an operation reads a variable; the whole operation when that is not known."""
    stack: list[Term] = []
    for value in (*own_terms(op), *after_terms(op)):
        stack += template_terms(value) if isinstance(value, Template) else [value]
    stack.reverse()
    while stack:
        term = stack.pop()
        if isinstance(term, Var) and term.name == name and term.span.end > term.span.start:
            return term.span
        stack += reversed(parts(term))
    return span_of(op)
