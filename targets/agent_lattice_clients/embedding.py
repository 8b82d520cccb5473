"""The package of a workflow inside a project, and the command that starts its server from any folder of it."""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice_targets.python.package import package_files
from agent_lattice_targets.python.package_names import PackageNames

_START = '''"""Starts the package: `python3 {folder} COMMAND`."""

import sys

from {package}.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
'''


def folder_of(made: plan.Plan) -> str:
    """Where in a project the package stands."""
    return f".lattice/{PackageNames(made).package}"


def embedded(made: plan.Plan) -> dict[str, str]:
    """The files of the package under that folder; without what only a distribution needs."""
    package, folder = PackageNames(made).package, folder_of(made)
    files = {f"{folder}/{path}": text for path, text in package_files(made).items() if path.startswith(f"{package}/")}
    return files | {f"{folder}/__main__.py": _START.format(folder=folder, package=package)}


def server_command(made: plan.Plan, words: str) -> tuple[str, ...]:
    """Starts the package with `words`. Clients start servers in whatever folder they were started in themselves: it looks upward
    for the project. Neither an absolute path nor a repository is needed."""
    folder = folder_of(made)
    find = f'while [ ! -d {folder} ] && [ "$PWD" != / ]; do cd ..; done'
    return ("sh", "-c", f"{find}; exec python3 {folder} {words}")
