"""Wheels from an emitted folder: built as people build them, installed where there is nothing else, the same bytes every time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from agent_lattice_targets.python import pyz
from targets.python.programs import ECHO, ECHO_FILES, made, python, write

PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--no-cache-dir")
BUILDS = {
    "pip": (*PIP, "wheel", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", "dist", "."),
    "build": ("-m", "build", "--no-isolation", "--outdir", "dist", "."),
}


def built(folder: Path, how: str, **environment: str) -> Path:
    """The wheel that a build of an emitted folder gives."""
    done = python(*BUILDS[how], cwd=folder, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def emitted(place: Path) -> Path:
    """The folder of a package, inside a repository that ignores it."""
    (place / ".git").mkdir(parents=True)
    (place / ".gitignore").write_text("out/\n*.json\n")
    return write(place / "out", made(ECHO, ECHO_FILES))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(emitted(tmp_path_factory.mktemp("first")), "pip")


@pytest.mark.parametrize("how", BUILDS)
def test_a_wheel_runs_where_nothing_else_is_installed(how: str, tmp_path: Path) -> None:
    wheel = built(emitted(tmp_path / "source"), how)
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    scripts = venv / ("Scripts" if os.name == "nt" else "bin")
    done = python(*PIP, "--python", str(venv), "install", "--no-index", str(wheel), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    given = ("run", "--input", '{"n": 3}', "--quiet")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ran = python("-m", "main", *given, cwd=elsewhere, interpreter=str(scripts / "python"))
    assert (ran.returncode, ran.stdout) == (0, '"ho3"\n'), ran.stderr
    script = subprocess.run([str(scripts / "main"), *given], cwd=elsewhere, capture_output=True, text=True)
    assert (script.returncode, script.stdout) == (0, '"ho3"\n'), script.stderr
    listed = python(*PIP, "--python", str(venv), "list", "--format=freeze", cwd=tmp_path).stdout.split()
    assert listed == ["main==0.1.0"]


@pytest.mark.parametrize("environment", [{}, {"SOURCE_DATE_EPOCH": "1700000000"}])
def test_a_wheel_has_the_same_bytes_whenever_and_wherever_it_is_built(
    environment: dict[str, str], tmp_path: Path
) -> None:
    found = set()
    for place, how, zone in (("a", "pip", "UTC"), ("b/c", "build", "Asia/Tokyo")):
        folder = emitted(tmp_path / place)
        for path in folder.rglob("*"):
            os.utime(path, (len(place) * 1e8, len(place) * 1e8))
            path.chmod(0o777 if path.is_dir() else 0o600 if place == "a" else 0o664)
        wheel = built(folder, how, TZ=zone, PYTHONHASHSEED=str(len(place)), **environment)
        found.add(hashlib.sha256(wheel.read_bytes()).hexdigest())
    assert len(found) == 1


def test_a_wheel_holds_the_package_and_its_licences_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    folder = wheel.parents[1]
    package = {path.relative_to(folder).as_posix() for path in (folder / "main").rglob("*") if path.is_file()}
    info = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/NOTICE", "licenses/main/_runtime/LICENSE"}
    assert names == package | {f"main-0.1.0.dist-info/{name}" for name in info}


def test_what_is_left_beside_a_package_does_not_get_into_the_source_distribution(tmp_path: Path) -> None:
    folder = emitted(tmp_path)
    for name in (".env", "main.pyz", ".lattice-build.json", ".lattice/main.db"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")
    built(folder, "build")
    (archive,) = (folder / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        beside = {name.split("/")[1] for name in opened.getnames()}
    beside.discard(".gitignore")  # of the repository: hatchling always takes it along
    assert beside == {"main", "NOTICE", "PKG-INFO", "README.md", "pyproject.toml"}


def test_the_archive_carries_the_licence_of_the_runtime() -> None:
    with zipfile.ZipFile(BytesIO(pyz(made(ECHO, ECHO_FILES)))) as archive:
        assert b"Apache License" in archive.read("main/_runtime/LICENSE")
