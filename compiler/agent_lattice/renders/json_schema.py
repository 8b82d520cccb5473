"""The JSON Schema of findings as JSON. `generate` writes it to `schemas/`."""

from __future__ import annotations

from typing import Any

from agent_lattice.diagnostics import Severity
from agent_lattice.renders.json import FORMAT

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_PLACE: Schema = {"$ref": "#/$defs/place"}


def diagnostics_schema() -> Schema:
    """The schema of what `lattice check --format json` prints."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Diagnostics",
        "description": "What `lattice check --format json` prints. Offsets count characters, from 0, of the text with LF line ends and "
        "without a byte order mark; lines and columns count from 1; ends are excluded.",
        **_closed(
            format={"const": FORMAT, "description": "Version of the shape."},
            diagnostics={"type": "array", "items": {"$ref": "#/$defs/diagnostic"}},
            summary=_closed(**{f"{severity}s": _COUNT for severity in sorted(Severity, reverse=True)}),
        ),
        "$defs": {"diagnostic": _diagnostic(), "place": _place(), "point": _point()},
    }


def _diagnostic() -> Schema:
    spot = _closed(place=_PLACE, text=_TEXT)
    fix = _closed(
        title={**_TEXT, "description": "What it does."},
        safe={
            "type": "boolean",
            "description": "Whether `--fix` applies it; another one removes what somebody wrote or makes up a value.",
        },
        edits={"type": "array", "minItems": 1, "items": spot},
    )
    return {
        "title": "Diagnostic",
        "description": "One finding.",
        **_closed(
            code={**_TEXT, "pattern": "^LAT[0-9]{4}$", "description": "Its number, which never changes."},
            name={**_TEXT, "pattern": "^[a-z0-9-]+$", "description": "Its name, under which it has a page."},
            severity={"enum": [str(severity) for severity in sorted(Severity, reverse=True)]},
            message={**_TEXT, "minLength": 1, "description": "What is wrong, in one sentence."},
            label={**_TEXT, "description": "What stands beside the carets; may be empty."},
            place=_PLACE,
            related={"type": "array", "items": spot, "description": "Other places that have to do with it."},
            notes={"type": "array", "items": _TEXT, "description": "Why it is so."},
            help={**_TEXT, "description": "What to do; may be empty."},
            fix={"anyOf": [{"type": "null"}, fix], "description": "How to mend it; null where that is open."},
        ),
    }


def _place() -> Schema:
    point = {"$ref": "#/$defs/point"}
    file = {**_TEXT, "description": "A relative path with `/`."}
    return {
        "title": "Place",
        "description": "Where something stands; null for what is built in.",
        "anyOf": [{"type": "null"}, _closed(file=file, start=point, end=point)],
    }


def _point() -> Schema:
    one = {"type": "integer", "minimum": 1}
    return {
        "title": "Point",
        "description": "A place in a text, counted in three ways.",
        **_closed(offset=_COUNT, line=one, column=one),
    }


def _closed(**properties: Schema) -> Schema:
    """An object with exactly these properties."""
    return {"type": "object", "additionalProperties": False, "required": [*properties], "properties": properties}
