"""The lines of a module's functions while they are written, and what they need from elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from agent_lattice import plan, types, unions
from agent_lattice.expr.python import python
from agent_lattice.source import NOWHERE, Span
from agent_lattice.terms import Template, Term, reads

from agent_lattice_targets.python.alternatives import condition
from agent_lattice_targets.python.annotations import Annotations
from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.layout import WIDTH, flat, statement
from agent_lattice_targets.python.literals import escaped, string
from agent_lattice_targets.python.narrowing import Path, Proof, proved
from agent_lattice_targets.python.package_names import PackageNames
from agent_lattice_targets.python.scopes import Binding, Bindings
from agent_lattice_targets.python.tidy import tidied

if TYPE_CHECKING:
    from agent_lattice_targets.python.types_module import TypesModule


class Lines:
    """Lines of one workflow. `helpers` are functions and constants of the module that stand before it."""

    def __init__(
        self, workflow: plan.Workflow, names: PackageNames, annotations: Annotations, checks: TypesModule
    ) -> None:
        self.workflow = workflow
        self.names = names
        self.annotations = annotations
        self._checks = checks
        self.bindings = Bindings(workflow)
        self.called = names.called(workflow)
        self.constants: list[list[str]] = []
        self.helpers: list[list[str]] = []
        self.imports: set[str] = set()
        self.lines: list[str] = []
        self.bound: dict[int, tuple[str, Binding]] = {}
        """The names of all bindings so far, by their identity."""
        self.kept: set[str] = set()
        """Names that outlive the loops being written."""
        self.loops = 0
        self.tries = 0
        """How many `try` are around what is being written; they see what has been set before a failure."""
        self.functions_in_loops = False
        self._opened: list[tuple[int, int]] = []

    def put(self, place: Place, line: str) -> None:
        self.lines.append(" " * place.indent + line)

    def statement(self, place: Place, before: str, node: ast.expr, after: str = "") -> None:
        """A statement that ends in an expression."""
        if self.loops and any(isinstance(part, ast.Lambda) for part in ast.walk(node)):
            self.functions_in_loops = True
        text = statement(place.indent, before, node, after)
        self.lines.extend(f"{line}  # noqa: E501" if len(line) > WIDTH else line for line in text.split("\n"))

    def mark(self, place: Place, span: Span) -> None:
        """Where a step stands in the source."""
        if span.source is not NOWHERE.source:
            line, _ = span.source.position(span.start)
            self.put(place, f"# {PurePosixPath(span.source.name).name}:{line}")

    def term(self, term: Term, place: Place) -> ast.expr:
        return tidied(python(term, place.names(reads(term))))

    def arguments(self, args: plan.Args, place: Place) -> ast.expr:
        """The display of named values."""
        keys: list[ast.expr | None] = [ast.Constant(name) for name, _ in args]
        return ast.Dict(keys, [self.term(value, place) for _, value in args])

    def bind(self, binding: Binding, place: Place, type: types.Type | None = None) -> tuple[str, bool]:
        """The Python name of a value that is bound now, and whether the function binds it for the first time."""
        wanted = self.names.local(binding.name, self.called)
        if not binding.read and not wanted.startswith("_"):
            wanted = f"_{wanted}"
        name, is_new = place.frame.name_for(wanted, self.annotations.of(type or binding.type), self.names.taken)
        place.own[binding.name] = self.bound[id(binding)] = (name, binding)
        self.names.name_variable(self.workflow.name, name, binding.name)
        return name, is_new

    def target(self, binding: Binding, place: Place, *, annotated: bool) -> str:
        """The left side of an assignment, up to the equals sign."""
        name, is_new = self.bind(binding, place)
        return f"{name}: {self.annotations.of(binding.type)} = " if annotated and is_new else f"{name} = "

    def targets(self, bindings: Iterable[Binding | None], place: Place) -> list[str]:
        """Names for the parts of a tuple, declared on lines of their own; `_` for what nobody reads."""
        found: list[str] = []
        for binding in bindings:
            if binding is None or not binding.read:
                found.append("_")
                continue
            name, is_new = self.bind(binding, place)
            if is_new:
                self.put(place, f"{name}: {self.annotations.of(binding.type)}")
            found.append(name)
        return found

    def open_function(self, place: Place, name: str, params: Sequence[str], result: str) -> None:
        """Begin a function inside the one being written."""
        if self.loops:
            self.functions_in_loops = True
        if self.lines and self.lines[-1] and not _begins_function(self.lines[-1]):
            self.lines.append("")
        self.lines += head_lines(place.indent, f"async def {name}", params, result)
        self._opened.append((len(self.lines), self.loops))
        self.loops = 0

    def nonlocals(self, names: Iterable[str], inside: Place) -> None:
        """Let the function change variables of the ones around it."""
        if shown := sorted(map(inside.python, names)):
            self.put(inside, f"nonlocal {', '.join(shown)}")

    def proved_fields(self, read: Iterable[Term | Template], inside: Place) -> None:
        """Say which fields of values from outside are there, wherever the function reads them."""
        if inside.outer is not None:
            for line in self.proof_lines(proved(read, inside.outer.declared), inside):
                self.put(inside, line)

    def proof_lines(self, proofs: Mapping[Path, Proof], place: Place) -> list[str]:
        """Assertions of what is known of fields; a variable needs none."""
        lines: list[str] = []
        for (root, *fields), proof in proofs.items():
            if fields:
                value = ast.parse(place.python(root) + "".join(f"[{string(field)}]" for field in fields), mode="eval")
                known = self.alternatives(value.body, proof.narrower, proof.declared)
                lines.append(f"assert {flat(known)}")
        return lines

    def alternatives(self, value: ast.expr, wanted: types.Type, declared: types.Type) -> ast.expr:
        """The condition that a value of a declared type has a narrower one."""
        options, kept = unions.alternatives(declared), unions.alternatives(wanted)
        if types.NULL in options and len(kept) == len(options) - 1 and types.NULL not in kept:
            return ast.Compare(value, [ast.IsNot()], [ast.Constant(None)])
        return condition(value, kept, options, self.guard)

    def guard(self, record: types.Record) -> str:
        """The function that tells whether a value is that record; it is imported."""
        self.imports.add(name := self.names.guard(record))
        return name

    def check(self, type: types.Type) -> ast.expr:
        """The validator of a type; it is imported."""
        return self._imported(self._checks.check(type))

    def check_values(self, op: plan.Approve) -> ast.expr:
        """The validator of the values of an approval; it is imported."""
        return self._imported(self._checks.check_values(op))

    def _imported(self, function: str) -> ast.expr:
        self.imports.add(function.partition(".")[0])
        return ast.parse(function, mode="eval").body

    def close_function(self, inside: Place) -> None:
        start, self.loops = self._opened.pop()
        if len(self.lines) == start:
            self.put(inside, "pass")
        self.lines.append("")


def _begins_function(line: str) -> bool:
    """Whether a line is the end of a function's head: no empty line stands behind one."""
    return line.endswith(":") and line.lstrip().startswith(("async def ", "def ", ") -> "))


