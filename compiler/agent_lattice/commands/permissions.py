"""`lattice permissions FILE`: what a run may touch, in total and step by step; everything else is refused.

A workflow that others call is listed once, however often they call it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from agent_lattice.compiling import compile_file
from agent_lattice.plan import Grants, Permissions, Plan
from agent_lattice.plan_data import data
from agent_lattice.records import fields
from agent_lattice.renders.columns import visible
from agent_lattice.terminal import out, out_json, out_paint


@click.command("permissions")
@click.argument("file")
@click.option("--workflow", metavar="NAME", help="The workflow to run.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def permissions_command(file: str, workflow: str | None, as_json: bool) -> None:
    """List what a run of FILE may touch, in total and by step. Everything else is refused."""
    plan = compile_file(file).plan(workflow)
    children = _children(plan)
    if as_json:
        below = {name: data(granted) for name, granted in children.items()}
        made = {"workflow": plan.main, **data(plan.grants), "workflows": below}
        out_json(json.dumps(made, ensure_ascii=False, indent=2) + "\n")
        return
    rows = [("in total", *row) for row in _rows(plan.grants.total)] or [("in total", "nothing", "")]
    out(_table(rows + _steps(plan.grants)))
    for name, granted in children.items():
        out(f"\nbelow each step that runs {visible(name)}\n")
        out(_table(_steps(granted) or [("no step", "nothing", "")]))


def _children(plan: Plan) -> dict[str, Grants]:
    """The grants of the workflows that the main one calls, directly or through others, by name."""
    known = dict(plan.permissions)
    found: dict[str, Grants] = {}
    queue = [child for _, child in plan.grants.calls]
    for name in queue:
        if name not in found:
            found[name] = known[name]
            queue += [child for _, child in known[name].calls]
    return dict(sorted(found.items()))


def _steps(granted: Grants) -> list[tuple[str, str, str]]:
    """Rows of a workflow's own steps, by name."""
    own = {step: [(step, *row) for row in _rows(own)] or [(step, "nothing", "")] for step, own in granted.steps}
    calls = {step: [(step, "runs", child)] for step, child in granted.calls}
    return [row for _, rows in sorted({**own, **calls}.items()) for row in rows]


def _rows(granted: Permissions) -> Iterator[tuple[str, str]]:
    for field in fields(granted):
        items = getattr(granted, field.name)
        if items:
            yield field.name, ", ".join(items)


def _table(rows: list[tuple[str, str, str]]) -> str:
    """Three columns; a step is named in its first row only."""
    paint = out_paint()
    shown = [(visible(step), sort, visible(items)) for step, sort, items in rows]
    first, second = (max(len(row[column]) for row in shown) for column in (0, 1))
    lines, before = [], ""
    for step, sort, items in shown:
        name = paint("strong", f"{step if step != before else '':<{first}}")
        lines.append(f"{name}  {paint('gutter', f'{sort:<{second}}')}  {items}".rstrip())
        before = step
    return "\n".join(lines) + "\n"
