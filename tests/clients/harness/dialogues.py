"""What the model of a client says in a test: it uses what it may use, tries what it may not, and leaves parts to sub-agents.

Each call is a rule, so that a test can ask a run for what came of it. One run answers many questions: clients take seconds to start.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent_lattice_clients.exporting import DRIVEN
from agent_lattice_clients.roles import Role
from agent_lattice_runtime.client_names import tool_name
from clients.harness.drivers import Driver
from clients.harness.projects import MODELS, Project
from clients.harness.runs import Run, run
from clients.harness.scripts import Call, Rule

CASE = "case-4711"
"""Stands in what a person writes: the requests of the main conversation are known by it."""
DONE = "This part is done."
"""What sub-agents answer."""
USE, OUTSIDE, SHELL = "use", "outside", "shell"
"""The rules: what is within the manifest, what is not, and the client's own means to change files."""


@dataclass(frozen=True)
class Dialogue:
    """A client in a project, and what its model says there."""

    driver: Driver
    project: Project

    def launched(self) -> Run:
        """The launch command of the target, headless. The model uses, tries and delegates all that it can."""
        export = self.project.export
        command = self.driver.target.launch(export.slug, (CASE,), mode=export.mode, headless=True)
        delegation = [rule for role in self.roles for rule in self._delegation(role)]
        return self._run(self.driver.words(command.words[1:]), [*self._main(), *delegation])

    def beside(self) -> Run:
        """Any session, started in a folder of the project, in which a person uses the skill. The project is a repository: by that clients
        find its files. A client's own means are tried where anybody is refused them: what a person lets sessions do, no workflow says."""
        rules = [rule for rule in self._main() if rule.name != SHELL or self.driver.guarded]
        below = self.project.folder / "below"
        below.mkdir()
        subprocess.run(["git", "init", "-q", str(self.project.folder)], check=True)
        return self._run(self.driver.starting(self.project.export.slug, CASE), rules, below)

    @property
    def roles(self) -> Sequence[Role]:
        """The sub-agents that take part: none where the package does all the work."""
        return [] if self.project.export.mode == DRIVEN else list(self.project.export.roles)

    @property
    def used(self) -> Call:
        """A call that is within the manifest: the workflow or, where the client's model carries it out, one of its operations."""
        export, example = self.project.export, self.project.example
        if export.mode == DRIVEN:
            return self.driver.call(export.server, export.tools[0].name, **example.arguments)
        return self.driver.call(export.server, tool_name(example.operation), **example.given)

    def _main(self) -> list[Rule]:
        when: dict[str, Any] = {"having": (CASE,), "armed": True}
        load = self.driver.load(self.project.export.slug)
        loaded = [Rule("load", calls=(load,), **when)] if load else []
        return [*loaded, *self._attempts("", **when)]

    def _attempts(self, who: str, **when: Any) -> list[Rule]:
        outside = self.driver.call(self.project.export.server, "outside_act", word="once")
        tries = {USE: self.used, OUTSIDE: outside, SHELL: self.driver.shell}
        return [Rule(who + name, calls=(call,), **when) for name, call in tries.items()]

    def _delegation(self, role: Role) -> list[Rule]:
        """A sub-agent is given a part, tries the same, then answers."""
        part = f"part for {role.id}."
        within: dict[str, Any] = {"having": (part,), "lacking": (CASE,)}
        *first, last = self.driver.delegate(role.id, part)
        steps = [(f"delegate {role.id}: {number}", step) for number, step in enumerate(first)] + [
            (f"delegate {role.id}", last)
        ]
        asked = [Rule(name, calls=(call,), taken=taken, having=(CASE,), armed=True) for name, (call, taken) in steps]
        return [*asked, *self._attempts(f"{role.id} ", **within), Rule(f"{role.id} answers", DONE, **within)]

    def _run(self, words: Sequence[str], rules: Sequence[Rule], cwd: Path | None = None) -> Run:
        project = self.project
        return run(self.driver, project.folder, words, [*project.example.rules, *rules], cwd, **MODELS)
