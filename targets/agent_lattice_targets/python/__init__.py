"""Python packages that need nothing but Python: the workflow as a coroutine, its types, its runtime, its tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent_lattice.plan import Plan
    from agent_lattice.target import Target


class PythonTarget:
    """Emits a package; see README.md for what is in it."""

    name = "python"
    contract = 4

    def emit(self, plan: Plan) -> dict[str, str]:
        """The files of the package by relative path; a function of the plan alone."""
        from agent_lattice_targets.python.package import package_files

        return package_files(plan)


def pyz(plan: Plan) -> bytes:
    """The package as one executable archive."""
    from agent_lattice_targets.python.archive import archive

    return archive(plan)


def deploy(plan: Plan, files: Mapping[str, bytes], sources: Mapping[str, str]) -> dict[str, str]:
    """What goes with a package whose other files are `files`: a container, a bill of materials, the provenance. `sources`
    are the digests of the files that the plan was made of, the main one first."""
    from agent_lattice_targets.python.deployment import deployment

    return deployment(plan, files, sources, TARGET.contract)


STORES = ("postgres",)  # besides files
TARGET: Target = PythonTarget()