def head_lines(indent: int, name: str, params: Sequence[str], result: str) -> list[str]:
    """`def name(params) -> result:`, opened when it is long."""
    line = f"{' ' * indent}{name}({', '.join(params)}) -> {result}:"
    if len(line) <= WIDTH:
        return [line]
    inside = [f"{' ' * (indent + 4)}{param}," for param in params]
    return [f"{' ' * indent}{name}(", *inside, f"{' ' * indent}) -> {result}:"]


def docstring(doc: str, indent: int) -> list[str]:
    """A docstring, nothing for an empty text."""
    parts = [_in_docstring(line.strip()) for line in doc.strip().split("\n")]
    if parts == [""]:
        return []
    if len(parts) == 1:
        space = " " if parts[0].endswith('"') else ""
        return _long([f'{" " * indent}"""{parts[0]}{space}"""'])
    body = [f"{' ' * indent}{part}" if part else "" for part in parts[1:]]
    return _long([f'{" " * indent}"""{parts[0]}', *body, f'{" " * indent}"""'])


def _in_docstring(line: str) -> str:
    return "".join(map(escaped, line)).replace('"""', '\\"\\"\\"')


def _long(lines: list[str]) -> list[str]:
    if any(len(line) > WIDTH for line in lines):
        lines[-1] += "  # noqa: E501"
    return lines
