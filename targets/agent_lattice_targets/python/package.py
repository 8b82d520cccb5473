"""A whole package as files: modules, runtime, tools, tests and what stands around them."""

from __future__ import annotations

from agent_lattice import __version__, plan

from agent_lattice_targets.python.modules import modules, with_safe_replies
from agent_lattice_targets.python.package_names import VERSION, PackageNames
from agent_lattice_targets.python.readme import readme
from agent_lattice_targets.python.rendering import rendered
from agent_lattice_targets.python.runtime_files import requirements, runtime_files
from agent_lattice_targets.python.tests_module import TestsModule


def package_files(made: plan.Plan) -> dict[str, str]:
    """Text by path: the files of the folder `NAME/` under that name, the others beside it."""
    made = with_safe_replies(made)
    names = PackageNames(made)
    inner = modules(made, names, serving=True) | {"py.typed": ""}
    inner["__main__.py"] = rendered("__main__.py", names=names, made=made)
    tests = TestsModule(made, names).text()
    inner |= {f"_runtime/{path}": text for path, text in runtime_files(made, [*inner.values(), tests]).items()}
    inner |= {f"_tools/{file.path}": file.text for file in made.files}
    inner |= {f"_data/{file.path}": file.text for file in made.replies}
    files = {f"{names.package}/{path}": text for path, text in inner.items()}
    extras = requirements(made)
    files["pyproject.toml"] = rendered("pyproject.toml", names=names, made=made, extras=extras, version=VERSION)
    files["README.md"] = readme(made, names)
    files["NOTICE"] = rendered("NOTICE", names=names, made=made, compiler=__version__)
    if tests:
        files["tests/__init__.py"] = ""
        files[f"tests/test_{names.package}.py"] = tests
    return dict(sorted(files.items()))
