"""A PostgreSQL server of our own on the loopback interface, with its usual settings, that ends with the bench."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any


@contextmanager
def server() -> Iterator[str | None]:
    """The start of its URLs, to which the name of a database is added; None where the program is not installed."""
    programs = _programs()
    if programs is None:
        yield None
        return
    folder = Path(mkdtemp())
    port = _free_port()
    owner: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}  # it refuses root
    if owner:
        shutil.chown(folder, **owner)
    data = str(folder / "data")
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "bench", "-A", "trust"], check=True, capture_output=True, **owner
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder}"
    command = [programs / "pg_ctl", "-D", data, "-w", "-o", options]
    subprocess.run([*command, "-l", str(folder / "log"), "start"], check=True, capture_output=True, **owner)
    try:
        yield f"postgresql://bench@127.0.0.1:{port}/"
    finally:
        subprocess.run([*command, "-m", "fast", "stop"], check=True, capture_output=True, **owner)
        shutil.rmtree(folder)


def make_database(url: str, name: str) -> str:
    """The URL of a new database."""
    import psycopg

    with psycopg.connect(f"{url}postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return url + name


def _programs() -> Path | None:
    found = [Path(path).parent for path in (shutil.which("initdb"),) if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if (folder / "pg_ctl").exists()), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
