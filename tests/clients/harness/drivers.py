"""What is special about driving one client: its settings, how it is told to trust a folder, and what its model calls things."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from agent_lattice_clients.target import ClientTarget
from clients.harness.scripts import Call

if TYPE_CHECKING:
    from clients.harness.runs import Run


class Driver(ABC):
    """A client, as its tests see it."""

    target: ClassVar[ClientTarget]
    beside: ClassVar[tuple[ClientTarget, ...]] = ()
    """Other clients of which something is used."""
    refusal: ClassVar[str]
    """A pattern that what the client answers to a call that it does not make matches."""
    shell: ClassVar[Call]
    """A call that changes the folder by the client's own means: it would make the file `forbidden`."""
    guarded: ClassVar[bool]
    """Whether any session refuses that call, if nothing in the project allows it."""
    skill: ClassVar[str]
    """Where the skill `{}` of a project is that the client reads."""
    unavoidable: ClassVar[frozenset[str]]
    """Tools of the client's own that a session in the workflow has besides those of the server, with which it can change nothing."""
    seconds: ClassVar[float] = 120.0
    """How long a run may take."""

    @abstractmethod
    def settings(self, home: Path) -> dict[str, str]:
        """Variables with which it asks the model server and nobody else."""

    @abstractmethod
    def trust(self, home: Path, project: Path) -> None:
        """Writes what it writes itself when a person says that a project is trusted."""

    def words(self, launched: Sequence[str]) -> list[str]:
        """The arguments of a launch, which only a test adds to."""
        return list(launched)

    @abstractmethod
    def starting(self, skill: str, words: str) -> list[str]:
        """The arguments with which a person starts a skill in a session like any other."""

    @abstractmethod
    def call(self, server: str, tool: str, **arguments: object) -> Call:
        """A call of a tool of an MCP server."""

    @abstractmethod
    def delegate(self, role: str, task: str) -> Sequence[tuple[Call, str | None]]:
        """The calls, one after the other, that give a task to a sub-agent and bring its answer; with what each takes from the request."""

    def load(self, skill: str) -> Call | None:
        """The call with which the model reads a skill; None where the client sends the text of a skill that a person starts."""
        return None

    def told(self, skill: str, words: str) -> str:
        """What the model is told of the text of a skill that a person has started with some words."""
        return skill

    def tools(self, run: Run, rule: str) -> set[str]:
        """What the model could call when a rule answered it."""
        return set(run.answered(rule)[0]["tools"])

    def answer(self, run: Run, role: str, rule: str) -> str:
        """What a sub-agent has answered, where it came back to who gave it its task by the rule."""
        return run.result(rule)

    def offered(self, call: Call) -> str:
        """What the tool of a call is called in the list of tools that a model is offered."""
        return f"{call.space}/{call.tool}" if call.space else call.tool
