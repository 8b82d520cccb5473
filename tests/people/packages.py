"""The package of `paydesk.lat`."""

from __future__ import annotations

from pathlib import Path

from agent_lattice import driver
from mcp_server.packages import built

HERE = Path(__file__).parent


def paydesk(folder: Path) -> Path:
    """The folder with the package."""

    def read(name: str) -> bytes | None:
        path = HERE / name
        return path.read_bytes() if path.is_file() else None

    compilation = driver.compile_source("paydesk.lat", (HERE / "paydesk.lat").read_bytes(), read)
    made = driver.plan_of(compilation)
    assert made is not None, compilation.report.found
    return built(folder, made)
