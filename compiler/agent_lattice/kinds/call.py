"""`reply = call answer(ticket: t)`: run another workflow as a child."""

from __future__ import annotations

from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.invocation import Invocation
from agent_lattice.kind import Kind
from agent_lattice.records import record
from agent_lattice.tree import Reader


@record
class Call(Invocation):
    word: ClassVar[str] = "call"
    summary: ClassVar[str] = "run another workflow as a child; its steps live under this step's name"
    syntax: ClassVar[str] = """
        %extend statement: call_step
        call_step: NAME "=" "call" NAME "(" arguments? ")" limits?
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {"call_step": ("", "workflow", "", "")}
    readers: ClassVar[dict[str, Reader]] = {"call_step": lambda parts: Call.read(parts)}
    sort: ClassVar[str] = "workflow"
    operation: ClassVar[Any] = plan.Call


KIND: type[Kind] = Call
