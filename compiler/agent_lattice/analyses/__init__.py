"""What is proved of every program. One analysis is one file and one folder of cases."""

from __future__ import annotations

from collections.abc import Callable

from agent_lattice import plan
from agent_lattice.analyses.areas import Survey
from agent_lattice.analyses.assignment import assignment
from agent_lattice.analyses.calls import call_cycles
from agent_lattice.analyses.cycles import cycles
from agent_lattice.analyses.decisions import decisions
from agent_lattice.analyses.endings import endings
from agent_lattice.analyses.fan_in import fan_in
from agent_lattice.analyses.keys import keys
from agent_lattice.analyses.losers import losers
from agent_lattice.analyses.prices import prices
from agent_lattice.analyses.reach import reach
from agent_lattice.analyses.repeats import repeats
from agent_lattice.analyses.signals import signals
from agent_lattice.analyses.tools import tools
from agent_lattice.analyses.touches import Touches
from agent_lattice.analyses.unused import unused
from agent_lattice.analyses.waiting import waiting
from agent_lattice.analyses.writers import writers
from agent_lattice.diagnostics import Report
from agent_lattice.graph import Graph
from agent_lattice.program import Program
from agent_lattice.structure import structured

ANALYSES: tuple[Callable[[Graph, Report], None], ...] = (reach, endings, cycles, fan_in, assignment)
"""What is proved of every graph, in this order."""


def analyse(program: Program, graphs: dict[str, Graph], report: Report) -> None:
    """Every analysis of a program, with the graphs of its workflows."""
    call_cycles(program.workflows, report)
    for graph in graphs.values():
        for analysis in ANALYSES:
            analysis(graph, report)
    surveys = {name: Survey(_in_blocks(workflow, report)) for name, workflow in program.workflows.items()}
    touches = Touches(program, surveys)
    for name, survey in surveys.items():
        if program.workflows[name].flow is None:  # of graphs `assignment` has looked at them
            writers(survey, report)
        tools(name, touches, report)
        losers(name, touches, report)
    signals(program.workflows, report)
    prices(program.workflows, touches.agents, _models(program), report)
    repeats(program.workflows, touches.operations, touches.agents, report)
    keys(_with_cycles(program.workflows, report), touches.operations, touches.agents, report)
    for workflow in program.workflows.values():
        if workflow.flow is None:
            decisions(workflow.body, report, mend=True)
        elif not report.failed:  # what edges read is known when the graph is sound
            decisions(structured(workflow).body, report, mend=False)
    if not report.failed:  # of what does not work yet nothing is said that could be better
        for workflow in program.workflows.values():
            if workflow.flow is None:  # in a graph it is edges that say what waits
                waiting(workflow, touches, report)
        unused(program, touches, report)


def _models(program: Program) -> dict[str, plan.Model]:
    found = (symbol.value for module in program.modules for symbol in module.of_sort("model"))
    return {model.name: model for model in found if isinstance(model, plan.Model)}


def _with_cycles(workflows: dict[str, plan.Workflow], report: Report) -> dict[str, plan.Workflow]:
    """Graphs as the blocks they become, with their cycles as loops; as they are while errors stand in the way of that."""
    return {name: workflow if report.failed else structured(workflow) for name, workflow in workflows.items()}


def _in_blocks(workflow: plan.Workflow, report: Report) -> plan.Workflow:
    """A graph in which something runs side by side as the blocks it becomes; not while errors stand in the way of that."""
    forks = workflow.flow is not None and workflow.flow.joins.waits
    return structured(workflow) if forks and not report.failed else workflow
