"""The JSON Schema of documents, from the forms. Every choice is told apart by the type of a value or by its key: errors have one place."""

from __future__ import annotations

from functools import cache
from typing import Any

from agent_lattice.documents.deriving import clause_entries, forms
from agent_lattice.documents.ebnf import Ref
from agent_lattice.documents.examples import examples
from agent_lattice.documents.forms import (
    KEY,
    Choices,
    Either,
    Entries,
    Flag,
    Form,
    Items,
    Maybe,
    Nest,
    Piece,
    Scalar,
    Shape,
    Slot,
    missing,
    optional,
    slots,
)
from agent_lattice.documents.owners import alternatives, setting_tables
from agent_lattice.documents.sections import sections
from agent_lattice.documents.texts import STRING_PATTERN as STRING
from agent_lattice.documents.values import SORTS

Schema = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DOC = {"type": "string", "description": "documentation, for readers of the program and of its package"}


@cache
def document_schema() -> Schema:
    """The schema of a program as a document."""
    making = _Making()
    own = {name: making.section(section.shape) for name, section in sections().items()}
    for name, section in sections().items():
        own[name] = {"title": name, "description": forms()[section.rule].summary, **own[name]}
    one: Schema = {"type": "object", "properties": own, "additionalProperties": False}
    top = {"$schema": {"type": "string", "description": "the schema that editors check this document with"}, **own}
    return {
        "$schema": _DIALECT,
        "title": "Lattice program",
        "description": "A program of Agent Lattice: its declarations by sort and name. As a list of maps with one section each "
        "where the order of declarations matters to people.",
        **one,
        "properties": top,
        "type": ["object", "array"],
        "items": {**one, "minProperties": 1, "maxProperties": 1},
        "examples": [examples().whole],
        "$defs": dict(sorted(making.defs.items())),
    }


