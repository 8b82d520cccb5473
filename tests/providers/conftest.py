from __future__ import annotations

from collections.abc import Iterator

import pytest

from .fake_services import FakeServices


@pytest.fixture
def services() -> Iterator[FakeServices]:
    with FakeServices() as server:
        yield server
