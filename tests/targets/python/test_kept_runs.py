"""Packages that were built to keep their runs in PostgreSQL, against a real server; others carry nothing of it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from agent_lattice.records import replace
from agent_lattice_targets.python.package import package_files
from targets.python.programs import ECHO, ECHO_FILES, made, python, write

if TYPE_CHECKING:
    from postgres_server import PostgresServer

PLAN = made(ECHO, ECHO_FILES)
MODULES = {"leases.py", "postgres.py", "postgres_schema.py", "postgres_sessions.py"}


def stores(files: dict[str, str]) -> set[str]:
    return {Path(path).name for path in files if "/_runtime/stores/" in path}


def test_only_a_package_that_was_built_for_it_carries_it() -> None:
    plain, kept = package_files(PLAN), package_files(replace(PLAN, stores=("postgres",)))
    assert not MODULES & stores(plain)
    assert stores(kept) >= MODULES
    assert "optional-dependencies" not in plain["pyproject.toml"]
    assert tomllib.loads(kept["pyproject.toml"])["project"]["optional-dependencies"] == {
        "postgres": ["psycopg[binary]>=3.2,<4"]
    }
    assert "postgresql://" in kept["README.md"] and "postgresql://" not in plain["README.md"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("kept"), replace(PLAN, stores=("postgres",)))


def test_a_package_keeps_its_runs_in_a_database(postgres_server: PostgresServer, folder: Path) -> None:
    dsn = postgres_server.empty()
    words = ["-m", "main", "run", "--input", '{"n": 3}', "--run-id", "r", "--store", dsn]
    for _ in range(2):  # the second time it is told again
        done = python(*words, cwd=folder)
        assert (done.returncode, done.stdout) == (0, '"ho3"\n'), done.stderr
    found = {
        command: python("-m", "main", command, *run, "--store", dsn, "--json", cwd=folder)
        for command, run in (("runs", ()), ("events", ("r",)), ("trace", ("r",)), ("verify", ()), ("replay", ("r",)))
    }
    assert [done.returncode for done in found.values()] == [0] * 5, found
    assert json.loads(found["runs"].stdout)["status"] == "completed"
    assert len(found["events"].stdout.splitlines()) == json.loads(found["verify"].stdout)["events"]
    program = f"import main; print(main.run(n=3, store={dsn!r}, run_id='r'))"
    assert python("-c", program, cwd=folder).stdout == "ho3\n"


def test_the_password_is_not_shown_by_any_command(postgres_server: PostgresServer, folder: Path) -> None:
    secret = "s3cr3t-of-nobody"
    for dsn in (postgres_server.dsn(secret), f"postgresql://x:{secret}@[1/x", f"postgres://x:{secret}@127.0.0.1:1/x"):
        for command in (("runs",), ("run", "--input", '{"n": 3}'), ("resume", "r"), ("verify",)):
            done = python("-m", "main", *command, "--store", dsn, cwd=folder)
            assert done.returncode == 2 and "postgresql://" in done.stderr
            assert secret not in done.stdout + done.stderr


def test_what_is_missing_is_said(postgres_server: PostgresServer, folder: Path, tmp_path: Path) -> None:
    words = ("runs", "--store", postgres_server.dsn())
    done = python("-I", "-S", str(folder / "main"), *words, cwd=folder)
    assert done.returncode == 2
    assert (
        'psycopg is not installed: install the extra `postgres`, or `pip install "psycopg[binary]>=3.2,<4"`'
        in done.stderr
    )
    done = python("-m", "main", *words, cwd=write(tmp_path, PLAN))
    assert done.returncode == 2
    assert "this package keeps runs in SQLite files only: build it with --store postgres" in done.stderr
