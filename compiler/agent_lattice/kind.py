"""What a step kind and a declaration are, and the scope they check themselves in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Protocol

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Label, Report, replace
from agent_lattice.expr.narrow import Fact, Facts
from agent_lattice.printer import Printer
from agent_lattice.program import Module, Symbol
from agent_lattice.records import field, fields, is_record, record
from agent_lattice.source import Span
from agent_lattice.tree import Junk, Name, Reader
from agent_lattice.types import Record, Type

DUPLICATE_STEP = Code("LAT1206", "duplicate-step-name")
SHADOWED = Code("LAT1207", "name-already-defined")
UNNAMED_STEP = Code("LAT1208", "unnamed-step")


class Kind(Protocol):
    """A statement: one class in one file of `kinds/`."""

    word: ClassVar[str]
    """The keyword or form it is known by."""
    summary: ClassVar[str]
    """One line for hovers and the reference."""
    syntax: ClassVar[str]
    """Its fragment of the grammar; extends `statement`."""
    readers: ClassVar[dict[str, Reader]]
    """Grammar rules of the fragment → what makes their nodes."""

    @property
    def span(self) -> Span: ...

    def show(self, out: Printer) -> None:
        """Write the canonical text."""

    def check(self, scope: Scope) -> plan.Op | None:
        """The checked operation, or None when something that it needs is wrong and was reported."""


class Declaration(Protocol):
    """A top-level form: one class in one file of `declarations/`."""

    word: ClassVar[str]
    summary: ClassVar[str]
    syntax: ClassVar[str]
    readers: ClassVar[dict[str, Reader]]

    @property
    def span(self) -> Span: ...

    def show(self, out: Printer) -> None: ...

    def names(self) -> Iterable[Name]:
        """The names it adds to its module (none for imports and tests)."""

    def signature(self, symbol: Symbol, report: Report) -> Any:
        """What the rest of the program sees; called once, when first needed."""

    def check(self, module: Module, report: Report) -> Any:
        """Check what is inside; the finished plan noun, or None."""


@record(frozen=False)
class Binding:
    """A name of a body: a parameter, a step's result, a `let`, a variable, a loop item."""

    name: str
    type: Type
    span: Span
    sort: str
    depth: int
    used: bool = False
    sets: list[Span] = field(default_factory=list)
    """Where `set` changes it."""
    alias: str = ""
    """What terms call it, where that is not its name."""


@record(frozen=False)
class Body:
    """What all scopes of one workflow share."""

    module: Module
    report: Report
    output: Type
    name: str
    bindings: list[Binding] = field(default_factory=list)
    unclear: bool = False
    """Whether something in it could not be understood, so that not every way through it is known."""
    opening: Any = None
    """Its first statement."""
    budget: tuple[plan.Budget, Span] | None = None
    """What a run may use, and where that is said."""


