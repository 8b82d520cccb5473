"""The module `workflow.py`: prompts, helpers and a coroutine function per workflow."""

from __future__ import annotations

from collections.abc import Iterable

from agent_lattice import plan
from agent_lattice.expr.python import runtime_modules

from agent_lattice_targets.python.agents import AgentBody
from agent_lattice_targets.python.annotations import Annotations, import_line
from agent_lattice_targets.python.bodies import Body
from agent_lattice_targets.python.lines import docstring
from agent_lattice_targets.python.package_names import PackageNames
from agent_lattice_targets.python.types_module import TypesModule

_RUNTIME = {"Undo": "compensation", "Failure": "errors", "TEXT": "models", "Retry": "retrying"}
"""Where the runtime has the names that bodies import, in the order of the modules."""


def workflow_module(made: plan.Plan, names: PackageNames, types: TypesModule) -> str:
    """Its text."""
    annotations = Annotations(names.classes)
    constants: list[list[str]] = []
    functions: list[list[str]] = []
    imports: set[str] = set()
    in_loops = False
    bodies: list[Body | AgentBody] = [AgentBody(agent, names, annotations, types) for agent in made.agents]
    bodies += [Body(workflow, names, annotations, types) for workflow in _callees_first(made)]
    for body in bodies:
        lines = body.write()
        constants += body.constants
        functions += [*body.helpers, lines]
        imports |= body.imports
        in_loops |= body.functions_in_loops
    text = "\n".join("\n".join(["", "", *function]) for function in functions) + "\n"
    fixed = "".join("\n" + "\n".join(constant) + "\n" for constant in constants)
    return _head(made, imports, annotations, called=runtime_modules(text), in_loops=in_loops) + fixed + text


def _callees_first(made: plan.Plan) -> list[plan.Workflow]:
    """A reader meets a workflow before those that call it."""
    by_name = {workflow.name: workflow for workflow in made.workflows}
    ordered: dict[str, plan.Workflow] = {}

    def visit(workflow: plan.Workflow) -> None:
        for op in plan.walk(workflow.body):
            if isinstance(op, plan.Call) and op.workflow not in ordered and op.workflow != workflow.name:
                visit(by_name[op.workflow])
        ordered.setdefault(workflow.name, workflow)

    for workflow in made.workflows:
        visit(workflow)
    return list(ordered.values())


def _head(
    made: plan.Plan, imports: Iterable[str], annotations: Annotations, *, called: list[str], in_loops: bool
) -> str:
    names = set(imports)
    lines = docstring(made.doc or f"The workflow {made.name}.", 0)
    if in_loops:
        lines += ["", "# ruff: noqa: B023  # every function ends within the turn of the loop that makes it"]
    lines += ["", "from __future__ import annotations", ""]
    called = sorted({*called, *({"checks", "merges"} & names)})
    lines += [import_line("._runtime", called)] if called else []
    lines += [f"from ._runtime.{module} import {name}" for name, module in _RUNTIME.items() if name in names]
    of_types = {name for name in names if name.startswith(("check_", "is_"))}
    lines += [import_line(".datatypes", of_types)] if of_types else []
    if declared := names - {*_RUNTIME, "checks", "merges"} - of_types:
        lines.append(import_line(".declarations", declared))
    lines += [""] if lines[-1] else []
    lines += ["TYPE_CHECKING = False", "if TYPE_CHECKING:"]
    if annotations.typing:
        lines += [import_line("typing", annotations.typing, 4), ""]
    lines.append("    from ._runtime.context import Context")
    if annotations.records:
        lines.append(import_line(".datatypes", annotations.records, 4))
    return "\n".join(lines) + "\n"
