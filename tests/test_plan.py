"""The plan: what its schema says, what its identities depend on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from agent_lattice import plan
from agent_lattice.driver import compile_source, plan_of
from agent_lattice.plan_data import plan_data
from agent_lattice.schemas import plan_model, plan_schema
from agent_lattice_runtime.canonical import canonical
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

TESTS = Path(__file__).parent
SOURCES = sorted(path for path in TESTS.rglob("*.lat") if path.stem == "right")
SOURCES += sorted((TESTS.parent / "examples").rglob("*.lat"))
VALIDATOR = Draft202012Validator(plan_schema())


def plan_from(path: Path) -> plan.Plan | None:
    def read(name: str) -> bytes | None:
        file = path.parent / name
        return file.read_bytes() if file.is_file() else None

    compilation = compile_source(path.name, path.read_bytes(), read)
    assert compilation.program is not None
    main = next((symbol.name for symbol in compilation.program.main.of_sort("workflow")), None)
    return plan_of(compilation, main)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TESTS.parent)))
def test_plans_are_of_their_schema(path: Path) -> None:
    made = plan_from(path)
    if made is None:  # a file of declarations
        return
    written = json.loads(canonical(plan_data(made)))
    assert [error.message for error in VALIDATOR.iter_errors(written)] == []
    assert plan_model().model_validate(written).model_dump()["digest"] == made.digest
    assert VALIDATOR.is_valid(written | {"more": 1}) is False


STEP = {
    "tool": "{name} = t.inc(x: n)",
    "ask": '{name} = ask m -> string {{ prompt "p" }}',
    "call": "{name} = call child(n: n)",
    "if": "if n > 1 {{ {name} = t.inc(x: n) }}",
    "parallel": "parallel {{ {name} = t.inc(x: n)  {name}_b = t.inc(x: n) }}",
    "each": "{name} = for i in [n] at most 2 {{ inner = t.inc(x: i) yield inner }}",
    "loop": "{name} = loop at most 2 {{ inner = t.inc(x: n) until inner > 1 }}",
}
FRAME = (
    'tool t = python("t") { op inc(x: int) -> int { effect: pure } }\nmodel m = anthropic("x")\n'
    "workflow child(n: int) -> int { a = t.inc(x: n) return a }\n"
    "workflow main(n: int) -> int {\n%s\n  return n\n}\n"
)


def identities(names: list[tuple[str, str]]) -> dict[str, set[str]]:
    """The step ids that each top-level step of a workflow brings, by its name."""
    body = "\n".join("  " + STEP[kind].format(name=name) for name, kind in names)
    compilation = compile_source("main.lat", (FRAME % body).encode(), lambda path: b"def inc(x): return x")
    made = plan_of(compilation, "main")
    assert made is not None, [d.message for d in compilation.report.sorted()]
    steps = [step for step, _ in (*made.grants.steps, *made.grants.calls)]
    return {name: {s for s in steps if s.split(".")[0] in (name, f"{name}_b")} for name, _ in names}


@given(st.lists(st.sampled_from(sorted(STEP)), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_identities_do_not_depend_on_other_steps(kinds: list[str], chance) -> None:  # type: ignore[no-untyped-def]
    """Adding, removing and moving other steps leaves the ids of a step as they are."""
    names = [(f"s{number}", kind) for number, kind in enumerate(kinds)]
    every = identities(names)
    fewer = [name for name in names if chance.random() < 0.6]
    chance.shuffle(fewer)
    for name, steps in identities(fewer).items() if fewer else ():
        assert steps == every[name]
