"""`lattice convert`: what is written where, the forms by name, and the exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli.running import HELLO, ROOT, lattice

NOTED = HELLO.replace("  return", "  // said politely\n  return greeting  // at last\n", 1).replace(" greeting\n}", "}")
YAML = """\
workflows:
  hello:
    doc: Greet somebody.
    params: {name: string}
    output: string
    body:
      - let:
          name: greeting
          value: '"hello " + name'
      # said politely
      - return: greeting # at last
"""
BROKEN = "workflow hello(name: string) -> string {\n  return\n}\n"
PAGE = (ROOT / "docs" / "documents.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def source(here: Path) -> Path:
    (here / "a.lat").write_text(NOTED)
    return here / "a.lat"


def test_there_and_back(here: Path) -> None:
    ran = lattice("convert", "a.lat", "--to", "yaml")
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, YAML, "")
    ran = lattice("convert", "a.lat", "-o", "a.lat.yaml")
    assert (ran.exit_code, ran.output) == (0, "")
    assert (here / "a.lat.yaml").read_text() == YAML
    assert lattice("convert", "a.lat.yaml", "--to", "text").stdout == NOTED
    assert sorted(path.name for path in here.iterdir()) == ["a.lat", "a.lat.yaml"]


def test_json_has_no_comments_and_says_so(here: Path) -> None:
    ran = lattice("convert", "a.lat", "-o", "a.json")
    assert (ran.exit_code, ran.stderr) == (0, "a.lat: JSON has no comments; left out: 2\n")
    assert lattice("convert", "a.json", "--to", "text").stdout == HELLO
    assert lattice("convert", "a.json", "--to", "json").stdout == (here / "a.json").read_text()
    digests = {lattice("plan", "--digest", name).stdout for name in ("a.lat", "a.json")}
    assert len(digests) == 1 and digests.pop().startswith("sha256:")


def test_standard_input_is_text_unless_it_is_told() -> None:
    assert lattice("convert", "-", "--to", "yaml", input=NOTED).stdout == YAML
    assert lattice("convert", "-", "--from", "yaml", "--to", "text", input=YAML).stdout == NOTED
    ran = lattice("convert", "-", "--from", "json", "--to", "text", input="{")
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "error[LAT1401]" in ran.stderr and " --> <stdin>.json:1:2\n" in ran.stderr


def test_the_form_of_a_file_can_be_told(here: Path) -> None:
    (here / "notes").write_text(YAML)
    ran = lattice("convert", "notes", "--to", "text")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "the name of notes does not say its form" in ran.stderr
    assert lattice("convert", "notes", "--from", "yaml", "--to", "text").stdout == NOTED


def test_check_compares_and_writes_nothing(here: Path) -> None:
    out = here / "a.lat.yaml"
    ran = lattice("convert", "a.lat", "-o", "a.lat.yaml", "--check")
    assert (ran.exit_code, ran.stderr, out.exists()) == (1, "a.lat.yaml: would be written anew\n", False)
    out.write_text(YAML)
    assert lattice("convert", "a.lat", "-o", "a.lat.yaml", "--check").exit_code == 0
    out.write_text(YAML + "# more\n")
    ran = lattice("convert", "a.lat", "-o", "a.lat.yaml", "--check")
    assert ran.exit_code == 1
    assert ran.stdout.startswith("--- a.lat.yaml\n+++ a.lat.yaml\n") and "\n-# more\n" in ran.stdout
    assert out.read_text() == YAML + "# more\n"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a.lat"],
        ["missing.lat", "--to", "yaml"],
        ["a.lat", "--to", "toml"],
        ["a.lat", "-o", "a.txt"],
        ["a.lat", "--to", "yaml", "-o", "a.lat"],
        ["a.lat", "--to", "yaml", "--check"],
        ["a.lat", "-o", "missing/a.yaml"],
        ["a.lat", "-o", "folder.yaml"],
    ],
)
def test_unusable_input_changes_nothing(here: Path, words: list[str]) -> None:
    (here / "folder.yaml").mkdir()
    ran = lattice("convert", *words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert sorted(path.name for path in here.iterdir()) == ["a.lat", "folder.yaml"]
    assert (here / "a.lat").read_text() == NOTED


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("b.lat", BROKEN.encode(), "LAT1001"),
        ("b.yaml", b"workflows: {a: [}", "LAT1401"),
        ("b.yaml", b"workflow: {}\n", "LAT1402"),
        ("b.json", b"{]", "LAT1401"),
        ("b.lat", NOTED.encode() + b"// caf\xe9\n", "LAT1007"),
    ],
)
def test_what_cannot_be_read_is_not_converted(here: Path, name: str, content: bytes, code: str) -> None:
    (here / name).write_bytes(content)
    (here / "out.json").write_text("kept")
    ran = lattice("convert", name, "-o", "out.json")
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert f"error[{code}]" in ran.stderr
    assert (here / "out.json").read_text() == "kept"


def test_other_mistakes_do_not_matter(here: Path) -> None:
    (here / "a.lat").write_text("workflow hello() -> int { return nothing }\n")
    assert lattice("convert", "a.lat", "-o", "a.yaml").exit_code == 0
    assert lattice("convert", "a.yaml", "--to", "json").exit_code == 0


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_sixty_blocks_in_each_other_come_back(here: Path, form: str) -> None:
    blocks = "if n > 1 {" * 60 + "}" * 60
    (here / "deep.lat").write_text(f"workflow w(n: int) -> int {{ {blocks} return 1 }}")
    assert lattice("convert", "deep.lat", "-o", f"deep.{form}").exit_code == 0
    assert lattice("check", f"deep.{form}").exit_code == 0
    assert (
        lattice("convert", f"deep.{form}", "--to", "text").stdout
        == lattice("convert", "deep.lat", "--to", "text").stdout
    )


@pytest.mark.parametrize("depth", [80, 3000])
def test_deep_nesting_is_one_line_or_a_finding(here: Path, depth: int) -> None:
    blocks = "if n > 1 {" * depth + "}" * depth
    (here / "deep.lat").write_text(f"workflow w(n: int) -> int {{ {blocks} return 1 }}")
    ran = lattice("convert", "deep.lat", "--to", "yaml")
    assert ran.exit_code in (0, 1, 2) and "Traceback" not in ran.output
    assert ran.exit_code == 0 or "too deeply" in ran.stderr


def test_the_pair_on_the_page_is_one_program(here: Path) -> None:
    blocks = dict(re.findall(r"^```\w+ (greet\.lat\S*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    for name, text in blocks.items():
        (here / name).write_text(text)
    assert lattice("convert", "greet.lat", "--to", "yaml").stdout == blocks["greet.lat.yaml"]
    assert (
        lattice("convert", "greet.lat.yaml", "--to", "text").stdout
        == lattice("fmt", "-", input=blocks["greet.lat"]).stdout
    )


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_texts_in_unusual_lines_come_back(here: Path, form: str) -> None:
    """As keys, and however they are indented: to the character."""
    text = 'tool a = http("x") {\n  header """\n   long\n\n  x\n""": "x"\n}\n'
    text += '\nworkflow w() -> string {\n  fail """Say\n      it\n         """\n}\n'
    (here / "odd.lat").write_text(text)
    assert lattice("convert", "odd.lat", "-o", f"odd.{form}").exit_code == 0
    assert lattice("convert", f"odd.{form}", "--to", "text").stdout == text


NAMED = """\
# yaml-language-server: $schema=document.schema.json

