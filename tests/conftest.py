"""Settings for all tests, and the server that some of them need."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from postgres_server import PostgresServer

settings.register_profile("lattice", deadline=None)  # how long an example takes depends on what else the machine does
settings.load_profile("lattice")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real server. Where PostgreSQL is not installed tests are skipped, but not where LATTICE_POSTGRES is "required"."""
    from postgres_server import PostgresServer, programs

    try:
        programs()
    except FileNotFoundError as error:
        if "CI" in os.environ or os.environ.get("LATTICE_POSTGRES") == "required":
            raise
        pytest.skip(str(error))
    server = PostgresServer()
    yield server
    server.close()
