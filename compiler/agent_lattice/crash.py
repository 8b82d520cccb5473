"""What is kept of an internal error: a report that can be sent, without arguments and environment."""

from __future__ import annotations

import os
import platform
import tempfile
import traceback

from agent_lattice import __version__


def write_report(error: BaseException, command: str) -> str | None:
    """Write the report into the temporary folder; its path, or None when nothing can be written there."""
    lines = [
        f"lattice {__version__} {command}",
        f"{platform.python_implementation()} {platform.python_version()} on {platform.system()} {platform.release()}",
        "",
        *traceback.format_exception(error),
    ]
    try:
        handle, path = tempfile.mkstemp(prefix="lattice-report-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write("\n".join(lines))
    except OSError:
        return None
    return path
