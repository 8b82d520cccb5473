"""Prose comes through as it was: what a model is told is the text of the file, whatever signs are in it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from agent_lattice import plan
from agent_lattice.driver import compile_source, plan_of
from agent_lattice.importing.folder import without_controls
from agent_lattice.terms import Template
from hypothesis import example, given, settings
from hypothesis import strategies as st
from importing.using import files, imported

PIECES = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{",
        '"',
        '"""',
        "'''",
        "\\",
        "\\n",
        "\n",
        "\n\n  ",
        "\t",
        " ",
        "// x",
        "/* x */",
        "é",
        "\u2028",
        "word",
    ]
)


def told(text: str) -> str:
    """What the model of an agent with this text is told."""
    with TemporaryDirectory() as folder:
        source, _ = imported("claude", files(Path(folder), {".claude/agents/a.md": f"---\nname: a\n---\n{text}"}))
    made = plan_of(compile_source("imported.lat", source.encode(), lambda name: None))
    assert made is not None
    (ask,) = (op for workflow in made.workflows for op in workflow.body if isinstance(op, plan.Ask))
    assert ask.system is None or isinstance(ask.system, Template)
    return "" if ask.system is None else "".join(str(getattr(part, "text", part)) for part in ask.system.parts)


@given(st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join))
@example("x = {{'{'}} {{ \"{\" }}\n{%\nlast \\")
@settings(max_examples=60, deadline=None)
def test_a_text_comes_through(text: str) -> None:
    clean = "\n".join(line.rstrip() for line in without_controls(text).strip().split("\n")).strip()
    assert told(text).strip() == clean


def test_lines_in_one_line_of_a_description(tmp_path: Path) -> None:
    agent = '---\nname: a\ndescription: "First.\\\\n\\\\nuser: \\"x: y\\""\n---\nA.'
    text, _ = imported("claude", files(tmp_path, {".claude/agents/a.md": agent}))
    assert '/// First.\n///\n/// user: "x: y"\n' in text
