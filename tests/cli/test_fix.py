"""`lattice check --fix`: what is mended, and how the file is written."""

from __future__ import annotations

import os
from pathlib import Path

from agent_lattice import fixing
from cli.running import HELLO, WRONG, lattice


def test_fixes_are_applied_and_reported(here: Path) -> None:
    file = here / "hello.lat"
    file.write_text(WRONG)
    ran = lattice("check", "--fix", "hello.lat")
    assert ran.exit_code == 0
    assert file.read_text() == WRONG.replace("nane", "name")
    assert ran.stderr == "fixed hello.lat:2: change to `name` (LAT2101)\n"
    assert ran.stdout == "no findings in 1 file\n"
    assert [path.name for path in here.iterdir()] == ["hello.lat"]


def test_several_rounds_and_what_cannot_be_mended_stays(here: Path) -> None:
    file = here / "hello.lat"
    text = WRONG.replace("return nane", "let greeting = nane\n  return greting + unknowable")
    file.write_text(text)
    ran = lattice("check", "--fix", "hello.lat")
    assert ran.exit_code == 1
    assert file.read_text() == text.replace("nane", "name").replace("greting", "greeting")
    assert "nothing is called `unknowable`" in ran.stdout


def test_line_ends_and_byte_order_mark_are_kept(here: Path) -> None:
    file = here / "hello.lat"
    for mark in (b"", b"\xef\xbb\xbf"):
        file.write_bytes(mark + WRONG.replace("\n", "\r\n").encode())
        assert lattice("check", "--fix", "hello.lat").exit_code == 0
        assert file.read_bytes() == mark + WRONG.replace("nane", "name").replace("\n", "\r\n").encode()


def test_a_clean_file_is_not_written(here: Path) -> None:
    file = here / "hello.lat"
    file.write_text(HELLO)
    os.utime(file, (1, 1))
    assert lattice("check", "--fix", "hello.lat").exit_code == 0
    assert file.stat().st_mtime == 1


def test_what_is_not_utf_8_is_not_written_back(here: Path) -> None:
    content = WRONG.encode() + b"// caf\xe9\n"
    (here / "hello.lat").write_bytes(content)
    assert lattice("check", "--fix", "hello.lat").exit_code == 1
    assert (here / "hello.lat").read_bytes() == content


def test_mode_and_links_are_kept(here: Path) -> None:
    file, link = here / "hello.lat", here / "link.lat"
    file.write_text(WRONG)
    file.chmod(0o640)
    link.symlink_to(file)
    assert lattice("check", "--fix", "link.lat").exit_code == 0
    assert link.is_symlink()
    assert file.read_text() == WRONG.replace("nane", "name")
    assert file.stat().st_mode & 0o777 == 0o640


def test_standard_input_cannot_be_mended() -> None:
    ran = lattice("check", "--fix", "-", input=WRONG)
    assert ran.exit_code == 2
    assert ran.stderr == "error: --fix needs a file: standard input cannot be written back\n"


def test_imported_files_are_left_alone(here: Path) -> None:
    (here / "types.lat").write_text("type T { a: strin }\n")
    (here / "main.lat").write_text(
        'import { T } from "./types.lat"\nworkflow main(t: T) -> string {\n  return t.a\n}\n'
    )
    before = (here / "types.lat").read_text()
    assert lattice("check", "--fix", "main.lat").exit_code == 1
    assert (here / "types.lat").read_text() == before


def test_rounds_end_when_fixes_go_in_a_circle(here: Path, monkeypatch: object) -> None:
    (here / "a.lat").write_text("a")
    turns = iter([(b"b", ["to b"]), (b"a", ["to a"]), (b"b", ["never"])])
    monkeypatch.setattr(fixing, "_round", lambda opened, suggestions: next(turns))  # type: ignore[attr-defined]
    opened, done = fixing.fix_file("a.lat")
    assert (opened.content, done) == (b"b", ["to b"])


def test_an_unwritable_folder_is_one_line(here: Path, monkeypatch: object) -> None:
    (here / "hello.lat").write_text(WRONG)

    def refuse(path: Path, content: bytes) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "write_bytes", refuse)  # type: ignore[attr-defined]
    ran = lattice("check", "--fix", "hello.lat")
    assert (ran.exit_code, ran.stderr) == (2, "error: cannot write hello.lat: permission denied\n")
    assert (here / "hello.lat").read_text() == WRONG


UNREACHABLE = "workflow w(n: int) -> int {\n  return n\n  let m = n\n}\n"


def test_what_would_remove_steps_is_a_suggestion(here: Path) -> None:
    file = here / "w.lat"
    file.write_text(UNREACHABLE)
    ran = lattice("check", "--fix", "w.lat")
    assert ran.exit_code == 1 and file.read_text() == UNREACHABLE
    assert "= suggestion: remove what is never reached" in ran.stdout
    assert lattice("check", "--suggestions", "w.lat").exit_code == 2
    assert lattice("check", "--fix", "--suggestions", "w.lat").exit_code == 0
    assert "let m" not in file.read_text()


def test_what_would_make_up_a_value_is_a_suggestion(here: Path) -> None:
    text = "type T { a: int }\nworkflow w() -> T {\n  return T {}\n}\n"
    (here / "w.lat").write_text(text)
    assert lattice("check", "--fix", "w.lat").exit_code == 1
    assert (here / "w.lat").read_text() == text
