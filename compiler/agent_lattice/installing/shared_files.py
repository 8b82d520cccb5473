"""A file that is shared with other people: what it becomes when what is installed changes.

As long as nobody edits it, it is a function of what was there before the first install and of what is installed now: the order of
installs does not matter, and the last uninstall leaves the first bytes. Once somebody has edited it, only parts of ours change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agent_lattice.reading import Unusable
from agent_lattice.records import field, record

from .documents import Path, Unmergeable, Unreadable
from .merging import Merge, Merged, Purpose, Unit, together
from .splices import Splice, digest, undone

BOM = "\ufeff"


@record
class Piece:
    """A change that was made: at an offset, `added` characters in the place of a text with the digest `removed` ("" for none)."""

    at: int
    added: int
    removed: str = ""


@record
class Shared:
    """What is known of a shared file. `digest` is that of the bytes that were left; `pieces` lead back from these.

    Without `exact` it was edited by others in the meantime, and there are no pieces.
    """

    format: str
    created: bool
    digest: str
    exact: bool = True
    pieces: tuple[Piece, ...] = ()
    units: tuple[Unit, ...] = ()
    trails: Mapping[Path, str] = field(default_factory=dict)


@record
class Outcome:
    """What becomes of a shared file: its bytes (None when it goes) and what is then known of it."""

    content: bytes | None
    state: Shared | None
    conflicts: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    originals: tuple[str, ...] = ()
    """Texts of others that gave way and must be kept."""


Original = Callable[[str], str | None]
"""A text that gave way once, by its digest."""


@record
class SharedFile:
    """A shared file as it is: `content` is None when there is none; `state` what is known of it from installs before."""

    name: str
    format: str
    content: bytes | None
    state: Shared | None
    original: Original

    def settled(self, before: Mapping[str, str], after: Mapping[str, str], *, force: bool = False) -> Outcome:
        """What it becomes when the emitted texts by owner change from `before` to `after`. Raises Unusable.

        Where they want different values, the first has its way.
        """
        try:
            return self._settled(before, after, force)
        except RecursionError:
            raise Unusable(f"cannot merge into {self.name}: it nests too deeply") from None
        except Unreadable as error:
            raise Unusable(f"cannot merge into {self.name}: it is not {self.format}: {error}") from None
        except Unmergeable as error:
            raise Unusable(f"cannot merge into {self.name}: {error}") from None

    def _settled(self, before: Mapping[str, str], after: Mapping[str, str], force: bool) -> Outcome:
        state = self.state
        if state is None or self.content is None:
            return self._fresh(self.content, after, force)
        if state.exact and digest(self.content) == state.digest:
            if list(before.items()) == list(after.items()):
                return Outcome(self.content, state)
            return self._fresh(self._base(state), after, force)
        return self._edited(state, before, after, force)

    def _base(self, state: Shared) -> bytes | None:
        """The bytes before the first install."""
        if state.created:
            return None
        text = self._text(self.content)
        for piece in reversed(state.pieces):
            removed = self.original(piece.removed) if piece.removed else ""
            if removed is None:
                raise Unusable(f"what --force replaced in {self.name} is not kept here: take it from version control")
            text = text[: piece.at] + removed + text[piece.at + piece.added :]
        return self._bytes(text)

    def _fresh(self, base: bytes | None, after: Mapping[str, str], force: bool) -> Outcome:
        """The outcome for a file that nobody has edited since installs began."""
        if not after:
            return Outcome(base, None)
        texts = list(after.values())
        merged = Merged("" if base is None else self._text(base))
        if base is None:
            merged.text = texts.pop(0)
            merged.units.append(Unit(()))
        merge = Merge(self.format, merged, Purpose({}, self._together(after), force, self._forced()))
        for text in texts:
            merge.put(text)
        content = self._bytes(merged.text, base)
        pieces = () if base is None else tuple(_piece(splice) for splice in merged.splices)
        if base is not None and self._bytes(undone(merged.text, merged.splices), base) != base:
            raise Unmergeable("what is added to it could not be taken out again")
        state = Shared(
            self.format, base is None, digest(content), True, pieces, tuple(merged.units), dict(merged.trails)
        )
        return Outcome(content, state, tuple(merged.conflicts), (), _given_up(merged))

    def _forced(self) -> frozenset[Path]:
        """Where `--force` has already put our values into the place of others."""
        return frozenset(unit.path for unit in self.state.units if unit.instead) if self.state else frozenset()

    def _edited(self, state: Shared, before: Mapping[str, str], after: Mapping[str, str], force: bool) -> Outcome:
        """The outcome for a file that somebody has edited since."""
        purpose = Purpose(self._together(before), self._together(after), force)
        merged = Merged(self._text(self.content), [], list(state.units), dict(state.trails))
        merge = Merge(self.format, merged, purpose)
        merge.prune(self.original)
        for text in after.values():
            merge.put(text)
        left = _left(merged, after, before, merge.document.value)
        content = self._bytes(merged.text) if left or not state.created else None
        kept, conflicts = tuple(dict.fromkeys(merged.kept)), tuple(dict.fromkeys(merged.conflicts))
        if before == after and content == self.content:
            return Outcome(content, state, conflicts, kept)
        known = Shared(
            self.format, state.created, digest(content or b""), False, (), tuple(merged.units), dict(merged.trails)
        )
        return Outcome(content, known if after else None, conflicts, kept, _given_up(merged))

    def _together(self, texts: Mapping[str, str]) -> dict[str, Any]:
        return together(self.format, texts.values())

    def _text(self, content: bytes | None) -> str:
        """The text of the file, without a byte order mark."""
        content = content or b""
        if b"\0" in content:
            raise Unusable(f"cannot merge into {self.name}: it is a binary file")
        try:
            return content.decode("utf-8").removeprefix(BOM)
        except UnicodeDecodeError as error:
            raise Unusable(f"cannot merge into {self.name}: byte 0x{content[error.start]:02x} is not UTF-8") from None

    def _bytes(self, text: str, like: bytes | None = None) -> bytes:
        marked = (self.content if like is None else like) or b""
        return (BOM if marked.startswith(BOM.encode()) else "").encode() + text.encode("utf-8")


def _piece(splice: Splice) -> Piece:
    return Piece(splice.at, len(splice.added), digest(splice.removed) if splice.removed else "")


def _given_up(merged: Merged) -> tuple[str, ...]:
    """The texts of others that `--force` replaced."""
    wanted = {unit.instead for unit in merged.units if unit.instead}
    return tuple(splice.removed for splice in merged.splices if digest(splice.removed) in wanted)


def _left(merged: Merged, after: Mapping[str, str], before: Mapping[str, str], value: Mapping[str, Any]) -> bool:
    """Whether a file has something that is to stay: parts of ours, or lines that no install wrote."""
    if after or any(part != {} for part in value.values()):
        return True
    ours = {line.strip() for text in before.values() for line in text.splitlines()}
    return any(
        line.strip() not in ours for line in merged.text.splitlines() if line.strip() not in ("", "{", "}", "{}")
    )
