"""Every promise in docs/guarantees.md names a test that tries to break it, and there is such a test."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "guarantees.md"
LINK = re.compile(r"\[(test_\w+\.py)\]\((\S+?)\)")


def promises() -> list[list[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]
    return [row for row in cells if row[0] != "promise"]


def test_every_promise_has_a_test() -> None:
    assert len(promises()) > 20
    for promise, *_, tried in promises():
        assert LINK.search(tried), promise


def test_the_tests_are_there() -> None:
    for name, path in LINK.findall(PAGE.read_text(encoding="utf-8")):
        file = (PAGE.parent / path).resolve()
        assert file.is_file() and file.name == name, path
        assert re.search(r"^def test_", file.read_text(encoding="utf-8"), re.M), path
