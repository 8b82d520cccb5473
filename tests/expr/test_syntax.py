"""The grammar of expressions and the canonical text of trees."""

from __future__ import annotations

from typing import Any

import pytest
from agent_lattice.expr import syntax, tree
from agent_lattice.expr.strings import decode, unescape
from agent_lattice.expr.tree import Expr, show
from agent_lattice.source import Source
from agent_lattice.tree import Name, Parts
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark

NAMES = st.sampled_from(["a", "order", "check", "in_stock", "model", "Order", "_x", "truely"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
MEMBERS = st.one_of(NAMES, st.sampled_from(["true", "in", "null", "if"])).map(Name)


def _extended(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    several = st.lists(inner, max_size=3).map(tuple)
    relations = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in"])
    sums = st.lists(st.tuples(st.sampled_from("+-"), inner), min_size=1, max_size=3)
    products = st.lists(st.tuples(st.sampled_from("*/%"), inner), min_size=1, max_size=3)
    return st.one_of(
        st.builds(tree.Select, inner, MEMBERS),
        st.builds(tree.Index, inner, inner),
        st.builds(tree.Call, st.one_of(st.none(), inner), NAMES.map(Name), several),
        st.builds(tree.ListLiteral, several),
        st.builds(tree.MapLiteral, st.lists(st.tuples(inner, inner), max_size=3).map(tuple)),
        st.builds(
            tree.RecordLiteral, st.just(Name("Order")), st.lists(st.tuples(MEMBERS, inner), max_size=3).map(tuple)
        ),
        inner.map(lambda operand: tree.Unary("!", operand)),
        inner.filter(lambda e: not _is_unsigned_number(e)).map(lambda operand: tree.Unary("-", operand)),
        st.builds(tree.Binary, relations, inner, inner),
        st.builds(lambda first, rest: tree.arithmetic(first, *rest), inner, st.one_of(sums, products)),
        st.builds(
            lambda op, items: tree.logic(op, *items),
            st.sampled_from(["&&", "||"]),
            st.lists(inner, min_size=2, max_size=3),
        ),
        st.builds(tree.Conditional, inner, inner, inner),
    )


def _is_unsigned_number(expr: Expr) -> bool:
    """`-5` reads as one literal, so a minus around 5 never comes out of the parser."""
    return isinstance(expr, tree.Literal) and type(expr.value) in (int, float) and not show(expr).startswith("-")


TREES = st.recursive(st.one_of(SCALARS.map(tree.Literal), NAMES.map(tree.Ident)), _extended, max_leaves=12)


@given(TREES)
def test_shown_trees_read_back_equal(lab: Any, expr: Expr) -> None:
    text = show(expr)
    again, report = lab.parse(text)
    assert not report.found, text
    assert again == expr, text
    assert show(again) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a+b*c", "a + b * c"),
        ("(a+b)*c", "(a + b) * c"),
        ("(a+b)+c", "a + b + c"),
        ("a+(b+c)", "a + (b + c)"),
        ("a&&(b&&c)||d", "a && (b && c) || d"),
        ("(a?b:c)?d:(e?f:g)", "(a ? b : c) ? d : e ? f : g"),
        ("!(a in b)", "!(a in b)"),
        ("-5 - -5", "-5 - -5"),
        ("- - a", "--a"),
        ("(-5).f(1)[0].g", "(-5).f(1)[0].g"),
        ("0x1F + 007", "31 + 7"),
        (".5e1", "5.0"),
        ("""r'\\d' + 'it''' """, None),
        ("'''a'b''' + \"\"\"c\"d\"\"\"", '"a\'b" + "c\\"d"'),
        (r"'\x41\101\u00e9\U0001F600\?\`'", '"AAé😀?`"'),
        ("[1, 2,]", "[1, 2]"),
        ('{"a": 1,}', '{"a": 1}'),
        ('Order { id : "x", }', 'Order { id: "x" }'),
        ("Order{}", "Order {}"),
        ("a // comment\n + b", "a + b"),
    ],
)
def test_canonical_text(lab: Any, text: str, canonical: str | None) -> None:
    expr, report = lab.parse(text)
    if canonical is None:
        assert report.found
    else:
        assert not report.found
        assert show(expr) == canonical


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("", "an expression is missing here", ""),
        ("1 +", "this expression ends too early", ""),
        ("a = b", "unexpected `=` in an expression", "="),
        ("a and b", "unexpected `and` in an expression", "and"),
        ('"abc', "this string never ends", '"'),
        ("a b", "unexpected `b` in an expression", "b"),
        ("f(1,)", "unexpected `)` in an expression", ")"),
        ("a.1", "unexpected `1` in an expression", "1"),
        ("5.", "this expression ends too early", ""),
        ("a @ b", "unexpected `@` in an expression", "@"),
    ],
)
def test_what_cannot_be_read(lab: Any, text: str, message: str, marked: str) -> None:
    expr, report = lab.parse(text)
    (finding,) = report.found
    assert (expr, finding.code.number, finding.message, finding.span.text) == (None, "LAT1101", message, marked)


@pytest.mark.parametrize(
    ("text", "number", "marked", "fixed"),
    [
        ("18446744073709551616u", "LAT1103", "18446744073709551616u", None),
        ("0x10000000000000000U", "LAT1103", "0x10000000000000000U", None),
        ("b'\\u0041'", "LAT1104", "b'\\u0041'", None),
        ("b'\\q'", "LAT1104", "b'\\q'", None),
        ("30_000", "LAT1103", "30_000", "30000"),
        ("99999999999999999999", "LAT1103", "99999999999999999999", None),
        ("9223372036854775808", "LAT1103", "9223372036854775808", None),
        ("1e400", "LAT1103", "1e400", None),
        (r'"a\q"', "LAT1104", r"\q", "\\"),
        (r'"\ud800"', "LAT1104", r"\ud800", "\\"),
        (r'"\U00110000"', "LAT1104", r"\U00110000", "\\"),
        ("in + 1", "LAT1101", "in", None),
    ],
)
def test_what_reads_but_means_nothing(lab: Any, text: str, number: str, marked: str, fixed: str | None) -> None:
    (finding,) = lab.typed(text)[1].found
    assert (finding.code.number, finding.span.text) == (number, marked)
    assert (finding.fix.edits[0].text if finding.fix else None) == fixed


