"""The Node processes of these tests; without Node there are none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from javascript.engine import Engine
from javascript.scripts import Client


@pytest.fixture(scope="session")
def node() -> None:
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")


@pytest.fixture(scope="session")
def engine(node: None) -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


@pytest.fixture(scope="session")
def client(node: None) -> Iterator[Client]:
    made = Client()
    yield made
    made.close()
