"""At the end of a run of the clients: which versions were tried, and what differs from what the contracts say."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest
from clients.harness.choosing import DRIVERS, wanted
from clients.harness.installing import NotInstalled, version


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Versions and failed proofs by client, where clients were asked for."""
    if not wanted():
        return
    failed = _failed(terminalreporter.stats.get("failed", []))
    terminalreporter.section("clients")
    for name, driver in DRIVERS.items():
        terminalreporter.write_line(f"{driver.target.title}: {_versions(name)}")
        for proof, where in failed[name].items():
            terminalreporter.write_line(f"  differs: {proof} ({', '.join(where)})")


def _versions(name: str) -> str:
    target = DRIVERS[name].target
    tried = target.frozen["client"]["tried"]
    try:
        now = version(target)
    except NotInstalled as reason:
        return str(reason)
    return f"{now}, which the contract names" if now in tried else f"{now}; the contract names {', '.join(tried)}"


def _failed(reports: list[pytest.TestReport]) -> dict[str, dict[str, list[str]]]:
    """By client and proof, the modes and examples in which it failed."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for report in reports:
        case = re.search(r"\[(\w+)-(\S+)\]$", report.nodeid)
        context = getattr(report, "context", None)
        if case and context is not None:
            found[case[1]][context.msg].append(case[2])
    return found
