"""What is built for a client can be read back: it compiles, and the server of the package is one of its tools."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_lattice.commands.import_ import CLIENTS
from agent_lattice.generate import plan_at
from agent_lattice_targets import targets
from importing.using import files, imported

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.parametrize("example", ["refund", "research", "support", "triage"])
@pytest.mark.parametrize("client", sorted(CLIENTS.keys() & targets().keys()))
def test_what_is_built_is_read_back(client: str, example: str, tmp_path: Path) -> None:
    plan, target = plan_at(EXAMPLES / example / f"{example}.lat"), targets()[client]().TARGET
    for mode in target.modes:
        text, _ = imported(client, files(tmp_path / mode, target.emit(plan, mode)))
        if mode != "native":
            assert f"tool {example} = mcp(\"sh -c 'while [ ! -d .lattice/{example} ]" in text
