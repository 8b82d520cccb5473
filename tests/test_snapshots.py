"""One readable file per workflow and target: the source and every file that is made of it.

What the snapshots protect is the text that authors review and run; the runtime's own files are named with a digest.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from agent_lattice import driver
from agent_lattice_targets import targets
from syrupy.assertion import SnapshotAssertion
from text_snapshots import TextSnapshot

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [
    "examples/refund/refund.lat",
    "examples/support/support.lat",
    "examples/triage/triage.lat",
    "tests/targets/python/rich.lat",
]


@pytest.mark.parametrize("target", sorted(targets()))
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: Path(source).stem)
def test_what_is_emitted(source: str, target: str, snapshot: SnapshotAssertion) -> None:
    assert _emitted(ROOT / source, target) == snapshot.use_extension(TextSnapshot)


def _emitted(path: Path, target: str) -> str:
    def files(name: str) -> bytes | None:
        file = path.parent / name
        return file.read_bytes() if file.is_file() else None

    compilation = driver.compile_source(path.name, path.read_bytes(), files)
    plan = driver.plan_of(compilation)
    assert plan is not None, [found.message for found in compilation.report.sorted()]
    emitted = driver.emit(plan, targets()[target]().TARGET)
    parts = [f"//// {path.name}\n{path.read_text('utf-8')}"]
    parts += [f"//// {name}\n{text}" for name, text in emitted.items() if not _is_copied(name)]
    copied = [f"{name} {_digest(text)}" for name, text in emitted.items() if _is_copied(name)]
    return "\n".join([*parts, "//// copied\n" + "\n".join(copied) + "\n"])


def _is_copied(name: str) -> bool:
    """Files that are in the repository as they are."""
    return any(f"/{folder}/" in name for folder in ("_runtime", "_tools", "_data"))


def _digest(text: str) -> str:
    return f"{len(text.splitlines())} lines, sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
