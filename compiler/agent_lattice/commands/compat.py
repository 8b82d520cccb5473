"""`lattice compat OLD NEW`: whether runs of an old version go on with a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from agent_lattice.terminal import out, out_json

if TYPE_CHECKING:
    from agent_lattice.compatibility import Verdict
    from agent_lattice.recorded_runs import Trial


@click.command("compat")
@click.argument("old")
@click.argument("new")
@click.option("--runs", metavar="STORE", help="Also replay the runs of this store with the code of NEW.")
@click.option("--unfinished", is_flag=True, help="With --runs: only those that can still go on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--workflow", metavar="NAME", help="The main workflow of both.")
def compat_command(old: str, new: str, runs: str | None, unfinished: bool, as_json: bool, workflow: str | None) -> None:
    """Tell whether runs that were recorded with the source OLD go on with the source NEW: all of them, those under way that have not
    come to a step, or none. Exit code 0 when all do, with --runs when all of that store do; else 1.
    """
    from agent_lattice_targets.python.declarations_module import output_names

    from agent_lattice.compatibility import verdict
    from agent_lattice.compiling import compile_file

    if unfinished and runs is None:
        raise click.UsageError("--unfinished goes with --runs")
    before, after = (compile_file(path).plan(workflow) for path in (old, new))
    found = verdict(before, after, output_names(before), output_names(after))
    trials: list[Trial] | None = None
    if runs is not None:
        from agent_lattice.commanding import failures
        from agent_lattice.recorded_runs import tried

        with failures():
            trials = tried(before, after, runs, unfinished=unfinished)
    if as_json:
        out_json(_json(found, trials) + "\n")
    else:
        out("\n".join([_sentence(found), *([] if trials is None else _lines(trials))]) + "\n")
    agrees = found.word == "safe" if trials is None else all(trial.agrees for trial in trials)
    raise click.exceptions.Exit(0 if agrees else 1)


def _sentence(found: Verdict) -> str:
    if found.word == "safe":
        return "safe: every run of the old version goes on with the new one"
    if found.word == "breaking":
        return f"breaking: {found.reason}"
    condition = f" that have not come to {' or '.join(found.first)}" if found.first else ""
    return f"safe for runs under way{condition}: {found.reason}"


def _lines(trials: list[Trial]) -> list[str]:
    wrong = [trial for trial in trials if not trial.agrees]
    lines = [f"run {trial.run_id} ({trial.status}) does not replay: {trial.message}" for trial in wrong]
    return [*lines, f"{len(trials) - len(wrong)} of {len(trials)} recorded runs replay"]


def _json(found: Verdict, trials: list[Trial] | None) -> str:
    from agent_lattice_runtime.canonical import canonical

    data: dict[str, Any] = {"verdict": found.word, "reason": found.reason, "first": list(found.first)}
    data["affected"] = sorted(found.affected)
    if trials is not None:
        data["runs"] = [trial.data() for trial in trials]
    return canonical(data)
