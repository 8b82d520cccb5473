"""`lattice targets`: what there is to build for, and how much of a program each carries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from agent_lattice.compiling import compile_file, show_findings
from agent_lattice.target import Strength
from agent_lattice.terminal import out, out_json, out_paint

if TYPE_CHECKING:
    from agent_lattice.plan import Plan
    from agent_lattice.target import Loss

_STYLES = {
    Strength.EMULATED: "good", Strength.DEGRADED: "warning", Strength.LOST: "warning", Strength.UNSAFE: "error",
}  # fmt: skip


@click.command("targets")
@click.argument("file", required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--workflow", metavar="NAME", help="The workflow to run.")
def targets_command(file: str | None, as_json: bool, workflow: str | None) -> None:
    """List the targets and their modes; with FILE also what of its workflow each does not carry as the Python package does.

    A loss that is unsafe stops `lattice build`, unless `--allow-loss` accepts it by name.
    """
    ways = [(target, mode) for target in _modules() for mode in getattr(target, "modes", ()) or (None,)]
    if file is None:
        _show_ways(ways, as_json)
        return
    compiled = compile_file(file)
    plan = compiled.plan(workflow or compiled.project.text("build.workflow"))
    show_findings(compiled.findings)
    lost = [(target.name, mode, _losses(target, plan, mode)) for target, mode in ways]
    if as_json:
        out_json(json.dumps([_entry(*one) for one in lost], ensure_ascii=False, indent=2) + "\n")
    else:
        for name, mode, losses in lost:
            _show(name, mode, losses)


def _modules() -> list[Any]:
    from agent_lattice_targets import targets

    return [load().TARGET for load in targets().values()]


def _losses(target: Any, plan: Plan, mode: str | None) -> tuple[Loss, ...]:
    return target.losses(plan, mode) if mode else ()


def _entry(name: str, mode: str | None, losses: tuple[Loss, ...]) -> dict[str, Any]:
    return {"target": name, "mode": mode, "losses": [loss.data for loss in losses]}


def _show_ways(ways: list[tuple[Any, str | None]], as_json: bool) -> None:
    if as_json:
        plain = [{"target": target.name, "mode": mode, "contract": target.contract} for target, mode in ways]
        out_json(json.dumps(plain, ensure_ascii=False, indent=2) + "\n")
        return
    for target, mode in ways:
        out(f"{target.name}{f' --mode {mode}' if mode else ''}\n")


def _show(name: str, mode: str | None, losses: tuple[Loss, ...]) -> None:
    paint = out_paint()
    out(f"{name}{f' --mode {mode}' if mode else ''}\n")
    if not losses:
        out(f"  {paint('good', 'native')}    everything\n")
    for loss in losses:
        places = f" ({', '.join(place.name for place in loss.places)})" if loss.places else ""
        out(f"  {paint(_STYLES[loss.strength], f'{loss.strength:<8}')}  {loss.feature}{places}: {loss.why}\n")
