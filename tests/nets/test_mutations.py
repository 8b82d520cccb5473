"""Graphs with lines lost, moved and mistyped: findings, or a package, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

from agent_lattice import driver
from agent_lattice_targets.python import TARGET
from hypothesis import given, settings
from hypothesis import strategies as st

FOLDER = Path(__file__).parents[1] / "declarations" / "graph"
LINES = (FOLDER / "right.lat").read_text(encoding="utf-8").split("\n")
TOOLS = {"desk_tools.py": (FOLDER / "desk_tools.py").read_bytes()}
WORDS = ["end", "start", "kind", "reply", "human", "sorry", "draft", "node", "when", "otherwise", "at most 2", "null"]
WORDS += ["->", ",", "{", "}", "on error", "on timeout", "return 1", 'fail "x"']


def mutated(chance: random.Random) -> str:
    lines = LINES.copy()
    for _ in range(chance.randint(1, 4)):
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines.insert(other, lines[at])
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                words = lines[at].split(" ")
                words[chance.randrange(len(words))] = chance.choice(WORDS)
                lines[at] = " ".join(words)
    return "\n".join(lines)


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_graph_gives_findings_or_a_package(chance: random.Random) -> None:
    compilation = driver.compile_source("g.lat", mutated(chance).encode(), TOOLS.get)
    assert compilation.program is not None
    for name in () if compilation.report.failed else [s.name for s in compilation.program.main.of_sort("workflow")]:
        made = driver.plan_of(compilation, name)
        assert made is not None and driver.emit(made, TARGET)
