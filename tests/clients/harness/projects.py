"""The examples as projects of a client: built as their readers build them, with models that a test speaks for."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent_lattice import plan
from agent_lattice.generate import plan_at
from agent_lattice_clients.exporting import DRIVEN, Export
from agent_lattice_clients.target import ClientTarget
from clients.harness.homes import KEY
from clients.harness.namespaces import BASE
from clients.harness.scripts import Rule
from examples.using import EXAMPLES, copy_of, lattice

MODELS = {"MODELS_URL": f"{BASE}/workflow", "MODELS_KEY": f"{KEY}-of-the-workflow"}
"""What the models of a workflow that asks the model server need to know."""
FORBIDDEN = "forbidden"
"""The file that is only there if something was done that nobody allowed."""
_OUTSIDE = """
tool outside = python("outside_tools") {
  op act(word: string) -> string { effect: write, idempotent_by: word }
}
"""
_OUTSIDE_TOOLS = f'''from pathlib import Path


def act(word):
    Path("{FORBIDDEN}").write_text("")
    return word
'''


@dataclass(frozen=True)
class Example:
    """An example with one of its runs, and a call of one of its operations."""

    name: str
    input: str
    replies: str
    result: str
    """Stands in the result of that run."""
    operation: str
    given: Mapping[str, str]
    brought: str
    """Stands in what the operation gives for `given`."""
    made: tuple[str, ...] = ()
    """The operations that the run makes, each once."""
    served: bool = False
    """Its models are asked over the network, one after the other; else their replies are a file of the package."""
    data: str | None = None
    """The folder that a run works on."""

    def __str__(self) -> str:
        return self.name

    @property
    def arguments(self) -> dict[str, Any]:
        """The input of the workflow."""
        found: dict[str, Any] = json.loads((EXAMPLES / self.name / "inputs" / self.input).read_text("utf-8"))
        return found

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What the workflow's own models say."""
        if not self.served:
            return ()
        script = json.loads((EXAMPLES / self.name / self.replies).read_text("utf-8"))
        said = [reply.get("text") or json.dumps(reply["reply"]) for reply in script["replies"]]
        return tuple(Rule(f"workflow-{number}", text, at="/workflow") for number, text in enumerate(said))


REFUND = Example(
    "refund",
    "small.json",
    "replies/small.json",
    "R-A1001",
    "shop.get_order",
    {"id": "A1001"},
    "toy robot",
    made=("shop.get_order", "shop.rules", "shop.past_refunds", "risk.score", "bank.refund"),
    served=True,
)
SUPPORT = Example(
    "support",
    "order.json",
    "replies/order.json",
    "answered",
    "books.order",
    {"id": "A1002"},
    "desk lamp",
    made=("books.customer", "books.order", "desk.send"),
    served=True,
)
RESEARCH = Example(
    "research", "skerra.json", "replies/skerra.json", "keeper", "corpus.search", {"query": "Skerra"}, "page"
)
TRIAGE = Example(
    "triage",
    "short.json",
    "replies.json",
    "robot",
    "inbox.read",
    {"file": "01-charged-twice.txt"},
    "LU-20931",
    data="tickets",
)
CI = (REFUND, SUPPORT)
ALL = (*CI, RESEARCH, TRIAGE)


@dataclass(frozen=True)
class Project:
    """A folder of a person who uses the client, in which an example was built."""

    folder: Path
    example: Example
    plan: plan.Plan
    export: Export
    texts: Mapping[str, str]
    """What was built for people and models to read, by path."""

    @property
    def touched(self) -> bool:
        """Whether something was done that nobody allowed."""
        return any(self.folder.rglob(FORBIDDEN))


def project(example: Example, target: ClientTarget, mode: str, folder: Path) -> Project:
    """Build an example for a client. It declares a tool besides, which no step uses: what it does is outside the manifest."""
    source = copy_of(example.name, folder / "source") / f"{example.name}.lat"
    if mode == DRIVEN:  # else it is the client that asks models
        _prepare(source.parent, example)
    with source.open("a", encoding="utf-8") as file:
        file.write(_OUTSIDE)
    (source.parent / "outside_tools.py").write_text(_OUTSIDE_TOOLS)
    built = folder / "project"
    words = ["build", source.name, "--target", target.name, "--mode", mode, "--allow-loss", "approve", "-o", str(built)]
    lattice(*words, cwd=source.parent)
    if example.data:
        shutil.copytree(EXAMPLES / example.name / example.data, built / example.data)
    made = plan_at(source)
    texts = {path.relative_to(built).as_posix(): path.read_text("utf-8") for path in built.rglob("*.md")}
    return Project(built, example, made, Export(made, mode), texts)


def _prepare(folder: Path, example: Example) -> None:
    """Let its models be asked where a test answers."""
    for source in folder.glob("*.lat"):
        text = source.read_text("utf-8")
        if example.served:
            text = re.sub(
                r'(?m)^(model \w+ = \w+\("[^"]+"\)) \{', r"\1 { base_url: env.MODELS_URL, key: MODELS_KEY,", text
            )
            text = re.sub(r"(?m)^model ", "secret MODELS_KEY\n\nmodel ", text, count=1)
        else:
            replies = f'scripted("{example.replies}")'
            text = re.sub(r'(?m)^(model \w+ = )\w+\("[^"]+"\)(?: \{[^}]*\})?', rf"\1{replies}", text)
        source.write_text(text, "utf-8")
