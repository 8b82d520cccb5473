"""The parts of the runtime that a package carries: what it uses, and what that imports."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

from agent_lattice import plan
from agent_lattice.expr.python import runtime_modules
from agent_lattice_runtime import mcp_tools
from agent_lattice_runtime.commands import COMMANDS
from agent_lattice_runtime.stores import postgres_sessions

LICENSE = "LICENSE"
_ALWAYS = ("__init__", "checks", "cli", "context", "embedding", "errors", "models", "served")
_COMMANDS = tuple(sorted({f"commands.{command.family}" for command in COMMANDS.values()}))  # loaded by name


def runtime_files(made: plan.Plan, written: Iterable[str]) -> dict[str, str]:
    """Text by path below `_runtime/`; `written` are the texts of the generated modules, which name what they call."""
    queue = [*_ALWAYS, *_COMMANDS, *_needed(made), *(module for text in written for module in runtime_modules(text))]
    found: dict[str, str] = {}
    for module in queue:
        path, text = _file(module)
        if path and path not in found:
            found[path] = text
            queue.extend(_imports(module, path.endswith("__init__.py")))
    return {LICENSE: _text(LICENSE), "py.typed": "", **dict(sorted(found.items()))}


def requirements(made: plan.Plan) -> dict[str, str]:
    """What a run needs besides Python, as a requirement for each extra of the package."""
    needed = {"mcp": mcp_tools.REQUIREMENT} if any(tool.protocol == "mcp" for tool in made.tools) else {}
    return needed | ({"postgres": postgres_sessions.REQUIREMENT} if "postgres" in made.stores else {})


def _needed(made: plan.Plan) -> Iterator[str]:
    operations = [op for tool in made.tools for op in tool.operations]
    if made.tests:
        yield "testing"
    needed = requirements(made)
    if "mcp" in needed:
        yield "mcp_tools"
    if "postgres" in needed:
        yield "stores.postgres"  # loaded by name
    if any(op.http is None and op.remote is None for op in operations):
        yield "effects"
    if any(op.http is not None for op in operations):
        yield "http_tools"
    if any(isinstance(op, plan.Var) and op.merge for workflow in made.workflows for op in plan.walk(workflow.body)):
        yield "merges"
    if made.agents:
        yield "agents"
    if made.models:
        yield "providers"
        yield "providers.scripted"
        yield from (f"providers.{model.provider}" for model in made.models)
    yield "cel"


@cache
def _file(module: str) -> tuple[str, str]:
    """The path and text of a module of the runtime; empty when there is none."""
    stem = module.replace(".", "/")
    for path in (f"{stem}.py", f"{stem}/__init__.py"):
        if text := _text(path):
            return path, text
    return "", ""


def _text(path: str) -> str:
    """The text of a file of the runtime; empty when there is none."""
    file = resources.files("agent_lattice_runtime").joinpath(*path.split("/"))
    return file.read_text("utf-8") if file.is_file() else ""


@cache
def _imports(module: str, is_package: bool) -> tuple[str, ...]:
    """The modules of the runtime that a module imports anywhere, and the packages around them."""
    found: dict[str, None] = {}
    here = module.split(".")
    package = here if is_package else here[:-1]
    if module == "__init__":
        package = []
    for node in ast.walk(ast.parse(_file(module)[1])):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            target = [*base, *(node.module.split(".") if node.module else [])]
            names: Iterable[list[str]] = [target, *([*target, alias.name] for alias in node.names)]
            for parts in names:
                for end in range(1, len(parts) + 1):
                    found[".".join(parts[:end])] = None
    return tuple(name for name in found if name and _file(name)[0])
