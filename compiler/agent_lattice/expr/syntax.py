"""The grammar of expressions, with what makes its nodes.

A TYPE_NAME directly followed by `{` is always a record literal: the parser shifts there.
"""

from __future__ import annotations

import math
from typing import Any

from agent_lattice_runtime.uint import MOST, Uint
from lark import Token

from agent_lattice.diagnostics import Code, Diagnostic, Fix, replace
from agent_lattice.expr import tree
from agent_lattice.expr.strings import decode, decode_bytes
from agent_lattice.expr.tree import (
    Call,
    Conditional,
    Expr,
    Ident,
    Index,
    ListLiteral,
    MapLiteral,
    OptionalItem,
    RecordLiteral,
    Select,
    Unary,
    Wrong,
)
from agent_lattice.records import replace as with_changes
from agent_lattice.source import Span
from agent_lattice.tree import Name, Parts, Reader

EXPRESSION_SYNTAX = Code("LAT1101", "expression-syntax")
EXPRESSION_ONLY = Code("LAT1102", "expression-only-type")
WRONG_NUMBER = Code("LAT1103", "wrong-number")
WRONG_ESCAPE = Code("LAT1104", "wrong-escape")
TOO_DEEP = Code("LAT1105", "nested-too-deeply")

SYNTAX = r"""
?expr: disjunction | disjunction "?" disjunction ":" expr -> expr_conditional
?disjunction: conjunction ("||" conjunction)*
?conjunction: relation ("&&" relation)*
?relation: sum (("==" | "!=" | "<" | "<=" | ">" | ">=" | "in") sum)*
?sum: product (("+" | "-") product)*
?product: unary (("*" | "/" | "%") unary)*
?unary: postfix | ("!" | "-") unary -> expr_unary
?postfix: primary
    | postfix "." (NAME | TYPE_NAME | QUOTED_NAME) -> expr_select
    | postfix "." (NAME | TYPE_NAME) "(" _expr_list? ")" -> expr_call
    | postfix "[" expr "]" -> expr_index
    | postfix "." "?" (NAME | TYPE_NAME | QUOTED_NAME) -> expr_select
    | postfix "[" "?" expr "]" -> expr_index
?primary: "."? (NAME | TYPE_NAME) -> expr_ident
    | "."? (NAME | TYPE_NAME) "(" _expr_list? ")" -> expr_call
    | "(" expr ")" -> expr_group
    | ("true" | "false" | "null" | INT | HEX | UINT | FLOAT | STRING) -> expr_literal
    | BYTES -> expr_bytes
    | "[" (expr_item ("," expr_item)* ","?)? "]" -> expr_list
    | "{" (expr_entry ("," expr_entry)* ","?)? "}" -> expr_map
    | TYPE_NAME "{" (expr_field ("," expr_field)* ","?)? "}" -> expr_record
?expr_item: expr | "?" expr -> expr_maybe
expr_entry: "?"? expr ":" expr
expr_field: (NAME | TYPE_NAME) ":" expr
_expr_list: expr ("," expr)*

NAME: /[a-z_][A-Za-z0-9_]*/
QUOTED_NAME: /`[a-zA-Z0-9_.\-\/ ]+`/
INT: /[0-9][0-9_]*/
HEX.2: /0[xX][0-9a-fA-F]+/
FLOAT.2: /[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+/
UINT.3: /(?:0[xX][0-9a-fA-F]+|[0-9]+)[uU](?![A-Za-z0-9_])/
BYTES.3: /[bB]/ STRING
STRING.2: _RAW_LONG | _LONG | _RAW_SHORT | _SHORT
_RAW_LONG: /[rR](?:"{3}[\s\S]*?"{3}|'{3}[\s\S]*?'{3})/
_LONG: /"{3}(?:[^\\]|\\[\s\S])*?"{3}|'{3}(?:[^\\]|\\[\s\S])*?'{3}/
_RAW_SHORT: /[rR](?:"[^"\n]*"|'[^'\n]*')/
_SHORT: /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'/
"""

_CONSTANTS = {"true": True, "false": False, "null": None}
_LIMIT = 2**63
INT_RANGE = "an int has 64 bits: from -9223372036854775808 to 9223372036854775807"


def _depth(*operands: Expr) -> int:
    return 1 + max((operand.depth for operand in operands), default=0)


