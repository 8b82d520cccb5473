"""Which clients, examples and versions are tried, by the variable LATTICE_CLIENTS.

Unset, as in a test of the project: two examples at the versions of the contracts, and a client that cannot be had is skipped.
`required`: all examples, and such a client is a failure. `latest`: the same with the newest version of each client.
"""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib import import_module

import pytest
from agent_lattice_clients.exporting import NATIVE
from agent_lattice_clients.target import ClientTarget
from agent_lattice_targets import targets
from clients.harness.drivers import Driver
from clients.harness.installing import NotInstalled, program
from clients.harness.namespaces import why_not
from clients.harness.projects import ALL, CI, Example

DRIVERS: dict[str, Driver] = {
    name: import_module(f"clients.harness.{name}").DRIVER
    for name, load in targets().items()
    if isinstance(load().TARGET, ClientTarget)
}
"""By the names of targets: every client target has a driver, in the module of its name."""


def wanted() -> str:
    """What the variable says."""
    return os.environ.get("LATTICE_CLIENTS", "")


def examples() -> tuple[Example, ...]:
    """Those to try."""
    return ALL if wanted() else CI


def ways() -> list[tuple[str, str, Example]]:
    """Client, mode and example; workflow scripts, which one client runs, have tests of their own."""
    return [
        (name, mode, example)
        for name, driver in DRIVERS.items()
        for mode in driver.target.modes
        if mode != NATIVE
        for example in examples()
    ]


def need(driver: Driver) -> None:
    """End the test here if the client cannot be run: as skipped, or as failed where it was asked for."""
    if why := missing(driver):
        (pytest.fail if wanted() else pytest.skip)(why)


@cache
def missing(driver: Driver) -> str | None:
    """Why a client cannot be run here."""
    if platform.system() != "Linux":
        return "clients are run in network namespaces, which only Linux has"
    if why := why_not():
        return why
    try:
        for target in (driver.target, *driver.beside):
            program(target)
    except NotInstalled as reason:
        return f"{driver.target.title}: {reason}"
    return None
