"""Snapshots as plain text files in the top-level folder `snapshots/`, which mirrors `tests/`: one file per test case."""

from __future__ import annotations

from pathlib import Path

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation

TESTS = Path(__file__).parent


class TextSnapshot(SingleFileSnapshotExtension):
    """`snapshot.use_extension(TextSnapshot)`."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        test_file = Path(test_location.filepath).relative_to(TESTS)
        return str(TESTS.parent / "snapshots" / test_file.with_suffix(""))
