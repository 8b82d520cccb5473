"""The Python functions being written: which names they have bound, and what they call the names of the source."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agent_lattice import types
from agent_lattice.records import field, record

from agent_lattice_targets.python.scopes import Binding


@record(frozen=False)
class Frame:
    """A Python function: the annotation of each name it has bound. `result` writes what stands behind a `return`."""

    declared: dict[str, str] = field(default_factory=dict)
    result: Callable[[str], str] = str

    def name_for(self, wanted: str, annotation: str, taken: frozenset[str]) -> tuple[str, bool]:
        """A name for a value of that type, and whether it is new to the function; `taken` are names of the source."""
        name, count = wanted, 1
        while self.declared.get(name, annotation) != annotation or (count > 1 and name in taken):
            count += 1
            name = f"{wanted}_{count}"
        is_new = name not in self.declared
        self.declared[name] = annotation
        return name, is_new


@record(frozen=False)
class Place:
    """Where statements are written: the function, the indent in columns, the variable of the context, visible names."""

    frame: Frame
    indent: int
    context: str = "ctx"
    outer: Place | None = None
    own: dict[str, tuple[str, Binding]] = field(default_factory=dict)

    def find(self, name: str) -> tuple[str, Binding] | None:
        """The Python name and the binding of a name of the source."""
        place: Place | None = self
        while place is not None:
            if name in place.own:
                return place.own[name]
            place = place.outer
        return None

    def python(self, name: str) -> str:
        """The Python name of a visible name of the source."""
        found = self.find(name)
        return found[0] if found else name

    def binding(self, name: str) -> Binding:
        """The binding of a visible name of the source."""
        found = self.find(name)
        assert found is not None, name
        return found[1]

    def names(self, wanted: Iterable[str]) -> dict[str, str]:
        """The Python names of some names of the source."""
        return {name: self.python(name) for name in wanted}

    def declared(self, name: str) -> types.Type | None:
        """The type of a visible name whose value never changes."""
        found = self.find(name)
        return None if found is None or found[1].changes else found[1].type

    def inner(self, *, steps: int = 1, context: str | None = None) -> Place:
        """A block further in, of the same function."""
        return Place(self.frame, self.indent + 4 * steps, context or self.context, self)

    def function(self) -> Place:
        """The body of a function inside this one."""
        return Place(Frame(), self.indent + 4, "ctx", self)
