"""The step kinds: every module of this folder holds one, under the name `KIND`. Adding a kind is adding a file."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from agent_lattice.kind import Kind


@cache
def kinds() -> tuple[type[Kind], ...]:
    """All kinds, by module name."""
    names = sorted(module.name for module in iter_modules(__path__))
    return tuple(import_module(f"{__name__}.{name}").KIND for name in names)
