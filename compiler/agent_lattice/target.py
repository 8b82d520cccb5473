"""What a target is: a folder in `targets/` that turns a plan into files."""

from __future__ import annotations

from typing import Protocol

from agent_lattice.plan import Plan


class Target(Protocol):
    """`emit` is a function of the plan alone: no clock, no paths, no environment."""

    @property
    def name(self) -> str:
        """How `--target` calls it."""

    @property
    def contract(self) -> int:
        """Version of the shape of its output; grows when that changes."""

    def emit(self, plan: Plan) -> dict[str, str]:
        """Files by relative POSIX path."""
