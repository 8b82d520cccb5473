"""What the recorded requests of a run must show. A run is judged by all proofs, not by the first that fails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from agent_lattice_clients.exporting import DRIVEN
from agent_lattice_clients.roles import Role
from agent_lattice_clients.texts import role_text
from clients.harness.dialogues import CASE, DONE, OUTSIDE, SHELL, USE, Dialogue
from clients.harness.projects import MODELS
from clients.harness.requests import joined
from clients.harness.runs import Run


class Proofs(Protocol):
    """pytest's `subtests`."""

    def test(self, msg: str) -> AbstractContextManager[object]:
        """A block whose failure is reported by this name; what follows is still done."""


def prove_launched(proofs: Proofs, dialogue: Dialogue, run: Run) -> None:
    """A session that was started in the workflow: it was told all, can do what it may, and nothing else."""
    with proofs.test("the launched command reaches the model"):
        assert run.code == 0 and run.answered(USE), run.told
    for path, text in _texts(dialogue):
        with proofs.test(f"{path} is sent to the model"):
            assert text in run.text, run.told
    with proofs.test("exactly the tools of the workflow are offered"):
        _prove_tools(dialogue, run)
    _prove_calls(proofs, dialogue, run, (OUTSIDE, SHELL))
    for role in dialogue.roles:
        _prove_role(proofs, dialogue, run, role)


def prove_beside(proofs: Proofs, dialogue: Dialogue, run: Run) -> None:
    """Another session in the project: it can start the workflow, and was given nothing else by it."""
    _prove_calls(proofs, dialogue, run, (OUTSIDE, SHELL) if dialogue.driver.guarded else (OUTSIDE,))


def _prove_calls(proofs: Proofs, dialogue: Dialogue, run: Run, refused: Sequence[str]) -> None:
    """What is within the manifest is done, what is not is refused, whatever the model says."""
    with proofs.test("a call within the manifest brings its result"):
        _prove_used(dialogue, run)
    for name in refused:
        with proofs.test(f"{name}: a call outside the manifest is refused"):
            _prove_refused(dialogue, run, name)
    with proofs.test("nothing was done that is outside the manifest"):
        assert not dialogue.project.touched
    with proofs.test("the client's model is told no secret of the workflow"):
        assert MODELS["MODELS_KEY"] not in run.text


def _prove_used(dialogue: Dialogue, run: Run) -> None:
    brought, example = run.result(USE), dialogue.project.example
    if dialogue.project.export.mode != DRIVEN:
        assert example.brought in brought, brought
        return
    assert '"status":"completed"' in brought and example.result in brought, brought
    assert (dialogue.project.folder / f".lattice/{dialogue.project.plan.name}.db").exists(), "the package keeps a log"
    asked = [exchange for rule in example.rules for exchange in run.answered(rule.name)]
    assert len(asked) == len(example.rules), "the package has asked its models"
    assert all(MODELS["MODELS_KEY"] in joined(exchange["headers"]) for exchange in asked), "with their key"


def _prove_refused(dialogue: Dialogue, run: Run, name: str) -> None:
    said = run.result(name)
    assert re.search(dialogue.driver.refusal, said), said


def _prove_tools(dialogue: Dialogue, run: Run) -> None:
    """Nothing but the tools of the server, and what the client itself needs to start skills and sub-agents."""
    driver, export = dialogue.driver, dialogue.project.export
    offered = driver.tools(run, USE)
    own = {driver.offered(driver.call(export.server, tool.name)) for tool in export.tools}
    assert own <= offered, f"not offered: {own - offered}"
    assert offered - own <= driver.unavoidable, f"also offered: {offered - own - driver.unavoidable}"


def _prove_role(proofs: Proofs, dialogue: Dialogue, run: Run, role: Role) -> None:
    name = f"{role.id} answers"
    with proofs.test(f"{role.id}: a sub-agent with its own instructions and model"):
        asked = run.answered(name)
        assert asked, run.told
        text = joined(asked[0]["body"])
        assert role_text(dialogue.project.plan, role).strip() in text, text
        model = dialogue.driver.target.models.name(dialogue.project.export.model(role))
        assert model is None or asked[0]["body"]["model"] == model.rpartition("/")[2]
    with proofs.test(f"{role.id}: its answer comes back"):
        assert DONE in dialogue.driver.answer(run, role.id, f"delegate {role.id}")
    for attempt in (USE, OUTSIDE, SHELL):
        with proofs.test(f"{role.id}: {attempt}: it may not do more than its own"):
            if attempt == USE and dialogue.project.example.operation in role.operations:
                assert dialogue.project.example.brought in run.result(f"{role.id} {attempt}")
            else:
                _prove_refused(dialogue, run, f"{role.id} {attempt}")


def _texts(dialogue: Dialogue) -> Iterator[tuple[str, str]]:
    """What of the files of the project the model has to be sent, as it stands there."""
    texts = dialogue.project.texts
    yield "the section of AGENTS.md", texts["AGENTS.md"].partition("-->\n")[2].partition("<!--")[0].strip()
    skill = texts[dialogue.driver.skill.format(dialogue.project.export.slug)].split("---\n", 2)[2]
    yield "the skill", dialogue.driver.told(skill, CASE).strip()
