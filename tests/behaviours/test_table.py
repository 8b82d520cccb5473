"""The table in README.md and the tests say the same."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
ROW = re.compile(r"\| (\d+) \| .+ \| (.+) \|")


def rows() -> dict[int, str]:
    lines = (HERE / "README.md").read_text(encoding="utf-8").splitlines()
    return {int(found[1]): found[2] for line in lines if (found := ROW.fullmatch(line))}


def covered() -> dict[int, set[str]]:
    """The files that have a test of each number."""
    found: dict[int, set[str]] = {}
    for file in HERE.glob("test_*.py"):
        for number in re.findall(r"^def test_(\d+)_", file.read_text(encoding="utf-8"), re.M):
            found.setdefault(int(number), set()).add(file.name)
    return found


def test_every_behaviour_has_a_test_or_a_reason() -> None:
    assert list(rows()) == list(range(1, 52))
    for number, shown in rows().items():
        named = set(re.findall(r"`(test_\w+\.py)`", shown))
        assert named == covered().get(number, set()), number
        assert named or shown.startswith("none: "), number