@pytest.mark.parametrize(
    "text", ["9223372036854775807", "-9223372036854775808", "-0x8000000000000000", "0x7fffffffffffffff"]
)
def test_the_ends_of_int_are_literals(lab: Any, text: str) -> None:
    assert not lab.typed(text)[1].found


@pytest.mark.parametrize(
    "text",
    ["(" * 10_000 + "n" + ")" * 10_000, "+".join(["n"] * 5_000), "&&".join(["b"] * 5_000), "+".join(["n-n*n"] * 2_000)],
    ids=["parentheses", "sum", "and", "mixed"],
)
def test_long_expressions_work(lab: Any, text: str) -> None:
    assert lab.code(text)
    assert show(lab.parse(text)[0])


DEEP = {
    "lists": "[" * 10_000 + "]" * 10_000,
    "not": "!" * 10_000 + "b",
    "calls": "size(" * 3_000 + ")" * 3_000,
    "fields": "d" + ".f" * 5_000,
    "conditions": "b ? n : " * 3_000 + "n",
    "unclosed": "(" * 10_000,
    "right": "n + (" * 3_000 + "n" + ")" * 3_000,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=list(DEEP))
def test_deep_expressions_are_refused(lab: Any, text: str) -> None:
    numbers = {number for number, _ in lab.findings(text)}
    assert numbers & {"LAT1105", "LAT1101"}
    assert not numbers - {"LAT1105", "LAT1101", "LAT2132"}


@given(st.text())
def test_any_text_is_read_or_reported(lab: Any, text: str) -> None:
    expr, report = lab.parse(text)
    assert expr is not None or report.found
    for finding in report.found:
        assert 0 <= finding.span.start <= finding.span.end


@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                "Order",
                "1",
                "2.5",
                '"s"',
                "(",
                ")",
                "[",
                "]",
                "{",
                "}",
                ".",
                ",",
                ":",
                "?",
                "+",
                "-",
                "!",
                "&&",
                "in",
                "==",
            ]
        )
    )
)
def test_any_tokens_are_read_or_reported(lab: Any, words: list[str]) -> None:
    text = " ".join(words)
    expr, report = lab.parse(text)
    if expr is None:
        assert report.found
    else:
        assert lab.parse(show(expr))[0] == expr


JOINED = r"""
module: statement*
statement: "check" expr -> check
    | NAME "=" expr -> assign
    | "if" expr "{" statement* "}" -> if_
    | "for" NAME "in" expr "{" statement* "}" -> for_
    | "yield" expr ":" STRING -> yield_
TYPE_NAME: /[A-Z][A-Za-z0-9_]*/
WHITE_SPACE: /[ \t\n]+/
%ignore WHITE_SPACE
"""


class _Build:
    def __init__(self, source: Source) -> None:
        for name, reader in syntax.READERS.items():
            setattr(self, name, lambda children, reader=reader: reader(Parts(source, children)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x = order.check check order.model.if", ["order.check", "order.model.if"]),
        ("if order.in_stock { x = a.for }", ["order.in_stock", "a.for"]),
        ("y = 1 x = check + model", ["1", "check + model"]),
        (
            "for x in xs.filter(in_stock, in_stock.check) { yield x == Order { id: 1 } : 'text' }",
            ["xs.filter(in_stock, in_stock.check)", "x == Order { id: 1 }"],
        ),
        ("x = a ? b : c check x in Order.y if in_stock { }", ["a ? b : c", "x in Order.y", "in_stock"]),
        ("if Order { check: 1 } == x { y = {'a': 1} }", ["Order { check: 1 } == x", '{"a": 1}']),
        ("x = -1 y = [1] z = (2)", ["-1", "[1]", "2"]),
    ],
)
def test_words_of_statements_stay_names_in_expressions(text: str, shown: list[str]) -> None:
    lark = Lark(
        JOINED + syntax.SYNTAX,
        parser="lalr",
        lexer="contextual",
        start="module",
        keep_all_tokens=True,
        maybe_placeholders=False,
        transformer=_Build(Source("x", text)),
    )
    assert [show(expr) for expr in lark.parse(text).scan_values(lambda value: isinstance(value, Expr))] == shown


def test_the_only_conflict_is_the_record_literal() -> None:
    """Lark resolves shift/reduce silently; in strict mode it says where it had to."""
    messages = _conflicts(JOINED + syntax.SYNTAX)
    assert all("LBRACE" in line for line in messages)


def _conflicts(grammar: str) -> list[str]:
    import logging

    from lark import logger

    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        Lark(grammar, parser="lalr", start="module", debug=True)
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
    return [line for line in lines if "conflict" in line.lower()]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_quoted_text_decodes_to_itself(text: str) -> None:
    assert unescape(tree.quoted(text)) == text


@given(st.text(st.sampled_from(list("ab\\nxu0U\"'7\n"))))
def test_places_of_decoded_characters_rise(text: str) -> None:
    raw = f'"""{text}"""'
    body = decode(raw)
    assert len(body.starts) == len(body.text) + 1
    assert list(body.starts) == sorted(set(body.starts))
    assert all(3 <= start <= len(raw) - 3 for start in body.starts)
