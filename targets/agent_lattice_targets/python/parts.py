"""Blocks that become functions of their module, because Python bounds how deep blocks may nest."""

from __future__ import annotations

import ast
from collections.abc import Callable

from agent_lattice import plan
from agent_lattice.dataflow import all_terms, leaves, outer_reads, outer_writes

from agent_lattice_targets.python.frames import Frame, Place
from agent_lattice_targets.python.lines import Lines, head_lines
from agent_lattice_targets.python.merging import sets_name
from agent_lattice_targets.python.narrowing import narrowed, proved
from agent_lattice_targets.python.scopes import Binding, returns

WriteBlock = Callable[[plan.Block, Place], None]


def write_part(block: plan.Block, place: Place, needed: frozenset[str], out: Lines, write: WriteBlock) -> None:
    """A call of a new function that runs the block: it is given what the block reads, and gives back what it changes,
    the names in `needed`, and whether the workflow has ended with a result."""
    part = _Part(block, place, needed, out)
    lines, out.lines = out.lines, []
    loops, out.loops = out.loops, 0
    for line in out.proof_lines(part.proved, part.inside):
        out.put(part.inside, line)
    write(block, part.inside)
    part.give_back(out)
    body, out.lines, out.loops = out.lines, lines, loops
    out.helpers.append([*head_lines(0, f"async def {part.name}", part.params, part.result), *body])
    part.call(out)


class _Part:
    def __init__(self, block: plan.Block, place: Place, needed: frozenset[str], out: Lines) -> None:
        self.place = place
        self.name = out.names.fresh(f"{out.names.functions[out.workflow.name]}_part")
        out.names.parts[self.name] = out.workflow.name
        self.inside = Place(Frame(), 4)
        self.params = ["ctx: Context"]
        self.arguments = [place.context]
        self.writes = sorted(name for name in outer_writes(block) if place.find(name))
        self.proved = proved(all_terms(block), place.declared)
        sets = {sets_name(name) for name in self.writes if place.find(sets_name(name))}
        self._take({*outer_reads(block), *self.writes, *sets}, out)
        self.made = [self._binding(block, name, out) for name in sorted(needed & _names(block, out))]
        self.ends = returns(block)
        self.leaves = leaves(block)
        self.result = self._result(out)
        if not self.leaves and self.ends:
            self.inside.frame.result = self._early

    def _take(self, names: set[str], out: Lines) -> None:
        for name in sorted(names):
            found = self.place.find(name)
            if found is not None:
                python, binding = found
                annotation = out.annotations.of(narrowed(name, binding.type, self.proved))
                self.inside.own[name] = found
                self.inside.frame.declared[python] = annotation
                self.params.append(f"{python}: {annotation}")
                self.arguments.append(python)

    def _binding(self, block: plan.Block, name: str, out: Lines) -> Binding:
        return next(out.bindings.of(op)[name] for op in block if name in out.bindings.of(op))

    def _result(self, out: Lines) -> str:
        whole = out.annotations.of(out.workflow.type)
        if self.leaves and not self.ends:
            out.annotations.typing.add("NoReturn")
        if self.leaves:
            return whole if self.ends else "NoReturn"
        parts = [out.annotations.of(self.place.binding(name).type) for name in self.writes]
        if self.made and self.ends:
            out.annotations.typing.add("Any")
        parts += ["Any" if self.ends else out.annotations.of(binding.type) for binding in self.made]
        parts += [f"tuple[{whole}] | None"] if self.ends else []
        return "None" if not parts else parts[0] if len(parts) == 1 else f"tuple[{', '.join(parts)}]"

    def _early(self, value: str) -> str:
        """What stands behind a `return` of the source."""
        return ", ".join([*map(self.inside.python, self.writes), *["None" for _ in self.made], f"({value},)"])

    def give_back(self, out: Lines) -> None:
        """The `return` at the end of the function."""
        made = [self.inside.python(binding.name) for binding in self.made]
        values = [*map(self.inside.python, self.writes), *made, *(["None"] if self.ends else [])]
        if values and not self.leaves:
            out.put(self.inside, f"return {', '.join(values)}")

    def call(self, out: Lines) -> None:
        call = ast.Await(ast.Call(ast.Name(self.name), [ast.Name(name) for name in self.arguments], []))
        if self.leaves:
            self._call_last(call, out)
            return
        targets = [self.place.python(name) for name in self.writes] + out.targets(self.made, self.place)
        ended = out.names.fresh("ended") if self.ends else ""
        targets += [ended] if ended else []
        out.statement(self.place, f"{', '.join(targets)} = " if targets else "", call)
        if ended:
            out.put(self.place, f"if {ended} is not None:")
            out.put(self.place.inner(), f"return {self.place.frame.result(f'{ended}[0]')}")

    def _call_last(self, call: ast.Await, out: Lines) -> None:
        if not self.ends:
            out.statement(self.place, "", call)
        elif self.place.frame.result("x") == "x":
            out.statement(self.place, "return ", call)
        else:
            ended = out.names.fresh("result")
            out.statement(self.place, f"{ended} = ", call)
            out.put(self.place, f"return {self.place.frame.result(ended)}")


def _names(block: plan.Block, out: Lines) -> set[str]:
    return {name for op in block for name in out.bindings.of(op)}
