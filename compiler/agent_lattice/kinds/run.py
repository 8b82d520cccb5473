"""`finding = run researcher(question: q)`: let a declared agent work until it answers."""

from __future__ import annotations

from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.invocation import Invocation
from agent_lattice.kind import Kind
from agent_lattice.records import record
from agent_lattice.tree import Reader


@record
class Run(Invocation):
    word: ClassVar[str] = "run"
    summary: ClassVar[str] = "let an agent work until it answers; its turns live under this step's name"
    syntax: ClassVar[str] = """
        %extend statement: run_step
        run_step: NAME "=" "run" NAME "(" arguments? ")" limits?
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {"run_step": ("", "agent", "", "")}
    readers: ClassVar[dict[str, Reader]] = {"run_step": lambda parts: Run.read(parts)}
    sort: ClassVar[str] = "agent"
    operation: ClassVar[Any] = plan.Run


KIND: type[Kind] = Run
