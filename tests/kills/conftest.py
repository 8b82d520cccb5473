"""Says at the end how many processes were killed."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = terminalreporter.stats.get("passed", [])
    kills = sum(value for report in reports for name, value in report.user_properties if name == "kills")
    if kills:
        terminalreporter.write_line(f"{kills} processes were killed")
