"""The package of `paydesk.lat`."""

from __future__ import annotations

from pathlib import Path

from mcp_server.packages import built, compiled


def paydesk(folder: Path) -> Path:
    """The folder with the package."""
    return built(folder, compiled(Path(__file__).parent / "paydesk.lat"))
