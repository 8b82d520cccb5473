"""One run of a real client in a project, and what its requests to the model show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from clients.harness.drivers import Driver
from clients.harness.homes import surroundings
from clients.harness.installing import program
from clients.harness.namespaces import run_alone
from clients.harness.requests import joined
from clients.harness.scripts import Rule


@dataclass(frozen=True)
class Run:
    """How a client ended, what it printed, and every request with its answer."""

    code: int | None
    out: str
    err: str
    exchanges: list[dict[str, Any]]

    @cached_property
    def text(self) -> str:
        """All that the client has told its models."""
        return "\n".join(joined(exchange["body"]) for exchange in self.exchanges)

    def answered(self, rule: str) -> list[dict[str, Any]]:
        """The exchanges in which a rule has answered, in order."""
        return [exchange for exchange in self.exchanges if exchange["answer"]["rule"] == rule]

    def result(self, rule: str) -> str:
        """What the call of a rule brought back to the model. Fails where the call was not made or nothing came back."""
        made = [call for exchange in self.answered(rule) for call in exchange["answer"]["calls"]]
        assert made, f"{rule}: the model was never at this point; {self.told}"
        brought = [exchange["results"][made[0]] for exchange in self.exchanges if made[0] in exchange["results"]]
        assert brought, f"{rule}: no result came back to the model; {self.told}"
        return str(brought[0])

    @property
    def told(self) -> str:
        """The run in a few lines, for whoever reads why a test failed."""
        rules = [exchange["answer"]["rule"] or "-" for exchange in self.exchanges]
        return f"the client ended with {self.code} after {rules}\n{self.out[-1500:]}\n{self.err[-1500:]}"


def run(
    driver: Driver,
    project: Path,
    words: Sequence[str],
    rules: Sequence[Rule],
    cwd: Path | None = None,
    settle: Callable[[Path], None] | None = None,
    **env: str,
) -> Run:
    """Run the client in a project that it trusts, or in a folder of it, with a new home, into which `settle` writes settings of the
    person. `words` are its arguments, `env` what it gets to see in addition."""
    home = project.with_name(f"{project.name}-home")
    variables = surroundings(home) | driver.settings(home) | env
    driver.trust(home, project)
    if settle is not None:
        settle(home)
    command = [str(program(driver.target)), *words]
    return Run(**run_alone(command, cwd or project, variables, tuple(rules), driver.seconds))
