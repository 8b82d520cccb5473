"""One readable file per workflow and target: the source and every file that is made of it.

What the snapshots protect is the text that authors review and run; the runtime's own files are named with a digest.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from agent_lattice import driver
from agent_lattice.generate import plan_at
from agent_lattice_clients.contracts import is_package
from agent_lattice_clients.target import ClientTarget
from agent_lattice_targets import targets
from syrupy.assertion import SnapshotAssertion
from text_snapshots import TextSnapshot

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [
    "examples/refund/refund.lat",
    "examples/research/research.lat",
    "examples/support/support.lat",
    "examples/triage/triage.lat",
    "tests/targets/python/rich.lat",
]


@pytest.mark.parametrize("target", sorted(targets()))
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: Path(source).stem)
def test_what_is_emitted(source: str, target: str, snapshot: SnapshotAssertion) -> None:
    assert _emitted(ROOT / source, target) == snapshot.use_extension(TextSnapshot)


def _emitted(path: Path, name: str) -> str:
    made, target = plan_at(path), targets()[name]().TARGET
    parts = [f"//// {path.name}\n{path.read_text('utf-8')}"]
    if isinstance(target, ClientTarget):
        parts += [f"//// --mode {mode}\n\n{_client_files(target.emit(made, mode))}" for mode in target.modes]
        return "\n".join(parts)
    emitted = driver.emit(made, target)
    parts += [f"//// {name}\n{text}" for name, text in emitted.items() if not _is_copied(name)]
    copied = [f"{name} {_digest(text)}" for name, text in emitted.items() if _is_copied(name)]
    return "\n".join([*parts, "//// copied\n" + "\n".join(copied) + "\n"])


def _client_files(emitted: dict[str, str]) -> str:
    """What clients read; the package beside it is in the snapshot of the Python target."""
    return "\n".join(f"//// {name}\n{text}" for name, text in emitted.items() if not is_package(name))


def _is_copied(name: str) -> bool:
    """Files that are in the repository as they are."""
    return any(f"/{folder}/" in name for folder in ("_runtime", "_tools", "_data"))


def _digest(text: str) -> str:
    return f"{len(text.splitlines())} lines, sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
