"""The whole compiler on one page: from a source to a plan and what a target makes of it. Pure; reading files is the caller's.

source ──parse──▶ tree ──check──▶ program ──build──▶ graphs ──analyses──▶ graphs ──lower──▶ plan ──emit──▶ {path: text}
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from agent_lattice import plan
from agent_lattice.analyses import analyse
from agent_lattice.build import build
from agent_lattice.check import check, decode
from agent_lattice.diagnostics import Code, Report, did_you_mean
from agent_lattice.format import formatted
from agent_lattice.graph import Graph
from agent_lattice.parse import parse
from agent_lattice.program import Files, Program, Surfaces, no_surfaces
from agent_lattice.records import field, record
from agent_lattice.source import Source, Span
from agent_lattice.tree import Module

if TYPE_CHECKING:
    from agent_lattice.target import ModalTarget, Target

TOO_DEEP = Code("LAT1008", "program-nested-too-deeply")
DOCUMENTS = (".yaml", ".yml", ".json")
UNKNOWN_WORKFLOW = Code("LAT1307", "unknown-main-workflow")


@record(frozen=False)
class Compilation:
    """A source and what has become of it. `program` and `graphs` are there as far as the source allows."""

    source: Source
    report: Report = field(default_factory=Report)
    program: Program | None = None
    graphs: dict[str, Graph] = field(default_factory=dict)


def compile_source(name: str, content: bytes, files: Files, surfaces: Surfaces = no_surfaces) -> Compilation:
    """Parse, check and analyse a main source. `name` is how it is shown; `files` reads by path relative to it, `surfaces` gives the
    snapshots of MCP servers."""
    report = Report()
    result = Compilation(Source(name, decode(content, name, report)), report)
    try:
        result.program = check(result.source, files, _parse, report, surfaces)
        unclear = {name for module in result.program.modules for name in module.unclear}
        for workflow in result.program.workflows.values():
            result.graphs[workflow.name] = build(workflow, whole=workflow.name not in unclear)
        analyse(result.program, result.graphs, report)
    except RecursionError:
        _report_depth(result.source, report)
    _show_places(report)
    return result


def _show_places(report: Report) -> None:
    """Move what was found in the text of a document to its place there."""
    if any(is_document(diagnostic.span.source.name) for diagnostic in report.found):
        from agent_lattice.documents.programs import show_places

        show_places(report)


def is_document(name: str) -> bool:
    """Whether a source of this name is a document: YAML or JSON."""
    return name.endswith(DOCUMENTS)


def _parse(source: Source, report: Report) -> Module:
    if is_document(source.name):
        from agent_lattice.documents.programs import parse_document

        return parse_document(source, report)
    return parse(source, report)


def format_source(name: str, content: bytes) -> tuple[Source, str, Report]:
    """A source, its text in canonical layout, and the syntax errors for which it is left as it is."""
    report = Report()
    source = Source(name, decode(content, name, report))
    try:
        if is_document(name):
            from agent_lattice.documents.programs import format_document, show_places

            text = format_document(source, report)
            show_places(report)
            return source, text, report
        return source, formatted(source, report), report
    except RecursionError:
        _report_depth(source, report)
        return source, source.text, report


def _report_depth(source: Source, report: Report) -> None:
    report.add(
        TOO_DEEP,
        "this program nests too deeply to be understood",
        Span(source, 0, 0),
        help="move inner blocks into workflows of their own",
    )


def plan_of(compilation: Compilation, main: str | None = None) -> plan.Plan | None:
    """The plan of a source without errors; None when there are some, or no workflow to run (which is reported)."""
    from agent_lattice.lower import lower

    if compilation.program is None or compilation.report.failed:
        return None
    workflow = _main_workflow(compilation, main)
    _show_places(compilation.report)
    return lower(compilation.program, workflow) if workflow else None


def emit(made: plan.Plan, target: Target | ModalTarget, mode: str | None = None) -> dict[str, str]:
    """The files of a target, by relative path; `mode` is one of its modes, for its strongest it need not be said."""
    return target.emit(made, mode) if mode else target.emit(made)  # type: ignore[call-arg]


def report_losses(
    compilation: Compilation, made: plan.Plan, target: ModalTarget, mode: str | None, accepted: Collection[str] = ()
) -> None:
    """Report what of the plan a target does not carry: models it cannot ask, and what would be unsafe and is not accepted by name."""
    from agent_lattice import carrying

    carrying.report_losses(made, target, mode, accepted, compilation.report)
    _show_places(compilation.report)


def _main_workflow(compilation: Compilation, main: str | None) -> plan.Workflow | None:
    """The asked-for workflow; else the one named as the file; else the only one that no other calls."""
    assert compilation.program is not None
    module = compilation.program.main
    own: dict[str, plan.Workflow] = {symbol.name: symbol.value for symbol in module.of_sort("workflow")}
    wanted = main or module.main_workflow()
    if wanted in own:
        return own[wanted]
    span = Span(compilation.source, 0, 0)
    listed = ", ".join(f"`{name}`" for name in own)
    if wanted:
        help, _ = did_you_mean(wanted, own, span)
        compilation.report.add(
            UNKNOWN_WORKFLOW,
            f"no workflow `{wanted}` in this file",
            span,
            help=help,
            notes=(f"there are {listed}",) if own else (),
        )
    elif own:
        help = "name one with `--workflow`, or name the main one as the file"
        compilation.report.add(UNKNOWN_WORKFLOW, f"several workflows could be the main one: {listed}", span, help=help)
    elif compilation.program.main.symbols:
        compilation.report.add(UNKNOWN_WORKFLOW, "this file declares no workflow to run", span)
    return None
