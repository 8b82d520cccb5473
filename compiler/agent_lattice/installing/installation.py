"""What is installed in a project, and changing that: the intent is written first, so that what was killed can be repeated or undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from agent_lattice.reading import Unusable

from .planning import Change, Planned, Planning
from .project_folder import ProjectFolder
from .record import FILE, FOLDER, Intent, Owner, Record, read_record, recovered, written
from .splices import digest

HOME = ".lattice"
ORIGINALS = f"{FOLDER}/originals"
IGNORE = f"{ORIGINALS}/.gitignore"


class Installation:
    """The project of a folder. Raises Unusable for one that cannot be worked with."""

    def __init__(self, folder: Path) -> None:
        self.folder = ProjectFolder(folder)
        for name in (FILE, IGNORE):
            if self.folder.locate(name) != name:
                raise Unusable(f"{FOLDER} leads elsewhere by a link")
        content = self.folder.read(FILE)
        self.record, self.intent = read_record(content) if content is not None else (Record(), None)
        self.known = self.record
        """What is installed, as far as an interrupted change has come."""
        if self.intent:
            self.known = recovered(self.record, self.intent, {name: self._digest(name) for name in self.intent.digests})

    def install(self, owner: Owner, files: Mapping[str, str], formats: Mapping[str, str], *, force: bool) -> Planned:
        """Plan an install of `files`, as a target emits them, with the format of each that is shared. Raises Unusable."""
        own: dict[str, str] = {}
        shared: dict[str, str] = {}
        for name, text in sorted(files.items()):
            real = self.folder.locate(name)
            if real == FILE or real.startswith(f"{FOLDER}/"):
                raise Unusable(f"nothing is installed as `{name}`")
            if {**own, **shared}.get(real, text) != text or (real in own and name in formats):
                raise Unusable(f"`{name}` is another name of `{real}` here, and both would be written")
            (shared if name in formats else own)[real] = text
        real_formats = {self.folder.locate(name): formats[name] for name in files if name in formats}
        made = Owner(owner.target, owner.workflow, {}, shared)
        return self._planning().install(made, own, real_formats, force=force)

    def uninstall(self, keys: Iterable[str]) -> Planned:
        """Plan to take out what owners have installed. Raises Unusable."""
        return self._planning().uninstall(keys)

    def perform(self, planned: Planned) -> bool:
        """Do what is planned; whether anything was to be done. Raises Unusable."""
        same = not planned.changes and written(planned.record) == written(self.record) and not self.intent
        if same and planned.record.owners:
            return False
        self._begin(planned)
        for change in planned.changes:
            self._perform(change)
        self._end(planned.record)
        return not same

    def _planning(self) -> Planning:
        return Planning(self.folder, self.known, self._kept)

    def _begin(self, planned: Planned) -> None:
        for name in [FILE, *(self.intent.digests if self.intent else ())]:
            self.folder.remove_part(name)
        if not planned.changes and (self.record.owners or not planned.record.owners):
            return
        names = [FILE, *(change.name for change in planned.changes if change.after is not None)]
        new = {folder for name in names for folder in self.folder.new_folders(name)} - {FOLDER}
        if not self.record.owners and set(self.folder.names(HOME)) <= {"installed"}:
            new.add(HOME)  # a first install may have been killed before it could write that it made this folder
        folders = tuple(sorted({*planned.record.folders, *new}))
        planned.record = Record(planned.record.owners, planned.record.files, planned.record.originals, folders)
        for content in planned.originals:
            self.folder.write(IGNORE, b"*\n")
            self.folder.write(_original(digest(content)), content)
        digests = {change.name: digest(change.after) if change.after is not None else "" for change in planned.changes}
        self.folder.write(FILE, written(self.known, Intent(planned.record, digests)))

    def _perform(self, change: Change) -> None:
        if change.after is None:
            self.folder.remove(change.name)
        else:
            self.folder.write(change.name, change.after)

    def _end(self, record: Record) -> None:
        self._forget(record)
        left = [folder for folder in _deepest_first(record.folders) if not self.folder.remove_folder(folder)]
        if record.owners:
            final = Record(record.owners, record.files, record.originals, tuple(sorted(left)))
            self.folder.write(FILE, written(final))
            return
        self.folder.remove(FILE)
        for folder in _deepest_first({*left, FOLDER, *([] if self.record.owners else [HOME])}):
            self.folder.remove_folder(folder)

    def _forget(self, record: Record) -> None:
        """Remove what `--force` replaced and nothing needs any longer."""
        needed = {_original(one) for one in record.digests()}
        there = [f"{ORIGINALS}/{name}" for name in self.folder.names(ORIGINALS)]
        for name in there:
            if name not in needed and (name != IGNORE or not needed):
                self.folder.remove(name)
        if not needed:
            self.folder.remove_folder(ORIGINALS)

    def _kept(self, wanted: str) -> bytes | None:
        content = self.folder.read(_original(wanted))
        return content if content is not None and digest(content) == wanted else None

    def _digest(self, name: str) -> str:
        content = self.folder.read(self.folder.locate(name))
        return "" if content is None else digest(content)


def _original(wanted: str) -> str:
    return f"{ORIGINALS}/{wanted.removeprefix('sha256:')}"


def _deepest_first(folders: Iterable[str]) -> list[str]:
    return sorted(folders, key=lambda folder: (-folder.count("/"), folder))
