"""The module `served.py`: what only the MCP server of a package needs, loaded by nobody else."""

from __future__ import annotations

import ast

from agent_lattice import plan
from agent_lattice.build import build
from agent_lattice.graph_renders import mermaid

from agent_lattice_targets.python.annotations import import_line
from agent_lattice_targets.python.layout import WIDTH, statement
from agent_lattice_targets.python.literals import block_string, data
from agent_lattice_targets.python.package_names import PackageNames
from agent_lattice_targets.python.schemas import json_schema, params_schema
from agent_lattice_targets.python.types_module import TypesModule
from agent_lattice_targets.python.validators import RUNTIME


def served_module(made: plan.Plan, names: PackageNames, checks: TypesModule) -> str:
    """Its text; validators come from `checks`."""
    used: set[str] = set()
    operations = [
        _operation(tool, op, names.operations[f"{tool.name}.{op.name}"], checks, used)
        for tool in made.tools
        for op in tool.operations
    ]
    constants = set(names.operations.values())
    lines = [
        '"""What the MCP server of this package offers beside the workflow."""',
        "",
        "from __future__ import annotations",
        "",
    ]
    runtime = {module.partition(".")[0] for module in used if module.startswith(RUNTIME)}
    lines += [import_line("._runtime", runtime)] if runtime else []
    lines.append(import_line("._runtime.served", {"Served", *(["Operation"] if operations else [])}))
    validators = {name for name in used if not name.startswith(RUNTIME)}
    lines += [import_line(".datatypes", validators)] if validators else []
    lines += [import_line(".declarations", constants)] if constants else []
    main = next(workflow for workflow in made.workflows if workflow.name == made.main)
    others = [workflow for workflow in made.workflows if workflow.name != made.main]
    graph = block_string(mermaid.render(map(build, [main, *others])))
    too_long = any(len(line) > WIDTH for line in graph.split("\n"))
    lines += ["", f"GRAPH = {graph}{'  # noqa: E501' if too_long else ''}", ""]
    fields = {"doc": data(main.doc), "graph": ast.Name("GRAPH"), "operations": ast.List(operations, ast.Load())}
    keywords = [ast.keyword(name, value) for name, value in fields.items()]
    text = statement(0, "SERVED = ", ast.Call(ast.Name("Served"), [], keywords))
    lines += [f"{line}  # noqa: E501" if len(line) > WIDTH else line for line in text.split("\n")]
    return "\n".join(lines) + "\n"


def _operation(tool: plan.ToolSet, op: plan.Operation, constant: str, checks: TypesModule, used: set[str]) -> ast.expr:
    validators = {param.name: checks.check(param.type) for param in op.params}
    used |= set(validators.values())
    functions = [ast.parse(text, mode="eval").body for text in validators.values()]
    fields = {
        "doc": data(op.doc or tool.doc),
        "checks": ast.Dict([ast.Constant(name) for name in validators], functions),
        "input": data(params_schema(op.params)),
        "output": data(json_schema(op.type)),
    }
    keywords = [ast.keyword(name, value) for name, value in fields.items()]
    return ast.Call(ast.Name("Operation"), [ast.Name(constant)], keywords)
