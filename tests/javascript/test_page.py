"""What docs/targets/native.md shows is what is built."""

from __future__ import annotations

import re
from pathlib import Path

from agent_lattice.driver import format_source
from agent_lattice_clients.javascript.losses import losses
from agent_lattice_clients.javascript.roles import ScriptRoles
from agent_lattice_clients.javascript.script import workflow_script
from targets.python.programs import made

PAGE = (Path(__file__).parents[2] / "docs/targets/native.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_script_on_the_page() -> None:
    source = block("lattice")
    assert format_source("triage.lat", source.encode())[1] == source
    compiled = made(source, {"shop_tools.py": "def get_order(id):\n    return {}\n"}, "triage.lat")
    assert not losses(compiled)
    assert block("js") in workflow_script(compiled, ScriptRoles(compiled), "triage")
