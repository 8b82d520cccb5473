"""The module `__init__.py`: the workflow as typed functions and as an object."""

from __future__ import annotations

import ast

from agent_lattice import plan
from agent_lattice.expr.python import runtime_modules

from agent_lattice_targets.python.annotations import Annotations, import_line
from agent_lattice_targets.python.deliveries import Deliveries
from agent_lattice_targets.python.layout import statement
from agent_lattice_targets.python.lines import docstring, head_lines
from agent_lattice_targets.python.literals import string
from agent_lattice_targets.python.names import python_name
from agent_lattice_targets.python.outside_functions import outside_functions
from agent_lattice_targets.python.package_names import PackageNames, answers
from agent_lattice_targets.python.types_module import TypesModule
from agent_lattice_targets.python.validators import is_labelled

_OPTIONS = ("store", "run_id", "scripted")
_USED = (
    "Failure Replay WORKFLOW WORKFLOWS Workflow beside checks embedding globals read_manifest replay require_sdk resume "
    "result run static_steps workflow"
)
_MODULES = frozenset(_USED.split(" "))
_RUNTIME = frozenset(("cel_wire", "checks", "labels", "static_steps"))


def api_module(made: plan.Plan, names: PackageNames, checks: TypesModule) -> str:
    """Its text."""
    main = next(workflow for workflow in made.workflows if workflow.name == made.main)
    annotations = Annotations(names.classes)
    used: set[str] = set()
    speaking = mcp_workflows(made)
    outside = Deliveries(made, names, checks)
    hides = [ast.keyword("labelled", ast.Constant(True))] if _is_labelled(made) else []
    objects = [
        _workflow_object(
            workflow, names, checks, used, [*outside.keywords(workflow), *hides], speaks_mcp=workflow.name in speaking
        )
        for workflow in made.workflows
    ]
    used |= outside.checks | ({"static_steps"} if outside.by_child else set())
    by_name = {
        "run": _run(main, names, annotations),
        "resume": _resume(annotations.of(main.type), made),
        "replay": _REPLAY.split("\n"),
        "enqueue": _enqueue(main, annotations),
        **outside_functions(main, outside, annotations),
    }
    annotations.typing.add("Any")
    functions = list(by_name.values())
    annotated = {module for function in functions for module in runtime_modules("\n".join(function))}
    exported = ["Failure", "WORKFLOW", "WORKFLOWS", "Waiting", *by_name]
    lines = [*docstring(main.doc or f"The workflow {made.name}.", 0), "", "from __future__ import annotations", ""]
    lines += [_imports(used, outside.constants), "", *_typing(annotations, annotated, maps="approve" in by_name), ""]
    entries = ast.Dict([ast.Constant(workflow.name) for workflow in made.workflows], objects)
    lines += statement(0, f"WORKFLOWS{': dict[str, Workflow]' if outside.by_child else ''} = ", entries).split("\n")
    lines.append(f"WORKFLOW = WORKFLOWS[{string(main.name)}]")
    all_names = ast.List([ast.Constant(name) for name in sorted(exported)])
    lines += ["", *statement(0, "__all__ = ", all_names).split("\n")]
    for function in functions:
        lines += ["", "", *function]
    return "\n".join(lines).rstrip("\n") + "\n"


def _imports(used: set[str], constants: set[str]) -> str:
    runtime = {"embedding"} | (used & _RUNTIME)
    lines = [import_line(".", {"workflow"}), import_line("._runtime", runtime)]
    lines.append("from ._runtime.embedding import Waiting")
    lines.append("from ._runtime.errors import Failure")
    lines += ["from ._runtime.mcp_tools import require_sdk"] if "require_sdk" in used else []
    lines.append("from ._runtime.models import Workflow")
    validators = used - _RUNTIME - {"require_sdk"}
    lines += [import_line(".datatypes", validators)] if validators else []
    return "\n".join([*lines, *([import_line(".declarations", constants)] if constants else [])])


def _typing(annotations: Annotations, runtime: set[str], *, maps: bool) -> list[str]:
    lines = ["TYPE_CHECKING = False", "if TYPE_CHECKING:"]
    lines += ["    from collections.abc import Mapping"] if maps else []
    lines += [import_line("typing", annotations.typing, 4), ""] if annotations.typing else []
    lines += [import_line("._runtime", runtime, 4)] if runtime else []
    lines.append("    from ._runtime.replay import Replay")
    lines += [f"    from .datatypes import {name} as {name}" for name in sorted(annotations.records)]
    return lines


def mcp_workflows(made: plan.Plan) -> frozenset[str]:
    """The workflows that may call an MCP server, by name."""
    servers = {tool.name for tool in made.tools if tool.protocol == "mcp"}
    return frozenset(name for name, grants in made.permissions if servers & set(grants.total.tools))


