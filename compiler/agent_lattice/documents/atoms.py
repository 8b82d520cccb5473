"""Parts of the grammar that are one value in a document: names, numbers, expressions, and short runs of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from agent_lattice.documents.ebnf import Choice, Element, Ref, Repeat, Sequence, Terminal, Word
from agent_lattice.documents.forms import Scalar
from agent_lattice.documents.texts import STRING_PATTERN

_SETTINGS = {
    "setting_text": "text",
    "setting_number": "number",
    "setting_duration": "duration",
    "setting_env": "env",
    "setting_word": "word",
    "setting_doubt": "doubt",
    "setting_list": "list",
}
_BRACKETS = frozenset("(){}[],:=")
_SIGNS = frozenset(".*+?|^$")
_USUAL = {
    "NAME": "name",
    "TYPE_NAME": "name",
    "INT": "number",
    "expr": "value",
    "DURATION": "duration",
    "STRING": "text",
    "template": "text",
}


def scalar(element: Element, grammar: Mapping[str, Element]) -> Scalar | None:
    """What kind of value an element is; None when it is no single value."""
    match element:
        case Ref("expr"):
            return Scalar("expr", "an expression")
        case Ref("type"):
            return Scalar("type", "a type, as in `list<string>` or `Order?`")
        case Ref("text") | Terminal("STRING"):
            return Scalar("text", "a text")
        case Ref("template"):
            return Scalar("text", "a text", lines=True)
        case Terminal("INT"):
            return Scalar("number", "a whole number", frozenset({"INT"}), pattern="[0-9][0-9_]*")
        case Terminal("NAME"):
            return _name("a name", "NAME")
        case Terminal("TYPE_NAME"):
            return _name("a name that begins in upper case", "TYPE_NAME")
        case Terminal(name):
            return Scalar("atom", name.lower(), frozenset({name}), pattern=terminals()[name])
        case Choice((Terminal("NAME"), Terminal("TYPE_NAME"))):
            return _name("a name", "NAME", "TYPE_NAME")
        case Ref("setting_value"):
            return Scalar(
                "value", "a text, number, duration, name, `env.NAME` or list", values=frozenset(_SETTINGS.values())
            )
        case Choice((Ref("text"), Ref("setting_env"))):
            return Scalar("value", "a text or `env.NAME`", values=frozenset({"text", "env"}))
        case Ref(name):
            return _rule(name, grammar)
    return None


def _rule(name: str, grammar: Mapping[str, Element]) -> Scalar | None:
    """A rule that is one token, or a run of tokens without brackets."""
    element = grammar[name]
    plain = scalar(element, grammar)
    if plain is not None:
        return plain
    pattern = _pattern(element, grammar)
    if pattern is None or _is_clause(element):
        return None
    return Scalar("atom", name.replace("_", " "), rule=name, pattern=pattern)


def _is_clause(element: Element) -> bool:
    """A keyword and what belongs to it."""
    items = element.items if isinstance(element, Sequence) else (element,)
    return isinstance(items[0], Word) and items[0].is_keyword and Word(".") not in items


def _pattern(element: Element, grammar: Mapping[str, Element]) -> str | None:
    """A regular expression for the text of an element; None when there is more to it than tokens."""
    match element:
        case Word(text):
            if text in _BRACKETS or text == "->":
                return None
            return "".join(f"\\{sign}" if sign in _SIGNS else sign for sign in text)
        case Terminal(name):
            return f"(?:{terminals()[name]})" if name in terminals() else None
        case Choice(items):
            found = [_pattern(item, grammar) for item in items]
            return None if None in found else f"(?:{'|'.join(p for p in found if p)})"
        case Repeat(item, least, once):
            inner = _pattern(item, grammar)
            word = "[ ]+" if _is_keyword(item) else ""
            return None if inner is None else f"(?:{inner}{word}){'?' if once else '*' if not least else '+'}"
        case Sequence(items):
            parts = [_pattern(item, grammar) for item in items]
            return None if None in parts else "".join(part for part in parts if part)
    return None


def _is_keyword(element: Element) -> bool:
    """A keyword or one of several, behind which a name does not follow without a space."""
    each = element.items if isinstance(element, Choice) else (element,)
    return all(isinstance(item, Word) and item.is_keyword for item in each)


def usual(element: Element) -> str:
    """What a part is called when nothing says better."""
    match element:
        case Terminal(name) | Ref(name):
            return _USUAL.get(name, name)
        case Choice((first, *_)):
            return usual(first)
        case Sequence(items):
            return usual(next((item for item in items if not isinstance(item, Word)), items[0]))
    return "value"


def _name(doc: str, *kinds: str) -> Scalar:
    starts = "".join({"NAME": "a-z_", "TYPE_NAME": "A-Z"}[kind] for kind in kinds)
    return Scalar("name", doc, frozenset(kinds), pattern=f"[{starts}][A-Za-z0-9_]*")


@cache
def terminals() -> dict[str, str]:
    """Tokens by name: their regular expressions, in the notation that JSON Schema shares."""
    return {
        "NAME": "[a-z_][A-Za-z0-9_]*",
        "TYPE_NAME": "[A-Z][A-Za-z0-9_]*",
        "INT": "[0-9][0-9_]*",
        "FLOAT": r"[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+",
        "DURATION": "[0-9]+(?:ms|s|m|h|d)",
        "STRING": STRING_PATTERN,
    }
