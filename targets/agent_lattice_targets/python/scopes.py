"""Which names of a body are read, changed and left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_lattice import plan, types
from agent_lattice.dataflow import after_reads, own_reads, variables
from agent_lattice.records import field, record
from agent_lattice.terms import Var


@record(frozen=False)
class Binding:
    """A name as it was defined in one place. `outside`: read behind the `parallel` that it is defined in; `behind`: read
    behind the `try` that it is defined in; `changes`: a variable; `merge`: its policy, if it has one."""

    name: str
    type: types.Type
    read: bool = False
    outside: bool = False
    behind: bool = False
    changes: bool = False
    merge: str | None = None


@record(frozen=False)
class Scope:
    """The bindings visible in a block."""

    outer: Scope | None = None
    own: dict[str, Binding] = field(default_factory=dict)
    from_branches: set[str] = field(default_factory=set)
    from_tries: set[str] = field(default_factory=set)

    def mark_read(self, name: str) -> None:
        """A visible name is read here."""
        scope: Scope | None = self
        while scope is not None and name not in scope.own:
            scope = scope.outer
        if scope is not None:
            scope.own[name].read = True
            scope.own[name].outside |= name in scope.from_branches
            scope.own[name].behind |= name in scope.from_tries


class Bindings:
    """The bindings of a workflow: `of(op)` by name, `item(op)` of an `Each`, `error(handler)` of a failure."""

    def __init__(self, workflow: plan.Workflow) -> None:
        self._of: dict[int, dict[str, Binding]] = {}
        self._item: dict[int, Binding] = {}
        self._case: dict[int, Binding] = {}
        self._error: dict[int, Binding] = {}
        self.params = {param.name: Binding(param.name, param.type, read=True) for param in workflow.params}
        self._block(workflow.body, Scope(None, dict(self.params)))

    def of(self, op: plan.Op) -> dict[str, Binding]:
        """What the operation defines in its block."""
        return self._of.get(id(op), {})

    def item(self, op: plan.Each) -> Binding:
        return self._item[id(op)]

    def case(self, case: plan.Case) -> Binding:
        """The subject of a match inside a case that asks for the type of an `any`."""
        return self._case[id(case)]

    def error(self, handler: plan.Handler) -> Binding | None:
        """The failure that a handler gives a name."""
        return self._error.get(id(handler))

    def _block(self, block: plan.Block, scope: Scope) -> None:
        for op in block:
            _mark(own_reads(op), scope)
            self._inside(op, scope)
            made = {name: Binding(name, type, changes=isinstance(op, plan.Var)) for name, type in _typed(op)}
            if isinstance(op, plan.Var):
                made[op.name].merge = op.merge
            if isinstance(op, plan.Parallel):
                made = {
                    name: found for inner in op.branches for part in inner.body for name, found in self.of(part).items()
                }
            if isinstance(op, plan.Loop) and op.exports:
                made |= self._exported(op, scope)
            if isinstance(op, plan.Try):
                made = {name: found for part in op.body for name, found in self.of(part).items()}
            if made:
                self._of[id(op)] = made
                scope.own.update(made)
            if isinstance(op, plan.Parallel):
                scope.from_branches.update(made)
            if isinstance(op, plan.Try):
                scope.from_tries.update(made)

    def _exported(self, op: plan.Loop, scope: Scope) -> dict[str, Binding]:
        """The bindings that outlive a loop, from wherever in it they are made."""
        made: dict[str, Binding] = {}
        for part in plan.walk(op.body):
            found = {name: binding for name, binding in self.of(part).items() if name in op.exports}
            made |= found
            if isinstance(part, plan.Parallel):
                scope.from_branches.update(found)
        return made

    def _inside(self, op: plan.Op, scope: Scope) -> None:
        if isinstance(op, plan.Try):
            self._block(op.body, scope)
        for place, inner in enumerate(plan.blocks(op)[isinstance(op, plan.Try) :]):
            below = Scope(scope)
            if isinstance(op, plan.Try):
                self._name_failure(op, place, below)
            if isinstance(op, plan.Each):
                self._item[id(op)] = below.own[op.item] = Binding(op.item, op.item_type)
            elif isinstance(op, plan.Match) and (subject := narrowed_subject(op)) and place < len(op.cases):
                case = op.cases[place]
                self._case[id(case)] = below.own[subject] = Binding(subject, case.types[0])
            self._block(inner, below)
            _mark(after_reads(op, place), below)

    def _name_failure(self, op: plan.Try, place: int, below: Scope) -> None:
        """What the handler at `place` calls the failure, if it reads it: of the type that its readers know."""
        handler = op.handlers[place] if place < len(op.handlers) else None
        if handler is None or handler.name is None:
            return
        found = next((var for var in variables(handler.body) if var.name == handler.name), None)
        if found is not None:
            self._error[id(handler)] = below.own[handler.name] = Binding(handler.name, found.type)


def narrowed_subject(op: plan.Match) -> str:
    """The variable that has another type inside each case of a match: an `any`; else empty."""
    return op.subject.name if isinstance(op.subject, Var) and isinstance(op.subject.type, types.AnyValue) else ""


def _mark(names: Iterable[str], scope: Scope) -> None:
    for name in names:
        scope.mark_read(name)


def _typed(op: plan.Op) -> Iterator[tuple[str, types.Type]]:
    match op:
        case plan.Loop(name=str() as name):
            yield name, types.BOOL
        case plan.Let(name=name, value=value):
            yield name, value.type
        case plan.Tool(name=str() as name, type=type) | plan.Ask(name=str() as name, type=type):
            yield name, type
        case plan.Narrow(name=name, type=type):
            yield name, type
        case plan.Call(name=str() as name, type=type) | plan.Var(name=str() as name, type=type):
            yield name, type
        case plan.Run(name=str() as name, type=type) | plan.Each(name=str() as name, type=type):
            yield name, type
        case plan.Race(name=str() as name, type=type):
            yield name, type
        case plan.Signal(name=str() as name, type=type) | plan.Approve(name=str() as name, type=type):
            yield name, type


_STEPS = (
    plan.Tool
    | plan.Ask
    | plan.Call
    | plan.Run
    | plan.Wait
    | plan.Signal
    | plan.Approve
    | plan.Each
    | plan.Loop
    | plan.Emit
    | plan.Parallel
    | plan.Race
)


def returns(block: plan.Block) -> bool:
    """Whether a block may end the workflow with a result."""
    return any(isinstance(op, plan.Return) for op in plan.walk(block))


def has_steps(block: plan.Block) -> bool:
    """Whether a block has steps, which need the context of their scope."""
    return any(isinstance(op, _STEPS) for op in plan.walk(block))
