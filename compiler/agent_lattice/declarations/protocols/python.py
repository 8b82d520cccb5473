"""`tool shop = python("module") { … }`: functions; what is checked is that the module is there and they take what the operations pass."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from agent_lattice import plan
from agent_lattice.annotations import unquote
from agent_lattice.declarations.protocols import Given, ToolProtocol, misplaced
from agent_lattice.diagnostics import Code, Report, did_you_mean
from agent_lattice.program import Module
from agent_lattice.records import replace
from agent_lattice.settings import Rule
from agent_lattice.tree import Text

MISSING_MODULE = Code("LAT2440", "python-module-not-found")
BROKEN_MODULE = Code("LAT2441", "python-module-broken")
MISSING_FUNCTION = Code("LAT2442", "python-function-not-found")
WRONG_PARAMETERS = Code("LAT2443", "python-parameters-differ")

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def module_path(folder: PurePosixPath, name: str) -> list[str]:
    """Where a module may stand, relative to the main source: as a file or as a package."""
    stem = folder.joinpath(*name.split("."))
    return [f"{stem}.py", f"{stem}/__init__.py"]


def _call(node: Any, given: Given, report: Report) -> dict[str, Any]:
    if node.method is not None:
        owner = "mcp" if node.method.text == "TOOL" else "http"
        misplaced(f"= {node.method} …", node.call_span, owner, PROTOCOL, report)
    return {}


def _connect(made: plan.ToolSet, node: Any, given: Given, module: Module, report: Report) -> plan.ToolSet:
    return replace(made, module=unquote(node.target.raw) if isinstance(node.target, Text) else None)


def _check(tool: plan.ToolSet, declared: Any, module: Module, report: Report) -> None:
    """The module's functions against the operations, read from its text: nothing is imported."""
    target = declared.target
    if not isinstance(target, Text) or not _MODULE.fullmatch(tool.module or ""):
        report.add(
            MISSING_MODULE,
            "a Python tool names its module",
            target.span,
            help='e.g. `python("shop_tools")` for shop_tools.py beside this file',
        )
        return
    assert tool.module is not None
    paths = module_path(module.folder, tool.module)
    found = next((path for path in paths if module.files(path) is not None), None)
    if found is None:
        report.add(
            MISSING_MODULE,
            f"no Python module `{tool.module}` beside this file",
            target.span,
            notes=(f"looked for {' and '.join(paths)}",),
        )
        return
    functions = _functions(module.files(found) or b"", found, target, report)
    keyed = {operation.name for operation in tool.operations if operation.key}
    for node in declared.nodes if functions is not None else ():
        given = {"idempotency_key"} if node.name.text in keyed else set()
        _check_operation(node, functions or {}, given, tool.module, report)


def _functions(text: bytes, path: str, target: Text, report: Report) -> dict[str, ast.arguments | None] | None:
    """What a module binds, by name: for the functions defined at its top their parameters; None when it cannot be read."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f"line {error.lineno} of " if isinstance(error, SyntaxError) and error.lineno else ""
        report.add(
            BROKEN_MODULE, f"{line}`{path}` is not Python", target.span, notes=(str(getattr(error, "msg", error)),)
        )
        return None
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return dict.fromkeys(_bound_otherwise(tree)) | {node.name: node.args for node in functions}


def _bound_otherwise(tree: ast.Module) -> Iterator[str]:
    """Names that may be functions too: imported, assigned, or defined under a condition."""
    stack: list[ast.AST] = list(tree.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        stack.extend(ast.iter_child_nodes(node))


def _check_operation(
    node: Any, functions: dict[str, ast.arguments | None], given: set[str], name: str, report: Report
) -> None:
    """`given` are the parameters that the runtime passes by itself."""
    if node.name.text not in functions and "*" not in functions:
        help, fix = did_you_mean(node.name.text, functions, node.name.span)
        report.add(MISSING_FUNCTION, f"`{name}` has no function `{node.name}`", node.name.span, help=help, fix=fix)
        return
    args = functions.get(node.name.text)
    if args is None:
        return
    passed = {param.name.text for param in node.params}
    accepted = {arg.arg for arg in [*args.args, *args.kwonlyargs]}
    optional = {arg.arg for arg in args.args[len(args.args) - len(args.defaults) :]}
    optional |= {arg.arg for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default is not None}
    surplus = sorted(passed - accepted) if args.kwarg is None else []
    missing = sorted(accepted - passed - optional - given)
    if args.posonlyargs or surplus or missing:
        parts = [f"it takes no {', '.join(f'`{n}`' for n in surplus)}"] if surplus else []
        parts += [f"it needs {', '.join(f'`{n}`' for n in missing)}"] if missing else []
        parts += ["it has positional-only parameters"] if args.posonlyargs else []
        report.add(
            WRONG_PARAMETERS,
            f"the parameters of `{node.name}` differ from those of the function",
            node.name.span,
            notes=tuple(parts),
            help="operations pass every parameter by name",
        )


PROTOCOL = ToolProtocol(
    word="python",
    instead="a Python function makes its own requests; say what it may use with `secrets: […]`, `hosts: […]`",
    clauses=frozenset(),
    settings={},
    operation_settings={
        "hosts": Rule("list", ("text",), doc="hosts a Python tool may connect to"),
        "files": Rule("list", ("text",), doc="files a Python tool may open, as globs"),
        "env": Rule("list", ("text",), doc="environment variables a Python tool may read"),
        "secrets": Rule("list", ("word",), doc="secrets a Python tool is given"),
    },
    call=_call,
    connect=_connect,
    check=_check,
)
