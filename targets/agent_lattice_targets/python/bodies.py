"""Workflows as Python functions: one statement per operation, in the order of the source."""

from __future__ import annotations

import ast
from functools import partial

from agent_lattice import plan, types
from agent_lattice.dataflow import defined, leaves, outer_writes
from agent_lattice.terms import ListOf, Make, MapOf, Term, template_reads

from agent_lattice_targets.python import prompts
from agent_lattice_targets.python.attempts import attempt
from agent_lattice_targets.python.branches import parallel
from agent_lattice_targets.python.closures import Closure
from agent_lattice_targets.python.context_calls import limited
from agent_lattice_targets.python.frames import Frame, Place
from agent_lattice_targets.python.layout import flat
from agent_lattice_targets.python.lines import Lines, docstring, head_lines
from agent_lattice_targets.python.loops import each, loop
from agent_lattice_targets.python.matches import match_lines
from agent_lattice_targets.python.merging import record_set
from agent_lattice_targets.python.parts import write_part
from agent_lattice_targets.python.races import race
from agent_lattice_targets.python.steps import Step, step_call
from agent_lattice_targets.python.tidy import is_untyped
from agent_lattice_targets.python.waits import limits

DEEPEST = 24
"""Indent, in columns, from which on a block with blocks inside becomes a function of its own."""

MOST_ARMS = 50
"""How many `elif` follow each other before the rest becomes a function of its own."""


