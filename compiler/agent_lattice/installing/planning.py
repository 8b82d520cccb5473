"""What an install or an uninstall would change in a project, found out as a whole before anything is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from agent_lattice.output_folder import with_lf
from agent_lattice.reading import Unusable
from agent_lattice.records import field, record, replace

from .documents import Path
from .merging import clash
from .project_folder import ProjectFolder
from .record import Owner, Record
from .shared_files import Outcome, SharedFile
from .splices import digest


@record
class Change:
    """A file that changes: its bytes before and after (None where there is none); whether it is shared with others."""

    name: str
    before: bytes | None
    after: bytes | None
    shared: bool


@record
class Conflict:
    """Why a file is left alone without `--force`."""

    name: str
    why: str


@record(frozen=False)
class Planned:
    """What would be done, and what is installed then. With conflicts nothing may be done."""

    record: Record
    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    originals: list[bytes] = field(default_factory=list)
    """What `--force` replaces."""


class Planning:
    """One plan. `kept` gives what `--force` replaced before, by its digest."""

    def __init__(self, folder: ProjectFolder, before: Record, kept: Callable[[str], bytes | None]) -> None:
        self.folder, self.before, self.kept = folder, before, kept
        self.owners = dict(before.owners)
        self.originals = dict(before.originals)
        self.files = dict(before.files)
        self.planned = Planned(before)
        self.gone: set[str] = set()

    def install(self, owner: Owner, own: Mapping[str, str], formats: Mapping[str, str], *, force: bool) -> Planned:
        """Plan that `owner`, which has its shared texts, has the files `own`, too. Raises Unusable."""
        digests = {name: (digest(text),) for name, text in sorted(own.items()) if self._put(name, text, owner, force)}
        old = self.owners.get(owner.key)
        self.owners[owner.key] = replace(owner, own=digests)
        self._outdo(self.owners[owner.key], formats, force)
        self._remove_stale([old] if old else [])
        self._settle(formats, owner, force)
        return self._done()

    def uninstall(self, keys: Iterable[str]) -> Planned:
        """Plan that what owners have installed goes. Raises Unusable."""
        self._remove_stale([self.owners.pop(key) for key in keys])
        self._settle({}, None, False)
        self.planned.notes += [f"`{one.name}`: {one.why}, which stays" for one in self.planned.conflicts]
        self.planned.conflicts.clear()
        return self._done()

    def _done(self) -> Planned:
        owners = {key: self.owners[key] for key in sorted(self.owners)}
        self.planned.record = Record(owners, self.files, self.originals, self.before.folders)
        for name in sorted(self.planned.record.all_own() & self.files.keys()):
            raise Unusable(f"`{name}` is shared with others for one target, and wholly of another")
        self.planned.changes.sort(key=lambda change: change.name)
        return self.planned

    def _put(self, name: str, text: str, owner: Owner, force: bool) -> bool:
        """Plan a file that is wholly ours; whether it is: an equal one that was there before is not."""
        content, current = text.encode("utf-8"), self.folder.read(name)
        having = [other for other in self.owners.values() if name in other.own]
        known = {one for other in having for one in other.own[name]}
        if current is not None and with_lf(current) == content:
            return bool(having)
        why = _objection(current, known, [other for other in having if other.workflow != owner.workflow])
        if why and not force:
            self.planned.conflicts.append(Conflict(name, why))
        if current is not None and digest(with_lf(current)) not in known:
            self.planned.originals.append(current)
            self.originals.setdefault(name, digest(current))
        self.planned.changes.append(Change(name, current, content, False))
        return True

    def _outdo(self, owner: Owner, formats: Mapping[str, str], force: bool) -> None:
        """Others that want different values in shared files give way: those of the same workflow, which is now of this version.

        Those of other workflows do with `force` only.
        """
        for key, other in list(self.owners.items()):
            both = [name for name in other.shared if name in owner.shared and key != owner.key]
            clashing = [name for name in both if clash(formats[name], other.shared[name], owner.shared[name])]
            own = {name: owner.own[name] for name in other.own if name in owner.own}
            dated = clashing or any(other.own[name] != digests for name, digests in own.items())
            if key == owner.key or not dated:
                continue
            if other.workflow != owner.workflow and not force:
                why = f"`{key}` has installed other values"
                self.planned.conflicts += [Conflict(name, why) for name in clashing]
            changed = replace(other, own={**other.own, **own}, outdone=other.outdone or bool(clashing))
            if other.workflow == owner.workflow and changed != other:
                self.planned.notes.append(f"`{key}` is of another version: install it again, too")
            self.owners[key] = changed

    def _remove_stale(self, owners: Iterable[Owner]) -> None:
        """Plan that files go which nobody owns any longer."""
        still = {name for owner in self.owners.values() for name in owner.own}
        for owner in owners:
            for name, digests in sorted(owner.own.items()):
                if name not in still and name not in self.gone:
                    self._remove(name, digests)
                    self.gone.add(name)

    def _remove(self, name: str, digests: tuple[str, ...]) -> None:
        """Plan that a file goes, or is again what it was before `--force` replaced it."""
        current, original = self.folder.read(name), self.originals.pop(name, "")
        if current is None or digest(current) == original:
            return
        if digest(with_lf(current)) not in digests:
            self.planned.notes.append(f"`{name}` was edited since it was installed: it stays")
            return
        before = self.kept(original) if original else None
        if original and before is None:
            raise Unusable(f"what --force replaced as `{name}` is not kept here: take it from version control")
        self.planned.changes.append(Change(name, current, before, False))

    def _settle(self, formats: Mapping[str, str], owner: Owner | None, force: bool) -> None:
        """Plan every shared file, also those of others: what was interrupted is finished."""
        after = Record(self.owners)
        names = {name for one in (*self.owners.values(), *self.before.owners.values()) for name in one.shared}
        for name in sorted(names | self.files.keys()):
            state = self.files.get(name)
            format = formats.get(name) or (state.format if state else "")
            if not format or (state and state.format != format):
                raise Unusable(f"`{name}` was installed in another format: uninstall first")
            current = None if name in self.gone else self.folder.read(name)
            file = SharedFile(name, format, current, state, self._kept_text)
            mine = owner is not None and name in owner.shared
            self._settled(file, file.settled(self.before.texts(name), after.texts(name), force=force and mine))

    def _settled(self, file: SharedFile, outcome: Outcome) -> None:
        name = file.name
        self.planned.conflicts += [Conflict(name, f"{_shown(path)} has another value") for path in outcome.conflicts]
        self.planned.notes += [f"{_shown(path)} in `{name}` was edited: it stays" for path in outcome.kept]
        self.planned.originals += [text.encode("utf-8") for text in outcome.originals]
        if outcome.content != file.content or name in self.gone:
            self.planned.changes = [change for change in self.planned.changes if change.name != name]
            self.planned.changes.append(Change(name, self.folder.read(name), outcome.content, True))
        if outcome.state:
            self.files[name] = outcome.state
        else:
            self.files.pop(name, None)

    def _kept_text(self, wanted: str) -> str | None:
        content = self.kept(wanted)
        return None if content is None else content.decode("utf-8")


def _objection(current: bytes | None, known: set[str], others: list[Owner]) -> str:
    """Why a file must not be replaced; "" when it may be."""
    if current is None:
        return ""
    if not known:
        return "no install wrote it"
    if digest(with_lf(current)) not in known:
        return "it was edited since it was installed"
    return f"`{others[0].key}` has installed another one" if others else ""


def _shown(path: Path) -> str:
    return f"`{'.'.join(path)}`" if path else "it"