def _shallow(expr: Expr) -> Expr:
    """The node, or what stands for it when it nests too deeply: so no tree is deeper than the limit."""
    if expr.depth <= tree.MOST_DEPTH:
        return expr
    message = f"this expression nests more than {tree.MOST_DEPTH} levels deep"
    return wrong(TOO_DEEP, message, expr.span, "name parts of it with `let`")


def wrong(code: Code, message: str, span: Span, help: str, *, at: Span | None = None, fix: Fix | None = None) -> Wrong:
    """A node for text that means nothing; the finding stands at `at` or the whole span."""
    return Wrong(" ".join(span.text.split()), Diagnostic(code, message, at or span, help=help, fix=fix), span=span)


def _exprs(parts: Parts) -> tuple[Expr, ...]:
    return tuple(child for child in parts.children if isinstance(child, Expr))


def _read_chain(parts: Parts) -> Expr:
    operands = parts.children[::2]
    pairs = zip(map(str, parts.children[1::2]), operands[1:], strict=True)
    return _shallow(tree.arithmetic(operands[0], *pairs, span=parts.span, depth=_depth(*operands)))


def _read_logic(parts: Parts) -> Expr:
    operands = parts.children[::2]
    return _shallow(tree.logic(str(parts.children[1]), *operands, span=parts.span, depth=_depth(*operands)))


def _read_relation(parts: Parts) -> Expr:
    left, *rest = parts.children
    for operator, right in zip(rest[::2], rest[1::2], strict=True):
        left = _shallow(
            tree.Binary(str(operator), left, right, span=left.span.to(right.span), depth=_depth(left, right))
        )
    assert isinstance(left, Expr)
    return left


def _read_unary(parts: Parts) -> Expr:
    operator, operand = str(parts.children[0]), parts.one(Expr)
    if operator == "-" and isinstance(operand, tree.Literal) and _is_unsigned(operand):
        assert isinstance(operand.value, int | float)
        return tree.Literal(-operand.value, span=parts.span)
    return _shallow(Unary(operator, operand, span=parts.span, depth=_depth(operand)))


def _is_unsigned(literal: tree.Literal) -> bool:
    return type(literal.value) in (int, float) and not tree.quoted(literal.value).startswith("-")


def _read_conditional(parts: Parts) -> Expr:
    condition, then, otherwise = operands = _exprs(parts)
    return _shallow(Conditional(condition, then, otherwise, span=parts.span, depth=_depth(*operands)))


def _member(parts: Parts) -> Name:
    """The name behind a dot or of a call; in backticks it may be any text."""
    name = parts.name("NAME", "TYPE_NAME", "QUOTED_NAME")
    return Name(name.text.strip("`"), name.span)


def _read_select(parts: Parts) -> Expr:
    target = parts.one(Expr)
    return _shallow(Select(target, _member(parts), parts.has("?"), span=parts.span, depth=_depth(target)))


def _read_call(parts: Parts) -> Expr:
    exprs = _exprs(parts)
    target = exprs[0] if exprs and parts.children[0] is exprs[0] else None
    args = exprs[1:] if target is not None else exprs
    return _shallow(Call(target, _member(parts), args, span=parts.span, depth=_depth(*exprs)))


def _read_index(parts: Parts) -> Expr:
    target, key = _exprs(parts)
    return _shallow(Index(target, key, parts.has("?"), span=parts.span, depth=_depth(target, key)))


def _read_ident(parts: Parts) -> Expr:
    name = str(parts.children[-1])
    if name == "in":
        return wrong(EXPRESSION_SYNTAX, "`in` is an operator, not a name", parts.span, "write `item in items`")
    return Ident(name, parts.has("."), span=parts.span)


def _read_group(parts: Parts) -> Expr:
    """Parentheses are not part of the tree, only of the span."""
    return with_changes(parts.one(Expr), span=parts.span)


def _read_literal(parts: Parts) -> Expr:
    token: Token = parts.children[0]
    text, span = str(token), parts.span
    match token.type:
        case "INT" | "HEX":
            return _integer(text, span)
        case "UINT":
            return _unsigned(text[:-1], span)
        case "FLOAT":
            value = float(text)
            if math.isinf(value):
                message = "this number is too large for a float"
                return wrong(WRONG_NUMBER, message, span, "the largest is about 1.8e308")
            return tree.Literal(value, span=span)
        case "STRING":
            return _string(text, span)
    return tree.Literal(_CONSTANTS[text], span=span)


