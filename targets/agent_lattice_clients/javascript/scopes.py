"""Where statements of a script are written: the indent, what variables are called there, whose labels begin how."""

from __future__ import annotations

from agent_lattice.records import field, record
from agent_lattice.types import Type

from agent_lattice_clients.javascript.code import js_name


@record(frozen=False)
class Shared:
    """What the statements of one function have in common: the type and merge policy of each variable of its own, and how many
    names for values in between it has used."""

    variables: dict[str, tuple[Type, str | None]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def fresh(self, word: str) -> str:
        """A name that no source can give."""
        self.counts[word] = self.counts.get(word, 0) + 1
        return f"${word}{self.counts[word]}"


@record(frozen=False)
class Place:
    """A block. `names` are variables that are called otherwise here, `declared` those that are declared already, `lists` the
    names of lists of everything that was set to a variable. `at` is what labels begin with: a variable."""

    shared: Shared
    indent: int = 2
    at: str = "at"
    names: dict[str, str] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)
    lists: dict[str, str] = field(default_factory=dict)

    def name(self, name: str) -> str:
        """The JavaScript name of a variable here."""
        return self.names.get(name) or js_name(name)

    def inner(self, at: str | None = None) -> Place:
        """A block inside this one, two columns further in."""
        return Place(
            self.shared, self.indent + 2, at or self.at, dict(self.names), set(self.declared), dict(self.lists)
        )

    def label(self, step: str) -> str:
        """The expression of a step's label: the last part of its id behind those of the scopes around it."""
        return f"`${{{self.at}}}{step.rpartition('.')[2]}`"
