"""What of the environment a Python tool sees: the variables that its step lists, no others."""

from __future__ import annotations

import os
from threading import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .permissions import Grant

# Needed by the interpreter and its library, and no secret.
ALWAYS = frozenset(
    {"HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "PATH", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"}
)

_visible: dict[int, frozenset[str]] = {}  # by thread, while a tool runs there


class Watched:
    """The hiding that `hide_environment` began, until `end`."""

    __slots__ = ()

    def end(self) -> None:
        _visible.pop(get_ident(), None)


_WATCHED = Watched()


def hide_environment(grant: Grant) -> Watched:
    """From here on this thread finds only the listed variables in os.environ."""
    if os.environ.__class__ is not _Hidden:
        os.environ.__class__ = _Hidden  # the same object: modules that hold it are included
        if hasattr(os, "environb"):
            os.environb.__class__ = _Hidden
    _visible[get_ident()] = ALWAYS.union(grant.env, grant.secrets)
    return _WATCHED


class _Hidden(os._Environ):  # type: ignore[type-arg]
    def __getitem__(self, key: Any) -> Any:
        visible = _visible.get(get_ident())
        if visible is not None and _name(key) not in visible:
            raise KeyError(key)
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[Any]:
        visible = _visible.get(get_ident())
        return (key for key in super().__iter__() if visible is None or _name(key) in visible)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _name(key: object) -> str:
    return os.fsdecode(key) if isinstance(key, (str, bytes)) else ""
