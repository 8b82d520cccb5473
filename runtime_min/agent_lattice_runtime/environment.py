"""What of the environment a Python tool sees: the variables that its step lists, no others."""

from __future__ import annotations

import os
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .models import Deps

# Needed by the interpreter and its library, and no secret.
ALWAYS = frozenset(
    {"HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "PATH", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"}
)

WATCHED: dict[int, Deps] = {}  # by thread, while a Python tool runs there: what it may touch


def hide_environment() -> None:
    """From here on a thread that runs a tool finds only the listed variables in os.environ."""
    os.environ.__class__ = _Hidden  # the same object: modules that hold it are included
    if hasattr(os, "environb"):
        os.environb.__class__ = _Hidden


class _Hidden(os._Environ):  # type: ignore[type-arg]
    def __getitem__(self, key: Any) -> Any:
        if not _visible(key):
            raise KeyError(key)
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[Any]:
        return (key for key in super().__iter__() if _visible(key))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _visible(key: object) -> bool:
    deps = WATCHED.get(get_ident())
    if deps is None:
        return True
    name = os.fsdecode(key) if isinstance(key, (str, bytes)) else ""
    return name in ALWAYS or name in deps.grant.env or name in deps.grant.secrets
