"""`lattice explain`: every code of the compiler can be asked for."""

from __future__ import annotations

import pytest
from agent_lattice.pages import all_codes, page_of
from cli.running import lattice


def test_every_code_is_listed_and_explained() -> None:
    listed = lattice("explain", "--list")
    assert listed.exit_code == 0
    codes = all_codes()
    assert len(codes) == len(listed.stdout.splitlines()) > 50
    for code in codes:
        assert f"{code.number}  {code.severity!s:<7}  {code.name}\n" in listed.stdout
        by_number, by_name = lattice("explain", code.number.lower()), lattice("explain", code.name.upper())
        assert by_number.exit_code == 0
        assert by_number.stdout == by_name.stdout
        assert code.number in by_number.stdout


def test_a_page_is_printed_as_it_is() -> None:
    for code in all_codes():
        page = page_of(code)
        if page:
            assert lattice("explain", code.name).stdout == page
            return
    pytest.fail("no code has a page")


@pytest.mark.parametrize(
    ("word", "guess"), [("LAT1021", "LAT"), ("unknwon-name", "unknown-name"), ("zzzzzz", "--list")]
)
def test_unknown_codes(word: str, guess: str) -> None:
    ran = lattice("explain", word)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert guess in ran.stderr
