"""Findings as text: what a person sees, character by character."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

from agent_lattice.diagnostics import Label, replace
from agent_lattice.renders.columns import MOST, visible
from agent_lattice.renders.findings import unique
from agent_lattice.renders.paint import Paint
from agent_lattice.renders.text import advice, render, summary
from agent_lattice.source import NOWHERE, Source, Span
from hypothesis import given
from hypothesis import strategies as st
from renders.made_up import IDEA, ODD, Edit, Fix, at, finding


def lines(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_message_place_carets_notes_help_and_fix() -> None:
    source = Source("shop.lat", "workflow w(id: string) -> Order {\n  order = shop.get_ordr(id: id)\n}\n")
    span = at(source, "get_ordr")
    found = finding(
        span,
        "not an operation of `shop`",
        related=(Label(at(source, "shop"), "this tool"),),
        notes=("tools are\ndeclared",),
        help="did you mean `get_order`?",
        fix=replace("change to `get_order`", span, "get_order"),
    )
    assert render([found]) == lines(
        """
        error[LAT9901]: something is wrong
         --> shop.lat:2:16
          |
        2 |   order = shop.get_ordr(id: id)
          |           ---- ^^^^^^^^ not an operation of `shop`
          |           |
          |           this tool
          |
          = note: tools are
                  declared
          = help: did you mean `get_order`?
          = fix: change to `get_order`
        2 -   order = shop.get_ordr(id: id)
        2 +   order = shop.get_order(id: id)
        """
    )


def test_labels_on_one_line_hang_from_right_to_left() -> None:
    source = Source("a.lat", "aa bb cc dd\n")
    related = tuple(Label(at(source, word), word.upper()) for word in ("aa", "cc", "dd"))
    assert render([finding(at(source, "bb"), "BB", related=related)]) == lines(
        """
        error[LAT9901]: something is wrong
         --> a.lat:1:4
          |
        1 | aa bb cc dd
          | -- ^^ -- -- DD
          | |  |  |
          | |  |  CC
          | |  BB
          | AA
        """
    )


def test_spans_of_several_lines_have_bars_and_long_ones_are_shortened() -> None:
    source = Source("a.lat", "one {\n  two\n  three\n  four\n  five\n}\nsix(\n  seven)\n")
    whole = Span(source, 0, source.text.index("}") + 2)
    tail = at(source, "(").to(at(source, "seven)"))
    assert render([finding(whole, "all of it", related=(Label(tail, "and this"),))]) == lines(
        """
        error[LAT9901]: something is wrong
         --> a.lat:1:1
          |
        1 | / one {
        ...
        6 | | }
          | |_^ all of it
        7 |   six(
          |  ____-
        8 | |   seven)
          | |________- and this
        """
    )


def test_overlapping_tall_spans_each_have_a_bar() -> None:
    source = Source("a.lat", "a\nb\nc\n")
    first, second = Span(source, 0, 3), Span(source, 2, 5)
    assert render([finding(first, "one", related=(Label(second, "two"),))]) == lines(
        """
        error[LAT9901]: something is wrong
         --> a.lat:1:1
          |
        1 | /   a
        2 | | / b
          | |___^ one
        3 |   | c
          |   |_- two
        """
    )


def test_tabs_wide_combining_and_control_characters() -> None:
    source = Source("a.lat", '\tx = "日本" + e\u0301 + "\x1b[31m" + "\u202eab"\n')
    tab, wide = Span(source, 0, 1), at(source, "日本")
    assert render([finding(at(source, "e\u0301"), "é", related=(Label(tab, "tab"), Label(wide, "wide")))]) == (
        "error[LAT9901]: something is wrong\n"
        " --> a.lat:1:13\n"
        "  |\n"
        '1 |     x = "日本" + e\u0301 + "␛[31m" + "�ab"\n'
        "  | ----     ----    ^ é\n"
        "  | |        |\n"
        "  | |        wide\n"
        "  | tab\n"
    )


def test_empty_spans_have_one_caret_also_at_the_end_of_the_text() -> None:
    source = Source("a.lat", "ab\n")
    assert "1 | ab\n  |   ^ here\n" in render([finding(Span(source, 2, 2), "here")])
    assert "2 |\n  | ^ here\n" in render([finding(source.end, "here")])
    empty = Source("a.lat", "")
    assert "1 |\n  | ^ here\n" in render([finding(empty.end, "here")])


def test_long_lines_are_cut_around_the_place() -> None:
    source = Source("a.lat", "x" * 5000 + "HERE" + "y" * 5000)
    rows = render([finding(at(source, "HERE"), "here")]).split("\n")
    assert rows[3].startswith("1 | …x") and rows[3].endswith("y…")
    assert len(rows[3]) <= MOST + 10
    assert rows[3][rows[4].index("^") :].startswith("HEREy")


def test_related_places_in_other_files_and_built_in_ones() -> None:
    here, there = Source("main.lat", "a\n"), Source("lib/b.lat", "\n\nb = 1\n")
    related = (Label(at(there, "b"), "declared here"), Label(NOWHERE, "built in"))
    assert render([finding(at(here, "a"), "used here", related=related, folder="../proj")]) == lines(
        """
        error[LAT9901]: something is wrong
         --> ../proj/main.lat:1:1
          |
        1 | a
          | ^ used here
         ::: ../proj/lib/b.lat:3:1
          |
        3 | b = 1
          | - declared here
          |
          = note: built in
        """
    )


def test_a_finding_without_a_place_is_only_words() -> None:
    assert render([finding(NOWHERE, help="do this")]) == "error[LAT9901]: something is wrong\n  = help: do this\n"


def test_fixes_show_every_touched_line_and_long_ones_are_shortened() -> None:
    source = Source("a.lat", "one\ntwo\nthree\n" + "more\n" * 20)
    edits = (Edit(at(source, "one"), "1"), Edit(at(source, "one").after(), "!"), Edit(at(source, "three"), ""))
    shown = render([finding(at(source, "one"), fix=Fix("count", edits))])
    assert "1 - one\n1 + 1!\n3 - three\n" in shown
    gone = Fix("remove", (Edit(Span(source, 4, len(source.text)), ""),))
    assert " 2 - two\n 3 - three\n 4 - more\n" in render([finding(at(source, "one"), fix=gone)])
    assert "- … 15 more lines\n" in render([finding(at(source, "one"), fix=gone)])


def test_summary_and_advice() -> None:
    span = Source("a.lat", "a").end
    found = [finding(span), finding(span), finding(span, code=ODD), finding(span, code=IDEA)]
    assert summary(found) == "2 errors, 1 warning, 1 hint"
    assert advice(found[:2]) == "`lattice explain LAT9901` says more"
    assert advice(found) == "`lattice explain CODE` says more about LAT9901, LAT9902, LAT9903"
    assert summary([]) == "" and advice([]) == "" and render([]) == ""


def test_the_same_finding_of_a_shared_file_is_shown_once() -> None:
    first, second = Source("b.lat", "x"), Source("b.lat", "x")
    found = [finding(first.end, folder="p"), finding(second.end, folder="p"), finding(second.end, folder="q")]
    assert [f.folder for f in unique(found)] == ["p", "q"]


def test_colours_frame_the_same_text() -> None:
    import re

    source = Source("a.lat", "x = {\n 1\n}\n")
    found = [finding(Span(source, 4, 10), "here", related=(Label(at(source, "x"), "x"),), help="h", code=ODD)]
    painted = render(found, Paint(True))
    assert "\x1b[1;33mwarning[LAT9902]\x1b[0m" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render(found)


texts = st.text(st.one_of(st.sampled_from("ab \t\n\r{}日é\u0301\u200d\u202e\x00\x1b"), st.characters()), max_size=60)


@given(texts, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.text(max_size=5)), min_size=1, max_size=6))
def test_any_spans_of_any_text_can_be_shown(text: str, places: list[tuple[int, int, str]]) -> None:
    source = Source("a.lat", text)
    spans = [
        (Span(source, *sorted((min(a, len(source.text)), min(b, len(source.text))))), label) for a, b, label in places
    ]
    edits = [Edit(span, label) for span, label in spans[:1]]
    found = finding(
        spans[0][0], spans[0][1], related=[Label(*place) for place in spans[1:]], fix=Fix("fix", tuple(edits))
    )
    shown = render([found])
    assert "^" in shown
    assert not any(ord(char) < 32 and char != "\n" for char in shown)
    assert "\x1b" not in shown and "\u202e" not in shown


@given(st.text())
def test_visible_text_is_safe_and_stays_readable(text: str) -> None:
    shown = visible(text)
    assert not any(ord(char) < 32 and char != "\n" for char in shown)
    assert visible(shown) == shown
    if text.isascii() and text.isprintable():
        assert shown == text


def test_rendering_needs_nothing_heavy() -> None:
    import subprocess

    root = Path(__file__).parents[2] / "compiler"
    program = "import agent_lattice.renders.text, sys; print([m for m in ('unicodedata', 'click', 'lark', 'json') if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"
