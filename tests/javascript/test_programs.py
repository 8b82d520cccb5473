"""Random programs of variables with merge policies, branches, items and loops: their scripts give what a sequential reading does,
in whatever order the sub-agents answer."""

from __future__ import annotations

import random
from typing import Any

from agent_lattice_clients.javascript.roles import ScriptRoles
from agent_lattice_clients.javascript.script import workflow_script
from agent_lattice_runtime.testing import Mocks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from javascript.scripts import Actors, Client
from targets.python import programs
from targets.python.programs import made
from targets.python.test_merging import Program, source_of, wanted


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_merges(client: Client, seed: int) -> None:
    lines, statements = Program(random.Random(seed)).block(3, "  ", "n")
    compiled = made(source_of(lines))
    script = workflow_script(compiled, ScriptRoles(compiled), "shop")
    actors = Actors(compiled, Mocks(programs._TOOLS), "")
    ended: dict[str, Any] = client.run(script, {"n": 4}, actors.answer, random.Random(seed))
    failed = ended.get("failure")
    assert (failed["code"] if failed else ended["result"]) == wanted(statements), source_of(lines)
