"""The built package, once, and a server of it for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mcp_server.packages import Speaker, built, desk


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("desk"), desk())


@pytest.fixture
def serve(package: Path, tmp_path: Path) -> Iterator[Callable[..., Speaker]]:
    started: list[Speaker] = []

    def start(*words: str) -> Speaker:
        started.append(Speaker(package, tmp_path, *words))
        return started[-1]

    yield start
    for speaker in started:
        speaker.kill()
