"""The one writer of an output folder: what it writes, removes, refuses and leaves alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from agent_lattice.output_folder import SIDECAR, OutputFolder
from agent_lattice.reading import Unusable
from hypothesis import given
from hypothesis import strategies as st

FIRST = {"a.txt": b"one", "pkg/b.txt": b"two", "pkg/deep/c.txt": b"three"}


def content(folder: Path) -> dict[str, bytes]:
    """All files but the list, by path."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != SIDECAR}


def test_writes_everything_once(here: Path) -> None:
    out = here / "new" / "out"
    changes = OutputFolder(out).write(FIRST)
    assert (content(out), sorted(changes.written), changes.kept) == (FIRST, sorted(FIRST), [])
    for path in out.rglob("*"):
        os.utime(path, (1, 1))
    changes = OutputFolder(out).write(FIRST)
    assert (changes.written, sorted(changes.kept)) == ([], sorted(FIRST))
    assert all(path.stat().st_mtime == 1 for path in out.rglob("*") if path.is_file())


def test_writes_only_what_differs_and_removes_what_is_stale(here: Path) -> None:
    OutputFolder(here).write(FIRST)
    changes = OutputFolder(here).write({"a.txt": b"ONE", "d.txt": b"four"})
    assert content(here) == {"a.txt": b"ONE", "d.txt": b"four"}
    assert (changes.written, changes.removed) == (["a.txt", "d.txt"], ["pkg/b.txt", "pkg/deep/c.txt"])
    assert not (here / "pkg").exists()


def test_files_of_others_are_never_touched(here: Path) -> None:
    (here / "pkg").mkdir()
    (here / "pkg" / "mine.txt").write_bytes(b"mine")
    OutputFolder(here).write(FIRST)
    OutputFolder(here).write({})
    assert content(here) == {"pkg/mine.txt": b"mine"}


def test_a_file_that_no_build_wrote_stops_the_build(here: Path) -> None:
    (here / "a.txt").write_bytes(b"mine")
    with pytest.raises(Unusable, match=r"no build wrote `a\.txt`"):
        OutputFolder(here).write(FIRST)
    assert content(here) == {"a.txt": b"mine"}
    OutputFolder(here).write(FIRST, force=True)
    assert content(here) == FIRST


def test_an_edited_file_stops_the_build(here: Path) -> None:
    OutputFolder(here).write(FIRST)
    (here / "a.txt").write_bytes(b"edited")
    with pytest.raises(Unusable, match=r"`a\.txt` was edited since the last build"):
        OutputFolder(here).write({**FIRST, "a.txt": b"uno"})
    assert (here / "a.txt").read_bytes() == b"edited"
    OutputFolder(here).write({**FIRST, "a.txt": b"edited"})
    (here / "a.txt").write_bytes(b"again")
    OutputFolder(here).write({**FIRST, "a.txt": b"uno"}, force=True)
    assert (here / "a.txt").read_bytes() == b"uno"


def test_an_edited_file_that_is_stale_stays(here: Path) -> None:
    OutputFolder(here).write(FIRST)
    (here / "a.txt").write_bytes(b"edited")
    changes = OutputFolder(here).write({})
    assert (content(here), changes.spared) == ({"a.txt": b"edited"}, ["a.txt"])


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\\b", "a\0b", "", "."])
def test_paths_that_lead_out_are_refused(here: Path, name: str) -> None:
    out = here / "out"
    with pytest.raises(Unusable):
        OutputFolder(out).write({"fine.txt": b"", name: b"bad"})
    assert content(here) == {}


def test_nothing_is_written_through_links(here: Path) -> None:
    out, outside = here / "out", here / "outside"
    out.mkdir()
    outside.mkdir()
    (outside / "b.txt").write_bytes(b"safe")
    (out / "pkg").symlink_to(outside, target_is_directory=True)
    for force in (False, True):
        with pytest.raises(Unusable, match="`pkg` in the output folder is a link"):
            OutputFolder(out).write(FIRST, force=force)
    (out / "pkg").unlink()
    (out / "a.txt").symlink_to(outside / "b.txt")
    with pytest.raises(Unusable, match="is a link"):
        OutputFolder(out).write(FIRST, force=True)
    (out / "a.txt").unlink()
    (out / SIDECAR).symlink_to(outside / "b.txt")
    with pytest.raises(Unusable, match="is a link"):
        OutputFolder(out).write(FIRST, force=True)
    assert content(outside) == {"b.txt": b"safe"}


def test_a_stale_file_behind_a_link_is_not_removed(here: Path) -> None:
    out, outside = here / "out", here / "outside"
    OutputFolder(out).write({"pkg/b.txt": b"two"})
    outside.mkdir()
    (outside / "b.txt").write_bytes(b"two")
    (out / "pkg" / "b.txt").unlink()
    (out / "pkg").rmdir()
    (out / "pkg").symlink_to(outside, target_is_directory=True)
    with pytest.raises(Unusable, match="is a link"):
        OutputFolder(out).write({})
    assert content(outside) == {"b.txt": b"two"}


def test_folders_and_files_in_each_others_way(here: Path) -> None:
    (here / "a.txt").mkdir()
    with pytest.raises(Unusable, match="is a folder"):
        OutputFolder(here).write(FIRST)
    (here / "a.txt").rmdir()
    (here / "pkg").write_bytes(b"a file")
    with pytest.raises(Unusable, match="cannot write"):
        OutputFolder(here).write(FIRST)
    (here / "file").write_bytes(b"")
    with pytest.raises(Unusable, match="cannot write"):
        OutputFolder(here / "file").write(FIRST)


@pytest.mark.parametrize("moment", range(1, 9))
def test_a_build_that_was_killed_can_be_repeated(here: Path, monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    """The n-th rename fails; the next build, of yet another content, needs no force and ends complete."""
    OutputFolder(here).write(FIRST)
    renames = iter(range(1, 100))
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if next(renames) == moment:
            raise OSError(28, "No space left on device", str(self))
        return real(self, target)

    second = {name: data + b"!" for name, data in FIRST.items()} | {"new.txt": b"new"}
    monkeypatch.setattr(Path, "replace", replace)
    try:
        OutputFolder(here).write(second)
    except Unusable as error:
        assert "no space left on device" in error.message
        assert not list(here.rglob("*.part"))
    monkeypatch.setattr(Path, "replace", real)
    third = {**second, "a.txt": b"third"}
    OutputFolder(here).write(third)
    assert content(here) == third


@given(
    st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["files", "format", "a.txt", "../x"]), inner, max_size=3)
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_any_list_is_survived(tmp_path_factory: pytest.TempPathFactory, listed: bytes) -> None:
    folder = tmp_path_factory.mktemp("out")
    outside = folder.parent / "x"
    outside.write_bytes(b"safe")
    (folder / SIDECAR).write_bytes(listed)
    try:
        OutputFolder(folder).write(FIRST)
    except Unusable:
        OutputFolder(folder).write(FIRST, force=True)
    assert content(folder) == FIRST
    assert outside.read_bytes() == b"safe"
