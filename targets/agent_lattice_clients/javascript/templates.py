"""Templates as JavaScript: template literals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent_lattice import types
from agent_lattice.expr.fits import core, present
from agent_lattice.terms import Choice, Each, Hole, Template, TemplatePart, Term, Text, template_reads

from agent_lattice_clients.javascript.code import ANY, POSTFIX, Code, string, template_text
from agent_lattice_clients.javascript.expressions import Writer

_SHOWN = types.String | types.Int | types.Uint | types.Bool | types.Float
"""Whose values a template literal shows as the language does."""


def template(made: Template, names: Mapping[str, str] | None = None) -> Code:
    """The JavaScript expression of a template: a string. `names` as in `javascript`."""
    return _literal(made.parts, Writer(dict(names or {})))


def _literal(parts: Sequence[TemplatePart], writer: Writer) -> Code:
    if all(isinstance(part, Text) for part in parts):
        text = "".join(part.text for part in parts if isinstance(part, Text))
        if "\n" not in text:
            return Code(string(text), POSTFIX)
    return Code(f"`{''.join(_piece(part, writer) for part in parts)}`", POSTFIX)


def _piece(part: TemplatePart, writer: Writer) -> str:
    match part:
        case Text(text):
            return template_text(text)
        case Hole(term):
            return f"${{{_shown(term, writer)}}}"
        case Each(variable, over, body):
            name, inner = writer.bind(variable, template_reads(body))
            made = _literal(body, inner)
            return f'${{{writer.write(over).within(POSTFIX)}.map(({name}) => {made.text}).join("")}}'
        case Choice():
            return f"${{{_choice(part, writer)}}}"


def _shown(term: Term, writer: Writer) -> str:
    """How a value becomes text."""
    found = present(term.type)
    if isinstance(found, types.AnyValue):
        return f"cel.json({writer.write(term).within(ANY)})"
    if isinstance(core(term.type), _SHOWN):
        return writer.write(term).text
    return f"cel.textOf({writer.write(term).within(ANY)})"


def _choice(part: Choice, writer: Writer) -> str:
    result = _literal(part.otherwise, writer).text
    for test, body in reversed(part.branches):
        result = f"{writer.write(test).within(ANY + 1)} ? {_literal(body, writer).text} : {result}"
    return result
