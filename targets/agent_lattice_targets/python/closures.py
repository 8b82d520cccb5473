"""Blocks that become functions inside the one being written: what they set is seen outside even when they fail."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence

from agent_lattice import plan
from agent_lattice.dataflow import all_terms, outer_writes

from agent_lattice_targets.python.frames import Place
from agent_lattice_targets.python.lines import Lines
from agent_lattice_targets.python.scopes import Binding, returns


class Closure:
    """A function of some blocks, which `write` writes. `made` is what it gives back; `leaves` says that nothing follows
    it. A `return` of the blocks ends the function, and then the one around it, when `give` is written."""

    def __init__(
        self,
        blocks: Sequence[plan.Block],
        made: Sequence[Binding],
        place: Place,
        out: Lines,
        write: Callable[[Place], None],
        *,
        leaves: bool,
    ) -> None:
        self._made = list(made)
        self._leaves = leaves
        self._ends = any(map(returns, blocks))
        self._ended = ""
        self._out = out
        self._name = out.names.fresh("attempt")
        inside = place.function()
        if self._ends and not leaves:
            inside.frame.result = self._early
        writes = {name for block in blocks for name in outer_writes(block) if place.find(name)}
        out.open_function(place, self._name, ["ctx: Context"], self._result())
        out.nonlocals(writes, inside)
        out.proved_fields([term for block in blocks for term in all_terms(block)], inside)
        write(inside)
        if not leaves and (values := [*_names(self._made, inside), *(["None"] if self._ends else [])]):
            out.put(inside, f"return {', '.join(values)}")
        out.close_function(inside)

    def _early(self, value: str) -> str:
        """What stands behind a `return` of the source."""
        return ", ".join([*("None" for _ in self._made), f"({value},)"])

    def _result(self) -> str:
        annotations = self._out.annotations
        whole = annotations.of(self._out.workflow.type)
        if self._leaves:
            annotations.typing |= set() if self._ends else {"NoReturn"}
            return whole if self._ends else "NoReturn"
        annotations.typing |= {"Any"} if self._made and self._ends else set()
        parts = ["Any" if self._ends else annotations.of(binding.type) for binding in self._made]
        parts += [f"tuple[{whole}] | None"] if self._ends else []
        return "None" if not parts else parts[0] if len(parts) == 1 else f"tuple[{', '.join(parts)}]"

    def declare(self, place: Place) -> list[str]:
        """Names for what the function gives back, declared where the call cannot do it."""
        targets = self._out.targets(self._made, place)
        if self._ends:
            self._ended = self._out.names.fresh("ended")
            targets.append(self._ended)
        return targets

    def call(self, place: Place, targets: Sequence[str]) -> None:
        """Call the function."""
        call = ast.Await(ast.Call(ast.Name(self._name), [ast.Name(place.context)], []))
        self._out.statement(place, f"{', '.join(targets)} = " if targets else "", call)

    def give(self, place: Place) -> None:
        """End the function around this one if this one ended with a result of the workflow."""
        if self._ends and self._leaves:
            self._out.put(place, f"return {place.frame.result(self._ended)}")
        elif self._ends:
            self._out.put(place, f"if {self._ended} is not None:")
            self._out.put(place.inner(), f"return {place.frame.result(f'{self._ended}[0]')}")


def _names(bindings: Iterable[Binding], place: Place) -> list[str]:
    return [place.python(binding.name) for binding in bindings]
