"""The software bill of materials of a package, as CycloneDX 1.6: https://cyclonedx.org/docs/1.6/json/."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from agent_lattice import __version__, plan

from agent_lattice_targets.python.package_names import VERSION, PackageNames
from agent_lattice_targets.python.runtime_files import requirements

_RUNTIME = "agent-lattice-runtime"


def bill_of_materials(made: plan.Plan, files: Mapping[str, bytes]) -> str:
    """Its text: the package with its files, the runtime that it carries with the files of that, and what it needs besides.

    There is no time in it, and its serial number is made of the rest.
    """
    names = PackageNames(made)
    inside = f"{names.package}/_runtime/"
    carried = [path for path in files if path.startswith(inside)]
    own = [path for path in files if not path.startswith(inside)]
    needed = _needed(made)
    components = [_runtime(_files(carried, files)), *needed]
    bill: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "build"}],
            "tools": {"components": [{"type": "application", "name": "agent-lattice", "version": __version__}]},
            "component": _package(made, names, _files(own, files)),
        },
        "components": components,
        "dependencies": [
            {"ref": names.distribution, "dependsOn": [component["bom-ref"] for component in components]},
            *({"ref": component["bom-ref"]} for component in components),
        ],
    }
    return json.dumps({"serialNumber": _serial_number(bill), **bill}, indent=2, ensure_ascii=False) + "\n"


def _serial_number(bill: Mapping[str, Any]) -> str:
    digest = sha256(json.dumps(bill, sort_keys=True).encode()).digest()
    return f"urn:uuid:{UUID(bytes=digest[:16], version=5)}"


def _package(made: plan.Plan, names: PackageNames, files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "application",
        "bom-ref": names.distribution,
        "name": names.distribution,
        "version": VERSION,
        **({"description": made.doc} if made.doc else {}),
        "components": files,
        "properties": [
            {"name": "agent-lattice:plan", "value": made.digest},
            {"name": "agent-lattice:requires-python", "value": ">=3.11"},
        ],
    }


def _runtime(files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _RUNTIME,
        "name": _RUNTIME,
        "version": __version__,
        "scope": "required",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "components": files,
    }


def _needed(made: plan.Plan) -> list[dict[str, Any]]:
    """What is installed beside the package: its version is chosen then, so there is a range in place of a hash."""
    return [
        {
            "type": "library",
            "bom-ref": name,
            "name": name,
            "scope": "required",
            "purl": f"pkg:pypi/{name}",
            "properties": [{"name": "agent-lattice:requirement", "value": wanted}],
        }
        for wanted in requirements(made).values()
        for name in [re.split(r"[\[<>=]", wanted)[0]]
    ]


def _files(paths: Iterable[str], files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    return [
        {
            "type": "file",
            "bom-ref": f"file:{path}",
            "name": path,
            "hashes": [{"alg": "SHA-256", "content": sha256(files[path]).hexdigest()}],
        }
        for path in sorted(paths)
    ]
