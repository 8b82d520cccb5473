"""`lattice build`: the package, and that the build folder stays the author's friend."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from cli.running import HELLO, WRONG, lattice


def test_a_package_that_runs_without_the_compiler(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    ran = lattice("build", "hello.lat", "-o", "out", "--pyz")
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.startswith("out: ") and ran.stdout.endswith(" written, 0 unchanged\n")
    given = ["run", "--input", '{"name": "you"}', "--quiet"]
    for words, folder in ((["-m", "hello"], here / "out"), (["-I", "-S", str(here / "out" / "hello.pyz")], here)):
        ran2 = subprocess.run([sys.executable, *words, *given], cwd=folder, capture_output=True, text=True, env={})
        assert (ran2.returncode, ran2.stdout) == (0, '"hello you"\n'), ran2.stderr


def test_building_again_changes_nothing_and_other_files_stay(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    lattice("build", "hello.lat", "-o", "out")
    (here / "out" / "mine.txt").write_text("mine")
    before = {path: path.stat().st_mtime_ns for path in (here / "out").rglob("*") if path.is_file()}
    ran = lattice("build", "hello.lat", "-o", "out")
    assert ran.stdout.startswith("out: 0 written, ")
    assert {path: path.stat().st_mtime_ns for path in (here / "out").rglob("*") if path.is_file()} == before


def test_another_workflow_leaves_nothing_of_the_first(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    (here / "hi.lat").write_text(HELLO.replace("workflow hello", "workflow hi"))
    ran = lattice("build", "hello.lat", "-o", "out", "--pyz")
    assert ran.exit_code == 0, ran.output
    ran = lattice("build", "hi.lat", "-o", "out")
    assert ran.exit_code == 0 and " removed" in ran.stdout
    listed = json.loads((here / "out" / ".lattice-build.json").read_text())["files"]
    found = {path.relative_to(here / "out").as_posix() for path in (here / "out").rglob("*") if path.is_file()}
    assert found == {*listed, ".lattice-build.json"}
    assert not (here / "out" / "hello").exists()


def test_an_edited_file_needs_force(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    lattice("build", "hello.lat", "-o", "out")
    edited = here / "out" / "hello" / "workflow.py"
    text = edited.read_text()
    edited.write_text("# mine\n")
    ran = lattice("build", "hello.lat", "-o", "out")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "`hello/workflow.py` was edited since the last build" in ran.stderr and "--force" in ran.stderr
    assert edited.read_text() == "# mine\n"
    assert lattice("build", "hello.lat", "-o", "out", "--force").exit_code == 0
    assert edited.read_text() == text


def test_what_cannot_be_built(here: Path) -> None:
    (here / "wrong.lat").write_text(WRONG)
    ran = lattice("build", "wrong.lat", "-o", "out")
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert not (here / "out").exists()
    (here / "hello.lat").write_text(HELLO)
    ran = lattice("build", "hello.lat", "-o", "out", "--target", "pyhton")
    assert (ran.exit_code, ran.stderr) == (2, "error: there is no target `pyhton`; did you mean `python`?\n")
    (here / "file").write_text("")
    assert lattice("build", "hello.lat", "-o", "file").exit_code == 2
    assert lattice("build", "hello.lat").exit_code == 2


def test_warnings_are_shown_and_do_not_stop(here: Path) -> None:
    (here / "types.lat").write_text("type T { a: string }\n")
    (here / "hello.lat").write_text('import { T } from "./types.lat"\n' + HELLO)
    ran = lattice("build", "hello.lat", "-o", "out")
    assert ran.exit_code == 0
    assert "warning[LAT1305]" in ran.stderr


def test_what_is_deployed_says_what_it_was_made_of(here: Path) -> None:
    (here / "types.lat").write_text("type T { a: string }\n")
    (here / "hello.lat").write_text('import { T } from "./types.lat"\n' + HELLO)
    assert lattice("build", "hello.lat", "-o", "out", "--pyz", "--deploy").exit_code == 0
    statement = json.loads((here / "out" / "provenance.json").read_text())
    found = {path.relative_to(here / "out").as_posix(): path for path in (here / "out").rglob("*") if path.is_file()}
    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    assert subjects.keys() == found.keys() - {"provenance.json", ".lattice-build.json"}
    assert {"hello.pyz", "Dockerfile", ".dockerignore", "sbom.cdx.json"} < subjects.keys()
    for name, digest in subjects.items():
        assert hashlib.sha256(found[name].read_bytes()).hexdigest() == digest
    made_of = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    locked = json.loads((here / "lattice.lock").read_text())["programs"]["hello.lat"]["sources"]
    assert {f["name"]: f"sha256:{f['digest']['sha256']}" for f in made_of} == locked and "types.lat" in locked
    assert statement["predicate"]["buildDefinition"]["externalParameters"]["source"] == "hello.lat"


def test_a_project_says_once_that_it_is_deployed(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    (here / "lattice.toml").write_text('[build]\nout = "out"\ndeploy = true\n')
    assert lattice("build", "hello.lat").exit_code == 0
    assert (here / "out" / "Dockerfile").exists()
    assert lattice("build", "hello.lat", "--check").exit_code == 0
    ran = lattice("build", "hello.lat", "--no-deploy")
    assert " 4 removed" in ran.stdout and not (here / "out" / "Dockerfile").exists()


def test_a_package_for_postgresql(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    carried = here / "out" / "hello" / "_runtime" / "stores" / "postgres.py"
    assert lattice("build", "hello.lat", "-o", "out", "--store", "postgres").exit_code == 0
    assert carried.exists()
    assert lattice("build", "hello.lat", "-o", "out", "--check").exit_code == 1
    (here / "lattice.toml").write_text('[build]\nout = "out"\nstore = "postgres"\n')
    assert lattice("build", "hello.lat", "--check").exit_code == 0
    assert lattice("build", "hello.lat", "--store", "sqlite").exit_code == 0
    assert not carried.exists()
    ran = lattice("build", "hello.lat", "-o", "other", "--target", "claude", "--store", "postgres")
    assert (ran.exit_code, ran.stderr) == (2, "error: the target `claude` keeps no runs in `postgres`\n")
    assert lattice("build", "hello.lat", "--store", "mysql").exit_code == 2
