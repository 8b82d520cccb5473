"""A whole package as files: modules, runtime, tools, tests and what stands around them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from agent_lattice import plan
from agent_lattice_runtime.mcp_tools import REQUIREMENT

from agent_lattice_targets.python.literals import string
from agent_lattice_targets.python.manifest import manifest
from agent_lattice_targets.python.modules import modules, with_safe_replies
from agent_lattice_targets.python.package_names import PackageNames
from agent_lattice_targets.python.runtime_files import runtime_files
from agent_lattice_targets.python.tests_module import TestsModule

if TYPE_CHECKING:
    from jinja2 import Environment


def package_files(made: plan.Plan) -> dict[str, str]:
    """Text by path: the files of the folder `NAME/` under that name, the others beside it."""
    made = with_safe_replies(made)
    names = PackageNames(made)
    inner = modules(made, names) | {"py.typed": ""}
    inner["__main__.py"] = _render("__main__.py", names=names, made=made)
    tests = TestsModule(made, names).text()
    inner |= {f"_runtime/{path}": text for path, text in runtime_files(made, [*inner.values(), tests]).items()}
    inner |= {f"_tools/{file.path}": file.text for file in made.files}
    inner |= {f"_data/{file.path}": file.text for file in made.replies}
    mcp = REQUIREMENT if any(tool.protocol == "mcp" for tool in made.tools) else ""
    files = {f"{names.package}/{path}": text for path, text in inner.items()}
    files["pyproject.toml"] = _render("pyproject.toml", names=names, made=made, mcp=mcp)
    files["README.md"] = _render("README.md", names=names, made=made, manifest=manifest(made), mcp=mcp)
    if tests:
        files["tests/__init__.py"] = ""
        files[f"tests/test_{names.package}.py"] = tests
    return dict(sorted(files.items()))


def _render(name: str, **values: Any) -> str:
    return _templates().get_template(f"{name}.j2").render(**values)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("agent_lattice_targets.python")
    made = Environment(
        loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    made.filters["python"] = string
    return made
