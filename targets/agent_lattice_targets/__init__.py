"""Targets: what a plan can be built for. One folder each, and those that other distributions bring."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

GROUP = "agent_lattice.targets"
"""Entry points of this group name a module with a `TARGET`."""


def targets() -> dict[str, Callable[[], Any]]:
    """What loads the module of each target, by name; the ones of this folder are not replaced by others."""
    found: dict[str, Callable[[], Any]] = {point.name: point.load for point in entry_points(group=GROUP)}
    for module in iter_modules(__path__):
        if module.ispkg:
            found[module.name] = _loader(module.name)
    return dict(sorted(found.items()))


def _loader(name: str) -> Callable[[], Any]:
    return lambda: import_module(f"{__name__}.{name}")
