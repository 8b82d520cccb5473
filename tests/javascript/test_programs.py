"""Random programs of variables with merge policies, branches, items and loops: their scripts give what a sequential reading does,
in whatever order the sub-agents answer."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from agent_lattice_clients.javascript.roles import ScriptRoles
from agent_lattice_clients.javascript.script import workflow_script
from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.testing import Mocks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from javascript.scripts import Actors, Client
from targets.python import programs
from targets.python.programs import body, made
from targets.python.test_attempts import Block, Oracle, blocks, source
from targets.python.test_merging import Program, source_of
from targets.python.test_merging import wanted as merged


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_merges(client: Client, seed: int) -> None:
    lines, statements = Program(random.Random(seed)).block(3, "  ", "n")
    compiled = made(source_of(lines))
    script = workflow_script(compiled, ScriptRoles(compiled), "shop")
    actors = Actors(compiled, Mocks(programs._TOOLS), "")
    ended: dict[str, Any] = client.run(script, {"n": 4}, actors.answer, random.Random(seed))
    failed = ended.get("failure")
    assert (failed["code"] if failed else ended["result"]) == merged(statements), source_of(lines)


POLICIES = [
    ("float merge sum = 0.5", ["total + 0.25", "total - 1.0"]),
    ("float merge max = 0.5", ["0.0 / (total - 0.5)", "2.5"]),
    ("string merge max = 'b'", ["'a'", "'\U0001f600'", "'\uffff'"]),
    ("string merge append = 'b'", ["total + 'x'", "total + total"]),
    ("string merge append = 'b'", ["total + 'x'", "'x' + total"]),
    ("bytes merge append = b'b'", ["total + b'x'", "total + total"]),
    ("bytes merge append = b'b'", ["total", "b'x' + total"]),
    ("list<float> merge append = [0.5]", ["total + [1.5]", "total + total"]),
    ("list<float> merge append = [0.5]", ["total", "[1.5]"]),
    ("float merge reject = 0.5", ["0.0 / (total - 0.5)", "0.0 / (total - 0.5)"]),
    ("float merge reject = 0.5", ["0.0", "1.5"]),
    ("int merge sum = 9223372036854775800", ["total + 5", "total + 5"]),
    ("string merge last_by_branch = 'a'", ["'b'", "'c'"]),
]


@pytest.mark.parametrize(("declared", "sets"), POLICIES)
def test_a_policy(client: Client, declared: str, sets: list[str]) -> None:
    branches = "\n".join(f"branch b{place} {{ set total = {value} }}" for place, value in enumerate(sets))
    type = declared.split(" merge")[0]
    compiled = made(body(f"var total: {declared}\nparallel {{\n{branches}\n}}\nreturn total", result=type))
    expected = programs.run(compiled, {"n": 1})
    ended = client.run(workflow_script(compiled, ScriptRoles(compiled), "shop"), {"n": 1}, lambda *_: None)
    if expected.failure is None:
        assert ended["result"] == json.loads(canonical(expected.result))
    else:
        assert ended["failure"]["message"] == f"{expected.failure.code}: {expected.failure.message}"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blocks())
def test_any_nest_of_tries_does_what_python_does(client: Client, block: Block) -> None:
    compiled = made(source(block))
    script = workflow_script(compiled, ScriptRoles(compiled), "shop")
    for n in range(4):
        oracle = Oracle(n)
        wanted = oracle.outcome(block)
        ended = client.run(script, {"n": n}, lambda *_: None)
        failed = ended.get("failure")
        assert (failed["code"] if failed else ended["result"]) == wanted, source(block)
        assert len(ended["seen"]["logs"]) == len(oracle.told)
