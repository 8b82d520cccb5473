"""What is made from the code stands in the project as the code makes it now; `python3 dev.py generate` rewrites it."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_lattice.generate import generated

ROOT = Path(__file__).parents[1]
FILES = generated(ROOT)


@pytest.mark.parametrize("path", sorted(FILES))
def test_the_file_is_what_the_code_makes(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == FILES[path], "run `python3 dev.py generate`"


def test_no_event_schema_is_left_over() -> None:
    assert {f"schemas/events/{path.name}" for path in (ROOT / "schemas/events").iterdir()} <= FILES.keys()
