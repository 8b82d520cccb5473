"""`lattice test FILE…`: the test blocks of sources, in memory, a line each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from agent_lattice.compiling import Compiled, compile_file
from agent_lattice.loading import load, workspace
from agent_lattice.reading import shown
from agent_lattice.renders.columns import visible
from agent_lattice.terminal import out, out_json, out_paint

if TYPE_CHECKING:
    from agent_lattice.plan import Plan, Test

Outcome = dict[str, Any]
"""`file`, `test`, `passed` and `problems` of a test."""


@click.command("test")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-k", "wanted", metavar="TEXT", help="Only tests with TEXT in their name.")
@click.option("--json", "as_json", is_flag=True, help="All outcomes as one JSON object.")
def test_command(files: tuple[str, ...], wanted: str | None, as_json: bool) -> None:
    """Run the test blocks of FILE...; nothing is stored, nothing but pure operations is performed."""
    outcomes: list[Outcome] = []
    for path in files:
        for outcome in _outcomes(path, (wanted or "").casefold()):
            outcomes.append(outcome)
            if not as_json:
                _show(outcome)
    failed = sum(not outcome["passed"] for outcome in outcomes)
    if as_json:
        summary = {"passed": len(outcomes) - failed, "failed": failed}
        out_json(json.dumps({"tests": outcomes, "summary": summary}, ensure_ascii=False, indent=2) + "\n")
    else:
        out(f"{len(outcomes) - failed} passed, {failed} failed\n" if outcomes else "no tests\n")
    if failed:
        raise click.exceptions.Exit(1)


def _outcomes(path: str, wanted: str) -> Iterator[Outcome]:
    """Run the tests of a file, one after the other."""
    compiled = compile_file(path)
    plans: dict[str, Plan] = {}
    for test in compiled.require().tests:
        if wanted in test.name.casefold():
            if test.workflow not in plans:
                plans[test.workflow] = compiled.plan(test.workflow)
            found = _problems(test, plans[test.workflow], compiled)
            yield {"file": shown(path), "test": test.name, "passed": not found, "problems": found}


def _problems(test: Test, plan: Plan, compiled: Compiled) -> list[str]:
    from agent_lattice.testing import problems

    with workspace(plan, compiled.opened.root) as folder:
        return problems(test, load(plan), folder)


def _show(outcome: Outcome) -> None:
    paint = out_paint()
    mark = paint("good", "ok    ") if outcome["passed"] else paint("error", "FAILED")
    out(f"{mark}  {visible(outcome['file'])}  {visible(outcome['test'])}\n")
    for problem in outcome["problems"]:
        out(f"        {visible(problem)}\n")