class _Making:
    """Schemas of forms, each once."""

    def __init__(self) -> None:
        self.defs: dict[str, Schema] = {}

    def section(self, shape: Shape) -> Schema:
        return self.shape(shape)

    def shape(self, shape: Shape) -> Schema:
        match shape:
            case Scalar():
                return scalar(shape)
            case Flag(word, needed):
                return (
                    {"const": True} if needed else {"type": "boolean", "description": f"whether `{word}` stands there"}
                )
            case Items(item, least):
                least_of = {"minItems": least} if least else {}
                return {"type": "array", "items": self.shape(item), **least_of}
            case Entries():
                return self.entries(shape)
            case Choices(rules, plain):
                return self.choices(rules) if plain is None else self.plain_or(rules, plain)
        return self.ref(shape.rule)

    def ref(self, rule: str) -> Schema:
        """A form by reference, so that it may contain itself."""
        if rule not in self.defs:
            self.defs[rule] = {}
            self.defs[rule] |= self.form(forms()[rule])
        return {"$ref": f"#/$defs/{rule}"}

    def choices(self, rules: tuple[str, ...]) -> Schema:
        """A map with one key, the word of a form."""
        statements = alternatives(Ref("statement"))
        others = [rule for rule in rules if rule not in statements]
        name = "_or_".join(["statement" if set(statements) <= set(rules) else "choice", *others])
        if name not in self.defs:
            self.defs[name] = {}
            properties = {forms()[rule].word: self.titled(forms()[rule], self.ref(rule)) for rule in rules}
            self.defs[name] |= {
                "title": " or ".join([name.split("_")[0], *(forms()[rule].word for rule in others)]),
                "description": "A map with one key: what is done.",
                "type": "object",
                "properties": properties,
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
            }
        return {"$ref": f"#/$defs/{name}"}

    def plain_or(self, rules: tuple[str, ...], plain: Scalar) -> Schema:
        """A single value, or a map with one key."""
        own = {forms()[rule].word: self.titled(forms()[rule], self.ref(rule)) for rule in rules}
        chosen = {"type": "object", "properties": own, "additionalProperties": False}
        return _joined(scalar(plain), {**chosen, "minProperties": 1, "maxProperties": 1})

    @staticmethod
    def titled(form: Form, schema: Schema) -> Schema:
        return {"title": form.title, **({"description": form.summary} if form.summary else {}), **schema}

    def form(self, form: Form) -> Schema:
        """A form as a map, or as the value that may stand for it."""
        whole = self.titled(form, self.value(form))
        found = examples().of.get(form.rule)
        return {**whole, "examples": found} if found else whole

    def value(self, form: Form) -> Schema:
        only = form.only
        if only is not None and not form.documented:
            return self.shape(only.shape)
        made = self.map(form)
        one = only or form.bare
        if one is not None:
            return _joined(scalar(one.shape) if isinstance(one.shape, Scalar) else self.shape(one.shape), made)
        if form.key is not None and not form.slots and form.clauses is None:
            return {**made, "type": ["object", "null"]}
        return made

    def map(self, form: Form) -> Schema:
        properties: Schema = {}
        if form.documented:
            properties["doc"] = _DOC
        for key, slot in form.slots.items():
            properties[key] = _about(form, key, self.shape(slot.shape))
        properties |= self.clauses(form)
        made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        required = [keys[0] for keys in missing(form.pieces, frozenset()) if len(keys) == 1]
        if required:
            made["required"] = required
        for piece in form.pieces:
            _conditions(piece, made)
        return made

    def clauses(self, form: Form) -> Schema:
        """A key for each word, and one for all of them in a list."""
        if form.clauses is None:
            return {}
        found = {word: self.clause(forms()[rule]) for word, rule in form.clauses.rules.items()}
        words = ", ".join(f"`{word}`" for word in found)
        found[form.clauses.key] = {
            "description": f"{words} in any order, a map with one key each: needed where one of them comes again after another",
            "type": "array",
            "items": {
                "type": "object",
                "properties": dict(found),
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
            },
        }
        return found

    def clause(self, form: Form) -> Schema:
        """Entries, one value, or a list of values."""
        if form.key is not None:
            made = self.entries(clause_entries(form))
        else:
            one = self.value(form)
            several = {"type": "array", "items": self.ref(form.rule), "minItems": 1}
            is_list = form.only is not None and isinstance(form.only.shape, Items)
            made = several if is_list else _joined(several, one)
        found = examples().of.get(form.rule)
        return {**self.titled(form, made), **({"examples": found[:1]} if found and form.key is None else {})}

    def entries(self, shape: Entries) -> Schema:
        """A map by name, or a list of maps with one key."""
        form = forms()[shape.rule]
        assert form.key is not None
        if shape.settings:
            own: Schema = {"properties": settings(shape.settings), "additionalProperties": False}
        else:
            names = {"propertyNames": {"pattern": f"^(?:{form.key.pattern})$"}} if form.key.sort == "name" else {}
            own = {**names, "additionalProperties": self.ref(shape.rule)}
        item: Schema = {"type": "object", **own, "minProperties": 1, "maxProperties": 1}
        if form.unkeyed is not None and isinstance(form.unkeyed.shape, Scalar):
            item = _joined(scalar(form.unkeyed.shape), item)
        least = {"minProperties": shape.least, "minItems": shape.least} if shape.least else {}
        return {"type": ["object", "array"], **own, "items": item, **least}


def settings(table: str) -> Schema:
    """The settings of a table, each with what it may be and what holds without it."""
    rules, defaults = setting_tables()[table]
    found: Schema = {}
    for name, rule in rules.items():
        default = defaults.get(name)
        shown = f"{default:g}s" if rule.sort == "duration" and default is not None else default
        found[name] = {"description": rule.doc, **_setting(rule), **({} if default is None else {"default": shown})}
    return found


def _setting(rule: Any) -> Schema:
    if rule.sort == "list":
        return {"type": "array", "items": _values(list(rule.choices))}
    made = _values(rule.sort.split("|"))
    if rule.choices and "doubt" in rule.sort:  # a word, or words that only the compiler reads
        return {"anyOf": [{"enum": list(rule.choices)}, {"type": "string", "pattern": "^(verify|ask|assume) "}]}
    if rule.choices:
        return {"enum": list(rule.choices)}
    if rule.sort == "number":
        made |= {"minimum": rule.least, "maximum": rule.most, "type": ["integer" if rule.whole else "number", "string"]}
    return made


def _values(sorts: list[str]) -> Schema:
    """A text that is taken for one of the sorts. What a text can be besides is shown as a literal."""
    if "text" in sorts:
        return _literal({"type": "string"}, STRING)
    pattern = "|".join(SORTS[sort].pattern for sort in sorts)
    return {"type": ["string", "number"] if "number" in sorts else "string", "pattern": f"^(?:{pattern})$"}


