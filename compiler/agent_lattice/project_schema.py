"""The JSON Schemas of `lattice.toml` and `lattice.lock`, from what reads them. `generate` writes them to `schemas/`."""

from __future__ import annotations

from typing import Any

from agent_lattice.diagnostics import Severity
from agent_lattice.lock import Lock
from agent_lattice.pages import all_codes
from agent_lattice.project_reading import LEVELS, SEVERITY, SEVERITY_DOC, TABLES, Setting

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def project_schema() -> dict[str, Any]:
    """The schema of `lattice.toml`, seen as JSON: closed, everything optional."""
    tables = {
        name: _table(doc, {key: _setting(setting) for key, setting in settings.items()})
        for name, (doc, settings) in TABLES.items()
    }
    tables[SEVERITY] = _table(
        SEVERITY_DOC,
        {
            code.name: {"enum": list(LEVELS), "default": str(code.severity)}
            for code in all_codes()
            if code.severity < Severity.ERROR
        },
    )
    return {"$schema": _DIALECT, "title": "lattice.toml", **_table("What a project has decided once.", tables)}


def lock_schema() -> dict[str, Any]:
    """The schema of `lattice.lock`."""
    return {"$schema": _DIALECT, **Lock.model_json_schema()}


def _table(doc: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"description": doc, "type": "object", "additionalProperties": False, "properties": properties}


def _setting(setting: Setting) -> dict[str, Any]:
    shape: dict[str, Any] = {"description": setting.doc}
    if setting.kind is bool:
        shape["type"] = "boolean"
    elif setting.choices:
        shape["enum"] = list(setting.choices)
    else:
        shape |= {"type": "string", "pattern": r"\S"}
    return shape | ({} if setting.default is None else {"default": setting.default})
