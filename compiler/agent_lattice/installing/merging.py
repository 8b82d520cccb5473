"""Merging what targets emit into a text, and taking it out of one that was edited since: by data, whatever the format.

Every change is made on the text and then read back: if the content is not what was meant, the text has no place for it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from agent_lattice.records import field, record

from .documents import MISSING, Document, Path, Unmergeable, lookup, mark_digest, same
from .splices import Splice, digest, spliced

FORMATS = {
    "json": ("json_text", "JsonText"),
    "toml": ("toml_text", "TomlText"),
    "yaml": ("yaml_text", "YamlText"),
    "markdown": ("markdown_text", "MarkdownText"),
}
WHOLE = frozenset({"args", "command"})
"""Lists under these keys are the words of a command line: one value, not a set."""


@record
class Unit:
    """A part that was added: what is at `path`, or with `item` (a digest) one item of the list there.

    With `instead` (a digest) it stands in the place of another value, which `--force` gave up.
    """

    path: Path
    item: str = ""
    instead: str = ""


@record(frozen=False)
class Merged:
    """A text with parts of ours: how it came about, and what stood in the way."""

    text: str
    splices: list[Splice] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    trails: dict[Path, str] = field(default_factory=dict)
    conflicts: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    """Parts of ours that somebody has edited, and that stay so."""


@record
class Purpose:
    """What all installs together have `written` into a text that was edited since ({} for one that was not), and what they want now.

    `force` takes ours where others have another value; it was done before at the paths `forced`.
    """

    written: Mapping[str, Any]
    wanted: Mapping[str, Any]
    force: bool = False
    forced: frozenset[Path] = frozenset()


def read(format: str, text: str) -> Document:
    """Read a text. Raises Unreadable."""
    module, name = FORMATS[format]
    made: Document = getattr(import_module(f"{__package__}.{module}"), name)(text)
    return made


class Merge:
    """One text while it is merged into."""

    def __init__(self, format: str, merged: Merged, purpose: Purpose) -> None:
        self.format, self.merged = format, merged
        self.written, self.wanted = purpose.written, purpose.wanted
        self.force, self.forced = purpose.force, purpose.forced
        self.document = read(format, merged.text)

    def put(self, text: str) -> None:
        """Merge an emitted text in."""
        source = read(self.format, text)
        self._map((), source.value, source)

    def _map(self, path: Path, ours: Mapping[str, Any], source: Document) -> None:
        for key, value in ours.items():
            here = (*path, key)
            there = lookup(self.document.value, here)
            if there is MISSING:
                self._make_room(here, ours)
                self._add(here, value, source)
            elif isinstance(value, dict) and isinstance(there, dict):
                self._map(here, value, source)
            elif isinstance(value, list) and isinstance(there, list) and key not in WHOLE:
                self._items(here, value, source)
            elif not same(value, there):
                self._differs(here, value, source)

    def _make_room(self, path: Path, ours: Mapping[str, Any]) -> None:
        """Take out our keys that belong behind one that somebody has removed: of rules in JSON the last that fits may hold."""
        keys = list(ours)
        for key in reversed(keys[keys.index(path[-1]) + 1 :] if self.written and self.format == "json" else []):
            there = (*path[:-1], key)
            if self._is_ours(there) and same(lookup(self.document.value, there), ours[key]):
                self._remove(there)

    def _is_ours(self, path: Path) -> bool:
        return any(path[: len(unit.path)] == unit.path and not unit.item for unit in self.merged.units)

    def _add(self, path: Path, value: Any, source: Document) -> None:
        added = self.document.add(path, source)
        self._apply(added.splices, lambda data: _put(data, path, value))
        self._own(Unit(path), path[:-1], added.trail)

    def _items(self, path: Path, ours: list[Any], source: Document) -> None:
        for index, item in enumerate(ours):
            if not _among(item, lookup(self.document.value, path)):
                added = self.document.append(path, source, index)
                self._apply(added.splices, lambda data, item=item: lookup(data, path).append(item))  # type: ignore[misc]
                self._own(Unit(path, item=mark_digest(item)), path, added.trail)

    def _own(self, unit: Unit, container: Path, trail: str) -> None:
        if unit not in self.merged.units:
            self.merged.units.append(unit)
        if trail:
            self.merged.trails[container] = trail

    def _differs(self, path: Path, value: Any, source: Document) -> None:
        """Another value is there: ours of before, one that somebody made of that, or one that was never ours."""
        if not same(value, lookup(self.wanted, path)):
            return  # another of the installs has its way here
        mine = self._is_ours(path)
        written = lookup(self.written, path)
        if mine and (self.force or same(lookup(self.document.value, path), written)):
            self._replace(path, value, source)
        elif mine and same(value, written):
            self.merged.kept.append(path)
        elif self.force or path in self.forced:
            splice = self._replace(path, value, source)
            self._own(Unit(path, instead=digest(splice.removed)), path[:-1], "")
        else:
            self.merged.conflicts.append(path)

    def _replace(self, path: Path, value: Any, source: Document) -> Splice:
        splice = self.document.replace(path, source)
        self._apply([splice], lambda data: _put(data, path, value))
        return splice

    def prune(self, original: Callable[[str], str | None]) -> None:
        """Take out of an edited text what was written and is no longer wanted, as far as nobody has edited it."""
        whole = [unit.path for unit in self.merged.units if not unit.item and not unit.instead]
        for unit in reversed(list(self.merged.units)):
            path = unit.path
            if any(path[: len(outer)] == outer and (path != outer or unit.item) for outer in whole):
                continue  # that part is pruned as a whole
            if unit.item:
                self._prune_item(unit)
            elif unit.instead:
                self._restore(unit, original)
            else:
                self._prune_part(path, lookup(self.written, path), lookup(self.wanted, path))
        self.merged.units = [unit for unit in self.merged.units if self._is_there(unit)]

    def _is_there(self, unit: Unit) -> bool:
        there = lookup(self.document.value, unit.path)
        if unit.item:
            return isinstance(there, list) and any(mark_digest(item) == unit.item for item in there)
        return there is not MISSING

    def _prune_item(self, unit: Unit) -> None:
        still = lookup(self.wanted, unit.path)
        if isinstance(still, list) and any(mark_digest(item) == unit.item for item in still):
            return
        self._drop(unit.path, lambda item: mark_digest(item) == unit.item)
        self.merged.units.remove(unit)

    def _drop(self, path: Path, is_it: Callable[[Any], bool]) -> None:
        """Take the last item out of a list that is the one."""
        there = lookup(self.document.value, path)
        found = [index for index, item in enumerate(there) if is_it(item)] if isinstance(there, list) else []
        if found:
            splices = self.document.drop(path, found[-1], self.merged.trails.get(path, ""))
            self._apply(splices, lambda data: lookup(data, path).pop(found[-1]))

    def _prune_part(self, path: Path, written: Any, wanted: Any) -> None:
        there = lookup(self.document.value, path)
        if there is MISSING or written is MISSING or same(there, wanted):
            return
        if path and not _stays(there, written, wanted, path[-1]):
            self._remove(path)
        elif isinstance(there, dict) and isinstance(written, dict):
            for key in reversed(list(written)):
                self._prune_part((*path, key), written[key], lookup(wanted, (key,)))
        elif isinstance(there, list) and isinstance(written, list) and path[-1] not in WHOLE:
            self._prune_list(path, written, wanted if isinstance(wanted, list) else [])
        elif wanted is MISSING:
            self.merged.kept.append(path)

    def _prune_list(self, path: Path, written: list[Any], wanted: list[Any]) -> None:
        for item in reversed(written):
            if not _among(item, wanted):
                self._drop(path, lambda other, item=item: same(item, other))  # type: ignore[misc]

    def _restore(self, unit: Unit, original: Callable[[str], str | None]) -> None:
        """Put back what `--force` gave up."""
        if lookup(self.wanted, unit.path) is not MISSING:
            return
        self.merged.units.remove(unit)
        text = original(unit.instead)
        if text is None or not same(lookup(self.document.value, unit.path), lookup(self.written, unit.path)):
            self.merged.kept.append(unit.path)
            return
        splice = self.document.replace(unit.path, self.document)
        self._take(spliced(self.merged.text, [Splice(splice.at, text, splice.removed)]), [])

    def _remove(self, path: Path) -> None:
        splices = self.document.remove(path, self.merged.trails.get(path[:-1], ""))
        self._apply(splices, lambda data: lookup(data, path[:-1]).pop(path[-1]))

    def _apply(self, splices: list[Splice], change: Callable[[Any], Any]) -> None:
        """Make changes of the text that are to make a change of its content."""
        meant = copy.deepcopy(self.document.value)
        change(meant)
        self._take(spliced(self.merged.text, splices), splices)
        if not same(_filled(meant, self.format), _filled(self.document.value, self.format)):
            raise Unmergeable("a part of ours has no place in the way in which it is written")

    def _take(self, text: str, splices: Iterable[Splice]) -> None:
        self.document = read(self.format, text)
        self.merged.text = text
        self.merged.splices += splices


def together(format: str, texts: Iterable[str]) -> dict[str, Any]:
    """What emitted texts hold together; where they want different values, the first has its way."""
    found: dict[str, Any] = {}
    for text in texts:
        _join(found, read(format, text).value)
    return found


def _join(one: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        there = one.get(key)
        if isinstance(there, dict) and isinstance(value, dict):
            _join(there, value)
        elif isinstance(there, list) and isinstance(value, list) and key not in WHOLE:
            there += [item for item in value if not _among(item, there)]
        elif key not in one:
            one[key] = copy.deepcopy(value)


def _stays(there: Any, written: Any, wanted: Any, key: str = "") -> bool:
    """Whether something of what is there, under a key, stays when that goes which was written and is not wanted."""
    if isinstance(there, dict) and isinstance(written, dict):
        return (not there and isinstance(wanted, dict)) or any(
            name not in written or _stays(value, written[name], lookup(wanted, (name,)), name)
            for name, value in there.items()
        )
    if isinstance(there, list) and isinstance(written, list) and key not in WHOLE:
        items = wanted if isinstance(wanted, list) else []
        return (not there and isinstance(wanted, list)) or any(
            not _among(item, written) or _among(item, items) for item in there
        )
    if not same(there, written):
        return True
    return (
        wanted is not MISSING and not isinstance(wanted, dict) and isinstance(wanted, list) == isinstance(there, list)
    )


def _among(item: Any, items: Iterable[Any]) -> bool:
    return any(same(item, other) for other in items)


def clash(format: str, one: str, other: str) -> bool:
    """Whether two emitted texts want different values in one place."""
    return _clash(read(format, one).value, read(format, other).value)


def _clash(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    for key in one.keys() & other.keys():
        a, b = one[key], other[key]
        if isinstance(a, dict) and isinstance(b, dict):
            if _clash(a, b):
                return True
        elif not (isinstance(a, list) and isinstance(b, list) and key not in WHOLE) and not same(a, b):
            return True
    return False


def _put(data: Any, path: Path, value: Any) -> None:
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = copy.deepcopy(value)


def _filled(data: Any, format: str) -> Any:
    """Data without empty maps where these need not be written: a header of TOML names tables above that are nowhere else."""
    if format != "toml" or not isinstance(data, dict):
        return data
    filled = {key: _filled(value, format) for key, value in data.items()}
    return {key: value for key, value in filled.items() if value != {}}