def scalar(shape: Scalar) -> Schema:
    """One value."""
    about = {"description": shape.doc}
    match shape.sort:
        case "expr":
            return {**about, "type": ["string", "number", "boolean"]}
        case "type":
            return {**about, "type": "string"}
        case "text":
            return {**about, **_literal({"type": "string"}, STRING)}
        case "value":
            return {**about, **_value(shape)}
    types = ["string"]
    if shape.sort != "name":
        types += ["integer"] if _fits(shape, "1") else []
        types += ["boolean"] if _fits(shape, "true") else []
    least = {"minimum": 0} if "integer" in types and not _fits(shape, "-1") else {}
    return {**about, "type": types if len(types) > 1 else "string", "pattern": f"^(?:{shape.pattern})$", **least}


def _value(shape: Scalar) -> Schema:
    pattern = "|".join([STRING, *(pattern.pattern for sort, pattern in SORTS.items())])
    plain: Schema = {"type": ["string", "number"] if "number" in shape.values else "string"}
    made = _literal(plain, pattern)
    if "list" not in shape.values:
        return made
    inner = _literal({"type": ["string", "number", "array"]}, pattern)
    return {**made, "type": [*made["type"], "array"], "items": inner}


def _literal(plain: Schema, pattern: str) -> Schema:
    """A value, or a map that shows it as it is written in a program."""
    types = plain["type"] if isinstance(plain["type"], list) else [plain["type"]]
    literal = {
        "description": "the value as it is written in a program",
        "type": "string",
        "pattern": f"^(?:{pattern})$",
    }
    return {
        **plain,
        "type": [*types, "object"],
        "properties": {"literal": literal},
        "required": ["literal"],
        "additionalProperties": False,
    }


def _fits(shape: Scalar, text: str) -> bool:
    import re

    return re.fullmatch(shape.pattern, text) is not None


def _joined(one: Schema, other: Schema) -> Schema:
    """What is allowed by either, for schemas of different types of values."""
    types = [*_types(one), *(t for t in _types(other) if t not in _types(one))]
    return {**one, **other, "type": types}


def _types(schema: Schema) -> list[str]:
    found = schema["type"]
    return list(found) if isinstance(found, list) else [found]


def _about(form: Form, key: str, schema: Schema) -> Schema:
    """The schema of a key, with what its kind says about it."""
    return {**schema, "description": form.about[key]} if key in form.about else schema


def _conditions(piece: Piece, made: Schema, always: bool = True) -> None:
    """What must stand together, and what excludes what. `always`: the piece is not itself left out at times."""
    match piece:
        case Nest(pieces=inner):
            for item in inner:
                _conditions(item, made, always)
        case Maybe(inner):
            _together(inner, made)
            for item in inner:
                _conditions(item, made, False)
        case Either(ways):
            _one_of(ways, made, always)


def _needed(pieces: tuple[Piece, ...]) -> list[str]:
    """The keys that stand wherever the pieces do."""
    found: list[str] = []
    for piece in pieces:
        if isinstance(piece, Nest):
            found += _needed(piece.pieces)
        elif isinstance(piece, Slot) and piece.key != KEY and not optional(piece.shape):
            found.append(piece.key)
    return found


def _together(pieces: tuple[Piece, ...], made: Schema) -> None:
    for name in (slot.key for slot in slots(pieces)):
        others = [other for other in _needed(pieces) if other != name]
        if others:
            made.setdefault("dependentRequired", {})[name] = others


def _one_of(ways: tuple[tuple[Piece, ...], ...], made: Schema, always: bool) -> None:
    names = [[slot.key for slot in slots(inner) if slot.key != KEY] for inner in ways]
    if always and all(missing(inner, frozenset()) for inner in ways):
        made["anyOf"] = [{"required": [name]} for own in names for name in own]
    for at, own in enumerate(names):
        _together(ways[at], made)
        for piece in ways[at]:
            _conditions(piece, made, False)
        later = [name for others in names[at + 1 :] for name in others]
        for name in own if later else ():
            made.setdefault("dependentSchemas", {})[name] = {"properties": dict.fromkeys(later, False)}
