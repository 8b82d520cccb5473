"""How a package was made, as an in-toto statement (https://in-toto.io/Statement/v1) with SLSA provenance.

It says nothing of time and place and is not signed: whoever builds signs it, when the build is one that others are to trust.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from agent_lattice import __version__, plan

_BUILD = "urn:agent-lattice:build:1"
_BUILDER = "urn:agent-lattice:compiler"


def provenance(made: plan.Plan, files: Mapping[str, bytes], sources: Mapping[str, str], contract: int) -> str:
    """Its text: every emitted file as a subject, every source (by its `sha256:…` digest, the main one first) as a dependency."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": path, "digest": {"sha256": sha256(content).hexdigest()}} for path, content in sorted(files.items())
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": _definition(made, sources, contract), "runDetails": _run()},
    }
    return json.dumps(statement, indent=2, ensure_ascii=False) + "\n"


def _definition(made: plan.Plan, sources: Mapping[str, str], contract: int) -> dict[str, Any]:
    return {
        "buildType": _BUILD,
        "externalParameters": {
            "source": next(iter(sources)),
            "target": "python",
            "workflow": made.main,
            **({"stores": list(made.stores)} if made.stores else {}),
        },
        "internalParameters": {"contract": contract, "plan": made.digest},
        "resolvedDependencies": [
            {"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}}
            for name, digest in sorted(sources.items())
        ],
    }


def _run() -> dict[str, Any]:
    return {"builder": {"id": _BUILDER, "version": {"agent-lattice": __version__}}}
