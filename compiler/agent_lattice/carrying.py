"""What is said about a program that a target does not carry in full: before anything is written."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from agent_lattice.diagnostics import Code, Edit, Fix, Report, Severity
from agent_lattice.expr.tree import quoted
from agent_lattice.target import Loss, Strength, Unoffered

if TYPE_CHECKING:
    from agent_lattice.plan import Plan
    from agent_lattice.target import ModalTarget

NOT_OFFERED = Code("LAT8001", "model-not-offered", Severity.WARNING)
UNSAFE = Code("LAT8002", "unsafe-on-target")


def report_losses(plan: Plan, target: ModalTarget, mode: str | None, accepted: Collection[str], report: Report) -> None:
    """Report models that are not asked, and what is unsafe and not accepted by name."""
    for loss in target.losses(plan, mode):
        if loss.strength is Strength.UNSAFE and loss.feature not in accepted:
            _report_unsafe(plan, target, loss, report)
    for missing in target.unoffered(plan, mode):
        _report_model(missing, report)


def _report_unsafe(plan: Plan, target: ModalTarget, loss: Loss, report: Report) -> None:
    main = next(workflow for workflow in plan.workflows if workflow.name == plan.main)
    weaker = f"`--mode {target.modes[0]}` carries it; " if target.modes else ""
    for span in [place.span for place in loss.places] or [main.span]:
        report.add(
            UNSAFE,
            f"`{loss.feature}` would not hold on {target.name}: {loss.why}",
            span.head,
            help=f"{weaker}`--allow-loss {loss.feature}` builds all the same, and the manifest says so",
        )


def _report_model(missing: Unoffered, report: Report) -> None:
    model, fix, help = missing.model, None, "its own default model answers"
    if missing.nearest is not None:
        provider, id = missing.nearest
        text = f"{provider}({quoted(id)})"
        fix = Fix(f"change to `{text}`", (Edit(model.span, text.removesuffix(")")),), safe=False)
        help = f"its own default model answers; the nearest that it can ask is `{text}`"
    report.add(
        NOT_OFFERED,
        f"{missing.client} cannot ask `{model.model}` of {model.provider}",
        model.span,
        help=help,
        fix=fix,
    )
