"""The cache of parser tables: without one, with a good one and with a damaged one the parser is the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_lattice import grammars, parse
from agent_lattice.diagnostics import Report
from agent_lattice.source import Source

TEXT = "// why\nworkflow a(n: int) -> int {\n  return n + 1\n}\n"


def test_the_first_run_of_all_reads_as_later_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tree() -> object:
        grammar, readers = parse.joined()
        parser = grammars.Parser(grammar, readers, "module")
        monkeypatch.setattr(parse, "_parser", lambda: parser)
        report = Report()
        module = parse.parse(Source("a.lat", TEXT), report)
        assert not report.found
        return module

    monkeypatch.setattr(grammars, "_CACHE", tmp_path / "cache")
    first = tree()
    (table,) = (tmp_path / "cache").glob("grammar-*.tables")
    assert tree() == first
    table.write_bytes(b"damaged")
    assert tree() == first
    assert table.read_bytes() != b"damaged"
