"""`lattice fmt`: what is written where, and the exit codes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cli.running import HELLO, lattice

LOOSE = """\
/// Greet somebody.
workflow hello( name:string )->string {
    let greeting='hello '+name // politely
    return greeting }
"""
TIDY = """\
/// Greet somebody.
workflow hello(name: string) -> string {
  let greeting = 'hello ' + name  // politely
  return greeting
}
"""
BROKEN = "workflow hello(name: string) -> string {\n  return\n}\n"


def test_files_are_formatted_and_named(here: Path) -> None:
    (here / "a.lat").write_text(LOOSE)
    (here / "b.lat").write_text(HELLO)
    ran = lattice("fmt", "a.lat", "b.lat")
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, "", "a.lat: formatted\n")
    assert (here / "a.lat").read_text() == TIDY
    assert (here / "b.lat").read_text() == HELLO
    assert sorted(path.name for path in here.iterdir()) == ["a.lat", "b.lat"]
    assert lattice("fmt", "a.lat").stderr == ""


def test_check_writes_nothing(here: Path) -> None:
    (here / "a.lat").write_text(LOOSE)
    ran = lattice("fmt", "--check", "a.lat")
    assert (ran.exit_code, ran.stdout, ran.stderr) == (1, "", "a.lat: would be formatted\n")
    assert (here / "a.lat").read_text() == LOOSE
    (here / "a.lat").write_text(TIDY)
    ran = lattice("fmt", "--check", "a.lat")
    assert (ran.exit_code, ran.output) == (0, "")


def test_diff_writes_nothing(here: Path) -> None:
    (here / "a.lat").write_text(LOOSE)
    ran = lattice("fmt", "--diff", "a.lat")
    assert ran.exit_code == 0
    assert ran.stdout.startswith("--- a.lat\n+++ a.lat\n@@ -1,4 +1,5 @@\n /// Greet somebody.\n-workflow hello( name")
    assert (here / "a.lat").read_text() == LOOSE
    assert lattice("fmt", "--diff", "--check", "a.lat").exit_code == 1
    (here / "a.lat").write_text(TIDY.rstrip("\n"))
    assert lattice("fmt", "--diff", "a.lat").stdout.endswith("-}\n\\ No newline at end of file\n+}\n")
    (here / "a.lat").write_text(TIDY)
    assert lattice("fmt", "--diff", "--check", "a.lat").output == ""


def test_standard_input_goes_to_standard_output(here: Path) -> None:
    ran = lattice("fmt", "-", input=LOOSE)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, TIDY, "")
    ran = lattice("fmt", "-", input=LOOSE.replace("\n", "\r\n").encode())
    assert ran.stdout_bytes == TIDY.replace("\n", "\r\n").encode()
    assert lattice("fmt", "-", input=b"\xef\xbb\xbf" + LOOSE.encode()).stdout_bytes == b"\xef\xbb\xbf" + TIDY.encode()
    ran = lattice("fmt", "--check", "-", input=LOOSE)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (1, "", "<stdin>: would be formatted\n")


def test_a_file_with_syntax_errors_is_left_alone(here: Path) -> None:
    (here / "broken.lat").write_text(BROKEN)
    (here / "a.lat").write_text(LOOSE)
    ran = lattice("fmt", "broken.lat", "a.lat")
    assert ran.exit_code == 1
    assert ran.stdout == ""
    assert "error[LAT1001]" in ran.stderr
    assert " --> broken.lat:3:1\n" in ran.stderr
    assert (here / "broken.lat").read_text() == BROKEN
    assert (here / "a.lat").read_text() == TIDY
    ran = lattice("fmt", "-", input=BROKEN)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert lattice("fmt", "--diff", "broken.lat").stdout == ""


def test_other_mistakes_do_not_matter(here: Path) -> None:
    (here / "a.lat").write_text("workflow hello()->int { return nothing }\n")
    assert lattice("fmt", "a.lat").exit_code == 0
    assert (here / "a.lat").read_text() == "workflow hello() -> int { return nothing }\n"


def test_what_is_not_utf_8_is_left_alone(here: Path) -> None:
    content = LOOSE.encode() + b"// caf\xe9\n"
    (here / "a.lat").write_bytes(content)
    ran = lattice("fmt", "a.lat")
    assert ran.exit_code == 1
    assert "error[LAT1007]" in ran.stderr
    assert (here / "a.lat").read_bytes() == content


def test_line_ends_mark_mode_and_links_are_kept(here: Path) -> None:
    file, link = here / "a.lat", here / "link.lat"
    file.write_bytes(b"\xef\xbb\xbf" + LOOSE.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    link.symlink_to(file)
    assert lattice("fmt", "link.lat").exit_code == 0
    assert link.is_symlink()
    assert file.read_bytes() == b"\xef\xbb\xbf" + TIDY.replace("\n", "\r\n").encode()
    assert file.stat().st_mode & 0o777 == 0o640


def test_what_needs_nothing_is_not_written(here: Path) -> None:
    file = here / "a.lat"
    file.write_text(TIDY)
    os.utime(file, (1, 1))
    assert lattice("fmt", "a.lat").exit_code == 0
    assert file.stat().st_mtime == 1


@pytest.mark.parametrize("words", [[], ["missing.lat"], ["folder"], ["a.lat", "missing.lat"], ["--nonsense", "a.lat"]])
def test_unusable_input_changes_nothing(here: Path, words: list[str]) -> None:
    (here / "folder").mkdir()
    (here / "a.lat").write_text(LOOSE)
    assert lattice("fmt", *words).exit_code == 2
    assert (here / "a.lat").read_text() == LOOSE


def test_deep_nesting_is_a_finding(here: Path) -> None:
    (here / "deep.lat").write_text("workflow w(n: int) -> int {" + "if n > 1 {" * 3000 + "}" * 3000 + " return 1 }")
    ran = lattice("fmt", "deep.lat")
    assert ran.exit_code == 1
    assert "error[LAT1008]" in ran.stderr
