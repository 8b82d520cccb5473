"""`lattice simulate FILE`: many runs of a workflow in a made-up world, with faults, crashes and any order of things."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.cel import CelError

from agent_lattice.compiling import compile_file
from agent_lattice.loading import load_all, workspace
from agent_lattice.reading import Unusable, shown
from agent_lattice.renders.columns import visible
from agent_lattice.terminal import out, out_json, out_paint

if TYPE_CHECKING:
    from agent_lattice.simulating.scenarios import Subject
    from agent_lattice.simulating.simulation import Broken, Summary, Trial

_MOST_SHOWN = 400  # characters of a line about values


@click.command("simulate")
@click.argument("file")
@click.option("--runs", default=1000, show_default=True, type=click.IntRange(1, 10_000_000), help="How many runs.")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0, 2**63 - 1), help="Another seed, other runs."
)
@click.option("--replay", "token", metavar="TOKEN", help="Only the run of this token, or run N of the seed as `#N`.")
@click.option("--json", "as_json", is_flag=True, help="What came out as one JSON object.")
@click.option("--workflow", metavar="NAME", help="The workflow to simulate.")
def simulate_command(file: str, runs: int, seed: int, token: str | None, as_json: bool, workflow: str | None) -> None:
    """Run the workflow of FILE many times in a made-up world, and look whether what must hold holds.

    Nothing is stored and nothing but pure Python operations is performed. The same seed gives the same runs everywhere.
    """
    compiled = compile_file(file)
    plan = compiled.plan(workflow)
    from agent_lattice.simulating.scenarios import subject_of
    from agent_lattice.simulating.simulation import simulated

    with workspace(plan, compiled.opened.root) as folder:
        try:
            subject = subject_of(plan, plan.main, load_all(plan)[plan.main], folder)
        except CelError as error:
            raise Unusable(f"a test has no value to start with: {error}") from None
        if token is not None:
            made = _replayed(subject, token, seed)
            failed = bool(made.problems)
            out_json(_json(_trial_data(made))) if as_json else out(_trial_text(made))
        else:
            summary = simulated(subject, runs, seed)
            failed = bool(summary.broken)
            text = (
                _json(_summary_data(file, plan.main, seed, summary))
                if as_json
                else _summary_text(plan.main, seed, summary)
            )
            out_json(text) if as_json else out(text)
    if failed:
        raise click.exceptions.Exit(1)


def _replayed(subject: Subject, token: str, seed: int) -> Trial:
    from agent_lattice.simulating.choices import Choices
    from agent_lattice.simulating.simulation import choices_of, tried
    from agent_lattice.simulating.tokens import decisions_of

    if token.startswith("#") and token[1:].isascii() and token[1:].isdigit() and len(token) < 12:
        return tried(subject, choices_of(subject, seed, int(token[1:])))
    try:
        return tried(subject, Choices(given=decisions_of(token)))
    except ValueError as error:
        raise Unusable(f"--replay: {error}") from None


def _summary_text(workflow: str, seed: int, summary: Summary) -> str:
    ended = ", ".join(
        f"{count} {how}" for how, count in sorted(summary.ended.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    lines = [f"{summary.runs} runs of {workflow} with seed {seed}: {ended}"]
    lines.append(f"{summary.crashes} crashes, {summary.faults} faults")
    for broken in summary.broken:
        lines += ["", *_broken_lines(broken)]
    lines += ["", f"{len(summary.broken)} broken"] if summary.broken else ["nothing is broken"]
    return "\n".join(lines) + "\n"


def _broken_lines(broken: Broken) -> list[str]:
    from agent_lattice.simulating.tokens import token_of

    mark = out_paint()("error", "BROKEN")
    often = "1 run" if broken.runs == 1 else f"{broken.runs} runs"
    lines = [f"{mark}  {visible(broken.law)} ({often}, first #{broken.first})"]
    lines += _story(broken.smallest, broken.law)
    return [*lines, f"    again: --replay {token_of(broken.smallest.taken)}"]


def _story(made: Trial, law: str | None = None) -> list[str]:
    """What happened in a run, a line each."""
    life = made.life
    lines = [f"    {visible(problem.text)}" for problem in made.problems if law in (None, problem.law)]
    lines.append(f"    {life.scenario.name}, input {_short(canonical(life.arguments))}")
    return [*lines, *(f"    {place}. {_short(line)}" for place, line in enumerate(life.world.story, 1))]


def _short(text: str) -> str:
    return visible(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…")


def _trial_text(made: Trial) -> str:
    paint = out_paint()
    head = [paint("error", f"BROKEN  {visible(problem.law)}") for problem in made.problems] or [paint("good", "ok")]
    return "\n".join([*head, *_story(made)]) + "\n"


def _summary_data(file: str, workflow: str, seed: int, summary: Summary) -> dict[str, Any]:
    return {
        "file": shown(file),
        "workflow": workflow,
        "seed": seed,
        "runs": summary.runs,
        "ended": dict(sorted(summary.ended.items())),
        "crashes": summary.crashes,
        "faults": summary.faults,
        "broken": [
            {"law": broken.law, "runs": broken.runs, "first": broken.first, **_trial_data(broken.smallest)}
            for broken in summary.broken
        ],
    }


def _trial_data(made: Trial) -> dict[str, Any]:
    from agent_lattice.simulating.tokens import token_of

    life = made.life
    return {
        "token": token_of(made.taken),
        "problems": [{"law": problem.law, "text": problem.text} for problem in made.problems],
        "scenario": life.scenario.name,
        "input": json.loads(canonical(life.arguments)),
        "story": life.world.story,
    }


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
