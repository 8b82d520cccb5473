"""Claude Code runs a workflow as a script of its own: every step is made by a sub-agent that can do nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_clients.exporting import NATIVE
from agent_lattice_clients.javascript.roles import ScriptRoles
from agent_lattice_clients.roles import Role
from agent_lattice_runtime.client_names import tool_name
from clients.harness.choosing import DRIVERS, need
from clients.harness.dialogues import CASE, OUTSIDE, SHELL, USE
from clients.harness.projects import CI, EXAMPLES, Example, Project, project
from clients.harness.requests import joined
from clients.harness.runs import Run, run
from clients.harness.scripts import Call, Rule

pytestmark = pytest.mark.clients
CLAUDE = DRIVERS["claude"]
ARGUMENTS = r"with exactly these arguments:\s+(.*)"
RESULT = r'(?m)^(\{"result":.*\})$'


@pytest.mark.parametrize("example", CI, ids=str)
def test_a_workflow_script(example: Example, tmp_path: Path, subtests: pytest.Subtests) -> None:
    need(CLAUDE)
    made = project(example, CLAUDE.target, NATIVE, tmp_path)
    launch = CLAUDE.target.launch(made.export.slug, (CASE,), mode=NATIVE, headless=True)
    found = run(CLAUDE, made.folder, CLAUDE.words(launch.words[1:]), [*main(made), *parts(made)])
    with subtests.test("the session is offered the script and nothing else that does something"):
        assert set(found.answered(USE)[0]["tools"]) == {"Skill", "Workflow"}
    with subtests.test("each step is made, by the operations of the package and by its roles"):
        assert not {rule.name for rule in parts(made)} - {exchange["answer"]["rule"] for exchange in found.exchanges}
    with subtests.test("its result comes back to the model"):
        assert example.result in notified(found), found.told
    for name in (
        OUTSIDE,
        SHELL,
        "operation",
        *(f"{role.id} {other}" for role in operations(made) for other in (OUTSIDE, SHELL)),
    ):
        with subtests.test(f"{name}: a call outside the manifest is refused"):
            assert re.search(CLAUDE.refusal, found.result(name)), found.result(name)
    assert not made.touched


def main(made: Project) -> Iterator[Rule]:
    """The session starts the script, then tries an operation that only the script's sub-agents have, and more."""
    first = CLAUDE.call(made.export.server, made.export.tools[0].name)
    started = Call("Workflow", {"name": made.export.slug, "args": made.example.arguments})
    tries = {USE: started, "operation": first, **others(made)}
    return (Rule(name, calls=(call,), having=(CASE,), armed=True) for name, call in tries.items())


def others(made: Project) -> dict[str, Call]:
    """What nobody may do."""
    return {OUTSIDE: CLAUDE.call(made.export.server, "outside_act", word="once"), SHELL: CLAUDE.shell}


def operations(made: Project) -> list[Role]:
    """The roles of the operations that the run of the example makes."""
    roles = made.export.roles
    assert isinstance(roles, ScriptRoles)
    return [role for name, role in roles.operations.items() if name in made.example.made]


def parts(made: Project) -> Iterator[Rule]:
    """What the sub-agents do. The role of an operation first tries what it may not, then makes its call and hands the result on."""
    for role in operations(made):
        own = CLAUDE.call(made.export.server, tool_name(role.operations[0]))
        asked = (f"Call the tool {own.tool} exactly once",)
        for other, call in others(made).items():
            yield Rule(f"{role.id} {other}", calls=(call,), having=asked)
        yield Rule(f"{role.id} calls", calls=(own,), having=asked, taken=ARGUMENTS)
        yield Rule(f"{role.id} answers", calls=(Call("StructuredOutput"),), having=asked, taken=RESULT)
    script = json.loads((EXAMPLES / made.example.name / made.example.replies).read_text("utf-8"))
    for reply in script["replies"]:
        yield _answer(made, reply)


def _answer(made: Project, reply: dict[str, Any]) -> Rule:
    """A role answers as the models of the example do."""
    step = re.sub(r"\[\d+\]", "", reply["step"])
    asked = (made.export.roles.asks[made.plan.main, step].title,)
    if "text" in reply:
        return Rule(f"{step} answers", reply["text"], having=asked)
    return Rule(f"{step} answers", calls=(Call("StructuredOutput", reply["reply"]),), having=asked)


def notified(found: Run) -> str:
    """What the main conversation was told about the end of the script."""
    texts = (joined(exchange["body"]) for exchange in found.exchanges)
    return "\n".join(text for text in texts if CASE in text and "<task-notification>" in text)
