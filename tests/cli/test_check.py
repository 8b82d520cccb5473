"""`lattice check`: what is printed where, and the exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli.running import HELLO, WRONG, lattice


def test_nothing_found(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    ran = lattice("check", "hello.lat")
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, "no findings in 1 file\n", "")


def test_findings_are_the_output_and_the_exit_code(here: Path) -> None:
    (here / "hello.lat").write_text(WRONG)
    ran = lattice("check", "hello.lat")
    assert ran.exit_code == 1
    assert ran.stderr == ""
    assert ran.stdout.startswith("error[LAT2101]: nothing is called `nane` here\n --> hello.lat:2:10\n")
    assert "  = help: did you mean `name`?\n" in ran.stdout
    assert ran.stdout.endswith("\n1 error; `lattice explain LAT2101` says more\n")


def test_several_files_and_a_shared_import_are_shown_once(here: Path) -> None:
    (here / "lib").mkdir()
    (here / "lib" / "types.lat").write_text("type T { a: Strin }\n")
    for name in ("one", "two"):
        (here / "lib" / f"{name}.lat").write_text(
            f'import {{ T }} from "./types.lat"\nworkflow {name}(t: T) -> string {{\n  return t.a\n}}\n'
        )
    ran = lattice("check", "lib/one.lat", "lib/two.lat")
    assert ran.exit_code == 1
    assert ran.stdout.count("--> lib/types.lat:1:13") == 1


@pytest.mark.parametrize(("least", "code"), [("error", 0), ("warning", 1), ("hint", 1)])
def test_fail_on(here: Path, least: str, code: int) -> None:
    (here / "empty.lat").write_text("// nothing yet\n")
    ran = lattice("check", "empty.lat", "--fail-on", least)
    assert "warning[LAT1306]" in ran.stdout
    assert ran.exit_code == code


def test_json_and_sarif(here: Path) -> None:
    (here / "sub").mkdir()
    (here / "sub" / "hello.lat").write_text(WRONG)
    ran = lattice("check", "--format", "json", str(here / "sub" / "hello.lat"))
    assert ran.exit_code == 1
    made = json.loads(ran.stdout)
    assert made["diagnostics"][0]["place"]["file"] == "sub/hello.lat"
    assert made["diagnostics"][0]["fix"]["edits"][0]["text"] == "name"
    ran = lattice("check", "--format", "sarif", str(here / "sub" / "hello.lat"))
    assert ran.exit_code == 1
    (result,) = json.loads(ran.stdout)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "sub/hello.lat"
    assert str(here) not in ran.stdout


def test_files_elsewhere_are_shown_relative(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "hello.lat").write_text(WRONG)
    (here / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(here / "deep" / "er")
    assert " --> ../../hello.lat:2:10\n" in lattice("check", "../../hello.lat").stdout
    assert " --> ../../hello.lat:2:10\n" in lattice("check", str(here / "hello.lat")).stdout


def test_standard_input(here: Path) -> None:
    ran = lattice("check", "-", input=WRONG)
    assert (ran.exit_code, " --> <stdin>:2:10\n" in ran.stdout) == (1, True)
    assert lattice("check", "-", input=HELLO).exit_code == 0


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing.lat", "cannot read missing.lat: there is no such file"),
        ("folder", "cannot read folder: it is a folder"),
        ("binary.lat", "cannot read binary.lat: it is a binary file"),
        ("huge.lat", "cannot read huge.lat: it is larger than 10 MB"),
        ("", "cannot read a file without a name"),
        ("a\0b", "cannot read"),
    ],
)
def test_unusable_files_are_one_line(here: Path, path: str, said: str) -> None:
    (here / "folder").mkdir()
    (here / "binary.lat").write_bytes(b"workflow\0")
    with (here / "huge.lat").open("wb") as file:
        file.truncate(10_000_001)
    for command in ("check", "graph", "plan", "permissions", "test", "run"):
        ran = lattice(command, path)
        assert ran.exit_code == 2, ran.output
        assert ran.stdout == ""
        assert ran.stderr.startswith(f"error: {said}")
        assert ran.stderr.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything")
def test_unreadable_files_are_one_line(here: Path) -> None:
    (here / "secret.lat").write_text(HELLO)
    (here / "secret.lat").chmod(0)
    assert lattice("check", "secret.lat").stderr == "error: cannot read secret.lat: permission denied\n"


def test_bytes_that_are_not_utf_8_are_a_finding(here: Path) -> None:
    (here / "latin.lat").write_bytes(HELLO.encode() + b"// caf\xe9\n")
    ran = lattice("check", "latin.lat")
    assert ran.exit_code == 1
    assert "error[LAT1007]" in ran.stdout


def test_usage_errors() -> None:
    assert lattice("check").exit_code == 2
    assert lattice("check", "--format", "xml", "x.lat").exit_code == 2
    ran = lattice("chekc", "x.lat")
    assert ran.exit_code == 2
    assert "did you mean `check`?" in ran.stderr
    assert lattice("--nonsense").exit_code == 2
    ran = lattice()
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr == lattice("--help").stdout


def test_every_command_documents_the_exit_codes() -> None:
    from agent_lattice.cli import COMMANDS

    ran = lattice("--help")
    assert ran.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in ran.stdout
        own = lattice(name, "--help")
        assert own.exit_code == 0
        assert "130 interrupted" in " ".join(own.stdout.split()), name


def test_version() -> None:
    from agent_lattice import __version__

    assert lattice("--version").stdout == f"lattice {__version__}\n"


def test_github_annotations_name_files_from_the_top_of_the_repository(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "sub").mkdir()
    (here / "sub" / "hello.lat").write_text(WRONG)
    ran = lattice("check", "sub/hello.lat", "--format", "github")
    assert (ran.exit_code, ran.stderr) == (1, "")
    assert ran.stdout == (
        "::error file=sub/hello.lat,line=2,endLine=2,col=10,endColumn=14,title=LAT2101 unknown-variable"
        "::nothing is called `nane` here%0Ahelp: did you mean `name`?\n"
    )
    monkeypatch.chdir(here / "sub")
    inside = {"GITHUB_WORKSPACE": str(here)}
    assert "file=sub/hello.lat," in lattice("check", "hello.lat", "--format", "github", env=inside).stdout
    for outside in (str(here / "sub"), str(here / "elsewhere"), ""):
        ran = lattice("check", "hello.lat", "--format", "github", env={"GITHUB_WORKSPACE": outside})
        assert "file=hello.lat," in ran.stdout


def test_junit_fails_what_fails_the_check(here: Path) -> None:
    (here / "hello.lat").write_text(WRONG)
    (here / "empty.lat").write_text("// nothing yet\n")
    ran = lattice("check", "hello.lat", "empty.lat", "--format", "junit")
    assert ran.exit_code == 1
    root = ElementTree.fromstring(ran.stdout)
    assert (root.attrib["tests"], root.attrib["failures"]) == ("2", "1")
    ran = lattice("check", "empty.lat", "--format", "junit", "--fail-on", "warning")
    assert (ran.exit_code, ElementTree.fromstring(ran.stdout).attrib["failures"]) == (1, "1")


def test_hints_are_shown_when_asked_for(here: Path) -> None:
    (here / "w.lat").write_text("workflow w(a: int, b: int) -> int {\n  return a\n}\n")
    ran = lattice("check", "w.lat")
    assert (ran.exit_code, ran.stdout) == (0, "no findings in 1 file; 1 hint with --hints\n")
    ran = lattice("check", "--hints", "w.lat")
    assert ran.exit_code == 0 and ran.stdout.startswith("hint[LAT1221]: the parameter `b` is never read")
    ran = lattice("check", "--fail-on", "hint", "w.lat")
    assert ran.exit_code == 1 and "the parameter `b` is never read" in ran.stdout
    assert json.loads(lattice("check", "--format", "json", "w.lat").stdout)["summary"]["hints"] == 1
    assert lattice("plan", "w.lat").stderr == ""