$schema: document.schema.json # for editors

# about secrets
secrets:
  A: {}
"""


def test_the_schema_for_editors_is_kept_between_documents(here: Path) -> None:
    """A text has no place for it; comments around it stay where they are."""
    (here / "s.yaml").write_text(NAMED)
    laid = lattice("convert", "s.yaml", "--to", "yaml").stdout
    assert laid == NAMED.replace(" # for editors", "").replace("json\n\n$", "json\n\n# for editors\n$", 1)
    assert lattice("convert", "s.yaml", "-o", "s.json").exit_code == 0
    assert '"$schema": "document.schema.json"' in (here / "s.json").read_text()
    assert lattice("convert", "s.json", "--to", "yaml").stdout.startswith("$schema: document.schema.json\n\nsecrets:\n")
    assert "$schema:" not in lattice("convert", "s.json", "--to", "text").stdout


@pytest.mark.parametrize("text", ["$schema: 1\n", "- $schema: a\n", "secrets: {A: {$schema: a}}\n"])
def test_a_schema_for_editors_is_a_text_at_the_top(here: Path, text: str) -> None:
    (here / "s.yaml").write_text(text)
    ran = lattice("check", "s.yaml")
    assert ran.exit_code == 1 and "LAT140" in ran.stderr + ran.stdout
