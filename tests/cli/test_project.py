"""`lattice.toml`: where it is found, what it decides, and what is said about mistakes in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.running import HELLO, lattice
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

UNUSED = 'import { T } from "./types.lat"\n' + HELLO


@pytest.fixture
def project(here: Path) -> Callable[[str], Path]:
    """Writes `lattice.toml` above a source with one warning, `flows/hello.lat`."""
    (here / ".git").mkdir()
    (here / "flows").mkdir()
    (here / "flows" / "types.lat").write_text("type T { a: string }\n")
    (here / "flows" / "hello.lat").write_text(UNUSED)

    def write(text: str) -> Path:
        (here / "lattice.toml").write_text(text)
        return here

    return write


def test_the_command_line_wins_over_the_project(project: Callable[[str], Path]) -> None:
    assert lattice("check", "flows/hello.lat").exit_code == 0
    project('[check]\nfail-on = "warning"\n')
    assert lattice("check", "flows/hello.lat").exit_code == 1
    assert lattice("check", "flows/hello.lat", "--fail-on", "error").exit_code == 0
    project('[check]\nfail-on = "error"\n')
    assert lattice("check", "flows/hello.lat", "--fail-on", "hint").exit_code == 1


def test_each_file_fails_by_the_rules_of_its_project(project: Callable[[str], Path]) -> None:
    here = project('[check]\nfail-on = "error"\n')
    (here / "strict").mkdir()
    (here / "strict" / "lattice.toml").write_text('[check]\nfail-on = "warning"\n')
    (here / "strict" / "types.lat").write_text("type T { a: string }\n")
    (here / "strict" / "hello.lat").write_text(UNUSED)
    ran = lattice("check", "flows/hello.lat", "strict/hello.lat", "--format", "junit")
    assert (ran.exit_code, ran.stdout.count("<failure ")) == (1, 1)
    assert lattice("check", "flows/hello.lat").exit_code == 0


@pytest.mark.parametrize(
    ("level", "shown", "check", "build"),
    [("off", "", 0, 0), ("hint", "hint", 0, 0), ("warning", "warning", 0, 0), ("error", "error", 1, 1)],
)
def test_severities(project: Callable[[str], Path], level: str, shown: str, check: int, build: int) -> None:
    project(f'[severity]\nunused-import = "{level}"\n')
    ran = lattice("check", "flows/hello.lat", "--format", "json")
    assert ran.exit_code == check
    assert [found["severity"] for found in json.loads(ran.stdout)["diagnostics"]] == ([shown] if shown else [])
    ran = lattice("build", "flows/hello.lat", "-o", "out")
    assert ran.exit_code == build, ran.output
    assert Path("out").exists() == (build == 0)


def test_what_is_off_is_not_mended(project: Callable[[str], Path]) -> None:
    here = project('[severity]\nunused-import = "off"\n')
    lattice("check", "--fix", "flows/hello.lat")
    assert (here / "flows" / "hello.lat").read_text() == UNUSED


def test_what_is_built_and_where(project: Callable[[str], Path]) -> None:
    here = project(
        'build = { out = "dist/hello", workflow = "second", lock = "all.lock", pyz = true, target = "python" }\n'
    )
    (here / "flows" / "hello.lat").write_text(HELLO + HELLO.replace("hello(", "second("))
    ran = lattice("build", "flows/hello.lat")
    assert ran.exit_code == 0, ran.output
    assert (here / "dist" / "hello" / "second.pyz").is_file()
    assert list(json.loads((here / "all.lock").read_text())["programs"]) == ["flows/hello.lat"]
    ran = lattice("build", "flows/hello.lat", "--no-pyz", "-o", "other", "--workflow", "hello", "--lock", "own.lock")
    assert ran.exit_code == 0, ran.output
    assert (here / "other" / "hello").is_dir() and not list((here / "other").glob("*.pyz"))
    assert json.loads((here / "own.lock").read_text())["programs"]["flows/hello.lat"]["workflow"] == "hello"


def test_the_top_of_a_repository_is_the_limit(here: Path) -> None:
    (here / "lattice.toml").write_text("what is this")
    (here / "inner" / "deep").mkdir(parents=True)
    (here / "inner" / ".git").write_text("gitdir: elsewhere\n")
    (here / "inner" / "deep" / "hello.lat").write_text(HELLO)
    assert lattice("check", "inner/deep/hello.lat").exit_code == 0
    (here / "inner" / "lattice.toml").write_text("what is this")
    ran = lattice("check", "inner/deep/hello.lat")
    assert ran.exit_code == 2
    assert ran.stderr.startswith("error: inner/lattice.toml:1:6: ")
    (here / "inner" / "deep" / "lattice.toml").write_text("")
    assert lattice("check", "inner/deep/hello.lat").exit_code == 0


def test_standard_input_has_the_project_of_the_current_folder(here: Path) -> None:
    (here / "lattice.toml").write_text('[check]\nfail-on = "warning"\n')
    assert lattice("check", "-", input="// nothing\n").exit_code == 1


MISTAKES = [
    ("[chek]\n", "1:1: `chek` is no table of settings; did you mean `check`?"),
    ("\n  check.fail_on = 'hint'\n", "2:3: `fail_on` is no setting of `[check]`; did you mean `fail-on`?"),
    ("[build]\n'o\\ut' = 1\n", "2:1: `o\\ut` is no setting of `[build]`; did you mean `out`?"),
    ("check = 1\n", "1:1: `check` is a table: write `[check]`"),
    ("[[build]]\npyz = true\n", "1:1: `build` is a table: write `[build]`"),
    ("[build]\npyz = 'yes'\n", "2:1: `pyz` is true or false, not a text"),
    ("[build]\nout = [\n  1,\n]\n", "2:1: `out` is a text, not a list"),
    ("[build]\nout = ' '\n", "2:1: `out` is empty"),
    ('[build]\nout = "a\\u0000b"\n', "2:1: `out` holds a character that cannot be printed"),
    ("[build]\ntarget = 1979-05-27\n", "2:1: `target` is a text, not a date or time"),
    ("[check]\nfail-on = 'eror'\n", '2:1: `fail-on` is "hint" or "warning" or "error"; did you mean "error"?'),
    ("[severity]\nunused-imprt = 'off'\n", "2:1: no finding is called `unused-imprt`; did you mean `unused-import`?"),
    ("[severity]\nLAT1305 = 'off'\n", "2:1: no finding is called `LAT1305`; did you mean `unused-import`?"),
    (
        "[severity]\nunused-import = 'of'\n",
        '2:1: `unused-import` is "off" or "hint" or "warning" or "error"; did you mean "off"?',
    ),
    (
        "[severity]\nunknown-name = 'off'\n",
        "2:1: `unknown-name` stands in the way of a plan: it stays an error and cannot be set",
    ),
    ("build = { out = 'a', otu = 1 }\n", "1:22: `otu` is no setting of `[build]`; did you mean `out`?"),
    ("[check]\nfail-on = \n", "2:11: invalid value"),
    ("a = 1\na = 2\n", "2:6: cannot overwrite a value"),
    ("a = '", '1:6: expected "\'"'),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES, ids=lambda value: value.split("\n")[-1][:30])
def test_mistakes_are_told_with_their_place(here: Path, text: str, said: str) -> None:
    (here / "hello.lat").write_text(HELLO)
    for ends in (text, text.replace("\n", "\r\n"), "\ufeff" + text):
        (here / "lattice.toml").write_bytes(ends.encode())
        ran = lattice("check", "hello.lat")
        assert (ran.exit_code, ran.stdout) == (2, "")
        place, _, message = said.partition(" ")
        assert ran.stderr.lower().startswith(f"error: lattice.toml:{place} {message.lower()}"), ran.stderr


def test_all_mistakes_are_told_at_once(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    (here / "lattice.toml").write_text('# ours\n[build]\nx = """\n[check]\n"""\ny = 2\n\n[check]\nz = 3\n')
    ran = lattice("check", "hello.lat")
    places = [line.removeprefix("error:").split()[0] for line in ran.stderr.splitlines()]
    assert places == ["lattice.toml:3:1:", "lattice.toml:6:1:", "lattice.toml:9:1:"]


def test_a_file_that_cannot_be_read(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    (here / "lattice.toml").write_bytes(b"# \xff\n")
    ran = lattice("check", "hello.lat")
    assert (ran.exit_code, ran.stderr) == (2, "error: lattice.toml: byte 0xff is not UTF-8; save the file as UTF-8\n")
    (here / "lattice.toml").write_text("a = " + "[" * 5000)
    assert lattice("check", "hello.lat").exit_code == 2
    (here / "lattice.toml").write_text("a = " + "9" * 5000)
    assert lattice("check", "hello.lat").exit_code == 2
    (here / "lattice.toml").unlink()
    (here / "lattice.toml").mkdir()
    ran = lattice("check", "hello.lat")
    assert (ran.exit_code, ran.stderr) == (2, "error: cannot read lattice.toml: it is a folder\n")


KEYS = ["check", "build", "severity", "fail-on", "out", "pyz", "x", '"a.b"', "unused-import", "''"]
VALUES = ['"off"', "true", "1", "[{a = 1}]", "{ x = 1, y.z = '}' }", '"""\n[check]\n"""', "07:32:00", "[\n'#',\n]"]
LINES = st.one_of(
    st.builds("[{}]".format, st.sampled_from(KEYS)),
    st.builds("[[{}]]".format, st.sampled_from(KEYS)),
    st.builds("{} = {}".format, st.sampled_from(KEYS), st.sampled_from(VALUES)),
    st.builds("{}.{} = {}".format, st.sampled_from(KEYS), st.sampled_from(KEYS), st.sampled_from(VALUES)),
    st.just("# x = 1"),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass")),
        st.lists(LINES, max_size=6).map(lambda lines: "\n".join(lines).encode()),
    )
)
def test_any_bytes(here: Path, content: bytes) -> None:
    (here / "hello.lat").write_text(HELLO)
    (here / "lattice.toml").write_bytes(content)
    ran = lattice("check", "hello.lat")
    assert ran.exit_code in (0, 2), ran.output
    assert ran.exit_code == 0 or ran.stderr.startswith(("error: lattice.toml:", "error: cannot read lattice.toml: "))