class Body(Lines):
    """Writes the function of a workflow."""

    def write(self) -> list[str]:
        """Its lines; `constants`, `helpers` and `imports` are what it needs around it."""
        place = Place(Frame(), 4)
        params = ["ctx: Context"]
        for name, binding in self.bindings.params.items():
            python = self.names.parameters[self.workflow.name][name]
            annotation = self.annotations.of(binding.type)
            place.frame.declared[python] = annotation
            place.own[name] = (python, binding)
            self.names.name_variable(self.workflow.name, python, name)
            params.append(f"{python}: {annotation}")
        if self.workflow.budget is not None:
            self.statement(place, "ctx = ", limited(limits(self.workflow.budget)))
        self.block(self.workflow.body, place)
        if isinstance(types.base(self.workflow.type), types.Optional) and not leaves(self.workflow.body):
            self.put(place, "return None")
        result = self.annotations.of(self.workflow.type)
        head = head_lines(0, f"async def {self.names.functions[self.workflow.name]}", params, result)
        body = [*docstring(self.workflow.doc, 4), *self.lines]
        return [*head, *(body or ["    pass"])]

    def block(self, block: plan.Block, place: Place) -> None:
        """The statements of a block."""
        for op in block:
            self._operation(op, place)

    def inner_block(self, block: plan.Block, place: Place, needed: frozenset[str] = frozenset()) -> None:
        """The statements of a block inside another; `needed` are names of it that are read behind it."""
        start = len(self.lines)
        self.function_block(block, place, needed)
        if len(self.lines) == start:
            self.put(place, "pass")

    def function_block(self, block: plan.Block, place: Place, needed: frozenset[str] = frozenset()) -> None:
        """The same where other statements follow."""
        inside = {name for op in plan.walk(block) for name in defined(op)} if self.kept else set()
        if place.indent < DEEPEST or not any(plan.blocks(op) for op in block) or inside & self.kept:
            self.block(block, place)
        elif self.tries and outer_writes(block):
            self._closure(block, place, needed)
        else:
            write_part(block, place, needed, self, self.block)

    def _closure(self, block: plan.Block, place: Place, needed: frozenset[str]) -> None:
        """A function inside this one for a block that sets what is read after a failure. Indents add up, so only some."""
        if place.indent % DEEPEST:
            self.block(block, place)
            return
        made = [self.bindings.of(op)[name] for op in block for name in defined(op) if name in needed]
        write = partial(self.block, block)
        closure = Closure([block], made, place, self, write, leaves=leaves(block))
        closure.call(place, closure.declare(place))
        closure.give(place)

    def _operation(self, op: plan.Op, place: Place) -> None:
        match op:
            case _ if isinstance(op, Step):
                self._step(op, place)
            case plan.Let(value=value):
                self._value(op, value, place)
            case plan.Narrow(value=value, type=type):
                self.imports.add("checks")
                args = [self.term(value, place), self.check(type), ast.Constant(op.name)]
                call = ast.Call(ast.Attribute(ast.Name("checks"), "narrowed"), args, [])
                self.statement(place, self.target(self.bindings.of(op)[op.name], place, annotated=True), call)
            case plan.Var(value=value):
                binding = self.bindings.of(op)[op.name]
                self.statement(place, self.target(binding, place, annotated=True), self.term(value, place))
            case plan.Set(name=name, value=value):
                self.statement(place, f"{place.python(name)} = ", self.term(value, place))
                record_set(name, place, self)
            case plan.If():
                self._choice(op, place)
            case plan.Match():
                match_lines(op, place, self)
            case plan.Parallel():
                parallel(op, place, self)
            case plan.Race():
                race(op, place, self)
            case plan.Each():
                each(op, place, self)
            case plan.Loop():
                loop(op, place, self)
            case plan.Try():
                attempt(op, place, self)
            case plan.Return(value=value):
                self._return(value, place)
            case plan.Fail():
                self._fail(op, place)

    def _step(self, op: Step, place: Place) -> None:
        self.mark(place, op.span)
        call = ast.Await(step_call(op, place, self))
        binding = None if isinstance(op, plan.Emit | plan.Wait) else self.bindings.of(op)[op.name]
        if binding is None or not binding.read:
            self.statement(place, "", call)
        else:
            annotated = not isinstance(op, plan.Call | plan.Run)
            self.statement(place, self.target(binding, place, annotated=annotated), call)

    def _value(self, op: plan.Let, value: Term, place: Place) -> None:
        binding = self.bindings.of(op)[op.name]
        if not binding.read and not value.fails:
            return
        node = self.term(value, place)
        self.statement(place, self.target(binding, place, annotated=_needs_annotation(value)), node)

    def _choice(self, op: plan.If, place: Place) -> None:
        word, arms = "if", 0
        while True:
            self.statement(place, f"{word} ", self.term(op.condition, place), ":")
            self.inner_block(op.then, place.inner())
            word, arms = "elif", arms + 1
            if len(op.otherwise) != 1 or not isinstance(op.otherwise[0], plan.If) or arms >= MOST_ARMS:
                break
            op = op.otherwise[0]
        if op.otherwise:
            self.put(place, "else:")
            if arms >= MOST_ARMS:
                write_part(op.otherwise, place.inner(), frozenset(), self, self.block)
            else:
                self.inner_block(op.otherwise, place.inner())

    def _return(self, value: Term, place: Place) -> None:
        node = self.term(value, place)
        if place.frame.result("x") == "x" and not is_untyped(node):
            self.statement(place, "return ", node)
        elif isinstance(node, ast.Name | ast.Constant):
            self.put(place, f"return {place.frame.result(flat(node))}")
        else:
            result, is_new = place.frame.name_for("result", self.annotations.of(self.workflow.type), self.names.taken)
            annotation = f": {self.annotations.of(self.workflow.type)}" if is_new else ""
            self.statement(place, f"{result}{annotation} = ", node)
            self.put(place, f"return {place.frame.result(result)}")

    def _fail(self, op: plan.Fail, place: Place) -> None:
        self.mark(place, op.span)
        self.imports.add("Failure")
        names = place.names(template_reads(op.message))
        call = ast.Call(ast.Name("Failure"), [ast.Constant(op.code), prompts.message(op.message, names)], [])
        self.statement(place, "raise ", call)


def _needs_annotation(value: Term) -> bool:
    """Whether a reader, or a type checker, cannot see the type from the value."""
    return isinstance(value, ListOf | MapOf | Make) or isinstance(value.type, types.Null | types.Dyn)
