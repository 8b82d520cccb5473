"""The example `support` as YAML: the same program, there and back."""

from __future__ import annotations

import json
from pathlib import Path

from examples.using import copy_of, lattice


def test_the_yaml_is_the_same_program(tmp_path: Path) -> None:
    folder = copy_of("support", tmp_path)
    lattice("convert", "support.lat", "-o", "support.lat.yaml", "--check", cwd=folder)
    assert lattice("convert", "support.lat.yaml", "--to", "text", cwd=folder) == (folder / "support.lat").read_text()
    digests = {json.loads(lattice("plan", name, cwd=folder))["digest"] for name in ("support.lat", "support.lat.yaml")}
    assert len(digests) == 1


def test_the_yaml_is_checked_and_tested(tmp_path: Path) -> None:
    folder = copy_of("support", tmp_path)
    assert "no findings" in lattice("check", "support.lat.yaml", cwd=folder)
    lattice("test", "support.lat.yaml", cwd=folder)
