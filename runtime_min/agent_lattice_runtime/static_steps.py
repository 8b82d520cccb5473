"""What a workflow knows of its steps, by static step id, without writing out what it knows of its children's."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any


class Steps(dict[str, "Any"]):
    """Values by static step id. `calls` are the steps that run other workflows, of which `of` gives the values: those of a
    child's steps are looked up there when they are first asked for. Written out they would double with every workflow that
    calls another twice."""

    __slots__ = ("calls", "of")

    def __init__(
        self,
        own: Mapping[str, Any] | Iterable[tuple[str, Any]],
        calls: Mapping[str, str],
        of: Callable[[str], Mapping[str, Any] | None],
    ) -> None:
        super().__init__(own)
        self.calls = calls
        self.of = of

    def get(self, step: str, default: Any = None, /) -> Any:
        """The value of a step; `default` when there is none."""
        found = dict.get(self, step)
        if found is None and self.calls and (found := self._of_child(step)) is not None:
            self[step] = found
        return default if found is None else found

    def _of_child(self, step: str) -> Any:
        """`reply.draft` is `draft` of the workflow that `reply` runs."""
        dot = step.find(".")
        while dot >= 0:
            if (child := self.calls.get(step[:dot])) is not None:
                known = self.of(child)
                return None if known is None else known.get(step[dot + 1 :])
            dot = step.find(".", dot + 1)
        return None
