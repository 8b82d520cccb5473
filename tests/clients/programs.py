"""Plans that the tests of client targets build."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from agent_lattice import plan
from agent_lattice.generate import SHAPED, plan_at

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / "tests/workflows"


@cache
def examples() -> dict[str, plan.Plan]:
    """Those of the contracts, by name."""
    found = [plan_at(ROOT / source) for source in SHAPED]
    return {made.name: made for made in found}


@cache
def programs() -> dict[str, plan.Plan]:
    """The examples, and every correct program of `tests/workflows`."""
    folders = sorted(folder.name for folder in WORKFLOWS.iterdir() if folder.is_dir())
    return {**examples(), **{name: plan_at(WORKFLOWS / name / f"{name}.lat") for name in folders}}