@record(frozen=False)
class Scope:
    """The names visible at a place of a body; also the `Names` of its expressions."""

    body: Body
    parent: Scope | None = None
    path: str = ""
    steps: dict[str, Span] = field(default_factory=dict)
    own: dict[str, Binding] = field(default_factory=dict)
    facts: Facts = frozenset()
    concurrent: int | None = None
    """Depth of the innermost concurrent region (parallel branch or `for … parallel`), None outside."""
    depth: int = 0
    repeats: bool = False
    """Whether it is the body of a loop, that may be entered with what it has left."""
    counts: dict[str, int] = field(default_factory=dict)
    """How often a name was asked for by `unused`, in the current loop scope."""

    @property
    def report(self) -> Report:
        return self.body.report

    @property
    def module(self) -> Module:
        return self.body.module

    def binding(self, name: str) -> Binding | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.own:
                return scope.own[name]
            scope = scope.parent
        return None

    def lookup(self, name: str) -> Type | None:
        found = self.binding(name)
        if found is None:
            return None
        found.used = True
        return found.type

    def record(self, name: str) -> Record | None:
        symbol = self.module.symbols.get(name)
        if symbol is None or symbol.sort != "type":
            return None
        symbol.used = True
        found = symbol.resolve(self.report)
        return found if isinstance(found, Record) else None

    def term_name(self, name: str) -> str:
        found = self.binding(name)
        return found.alias if found and found.alias else name

    def known(self) -> Iterator[str]:
        scope: Scope | None = self
        while scope is not None:
            yield from scope.own
            scope = scope.parent

    def knows(self, fact: Fact) -> bool:
        return fact in self.facts

    def forget(self, name: str) -> None:
        """Know nothing more of a variable, here and around: it has another value from now on."""
        scope: Scope | None = self
        while scope is not None:
            scope.facts = frozenset(fact for fact in scope.facts if fact[0][0] != name)
            scope = scope.parent

    def is_poisoned(self, name: str) -> bool:
        """Whether the name belongs to a statement that could not be read; nothing is said about it."""
        return name in self.module.poisoned

    def define(self, name: Name, type: Type, sort: str) -> None:
        """Make a name visible from here on; one that is visible already is an error."""
        known = self.binding(name.text)
        if known is not None and name.text != "_":
            if (
                sort != "step result" or self.steps.get(name.text, name.span) == name.span
            ):  # else `step` has reported it
                self.report.add(
                    SHADOWED,
                    f"`{name}` is already defined",
                    name.span,
                    related=(Label(known.span, f"first defined here, as a {known.sort}"),),
                    help="choose another name: every name means one thing in a workflow",
                )
            return
        binding = Binding(name.text, type, name.span, sort, self.depth)
        self.own[name.text] = binding
        self.body.bindings.append(binding)

    def step(self, name: Name) -> str:
        """Claim a step name in the current loop scope; the static step id."""
        known = self.steps.get(name.text)
        if known is not None:
            self.report.add(
                DUPLICATE_STEP,
                f"there is another step named `{name}`",
                name.span,
                related=(Label(known, "the first one is here"),),
                help="a step's name is its identity in events and replays: give each step its own",
            )
        self.steps.setdefault(name.text, name.span)
        return self.path + name.text

    def free_step(self, name: str, span: Span) -> str:
        """A step id from a name that may occur several times: `progress`, `progress_2`, …"""
        free = self.unused(name, self.steps.__contains__)
        self.steps[free] = span
        return self.path + free

    def unused(self, name: str, taken: Callable[[str], bool]) -> str:
        """The first of `name`, `name_2`, … that is not taken; each search goes on where the last one ended."""
        count = self.counts.get(name, 0) + 1
        while taken(found := name if count == 1 else f"{name}_{count}"):
            count += 1
        self.counts[name] = count
        return found

    def inner(self, facts: Iterable[Fact] = ()) -> Scope:
        """A block of the same loop scope: its names end with it."""
        return Scope(
            self.body,
            self,
            self.path,
            self.steps,
            {},
            self.facts | frozenset(facts),
            self.concurrent,
            self.depth + 1,
            counts=self.counts,
        )

    def branch(self) -> Scope:
        """A concurrent branch of the same loop scope."""
        scope = self.inner()
        scope.concurrent = scope.depth
        return scope

    def turn(self, name: str, *, concurrent: bool) -> Scope:
        """The body of a loop: step names start anew under `name`."""
        scope = self.inner()
        scope.path = f"{name}."
        scope.repeats = True
        scope.steps = {}
        scope.counts = {}
        if concurrent:
            scope.concurrent = scope.depth
        return scope

    def block(self, statements: Iterable[Kind]) -> plan.Block:
        """Check statements in order, each seeing the names before it."""
        statements = tuple(statements)
        if any(isinstance(statement, Junk) for statement in statements):
            self.body.unclear = True
        if self.repeats and self.facts:
            changed = set(_changed(statements))
            self.facts = frozenset(fact for fact in self.facts if fact[0][0] not in changed)
        ops = [op for statement in statements if (op := statement.check(self)) is not None]
        return tuple(ops)


def unnamed_step(wanted: str, at: Span, statement: Span, scope: Scope) -> Name:
    """A name for a step that was written without one, which is reported at a place; the fix gives it."""
    guess = scope.unused(wanted, lambda name: name in scope.steps or scope.binding(name) is not None)
    scope.report.add(
        UNNAMED_STEP,
        "a step needs a name",
        at,
        help="its name is its identity in events and replays",
        fix=replace(f"name it `{guess}`", statement.before(), f"{guess} = "),
    )
    return Name(guess, at)


def _changed(statements: Iterable[Kind]) -> Iterator[str]:
    """The variables that statements, or what is in them, set."""
    stack: list[Any] = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif getattr(node, "word", "") == "set":
            yield str(node.name)
        elif is_record(node) and not isinstance(node, Name | Span):
            stack.extend(getattr(node, item.name) for item in fields(node))
