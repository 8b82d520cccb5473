"""`lattice test FILE…`: the test blocks of sources, in memory, a line each, or as JSON or JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from agent_lattice.compiling import compile_file
from agent_lattice.reading import shown
from agent_lattice.renders.columns import visible
from agent_lattice.terminal import out, out_json, out_paint

Outcome = dict[str, Any]
"""`file`, `test`, `passed` and `problems` of a test."""


@click.command("test")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-k", "wanted", metavar="TEXT", help="Only tests with TEXT in their name.")
@click.option("--format", "form", type=click.Choice(["text", "json", "junit"]), default="text", help="How to print.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def test_command(files: tuple[str, ...], wanted: str | None, form: str, as_json: bool) -> None:
    """Run the test blocks of FILE...; nothing is stored, nothing but pure operations is performed."""
    form = "json" if as_json else form
    outcomes: list[Outcome] = []
    for path in files:
        for outcome in _outcomes(path, (wanted or "").casefold()):
            outcomes.append(outcome)
            if form == "text":
                _show(outcome)
    failed = sum(not outcome["passed"] for outcome in outcomes)
    if form == "json":
        summary = {"passed": len(outcomes) - failed, "failed": failed}
        out_json(json.dumps({"tests": outcomes, "summary": summary}, ensure_ascii=False, indent=2) + "\n")
    elif form == "junit":
        out_json(_junit(outcomes))
    else:
        out(f"{len(outcomes) - failed} passed, {failed} failed\n" if outcomes else "no tests\n")
    if failed:
        raise click.exceptions.Exit(1)


def _outcomes(path: str, wanted: str) -> Iterator[Outcome]:
    """Run the tests of a file, one after the other."""
    compiled = compile_file(path)
    tests = [test for test in compiled.require().tests if wanted in test.name.casefold()]
    if not tests:
        return
    from agent_lattice.loading import load_all, workspace
    from agent_lattice.testing import problems

    plan = compiled.plan(tests[0].workflow)
    workflows = load_all(plan)
    with workspace(plan, compiled.opened.root) as folder:
        for test in tests:
            found = problems(test, workflows[test.workflow], folder)
            yield {"file": shown(path), "test": test.name, "passed": not found, "problems": found}


def _show(outcome: Outcome) -> None:
    paint = out_paint()
    mark = paint("good", "ok    ") if outcome["passed"] else paint("error", "FAILED")
    out(f"{mark}  {visible(outcome['file'])}  {visible(outcome['test'])}\n")
    for problem in outcome["problems"]:
        out(f"        {visible(problem)}\n")


def _junit(outcomes: list[Outcome]) -> str:
    from agent_lattice.renders import junit

    suites: dict[str, list[junit.Case]] = {}
    for outcome in outcomes:
        problems = outcome["problems"]
        case = junit.Case(outcome["test"], problems[0] if problems else "", "failed", "\n".join(problems))
        suites.setdefault(outcome["file"], []).append(case)
    return junit.render(suites.items())
