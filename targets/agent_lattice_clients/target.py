"""What the targets for coding agents have in common; each adds its client's own files, table, models and matching rules."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

from agent_lattice import plan
from agent_lattice.records import record
from agent_lattice.target import Loss, Strength, Unoffered

from agent_lattice_clients.capabilities import Table, losses, writes
from agent_lattice_clients.embedding import embedded, folder_of
from agent_lattice_clients.exporting import DRIVEN, Export
from agent_lattice_clients.models import Offered, unoffered
from agent_lattice_clients.roles import Role

if TYPE_CHECKING:
    from pathlib import Path

    from agent_lattice_clients.trust import Home, Trust


@record
class Launch:
    """A command line that starts the client in the workflow."""

    words: tuple[str, ...]


class ClientTarget(ABC):
    """Files of a project with which a client runs a workflow; see the README of each for what its client reads."""

    name: str
    title: str
    """The client's own name."""
    program: str
    """What starts it."""
    modes: tuple[str, ...]
    """What `--mode` may say; the first is the strongest, and the default."""
    shared: ClassVar[Mapping[str, str]]
    """Files that may hold other people's entries, with their formats: `json`, `toml`, `markdown`."""
    servers: ClassVar[tuple[str, str]] = (".mcp.json", "mcpServers")
    """The file that registers servers, and the key above their names."""
    hiding: ClassVar[tuple[str, ...]] = ()
    """Files of a project with which the client does not read `AGENTS.md`."""
    models: Offered
    trust: str
    """What a person has to accept in a fresh checkout before all of it works; a sentence or two for a page."""
    people: str
    """How it comes that the client asks a person before some calls, and what a person's own settings change of that; as `trust`."""

    contract: int
    """Version of the shape of its output."""

    @property
    def frozen(self) -> dict[str, Any]:
        """`contract.json`: the client's package, the versions it was tried with, and the shape of the output by contract."""
        text = files(f"agent_lattice_targets.{self.name}").joinpath("contract.json").read_text("utf-8")
        found: dict[str, Any] = json.loads(text)
        return found

    def emit(self, made: plan.Plan, mode: str | None = None) -> dict[str, str]:
        """The files by relative path: a function of the plan and the mode alone."""
        export = Export(made, mode or self.modes[0])
        return dict(sorted((embedded(made) | self.beside(export)).items()))

    def beside(self, export: Export) -> dict[str, str]:
        """The files beside the package: the client's own, and what the target says of itself."""
        return {**self.files(export), f"{folder_of(export.plan)}/{self.name}.json": self._manifest(export)}

    def model(self, export: Export, role: Role) -> str | None:
        """What the client calls the model of a role; None where its own default answers."""
        declared = export.model(role)
        return self.models.name(declared) if declared else None

    def losses(self, made: plan.Plan, mode: str | None = None) -> tuple[Loss, ...]:
        """What the plan uses and the client does not carry natively."""
        mode = mode or self.modes[0]
        found = losses(made, self.table(mode))
        return found if mode == DRIVEN else tuple(map(_unsafe_where_unkeyed(made), found))

    def unoffered(self, made: plan.Plan, mode: str | None = None) -> tuple[Unoffered, ...]:
        """The models that a plan names and the client cannot ask, where it asks them itself."""
        export = Export(made, mode or self.modes[0])
        return () if export.mode == DRIVEN else unoffered(export, self.models, self.title)

    def _manifest(self, export: Export) -> str:
        """What was built, and what is lost by it: an unsafe loss that is listed here was accepted by who built it."""
        found = {
            "target": self.name,
            "contract": self.contract,
            "mode": export.mode,
            "plan": export.plan.digest,
            "client": self.frozen["client"],
            "losses": [loss.data for loss in self.losses(export.plan, export.mode)],
        }
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"

    @abstractmethod
    def trusted(self, project: Path, mode: str, home: Home) -> Trust:
        """Whether a person has accepted what the client needs of a project, an absolute path without links. Raises Unreadable."""

    @abstractmethod
    def table(self, mode: str) -> Table:
        """How each feature is carried in a mode."""

    @abstractmethod
    def files(self, export: Export) -> dict[str, str]:
        """The client's own files."""

    @abstractmethod
    def launch(self, slug: str, words: Sequence[str], *, mode: str, headless: bool) -> Launch:
        """How the client is started in the workflow `slug`; `words` are what the person adds."""


def _unsafe_where_unkeyed(made: plan.Plan) -> Callable[[Loss], Loss]:
    """Without a log a write is made once only if a repeated one is harmless: with a key of its own."""
    keyless = {
        f"{tool.name}.{op.name}" for tool in made.tools for op in tool.operations if op.effect == "write" and not op.key
    }
    places = tuple(place for place in writes(made) if place[1] in keyless)

    def judged(loss: Loss) -> Loss:
        if loss.feature != "once" or not places:
            return loss
        return Loss(
            "once", Strength.UNSAFE, "nothing keeps a model from making this write twice", tuple(p for p, _ in places)
        )

    return judged
