"""The one writer of a build's folder: it knows each file it wrote, and touches no other."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from agent_lattice.reading import Unusable, reason
from agent_lattice.records import record

SIDECAR = ".lattice-build.json"
FORMAT = 1


class OutputFolder:
    """A folder that builds are written to. `SIDECAR` lists the digest of every file that a build wrote.

    While a build is going on the list also holds what is about to be written, so that one that was killed can be repeated.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.owned: dict[str, set[str]] = {}

    def write(self, files: Mapping[str, bytes], *, force: bool = False) -> Changes:
        """Make the folder hold `files` (by relative POSIX path), writing only what differs and removing what an earlier build left.

        Raises Unusable, before anything is changed, for files that are not the build's own or were edited (unless
        `force`), for links, and when something cannot be written.
        """
        try:
            self._open(force)
            self._check(files, force)
            return self._apply(files)
        except OSError as error:
            name = Path(error.filename).name if error.filename else self.folder.name
            raise Unusable(f"cannot write {name}: {reason(error)}") from None

    def differences(self, files: Mapping[str, bytes]) -> list[Difference]:
        """What `write` would change, by name. Nothing is written; another sort of line ends is no difference. Raises Unusable."""
        try:
            self._read_list(force=False)
            found = [self._difference(name, files.get(name)) for name in sorted({*files, *self.owned})]
        except OSError as error:
            name = Path(error.filename).name if error.filename else self.folder.name
            raise Unusable(f"cannot read {name}: {reason(error)}") from None
        return [difference for difference in found if difference]

    def _difference(self, name: str, wanted: bytes | None) -> Difference | None:
        path, known = self._path(name), self.owned.get(name, set())
        there = path.read_bytes() if path.is_file() else None
        if there is None:
            return Difference(name, None, wanted, edited=bool(known)) if wanted is not None else None
        if wanted is not None and with_lf(there) == with_lf(wanted):
            return None
        edited = not {_digest(there), _digest(with_lf(there))} & known
        if wanted is None and edited:
            return None  # somebody has made it their own, and a build leaves it
        return Difference(name, there, wanted, edited)

    def _open(self, force: bool) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._read_list(force)

    def _read_list(self, force: bool) -> None:
        try:
            content = self._path(SIDECAR).read_bytes()
        except FileNotFoundError:
            return
        self.owned = _listed(content)
        if not self.owned and not force:
            raise Unusable(f"{SIDECAR} in the output folder is damaged: remove it, or build with --force")

    def _path(self, name: str) -> Path:
        """The path of a file, which no link may lead elsewhere."""
        if not stays_inside(name):
            raise Unusable(f"a build writes no file called `{name}`")
        path = self.folder
        for part in PurePosixPath(name).parts:
            path = path / part
            if path.is_symlink():
                raise Unusable(
                    f"`{path.relative_to(self.folder).as_posix()}` in the output folder is a link: nothing is written through it"
                )
        return path

    def _check(self, files: Mapping[str, bytes], force: bool) -> None:
        """Refuse what would change a file of somebody else, or lead out of the folder."""
        for name in self.owned:
            self._path(name)
        foreign, edited = [], []
        for name, content in files.items():
            path = self._path(name)
            if not path.exists():
                continue
            digest = _digest(path.read_bytes()) if path.is_file() else ""
            if digest == _digest(content):
                continue
            if not digest:
                raise Unusable(f"`{name}` in the output folder is a folder, where a file belongs")
            if name not in self.owned:
                foreign.append(name)
            elif digest not in self.owned[name]:
                edited.append(name)
        if not force and (foreign or edited):
            raise Unusable(_refusal(foreign, edited))

    def _apply(self, files: Mapping[str, bytes]) -> Changes:
        changes = Changes()
        self._list(files, before=self.owned)
        for name, content in sorted(files.items()):
            path = self._path(name)
            if path.is_file() and path.read_bytes() == content:
                changes.kept.append(name)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                replace_file(path, content)
                changes.written.append(name)
        for name in sorted(set(self.owned) - set(files)):
            self._remove(name, changes)
        self._list(files)
        return changes

    def _remove(self, name: str, changes: Changes) -> None:
        """Remove a file that an earlier build left, unless somebody has made it their own; then folders that are empty."""
        path = self._path(name)
        if not path.is_file():
            return
        if _digest(path.read_bytes()) not in self.owned[name]:
            changes.spared.append(name)
            return
        path.unlink()
        changes.removed.append(name)
        for parent in path.relative_to(self.folder).parents:
            if parent == Path() or any((self.folder / parent).iterdir()):
                break
            (self.folder / parent).rmdir()

    def _list(self, files: Mapping[str, bytes], before: Mapping[str, Iterable[str]] | None = None) -> None:
        """Write the list; with `before`, files that are being replaced have both digests."""
        known: dict[str, set[str]] = {name: set(digests) for name, digests in (before or {}).items()}
        for name, content in files.items():
            known.setdefault(name, set()).add(_digest(content))
        listed = {name: sorted(digests) for name, digests in sorted(known.items())}
        text = json.dumps({"format": FORMAT, "files": listed}, indent=1, ensure_ascii=False) + "\n"
        path = self._path(SIDECAR)
        if not path.is_file() or path.read_bytes() != text.encode("utf-8"):
            replace_file(path, text.encode("utf-8"))


@record
class Difference:
    """A file that a build would change: its bytes before and after (None where there is none).

    `edited`: since the last build somebody changed or removed it, or it was never of a build.
    """

    name: str
    before: bytes | None
    after: bytes | None
    edited: bool


class Changes:
    """What a build did: files written, kept as they were, removed, and left to whoever edited them."""

    __slots__ = ("kept", "removed", "spared", "written")

    def __init__(self) -> None:
        self.written: list[str] = []
        self.kept: list[str] = []
        self.removed: list[str] = []
        self.spared: list[str] = []


def with_lf(content: bytes) -> bytes:
    """A text with LF line ends, as it was before version control checked it out; other content as it is."""
    return content if b"\0" in content else content.replace(b"\r\n", b"\n")


def _refusal(foreign: list[str], edited: list[str]) -> str:
    said = []
    if foreign:
        said.append(f"no build wrote {_some(foreign)}")
    if edited:
        said.append(f"{_some(edited)} {'was' if len(edited) == 1 else 'were'} edited since the last build")
    return f"nothing was written: {'; '.join(said)}. Choose another folder, or overwrite with --force"


def _some(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _listed(content: bytes) -> dict[str, set[str]]:
    """The digests by file of a list; empty when it is none."""
    try:
        found: Any = json.loads(content)
        return {name: set(map(str, digests)) for name, digests in found["files"].items() if stays_inside(name)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def stays_inside(name: str) -> bool:
    """Whether a name is a relative POSIX path that leads to a file below a folder."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and not {"\\", "\0"} & set(name)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that it is whole at every moment. Raises OSError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
