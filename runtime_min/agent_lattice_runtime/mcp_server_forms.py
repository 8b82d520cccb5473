"""What a client shows a person whom a run asks: the question, exactly the values that are shown, and fields for those that
may be changed there."""

from __future__ import annotations

from .canonical import canonical
from .commands.showing import moment, pretty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Schema = Mapping[str, Any]

AGREED = "approved"  # of what a decision says of itself, so that no value can have this name
_FORMATS = ("date", "date-time", "email", "uint64", "uri")
_KINDS: dict[str, type | tuple[type, ...]] = {"boolean": bool, "integer": int, "number": (int, float), "string": str}


class Form:
    """The form for an open question: `asked` is the payload of its event, `values` the schema of what may be changed. Fields
    get the shown values as defaults where `defaults`; protocols before 2025-11-25 know no others than for booleans."""

    def __init__(self, about: str, asked: Mapping[str, Any], values: Schema, *, defaults: bool) -> None:
        self._about = about
        self._asked = asked
        self._shown: Mapping[str, Any] = asked["values"]
        self._fields = {
            name: made | ({"default": self._shown[name]} if defaults and self._shown[name] is not None else {})
            for name, schema in values["properties"].items()
            if name in self._shown and (made := _field(schema, self._shown[name])) is not None
        }

    def params(self, trouble: str = "") -> dict[str, Any]:
        """What the client is sent; `trouble` is what was wrong with the answer before.

        That somebody agrees is a field without a default: clients that accept forms by themselves do not fill it.
        """
        agreed = {"type": "boolean", "title": "Approve", "description": "Yes, exactly this is to be done."}
        properties = {AGREED: agreed, **self._fields}
        schema = {"type": "object", "properties": properties, "required": [AGREED]}
        return {"message": self._message(trouble), "requestedSchema": schema}

    def changes(self, content: Mapping[str, Any]) -> dict[str, Any] | None:
        """The values that are to be others than shown; None when nobody has agreed to anything."""
        if content.get(AGREED) is not True:
            return None
        given = {name: value for name, value in content.items() if name != AGREED}
        return {name: value for name, value in given.items() if name not in self._shown or value != self._shown[name]}

    def _message(self, trouble: str) -> str:
        asked = self._asked
        lines = [f"Not taken: {_visible(trouble)}", ""] if trouble else []
        lines += [f"{self._about} asks somebody in the role {_visible(str(asked['role']))}", ""]
        lines += [f"> {_visible(line)}" for line in str(asked["question"]).split("\n")]
        if self._shown:
            lines += ["", *(_visible(line) for line in pretty(self._shown).split("\n"))]
        fixed = [name for name in self._shown if name not in self._fields]
        if fixed:
            lines += ["", f"There is no field here to change: {', '.join(fixed)}"]
        return "\n".join([*lines, "", f"until {moment(asked['until'])}; shown: {asked['shown']}"])


def _field(schema: Schema, shown: Any) -> dict[str, Any] | None:
    """The field for a value: of the few schemas that a form may have; None for all others."""
    some = [option for option in schema.get("anyOf", (schema,)) if option.get("type") != "null"]
    kind = some[0].get("type") if len(some) == 1 else None
    if kind not in _KINDS or "contentEncoding" in some[0] or some[0].get("format", "date") not in _FORMATS:
        return None
    if shown is not None and (not isinstance(shown, _KINDS[kind]) or isinstance(shown, bool) != (kind == "boolean")):
        return None  # a number that JSON has none for
    kept = {name: some[0][name] for name in ("enum", "format", "maximum", "minimum") if name in some[0]}
    if kind != "string":
        kept.pop("format", None)
    return {"type": kind, "description": f"shown: {_visible(canonical(shown))}", **kept}


def _visible(text: str) -> str:
    """Text of others with every character in sight: what cannot be seen is written as JSON writes it."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    """A character as an escape of JSON."""
    from json import dumps

    return dumps(letter)[1:-1] if ord(letter) != 0x7F else "\\u007f"
