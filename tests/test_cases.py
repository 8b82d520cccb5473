"""Every `.lat` file below tests/kinds, tests/declarations, tests/analyses and tests/syntax says on its lines what is wrong with them.

How, stands in expectations.py. Files beside a case may be imported by it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_lattice.declarations import declarations
from agent_lattice.diagnostics import Fix, apply
from agent_lattice.driver import Compilation, compile_source
from agent_lattice.kinds import kinds
from agent_lattice.lock import NAME, surfaces_in
from agent_lattice.program import no_surfaces
from expectations import expected, messages, reported, said

TESTS = Path(__file__).parent
FOLDERS = ("kinds", "declarations", "analyses", "syntax")
CASES = sorted(case for folder in FOLDERS for case in (TESTS / folder).rglob("*.lat") if not case.stem.startswith("_"))


def compile_case(path: Path, text: str | None = None) -> Compilation:
    def read(name: str) -> bytes | None:
        file = path.parent / name
        return file.read_bytes() if file.is_file() else None

    lock = path.parent / NAME
    surfaces = surfaces_in(lock.read_bytes()) if lock.is_file() else no_surfaces
    return compile_source(path.name, path.read_bytes() if text is None else text.encode(), read, surfaces)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.relative_to(TESTS)))
def test_case(case: Path) -> None:
    compilation = compile_case(case)
    assert reported(compilation) == expected(compilation.source.text), said(compilation)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.relative_to(TESTS)))
def test_every_fix_removes_its_finding_and_adds_no_mistake(case: Path) -> None:
    """Each machine fix, applied alone, leaves a text without that finding and without a new syntax mistake."""
    compilation = compile_case(case)
    before = messages(compilation)
    for diagnostic in compilation.report.sorted():
        if diagnostic.fix is None or diagnostic.span.source.name != compilation.source.name:
            continue
        after = messages(compile_case(case, _fixed(compilation, diagnostic.fix)))
        finding = diagnostic.code.name, diagnostic.message
        assert after[finding] < before[finding], f"{diagnostic.fix.title} leaves {finding}"
        assert not any(_syntax(name) for name, _ in after.keys() - before.keys())


def _fixed(compilation: Compilation, fix: Fix) -> str:
    return apply(compilation.source, [fix])


def _syntax(name: str) -> bool:
    return name in ("unexpected-token", "unterminated-string", "unclosed-brace")


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__module__.rpartition(".")[2])
def test_every_kind_has_cases(kind: type) -> None:
    folder = TESTS / "kinds" / kind.__module__.rpartition(".")[2]
    assert len(list(folder.glob("*.lat"))) >= 2, f"no cases in {folder}"


@pytest.mark.parametrize("form", declarations(), ids=lambda form: form.__module__.rpartition(".")[2])
def test_every_declaration_has_cases(form: type) -> None:
    folder = TESTS / "declarations" / form.__module__.rpartition(".")[2]
    assert len(list(folder.glob("*.lat"))) >= 2, f"no cases in {folder}"
