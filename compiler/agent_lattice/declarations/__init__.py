"""The top-level forms: every module of this folder holds one, under the name `DECLARATION`. Adding one is adding a file."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from agent_lattice.kind import Declaration


@cache
def declarations() -> tuple[type[Declaration], ...]:
    """All declarations, by module name."""
    names = sorted(module.name for module in iter_modules(__path__))
    found = (import_module(f"{__name__}.{name}") for name in names)
    return tuple(module.DECLARATION for module in found if hasattr(module, "DECLARATION"))
