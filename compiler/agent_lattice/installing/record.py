"""What is installed in a project, in `.lattice/installed/record.json`: who put what where. It holds no text of others and no time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from agent_lattice.output_folder import stays_inside
from agent_lattice.reading import Unusable
from agent_lattice.records import field, record

from .documents import Path
from .merging import FORMATS, Unit
from .shared_files import Piece, Shared

FOLDER = ".lattice/installed"
FILE = f"{FOLDER}/record.json"
FORMAT = 1


@record
class Owner:
    """A workflow that is installed for a target."""

    target: str
    workflow: str
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Its files by path, with the digests that they may have (two while they are being replaced)."""
    shared: Mapping[str, str] = field(default_factory=dict)
    """By path of a shared file, the text that the target emitted for it."""
    outdone: bool = False
    """Whether another one that was installed later has its way where the two want different things."""

    @property
    def key(self) -> str:
        return f"{self.target}/{self.workflow}"


@record
class Record:
    """Everything that is installed in a project."""

    owners: Mapping[str, Owner] = field(default_factory=dict)
    files: Mapping[str, Shared] = field(default_factory=dict)
    """What is known of shared files, by path."""
    originals: Mapping[str, str] = field(default_factory=dict)
    """By path, the digest of the file of others that `--force` replaced."""
    folders: tuple[str, ...] = ()
    """Folders that installs made."""

    def texts(self, path: str) -> dict[str, str]:
        """What is emitted for a shared file, by owner; who has its way first."""
        found = [owner for owner in self.owners.values() if path in owner.shared]
        return {owner.key: owner.shared[path] for owner in sorted(found, key=lambda owner: (owner.outdone, owner.key))}

    def all_own(self) -> set[str]:
        """The paths of files that are wholly of an owner."""
        return {path for owner in self.owners.values() for path in owner.own}

    def digests(self) -> set[str]:
        """The digests of all that `--force` replaced."""
        found = set(self.originals.values())
        for shared in self.files.values():
            found |= {piece.removed for piece in shared.pieces if piece.removed}
            found |= {unit.instead for unit in shared.units if unit.instead}
        return found


@record
class Intent:
    """A change of a project that has begun: the record after it, and the digest of each file that it changes ("" for none)."""

    record: Record
    digests: Mapping[str, str]


def recovered(before: Record, intent: Intent, now: Mapping[str, str]) -> Record:
    """What is installed after a change that was interrupted: each file is as before it or as after it. `now`: its digest."""
    after = intent.record

    def side(path: str) -> Record:
        return after if intent.digests.get(path) == now.get(path, "-") else before

    owners = {}
    for key in sorted({*before.owners, *after.owners}):
        old, new = (found.owners.get(key) for found in (before, after))
        known = [owner for owner in (old, new) if owner]
        own = {path: tuple(one.own.get(path, ()) for one in known) for owner in known for path in owner.own}
        paths = {path for owner in known for path in owner.shared}
        shared = {path: side(path).texts(path)[key] for path in sorted(paths) if key in side(path).texts(path)}
        merged = {path: tuple(sorted({one for digests in every for one in digests})) for path, every in own.items()}
        owners[key] = Owner(known[0].target, known[0].workflow, merged, shared, known[-1].outdone)
    files = {path: side(path).files[path] for path in (*before.files, *after.files) if path in side(path).files}
    folders = tuple(sorted({*before.folders, *after.folders}))
    return Record(owners, files, {**before.originals, **after.originals}, folders)


def written(found: Record, intent: Intent | None = None) -> bytes:
    """The text of a record."""
    data: dict[str, Any] = {"format": FORMAT, **_data(found)}
    if intent:
        data["underway"] = {**_data(intent.record), "digests": dict(sorted(intent.digests.items()))}
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def read_record(content: bytes) -> tuple[Record, Intent | None]:
    """A record, and what had begun when it was written. Raises Unusable for what no install wrote."""
    try:
        data = json.loads(content)
        if data["format"] != FORMAT:
            raise ValueError
        underway = data.get("underway")
        intent = Intent(_record(underway), _texts(underway["digests"])) if underway else None
        return _record(data), intent
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise Unusable(f"{FILE} is damaged or of another version: take it from version control") from None


def _data(found: Record) -> dict[str, Any]:
    return {
        "owners": [
            {
                "target": owner.target,
                "workflow": owner.workflow,
                "outdone": owner.outdone,
                "files": {path: list(digests) for path, digests in sorted(owner.own.items())},
                "shared": dict(sorted(owner.shared.items())),
            }
            for _, owner in sorted(found.owners.items())
        ],
        "shared": {path: _shared_data(shared) for path, shared in sorted(found.files.items())},
        "originals": dict(sorted(found.originals.items())),
        "folders": sorted(found.folders),
    }


def _shared_data(shared: Shared) -> dict[str, Any]:
    return {
        "format": shared.format,
        "created": shared.created,
        "digest": shared.digest,
        "exact": shared.exact,
        "pieces": [[piece.at, piece.added, piece.removed] for piece in shared.pieces],
        "parts": [[list(unit.path), unit.item, unit.instead] for unit in shared.units],
        "trails": [[list(path), trail] for path, trail in sorted(shared.trails.items())],
    }


def _record(data: Mapping[str, Any]) -> Record:
    owners = [
        Owner(
            str(one["target"]),
            str(one["workflow"]),
            {path: tuple(_all_texts(digests)) for path, digests in _paths(one["files"])},
            {path: str(text) for path, text in _paths(one["shared"])},
            one["outdone"] is True,
        )
        for one in data["owners"]
    ]
    files = {path: _shared(one) for path, one in _paths(data["shared"])}
    folders = tuple(_all_texts(data["folders"]))
    originals = _texts(data["originals"])
    if not all(map(stays_inside, [*folders, *originals])):
        raise ValueError
    return Record({owner.key: owner for owner in owners}, files, originals, folders)


def _shared(data: Mapping[str, Any]) -> Shared:
    if data["format"] not in FORMATS:
        raise ValueError
    units = tuple(Unit(_path(path), str(item), str(instead)) for path, item, instead in data["parts"])
    pieces = tuple(Piece(int(at), int(added), str(removed)) for at, added, removed in data["pieces"])
    trails = {_path(path): str(trail) for path, trail in data["trails"]}
    return Shared(
        data["format"], data["created"] is True, str(data["digest"]), data["exact"] is True, pieces, units, trails
    )


def _path(keys: Iterable[Any]) -> Path:
    return tuple(_all_texts(keys))


def _paths(data: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for path in data:
        if not stays_inside(path):
            raise ValueError
    return data.items()


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in data.items()}


def _all_texts(data: Iterable[Any]) -> list[str]:
    found = list(data)
    if isinstance(data, str) or not all(isinstance(one, str) for one in found):
        raise ValueError
    return found
