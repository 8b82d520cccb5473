"""Pieces of JavaScript: expressions with how tightly they bind, literals, names."""

from __future__ import annotations

import json
import math
import re
from typing import NamedTuple

from agent_lattice.terms import Value
from agent_lattice_runtime.uint import Uint

ANY, OR, AND, EQUAL, ORDER, SUM, PRODUCT, UNARY, POSTFIX = 2, 4, 5, 9, 10, 12, 13, 15, 18
"""How tightly an expression binds: anything with an arrow or a condition, then by operator, what a `.` may follow."""

_BITS = {"|": 6, "^": 7, "&": 8}
LEVELS = {"&&": AND, "||": OR, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, **_BITS}
LEVELS |= dict.fromkeys(("<", "<=", ">", ">="), ORDER) | dict.fromkeys(("===", "!==", "==", "!="), EQUAL)

_WORDS = """
arguments async await break case catch class const continue debugger default delete do else enum eval export extends false finally
for function if implements import in instanceof interface let new null of package private protected public return static super switch
this throw true try typeof undefined var void while with yield
Array BigInt Infinity Map Math NaN Number Object String Uint8Array
agent parallel pipeline phase log args budget workflow meta cel check run types operations outputs at
"""
_RESERVED = frozenset(_WORDS.split())
"""What JavaScript reserves, and the names that scripts use themselves."""

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


class Code(NamedTuple):
    """An expression and how tightly it binds."""

    text: str
    level: int

    def within(self, level: int) -> str:
        """Its text where something that binds so tightly is expected."""
        return self.text if self.level >= level else f"({self.text})"

    @property
    def body(self) -> str:
        """Its text behind an arrow."""
        return f"({self.text})" if self.text.startswith("{") else self.text


def js_name(name: str) -> str:
    """The JavaScript name of a variable: its own, with `_` behind one that JavaScript or a script needs."""
    return f"{name}_" if name.rstrip("_") in _RESERVED else name


def string(text: str) -> str:
    """A string literal in double quotes; what would not show is an escape."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else _escape(char) for char in quoted)


def _escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\u{{{ord(char):x}}}"


def template_text(text: str) -> str:
    """Fixed text inside a template literal, with its line breaks."""
    escaped = text.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")
    return "".join(char if char.isprintable() or char == "\n" else _escape(char) for char in escaped)


def key(name: str) -> str:
    """A name as the key of an object literal."""
    return name if _NAME.fullmatch(name) and name != "__proto__" else f"[{string(name)}]"


def member(owner: Code, name: str) -> Code:
    """A property of an object."""
    dotted = f".{name}" if _NAME.fullmatch(name) else f"[{string(name)}]"
    return Code(owner.within(POSTFIX) + dotted, POSTFIX)


def constant(value: Value) -> Code:
    """A value known now."""
    match value:
        case None:
            return Code("null", POSTFIX)
        case bool():
            return Code("true" if value else "false", POSTFIX)
        case Uint():
            return Code(f"cel.uint({int(value)}n)", POSTFIX)
        case int():
            return Code(f"{value}n", POSTFIX if value >= 0 else UNARY)
        case str():
            return Code(string(value), POSTFIX)
        case bytes():
            return Code(f"cel.bytes({', '.join(map(str, value))})", POSTFIX)
    if math.isnan(value) or math.isinf(value):
        return Code("NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity", UNARY)
    return Code(repr(value), UNARY)


def call(function: str, *args: Code | str) -> Code:
    """A call; arguments that are texts stand as they are."""
    texts = (arg if isinstance(arg, str) else arg.within(ANY) for arg in args)
    return Code(f"{function}({', '.join(texts)})", POSTFIX)


def arrow(params: str, body: Code) -> Code:
    """A function of some parameters, written with their brackets."""
    return Code(f"{params} => {body.body}", ANY)


def operation(sign: str, left: Code, right: Code) -> Code:
    """Two operands of an operator that associates to the left."""
    level = LEVELS[sign]
    return Code(f"{left.within(level)} {sign} {right.within(level + 1)}", level)
