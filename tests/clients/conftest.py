"""At the end of a run of the clients: which versions were tried, and what differs from what the contracts say."""

from __future__ import annotations

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
            terminalreporter.write_line(f"  differs: {proof} ({', '.join(filter(None, where))})")


def _versions(name: str) -> str:
    target = DRIVERS[name].target
    tried = target.frozen["client"]["tried"]
    try:
        now = version(target)
    except NotInstalled as reason:
        return str(reason)
    return f"{now}, which the contract names" if now in tried else f"{now}; the contract names {', '.join(tried)}"


def _failed(reports: list[pytest.TestReport]) -> dict[str, dict[str, list[str]]]:
    """By client and proof, or test, the cases in which it failed."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for report in reports:
        path, _, test = report.nodeid.partition("::")
        test, _, case = test.rstrip("]").partition("[")
        client = next((name for name in DRIVERS if name in path.split("/") or case.startswith(f"{name}-")), "")
        proof = getattr(report, "context", None)
        if proof is not None:
            found[client][proof.msg].append(case.removeprefix(f"{client}-"))
        elif "failed subtest" not in str(report.longrepr):
            found[client][test].append(case.removeprefix(f"{client}-"))
    return found
