"""What goes with a package where it is deployed: a container, a bill of materials, and a statement of how it was made."""

from __future__ import annotations

from collections.abc import Mapping

from agent_lattice import plan
from agent_lattice_runtime.environment import ALWAYS

from agent_lattice_targets.python.bill_of_materials import bill_of_materials
from agent_lattice_targets.python.package_names import PackageNames
from agent_lattice_targets.python.provenance import provenance
from agent_lattice_targets.python.rendering import rendered
from agent_lattice_targets.python.runtime_files import requirements

BILL = "sbom.cdx.json"
PROVENANCE = "provenance.json"


def deployment(
    made: plan.Plan, files: Mapping[str, bytes], sources: Mapping[str, str], contract: int
) -> dict[str, str]:
    """The texts by path. `files` are all others that are emitted, `sources` the digests (`sha256:…`) of the files that
    the plan was made of, the main one first."""
    found = {"Dockerfile": _container(made), ".dockerignore": rendered("dockerignore", names=PackageNames(made))}
    found[BILL] = bill_of_materials(made, {**files, **_bytes(found)})
    found[PROVENANCE] = provenance(made, {**files, **_bytes(found)}, sources, contract)
    return found


def _bytes(texts: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode("utf-8") for path, text in texts.items()}


def _container(made: plan.Plan) -> str:
    names, total = PackageNames(made), made.grants.total
    given = "".join(f"--env {name} " for name in sorted({*total.env, *total.secrets} - ALWAYS))
    programs = sorted({" ".join(tool.command) for tool in made.tools if tool.command and not tool.scripts})
    return rendered(
        "Dockerfile",
        names=names,
        made=made,
        extras=requirements(made),
        image=names.distribution.lower(),
        given=given,
        programs=programs,
    )
