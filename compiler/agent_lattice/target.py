"""What a target is: a folder in `targets/` that turns a plan into files, and says what of a workflow it does not carry."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from agent_lattice.plan import Model, Plan
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span


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


class ModalTarget(Target, Protocol):
    """A target with several ways to carry a workflow out, not all of which carry everything."""

    modes: tuple[str, ...]
    """What `--mode` may say; the first is the strongest, and the default."""

    @property
    def shared(self) -> Mapping[str, str]:
        """Files that may hold other people's entries, with their formats: `json`, `toml`, `yaml` or `markdown`."""

    def emit(self, plan: Plan, mode: str | None = None) -> dict[str, str]:
        """Files by relative POSIX path; a function of the plan and the mode alone."""

    def losses(self, plan: Plan, mode: str | None = None) -> tuple[Loss, ...]:
        """What the plan uses and the target does not carry natively."""

    def unoffered(self, plan: Plan, mode: str | None = None) -> tuple[Unoffered, ...]:
        """Models that the plan names and that are not asked."""


class Strength(StrEnum):
    """How well something is carried, the best first."""

    NATIVE = "native"
    EMULATED = "emulated"
    DEGRADED = "degraded"
    LOST = "lost"
    UNSAFE = "unsafe"


MEANINGS = {
    Strength.NATIVE: "as in the Python package",
    Strength.EMULATED: "the same effect by other means",
    Strength.DEGRADED: "usually the same; nothing makes sure of it",
    Strength.LOST: "not there",
    Strength.UNSAFE: "a permission that would not hold, or a write that could happen twice: it stops the build",
}


@record
class Place:
    """Where a workflow uses something: the name of a step or the word of a statement."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@record
class Loss:
    """What a workflow uses and a target does not carry natively. `places` is empty for what holds of every run."""

    feature: str
    strength: Strength
    why: str
    places: tuple[Place, ...] = ()

    @property
    def data(self) -> dict[str, Any]:
        """JSON data."""
        places = [place.name for place in self.places]
        return {"feature": self.feature, "strength": str(self.strength), "why": self.why, "places": places}


@record
class Unoffered:
    """A declared model that a client cannot ask, and provider and id of the nearest one that it can."""

    model: Model
    client: str
    nearest: tuple[str, str] | None