def _workflow_object(
    workflow: plan.Workflow,
    names: PackageNames,
    checks: TypesModule,
    used: set[str],
    outside: list[ast.keyword],
    *,
    speaks_mcp: bool,
) -> ast.expr:
    given, result = checks.check_params(workflow), checks.check(workflow.type)
    used |= {given.partition(".")[0], result.partition(".")[0]}
    fields = {
        "name": string(workflow.name),
        "function": _function(workflow, names),
        "input": given,
        "output": result,
        "manifest": f"lambda: embedding.read_manifest(globals(), {string(workflow.name)})",
    }
    if speaks_mcp:
        used.add("require_sdk")
        fields["prepare"] = "require_sdk"
    keywords = [ast.keyword(key, ast.parse(text, mode="eval").body) for key, text in fields.items()]
    return ast.Call(ast.Name("Workflow"), [], [*keywords, *outside])


def _is_labelled(made: plan.Plan) -> bool:
    """Whether any value that comes in is hidden."""
    given = [param.type for workflow in made.workflows for param in workflow.params]
    ops = [op for workflow in made.workflows for op in plan.walk(workflow.body)]
    given += [op.sent for op in ops if isinstance(op, plan.Signal)]
    results = [op.type for tool in made.tools for op in tool.operations]
    return any(map(is_labelled, [*given, *results, *(type for _, type in answers(made))]))


def _function(workflow: plan.Workflow, names: PackageNames) -> str:
    """The coroutine function, which takes the arguments by their names in the source."""
    function = f"workflow.{names.functions[workflow.name]}"
    parameters = names.parameters[workflow.name]
    if all(name == python for name, python in parameters.items()):
        return function
    given = ", ".join(f"{python}=given[{string(name)}]" for name, python in parameters.items())
    return f"lambda ctx, /, **given: {function}(ctx, {given})"


def run_parameters(main: plan.Workflow) -> tuple[dict[str, str], dict[str, str]]:
    """How the function `run` calls the parameters of the workflow, and its own options."""
    params = {param.name: python_name(param.name, _MODULES) for param in main.params}
    return params, {option: option if option not in params.values() else f"{option}_" for option in _OPTIONS}


def _run(main: plan.Workflow, names: PackageNames, annotations: Annotations) -> list[str]:
    params, options = run_parameters(main)
    shown = [f"{params[param.name]}: {annotations.of(param.type)}" for param in main.params]
    kinds = {"store": "str | None", "run_id": "str | None", "scripted": "object"}
    shown += ["*", *(f"{options[option]}: {kinds[option]} = None" for option in _OPTIONS)]
    arguments = ast.Dict([ast.Constant(name) for name in params], [ast.Name(name) for name in params.values()])
    call = ast.Call(ast.Attribute(ast.Name("embedding"), "run"), [ast.Name("WORKFLOW"), arguments], [])
    call.keywords = [ast.keyword(option, ast.Name(name)) for option, name in options.items()]
    call.keywords.append(ast.keyword("folder", _folder()))
    return [
        *head_lines(0, "def run", shown, annotations.of(main.type)),
        '    """Run the workflow to its end; raises Failure, and Waiting when the run waits.',
        "",
        f"    `{options['store']}` is the path of a log that outlives the process, where `{options['run_id']}` continues a run;",
        f"    `{options['scripted']}` are replies to give in place of asking models.",
        '    """',
        *_returned(call, annotations.of(main.type)),
    ]


def _resume(result: str, made: plan.Plan) -> list[str]:
    call = ast.Call(
        ast.Attribute(ast.Name("embedding"), "resume"),
        [ast.Name("WORKFLOW"), ast.Name("run_id"), ast.Name("store")],
        [ast.keyword("scripted", ast.Name("scripted")), ast.keyword("folder", _folder())],
    )
    return [
        *head_lines(0, "def resume", ["run_id: str", "store: str", "*", "scripted: object = None"], result),
        '    """Go on with a run where its log ends; nothing that is committed happens again. Raises as `run`."""',
        *_returned(call, result),
    ]


def _enqueue(main: plan.Workflow, annotations: Annotations) -> list[str]:
    params, options = run_parameters(main)
    shown = [f"{params[param.name]}: {annotations.of(param.type)}" for param in main.params]
    shown += ["*", f"{options['store']}: str", f"{options['run_id']}: str | None = None"]
    arguments = ast.Dict([ast.Constant(name) for name in params], [ast.Name(name) for name in params.values()])
    given = [ast.Name("WORKFLOW"), arguments, ast.Name(options["store"])]
    call = ast.Call(ast.Attribute(ast.Name("embedding"), "enqueue"), given, [])
    call.keywords = [ast.keyword("run_id", ast.Name(options["run_id"]))]
    return [
        *head_lines(0, "def enqueue", shown, "str"),
        '    """Put a run into the store for `work` or a worker to start; its id. Raises Failure."""',
        *statement(4, "return ", call).split("\n"),
    ]


def _returned(call: ast.expr, result: str) -> list[str]:
    return [*statement(4, f"result: {result} = ", call).split("\n"), "    return result"]


def _folder() -> ast.expr:
    return ast.parse('embedding.beside(globals(), "_data")', mode="eval").body


_REPLAY = '''\
def replay(run_id: str, store: str) -> Replay:
    """Execute the code against the log of a run, performing nothing; `divergence` is None when they agree."""
    return embedding.replay(WORKFLOW, run_id, store)'''
