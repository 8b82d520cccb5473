"""What documents are made of: for each rule of the grammar the keys that it has in a document, and how they stand in a text.

A `Form` is a rule seen as a map. Its keys are named by the hint of its kind (`keys`), else by the keyword in front of the
part, else by the field of the kind's node, else by what the part is. Everything is derived; there is no list of kinds here.
"""

from __future__ import annotations

from typing import TypeAlias

from agent_lattice.records import field, record

Shape: TypeAlias = "Scalar | Flag | Items | Entries | Sub | Choices"
Piece: TypeAlias = "Mark | Skip | Slot | Maybe | Either | Nest | Clauses"

KEY = "@"
"""The name of the part that is the key of an entry."""


@record
class Scalar:
    """One value. `sort`: expr, type, text, name, number, atom, or value (of a setting: one of `values`)."""

    sort: str
    doc: str
    terminals: frozenset[str] = frozenset()
    """Of a name or number: the tokens it may be."""
    rule: str = ""
    """Of an atom: the rule that its text is read with."""
    pattern: str = ""
    values: frozenset[str] = frozenset()
    settings: str = ""
    """Of an entry of settings: the rule whose table says what it may be."""
    lines: bool = False
    """Of a text: whether it may stand in lines of its own, whose common indentation is not part of it."""


@record
class Flag:
    """A keyword that may stand there: `true`. `needed`: one of several that must, so that `false` says nothing."""

    word: str
    needed: bool = False


@record
class Items:
    """A list. `before`: words in front of each item; `sign`: what stands between two."""

    item: Shape
    least: int
    sign: str
    before: tuple[str, ...] = ()


@record
class Entries:
    """A map by name, or a list of maps with one key (needed where a key stands twice)."""

    rule: str
    least: int
    sign: str
    settings: str = ""


@record
class Sub:
    """Another form, as a map."""

    rule: str


@record
class Choices:
    """One of several forms: a map with one key, the word of the form. `plain`: the one of them that is a single value."""

    rules: tuple[str, ...]
    plain: Scalar | None = None


@record
class Mark:
    """A keyword or sign that stands in the text."""

    text: str


@record
class Skip:
    """A sign that may stand in a text and means nothing."""

    text: str


@record(frozen=False)
class Slot:
    """The place of a value. `near`: the keyword before it, by which it is named if nothing better is there."""

    shape: Shape
    near: str
    usual: str
    key: str = ""


@record
class Maybe:
    """Pieces that are there or not, all together."""

    pieces: tuple[Piece, ...]


@record
class Either:
    """One of several ways."""

    ways: tuple[tuple[Piece, ...], ...]


@record(frozen=False)
class Nest:
    """A rule of its own whose keys stand among those of the rule that it is in."""

    rule: str
    pieces: tuple[Piece, ...]
    near: str
    usual: str


@record(frozen=False)
class Clauses:
    """Any number of forms that begin with different keywords: a key for each; or all in the list under `key`, in any order."""

    rules: dict[str, str]
    near: str
    usual: str
    key: str = ""


@record
class Form:
    """A rule as a map. `word` is the key of a map that chooses it; `title` its name for people."""

    rule: str
    word: str
    title: str
    summary: str
    pieces: tuple[Piece, ...]
    key: Scalar | None = None
    """What the key of an entry is, if it is an entry."""
    unkeyed: Slot | None = None
    """The value of an entry that has no key."""
    slots: dict[str, Slot] = field(default_factory=dict)
    clauses: Clauses | None = None
    about: dict[str, str] = field(default_factory=dict)
    """What the kind says about its keys."""

    @property
    def only(self) -> Slot | None:
        """The one part of a form that has no other: its value stands for the map."""
        if self.clauses is None and len(self.slots) == 1:
            slot = next(iter(self.slots.values()))
            return None if isinstance(slot.shape, Flag) else slot
        return None

    @property
    def bare(self) -> Slot | None:
        """The scalar that may stand for the whole map: alone it is enough, and what else may be there are scalars."""
        found = [s for s in self.slots.values() if isinstance(s.shape, Scalar) and self.complete(frozenset({s.key}))]
        if self.clauses is not None or len(found) != 1:
            return None
        beside = [s for s in self.slots.values() if not apart(self.pieces, s.key, found[0].key)]
        return found[0] if all(isinstance(s.shape, Scalar | Flag) for s in beside) else None

    @property
    def documented(self) -> bool:
        """Whether an entry of this form may have a `doc`."""
        return self.key is not None and (
            self.only is None or (isinstance(self.only.shape, Scalar) and self.only.shape.sort == "type")
        )

    def complete(self, keys: frozenset[str]) -> bool:
        """Whether nothing is missing beside these keys."""
        return not missing(self.pieces, keys)


def missing(pieces: tuple[Piece, ...], keys: frozenset[str]) -> list[tuple[str, ...]]:
    """What must be there and is not: of each tuple one key."""
    found: list[tuple[str, ...]] = []
    for piece in pieces:
        match piece:
            case Slot(key=key) if key != KEY and key not in keys:
                if not optional(piece.shape):
                    found.append((key,))
            case Nest(pieces=inner):
                found += missing(inner, keys)
            case Maybe(pieces=inner) if held(inner, keys):
                found += missing(inner, keys)
            case Either(ways):
                chosen = way(ways, keys)
                found += missing(ways[chosen], keys) if chosen is not None else [tuple(map(_first, ways))]
    return found


def apart(pieces: tuple[Piece, ...], one: str, other: str) -> bool:
    """Whether two keys belong to different ways, so that they never stand together."""
    for piece in pieces:
        if isinstance(piece, Nest | Maybe) and apart(piece.pieces, one, other):
            return True
        if isinstance(piece, Either):
            by_key = {slot.key: at for at, inner in enumerate(piece.ways) for slot in slots(inner)}
            if one in by_key and other in by_key:
                return by_key[one] != by_key[other]
    return False


def optional(shape: Shape) -> bool:
    """Whether nothing says the same as an empty value."""
    return isinstance(shape, Items | Entries) and shape.least == 0


def way(ways: tuple[tuple[Piece, ...], ...], keys: frozenset[str]) -> int | None:
    """The way that the keys speak of; the first that needs none if they speak of none."""
    for at, inner in enumerate(ways):
        if held(inner, keys):
            return at
    return next((at for at, inner in enumerate(ways) if not missing(inner, keys)), None)


def held(pieces: tuple[Piece, ...], keys: frozenset[str]) -> bool:
    """Whether one of the keys belongs to the pieces, or to the clauses among them."""
    clauses = clauses_of(pieces)
    words = {*clauses.rules, clauses.key} if clauses else frozenset()
    return any(slot.key in keys for slot in slots(pieces)) or not words.isdisjoint(keys)


def slots(pieces: tuple[Piece, ...]) -> list[Slot]:
    """Every slot with a key of its own in the map, in the order of the text."""
    found: list[Slot] = []
    for piece in pieces:
        match piece:
            case Slot():
                found.append(piece)
            case Nest(pieces=inner) | Maybe(pieces=inner):
                found += slots(inner)
            case Either(ways):
                found += [slot for inner in ways for slot in slots(inner)]
    return found


def clauses_of(pieces: tuple[Piece, ...]) -> Clauses | None:
    """The clauses among the pieces; a form has them once at most."""
    for piece in pieces:
        if isinstance(piece, Clauses):
            return piece
        if isinstance(piece, Nest | Maybe) and (found := clauses_of(piece.pieces)):
            return found
    return None


def _first(pieces: tuple[Piece, ...]) -> str:
    return next((slot.key for slot in slots(pieces)), "")
