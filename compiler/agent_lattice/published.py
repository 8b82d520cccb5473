"""The JSON Schemas of everything that is written down, by name, each with an example that the code itself has made."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent_lattice.driver import Compilation
    from agent_lattice.plan import Plan

Schema = dict[str, Any]
_SOURCE = """\
model fast = anthropic("claude-haiku-4-5") { max_tokens: 200 }

/// A title for a text.
workflow title(text: string) -> string {
  short = ask fast -> string { prompt "A title for: {{ text }}" }
  return short
}
"""
"""The program that the examples are about."""


def published(name: str) -> Schema:
    """The schema of a name in SCHEMAS."""
    return SCHEMAS[name][1]()


def _document() -> Schema:
    from agent_lattice.documents.schema import document_schema

    return document_schema()


def _plan() -> Schema:
    from agent_lattice.plan_data import plan_data
    from agent_lattice.schemas import plan_schema

    return {**plan_schema(), "examples": [plan_data(_example_plan())]}


def _manifest() -> Schema:
    from agent_lattice_targets.python.manifest import manifest
    from agent_lattice_targets.python.manifest_schema import manifest_schema

    return {**manifest_schema(), "examples": [manifest(_example_plan())]}


def _events() -> Schema:
    """Any event: what stands on each line of `lattice events --json`."""
    from agent_lattice_runtime.events import EVENTS

    own = {kind: event_schema(kind) for kind in EVENTS}
    first = next(iter(own.values()))
    return {
        "$schema": first["$schema"],
        "title": "Event",
        "description": "An event of a log, as `lattice events --json` prints it on a line.",
        "oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in own],
        "examples": first["examples"],
        "$defs": {
            kind: {key: value for key, value in schema.items() if key != "$schema"} for kind, schema in own.items()
        },
    }


def event_schema(kind: str) -> Schema:
    """The schema of one type of event, with an example."""
    from agent_lattice_runtime import events

    schema = events.event_schema(kind)
    return {**schema, "examples": [sample(schema)]}


def _diagnostics() -> Schema:
    from agent_lattice.renders.findings import Finding
    from agent_lattice.renders.json import data
    from agent_lattice.renders.json_schema import diagnostics_schema

    found = _compiled(_SOURCE.replace("return short", "return shrot")).report.sorted()
    errors = [Finding(diagnostic, "") for diagnostic in found if diagnostic.code.name == "unknown-name"]
    return {**diagnostics_schema(), "examples": [data(errors)]}


def _replies() -> Schema:
    from agent_lattice_runtime.providers.replies import replies_schema

    failing = {"step": "short#1", "error": {"code": "unavailable", "message": "overloaded"}}
    return {**replies_schema(), "examples": [{"replies": [{"step": "short", "reply": "Refunds in May"}, failing]}]}


def _lattice_toml() -> Schema:
    from agent_lattice.project_schema import project_schema

    build = {"target": "python", "out": "dist"}
    example = {"check": {"fail-on": "warning"}, "build": build, "severity": {"unused-import": "error"}}
    return {**project_schema(), "examples": [example]}


def _lock() -> Schema:
    from agent_lattice.lock import FORMAT, Lock, program_of
    from agent_lattice.program import no_surfaces
    from agent_lattice.project_schema import lock_schema

    program = program_of(_example_plan(), {"title.lat": _SOURCE.encode()}, {"python": 1}, no_surfaces)
    lock = Lock(format=FORMAT, programs={"title.lat": program})
    return {**lock_schema(), "examples": [lock.model_dump(exclude_defaults=True)]}


SCHEMAS: dict[str, tuple[str, Callable[[], Schema]]] = {
    "document": ("a program as YAML or JSON", _document),
    "plan": ("what `lattice plan` prints", _plan),
    "manifest": ("`manifest.json` of a package", _manifest),
    "events": ("an event, as `lattice events --json` prints it", _events),
    "diagnostics": ("what `lattice check --format json` prints", _diagnostics),
    "replies": ("scripted replies, as `--scripted` reads them", _replies),
    "lattice-toml": ("`lattice.toml`, seen as JSON", _lattice_toml),
    "lock": ("`lattice.lock`", _lock),
}
"""What each schema is of, and what makes it."""


def schema_text(schema: Schema) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=True) + "\n"


def _compiled(text: str) -> Compilation:
    from agent_lattice.driver import compile_source

    return compile_source("title.lat", text.encode(), lambda path: None)


@cache
def _example_plan() -> Plan:
    from agent_lattice.driver import plan_of

    plan = plan_of(_compiled(_SOURCE))
    assert plan is not None
    return plan


_PATTERNS = {"^[0-9a-f]{64}$": "0" * 64, r"^custom\..": "custom.progress"}


def sample(schema: Schema) -> Any:
    """A small value that fits a schema of the catalogue of events."""
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    if "pattern" in schema:
        return _PATTERNS[schema["pattern"]]
    kind = schema.get("type", "null")
    match kind if isinstance(kind, str) else kind[-1]:
        case "object":
            own = schema.get("properties", {})
            return {key: sample(own[key]) for key in schema.get("required", ())}
        case "array":
            return [sample(schema.get("items", {}))] * schema.get("minItems", 0)
        case "string":
            return "short" if schema.get("minLength") else "title"
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return None