def _integer(text: str, span: Span) -> Expr:
    if "_" in text:
        plain = text.replace("_", "")
        fix = replace("remove the underscores", span, plain)
        message = "a number in an expression has no underscores"
        return wrong(WRONG_NUMBER, message, span, f"write `{plain}`", fix=fix)
    value = _whole(text)
    if value > _LIMIT:
        return wrong(WRONG_NUMBER, "this number does not fit an int", span, INT_RANGE)
    return tree.Literal(value, span=span)


def _unsigned(text: str, span: Span) -> Expr:
    value = _whole(text)
    if value > MOST:
        help = f"a uint has 64 bits: from 0 to {MOST}"
        return wrong(WRONG_NUMBER, "this number does not fit a uint", span, help)
    return tree.Literal(Uint(value), span=span)


def _whole(text: str) -> int:
    """The number of decimal or hexadecimal digits, or one beyond every limit when there are too many."""
    base, digits = (16, text[2:]) if text[:2] in ("0x", "0X") else (10, text)
    return int(digits, base) if len(digits.lstrip("0")) <= 20 else 2 * MOST


def _string(text: str, span: Span) -> Expr:
    body = decode(text)
    for start, end, problem in body.problems:
        if len(span.text) != len(text):  # inside of another literal, where places shift
            return wrong(WRONG_ESCAPE, problem, span, "write `\\\\` for a backslash")
        at = Span(span.source, span.start + start, span.start + end)
        fix = replace("write the backslash twice", Span(at.source, at.start, at.start), "\\")
        return wrong(WRONG_ESCAPE, problem, span, "write `\\\\` for a backslash", at=at, fix=fix)
    return tree.Literal(body.text, span=span)


def _read_bytes(parts: Parts) -> Expr:
    text, span = str(parts.children[0]), parts.span
    value, problem = decode_bytes(text[1:])
    if problem:
        return wrong(WRONG_ESCAPE, f"`{problem}` is no escape sequence of bytes", span, "write `\\\\` for a backslash")
    return tree.Literal(value, span=span)


def _read_maybe(parts: Parts) -> Expr:
    item = parts.one(Expr)
    return OptionalItem(item, span=parts.span, depth=item.depth)


def _read_list(parts: Parts) -> Expr:
    items = _exprs(parts)
    return _shallow(ListLiteral(items, span=parts.span, depth=_depth(*items)))


def _pairs(parts: Parts) -> tuple[tuple[Any, Expr], ...]:
    return tuple(child.pair for child in parts.children if isinstance(child, _Pair))


class _Pair:
    """A key or field name with its value, until the literal around it is complete."""

    __slots__ = ("pair", "span")

    def __init__(self, pair: tuple[Any, Expr], span: Span) -> None:
        self.pair = pair
        self.span = span


def _read_entry(parts: Parts) -> _Pair:
    key, value = _exprs(parts)
    if parts.has("?"):
        value = OptionalItem(value, span=value.span, depth=value.depth)
    return _Pair((key, value), parts.span)


def _read_field(parts: Parts) -> _Pair:
    return _Pair((_member(parts), parts.one(Expr)), parts.span)


def _read_map(parts: Parts) -> Expr:
    entries = _pairs(parts)
    return _shallow(MapLiteral(entries, span=parts.span, depth=_depth(*(side for entry in entries for side in entry))))


def _read_record(parts: Parts) -> Expr:
    fields = _pairs(parts)
    return _shallow(
        RecordLiteral(_member(parts), fields, span=parts.span, depth=_depth(*(value for _, value in fields)))
    )


READERS: dict[str, Reader] = {
    "expr_conditional": _read_conditional,
    "disjunction": _read_logic,
    "conjunction": _read_logic,
    "relation": _read_relation,
    "sum": _read_chain,
    "product": _read_chain,
    "expr_unary": _read_unary,
    "expr_select": _read_select,
    "expr_call": _read_call,
    "expr_index": _read_index,
    "expr_maybe": _read_maybe,
    "expr_ident": _read_ident,
    "expr_group": _read_group,
    "expr_literal": _read_literal,
    "expr_bytes": _read_bytes,
    "expr_list": _read_list,
    "expr_map": _read_map,
    "expr_record": _read_record,
    "expr_entry": _read_entry,
    "expr_field": _read_field,
}
