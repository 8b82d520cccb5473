"""`lattice.lock`: what a build notes in it, and how `--check` tells each kind of drift."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from agent_lattice_targets.python import TARGET
from cli.running import HELLO, ROOT, WRONG, lattice, process
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCHEMA = json.loads((ROOT / "schemas" / "lock.schema.json").read_text())


@pytest.fixture
def built(here: Path) -> Path:
    """`hello.lat` with an import, built into `out`."""
    (here / "types.lat").write_text("type T { a: string }\n")
    (here / "hello.lat").write_text(
        'import { T } from "./types.lat"\n' + HELLO.replace("name: string", "name: string, t: T")
    )
    ran = lattice("build", "hello.lat", "-o", "out")
    assert (ran.exit_code, ran.stderr) == (0, "lattice.lock: written\n")
    return here


def locked(path: str = "lattice.lock") -> Any:
    data = json.loads(Path(path).read_text())
    jsonschema.validate(data, SCHEMA)
    return data


def rewritten(change: Any) -> None:
    """Change the program in the lock as somebody else would have written it."""
    data = locked()
    change(data["programs"]["hello.lat"])
    Path("lattice.lock").write_text(json.dumps(data, indent=2, sort_keys=True) + "\n")


def drift(*words: str) -> tuple[str, str]:
    """What a check that fails prints; nothing may be written."""
    before = contents(Path())
    ran = lattice(*words)
    assert ran.exit_code == 1, ran.output
    assert contents(Path()) == before
    return ran.stdout, ran.stderr


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


def test_what_a_build_notes(here: Path) -> None:
    shutil.copytree(
        ROOT / "examples" / "triage", here / "triage", ignore=shutil.ignore_patterns("__pycache__", "*.lock")
    )
    ran = lattice("build", "triage/triage.lat", "-o", "out")
    assert ran.exit_code == 0, ran.output
    (name,) = (programs := locked("triage/lattice.lock")["programs"])
    program = programs[name]
    assert name == "triage.lat"
    assert program["models"] == {"fast": {"model": "replies.json", "provider": "scripted"}}
    assert program["workflow"] == "triage" and program["targets"] == {"python": TARGET.contract}
    assert program["plan"] == lattice("plan", "triage/triage.lat", "--digest").stdout.strip()
    assert {"triage.lat", "inbox.lat", "models.lat", "replies.json", "desk_tools/__init__.py"} <= program[
        "sources"
    ].keys()
    assert str(here) not in Path("triage/lattice.lock").read_text()


def test_nothing_drifted(built: Path) -> None:
    assert lattice("check", "--check", "hello.lat").exit_code == 0
    ran = lattice("build", "--check", "hello.lat", "-o", "out")
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, "out: as a build would write it\n", "")
    ran = lattice("build", "hello.lat", "-o", "out")
    assert (ran.exit_code, ran.stderr) == (0, "")


@pytest.mark.parametrize("words", [["check", "--check", "hello.lat"], ["build", "--check", "hello.lat", "-o", "out"]])
def test_source_changed(built: Path, words: list[str]) -> None:
    (built / "types.lat").write_text("type T { a: string, b: int }\n")
    said, noted = drift(*words)
    assert "--- lattice.lock\n+++ lattice.lock\n@@ " in said
    assert '-        "types.lat": "sha256:' in said and '+        "types.lat": "sha256:' in said
    assert "lattice.lock: source changed: `types.lat`\n" in noted
    if words[0] == "build":
        assert noted.startswith("out: output of an earlier build: ")
        assert "\n--- out/hello/" in said


def test_compiler_changed(built: Path) -> None:
    rewritten(lambda program: program.update(compiler="0.0.9", plan="sha256:" + "0" * 64))
    said, noted = drift("check", "--check", "hello.lat")
    assert noted == "lattice.lock: compiler changed: 0.0.9 → 0.1.0\n"
    assert '-      "compiler": "0.0.9",\n+      "compiler": "0.1.0",\n' in said


def test_contract_changed(built: Path) -> None:
    rewritten(lambda program: program.update(targets={"python": 0, "gone": 3}))
    noted = drift("check", "--check", "hello.lat")[1]
    assert noted == f"lattice.lock: contract changed: gone 3, python 0 → python {TARGET.contract}\n"


def test_other_drifts_of_a_lock(built: Path) -> None:
    rewritten(lambda program: program.update(plan="sha256:" + "0" * 64))
    assert "lattice.lock: compiler changed, or lock edited: " in drift("check", "--check", "hello.lat")[1]
    rewritten(lambda program: program.update(workflow="other"))
    assert "hello.lat: workflow `other` is gone: " in drift("check", "--check", "hello.lat")[1]
    assert "workflow changed: `other` → `hello`" in drift("build", "--check", "hello.lat", "-o", "out")[1]
    lattice("build", "hello.lat", "-o", "out")
    Path("lattice.lock").write_text(json.dumps(locked()))
    assert drift("check", "--check", "hello.lat")[1] == "lattice.lock: lock edited: it says the same in another form\n"


def test_output_edited(built: Path) -> None:
    edited, removed, added = (built / "out" / "hello" / name for name in ("workflow.py", "manifest.json", "mine.py"))
    edited.write_text(edited.read_text() + "# mine\n")
    removed.unlink()
    added.write_text("# a build leaves this alone\n")
    said, noted = drift("build", "--check", "hello.lat", "-o", "out")
    assert noted == "out: output edited: `hello/manifest.json`, `hello/workflow.py`\n"
    assert "--- /dev/null\n+++ out/hello/manifest.json\n" in said and "\n-# mine\n" in said and "mine.py" not in said
    assert lattice("check", "--check", "hello.lat").exit_code == 0


def test_output_of_another_build(built: Path) -> None:
    lattice("build", "hello.lat", "-o", "out", "--pyz")
    said, noted = drift("build", "--check", "hello.lat", "-o", "out")
    assert (said, noted) == ("binary file out/hello.pyz differs\n", "out: output of an earlier build: `hello.pyz`\n")


def test_never_built(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    said, noted = drift("build", "--check", "hello.lat", "-o", "out")
    assert noted.splitlines()[0] == "out: there is no build in this folder yet"
    assert said.startswith("--- /dev/null\n+++ lattice.lock\n")
    assert (
        drift("check", "--check", "hello.lat")[1] == "lattice.lock: there is no lock yet: `lattice build` writes it\n"
    )
    assert not (here / "out").exists()


def test_several_programs_share_a_lock(built: Path) -> None:
    (built / "other.lat").write_text(HELLO.replace("hello(", "other("))
    assert (
        drift("check", "--check", "hello.lat", "other.lat")[1]
        == "lattice.lock: `other.lat` was never built with this lock\n"
    )
    lattice("build", "other.lat", "-o", "out2")
    assert list(locked()["programs"]) == ["hello.lat", "other.lat"]
    assert lattice("check", "--check", "hello.lat", "other.lat", "types.lat").exit_code == 0
    (built / "other.lat").unlink()
    assert drift("check", "--check", "hello.lat")[1] == "lattice.lock: source changed: `other.lat` is gone\n"
    lattice("build", "hello.lat", "-o", "out")
    assert list(locked()["programs"]) == ["hello.lat"]


def test_a_part_of_a_program_needs_no_lock_of_its_own(here: Path) -> None:
    (here / "sub").mkdir()
    (here / "sub" / "part.lat").write_text(HELLO.replace("hello(", "part("))
    (here / "main.lat").write_text(
        'import { part } from "./sub/part.lat"\nworkflow main() -> string {\n  a = call part(name: "x")\n  return a\n}\n'
    )
    assert lattice("build", "main.lat", "-o", "out", "--lock", "locks/all.lock").exit_code == 0
    assert list(locked("locks/all.lock")["programs"]) == ["../main.lat"]
    ran = lattice("check", "--check", "--lock", "locks/all.lock", "main.lat", "sub/part.lat")
    assert ran.exit_code == 0, ran.output


def test_a_main_workflow_that_nobody_named(here: Path) -> None:
    (here / "two.lat").write_text(HELLO + HELLO.replace("hello(", "second("))
    assert drift("check", "--check", "two.lat")[1].startswith("two.lat: several workflows could be the main one: ")
    assert lattice("build", "two.lat", "-o", "out", "--workflow", "second").exit_code == 0
    assert lattice("check", "--check", "two.lat").exit_code == 0


def test_drift_beside_other_forms(built: Path) -> None:
    (built / "hello.lat").write_text(HELLO)
    said, noted = drift("check", "--check", "hello.lat", "--format", "json")
    assert json.loads(said)["diagnostics"] == [] and noted.startswith("--- lattice.lock\n")
    said, _ = drift("check", "--check", "hello.lat", "--format", "github")
    assert said == "::error file=lattice.lock,title=drift::source changed: `hello.lat`, `types.lat`\n"


def test_errors_come_before_drift(built: Path) -> None:
    (built / "hello.lat").write_text(WRONG)
    ran = lattice("check", "--check", "hello.lat")
    assert (ran.exit_code, ran.stderr) == (1, "")


def test_wrong_usage(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    for words in (
        ["check", "hello.lat", "--lock", "x"],
        ["build", "hello.lat", "-o", "out", "--lock", "x", "--no-lock"],
        ["build", "-", "-o", "out", "--lock", "x"],
    ):
        assert lattice(*words, input=HELLO).exit_code == 2
    assert lattice("build", "hello.lat", "-o", "out", "--no-lock").exit_code == 0
    assert lattice("build", "-", "-o", "out2", input=HELLO).exit_code == 0
    assert not list(here.rglob("*.lock"))
    (here / "file").write_text("")
    ran = lattice("build", "hello.lat", "-o", "out", "--lock", "file/x.lock")
    assert (ran.exit_code, "error: cannot write file/x.lock: " in ran.stderr) == (2, True)


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_line_ends_are_no_drift(built: Path, end: bytes) -> None:
    for path in [built / "hello.lat", built / "types.lat", built / "lattice.lock", *(built / "out").rglob("*")]:
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\n", end))
    ran = lattice("build", "--check", "hello.lat", "-o", "out")
    assert ran.exit_code == 0, ran.output
    assert lattice("check", "--check", "hello.lat").exit_code == 0


def test_the_lock_depends_on_nothing_but_the_sources(built: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    expected = (built / "lattice.lock").read_bytes()
    for number, env in enumerate(
        ({"PYTHONHASHSEED": "1", "LC_ALL": "C"}, {"PYTHONHASHSEED": "2", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"})
    ):
        elsewhere = tmp_path_factory.mktemp(f"else where {number}") / "ü"
        elsewhere.mkdir()
        for name in ("hello.lat", "types.lat"):
            shutil.copy(built / name, elsewhere / name)
        source = os.path.relpath(elsewhere / "hello.lat") if number else str(elsewhere / "hello.lat")
        ran = process("build", source, "-o", str(elsewhere / "out"), env={**env, "PYTHONUTF8": "1"})
        assert ran.returncode == 0, ran.stderr
        assert (elsewhere / "lattice.lock").read_bytes() == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "lattice.lock is not JSON: "),
        (b"<<<<<<< HEAD\n", "lattice.lock is not JSON: "),
        (b"[]", "lattice.lock is no lock: $ as a whole: "),
        (b'{"format": 2, "programs": []}', "lattice.lock is of format 2, and this compiler knows 1"),
        (b'{"format": 1, "programs": {"a": 1}}', "lattice.lock is no lock: $.programs.a: "),
        (b"\xff", "lattice.lock is not UTF-8"),
    ],
)
def test_a_damaged_lock(built: Path, content: bytes, said: str) -> None:
    (built / "lattice.lock").write_bytes(content)
    for words in (
        ["check", "--check", "hello.lat"],
        ["build", "hello.lat", "-o", "new"],
        ["build", "--check", "hello.lat", "-o", "out"],
    ):
        ran = lattice(*words)
        assert (ran.exit_code, ran.stderr.splitlines()[-1].startswith(f"error: {said}")) == (2, True), ran.output
    assert not (built / "new").exists()
    assert lattice("check", "hello.lat").exit_code == 0
    assert lattice("build", "hello.lat", "-o", "out", "--force").exit_code == 0
    assert locked()["format"] == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["format", "programs", "hello.lat", "plan", "sources", "\0", "../x", "x" * 300])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=60)
    | JSON.map(lambda data: json.dumps(data).encode())
    | JSON.map(lambda data: json.dumps({"format": 1, "programs": {"x": data}}).encode())
)
def test_any_bytes(here: Path, content: bytes) -> None:
    (here / "hello.lat").write_text(HELLO)
    (here / "lattice.lock").write_bytes(content)
    ran = lattice("check", "--check", "hello.lat")
    assert ran.exit_code in (1, 2), ran.output
    assert isinstance(ran.exception, SystemExit)


def test_names_in_a_lock_that_no_file_has(built: Path) -> None:
    data = locked()
    for name in ("\0", "x" * 5000, "", "..", "/", "a/../b"):
        data["programs"][name] = data["programs"]["hello.lat"]
    (built / "lattice.lock").write_text(json.dumps(data))
    assert "is gone" in drift("check", "--check", "hello.lat")[1]
