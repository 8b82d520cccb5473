"""The Python modules of a package: all that it needs to run but the runtime."""

from __future__ import annotations

import json
import posixpath

from agent_lattice import plan
from agent_lattice.records import replace

from agent_lattice_targets.python.api_module import api_module
from agent_lattice_targets.python.declarations_module import DeclarationsModule
from agent_lattice_targets.python.manifest import manifest_text
from agent_lattice_targets.python.package_names import PackageNames
from agent_lattice_targets.python.served_module import served_module
from agent_lattice_targets.python.types_module import TypesModule
from agent_lattice_targets.python.workflow_module import workflow_module


def modules(made: plan.Plan, names: PackageNames, *, serving: bool = False) -> dict[str, str]:
    """Text by path in the package's folder; with what an MCP server needs when it is to be `serving`."""
    types = TypesModule(made, names)
    files = {
        "__init__.py": api_module(made, names, types),
        "declarations.py": DeclarationsModule(made, names, types).text(),
        "workflow.py": workflow_module(made, names, types),
        "served.py": served_module(made, names, types) if serving else "",
        "datatypes.py": types.text(),
        "manifest.json": manifest_text(made),
        "variables.json": json.dumps(names.variables_data(), indent=1, ensure_ascii=False) + "\n",
    }
    return {path: text for path, text in files.items() if text}


def with_safe_replies(made: plan.Plan) -> plan.Plan:
    """The plan with the paths of scripted replies inside their folder, whatever they are in the source."""
    paths = {file.path: _inside(file.path) for file in made.replies}
    models = tuple(
        replace(model, model=paths.get(model.model, model.model)) if model.provider == "scripted" else model
        for model in made.models
    )
    replies = tuple(replace(file, path=paths[file.path]) for file in made.replies)
    return replace(made, models=models, replies=replies)


def _inside(path: str) -> str:
    normal = posixpath.normpath(path).lstrip("/")
    return "/".join("up" if part == ".." else part for part in normal.split("/"))
