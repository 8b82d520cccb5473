"""Prompt templates: checked, and as Python. `parse_template` reads them from a string literal."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from agent_lattice.diagnostics import Report
from agent_lattice.expr.check import Checker, Names
from agent_lattice.expr.fits import core, is_inner, present
from agent_lattice.expr.macros import elements
from agent_lattice.expr.narrow import Facts, narrowed
from agent_lattice.expr.operators import condition
from agent_lattice.expr.optionals import as_nullable
from agent_lattice.expr.python import Writer, filled
from agent_lattice.expr.template_tree import (
    FixedText,
    ForBlock,
    IfBlock,
    ParsedTemplate,
    ShownExpr,
    TemplateNode,
    parse_template,
)
from agent_lattice.expr.tree import quoted
from agent_lattice.terms import Choice, Const, Each, Hole, Template, TemplatePart, Term, Text, template_reads
from agent_lattice.types import AnyValue, Literal, primitive

__all__ = ["ParsedTemplate", "check_template", "parse_template", "template_python"]


def check_template(template: ParsedTemplate, scope: Names, report: Report) -> Template:
    """The typed template. Its holes take any value that is not null; what is wrong is reported."""
    return Template(_check_parts(template.parts, Checker(scope, report)), template.span)


def _check_parts(nodes: Sequence[TemplateNode], check: Checker) -> tuple[TemplatePart, ...]:
    parts: list[TemplatePart] = []
    for node in nodes:
        part = _check_part(node, check)
        if isinstance(part, Text) and parts and isinstance(last := parts[-1], Text):
            parts[-1] = Text(last.text + part.text)
        else:
            parts.append(part)
    return tuple(parts)


def _check_part(node: TemplateNode, check: Checker) -> TemplatePart:
    match node:
        case FixedText(text):
            return Text(text)
        case ShownExpr(expr):
            term = check.not_null(as_nullable(check, check.term(expr)), expr)
            return _shown(check.inner_only(term) if is_inner(term.type) else term)
        case ForBlock(name, written, body):
            over, (item,) = elements(check, check.value(written), written)
            return Each(name.text, over, _check_parts(body, check.within({name.text: item})))
        case IfBlock():
            return _check_choice(node, check)


def _shown(term: Term) -> TemplatePart:
    """A hole; text when its value is known."""
    value = term.value if isinstance(term, Const) else None
    if isinstance(value, bool):
        return Text(quoted(value))
    return Text(str(value)) if isinstance(value, str | int) else Hole(term)


def _check_choice(node: IfBlock, check: Checker) -> TemplatePart:
    branches: list[tuple[Term, tuple[TemplatePart, ...]]] = []
    known: Facts = frozenset()
    for written, body in node.branches:
        test = condition(check.within(facts=known), written, "`{% if %}`")
        branches.append((test, _check_parts(body, check.within(facts=known | narrowed(test, True)))))
        known |= narrowed(test, False)
    return Choice(tuple(branches), _check_parts(node.otherwise, check.within(facts=known)))


def template_python(template: Template, names: Mapping[str, str] | None = None) -> ast.expr:
    """The Python expression of a template: a string. `names` as in `python`."""
    return _joined(template.parts, Writer(dict(names or {})))


def _joined(parts: Sequence[TemplatePart], writer: Writer) -> ast.expr:
    pieces = [_piece(part, writer) for part in parts]
    if not pieces:
        return ast.Constant("")
    return pieces[0] if len(pieces) == 1 else filled("''.join(_0)", ast.Tuple(pieces, ast.Load()))


def _piece(part: TemplatePart, writer: Writer) -> ast.expr:
    match part:
        case Text(text):
            return ast.Constant(text)
        case Hole(term):
            return filled(_form(term), writer.write(term))
        case Each():
            return _each(part, writer)
        case Choice(branches, otherwise):
            result = _joined(otherwise, writer)
            for test, body in reversed(branches):
                result = ast.IfExp(writer.write(test), _joined(body, writer), result)
            return result


def _form(term: Term) -> str:
    """How a value becomes text."""
    found = present(term.type)
    if isinstance(found, AnyValue):
        return "cel_convert.json_text(_0)"
    if isinstance(found, Literal) and len({primitive(value) for value in found.values}) > 1:
        return "cel_convert.text(_0)"
    forms = {
        "string": "_0",
        "int": "str(_0)",
        "uint": "str(_0)",
        "bool": "cel_convert.to_string(_0)",
        "float": "cel_convert.to_string(_0)",
    }
    return forms.get(str(core(term.type)), "cel_convert.text(_0)")


def _each(part: Each, writer: Writer) -> ast.expr:
    (variable,), inner = writer.bind((part.variable,), template_reads(part.body))
    loop = ast.comprehension(ast.Name(variable, ast.Store()), writer.write(part.over), [], 0)
    return filled("''.join(_0)", ast.GeneratorExp(_joined(part.body, inner), [loop]))
