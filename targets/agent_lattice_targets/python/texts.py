"""Texts for models and people: in place, as a constant, or as a function of what they show."""

from __future__ import annotations

import ast

from agent_lattice.terms import Template, template_reads

from agent_lattice_targets.python import prompts
from agent_lattice_targets.python.frames import Frame, Place
from agent_lattice_targets.python.lines import Lines, head_lines
from agent_lattice_targets.python.names import constant_name, python_name
from agent_lattice_targets.python.narrowing import narrowed, proved


def text(template: Template, name: str, place: Place, out: Lines) -> ast.expr:
    """A prompt: in place when it is short, else a constant or a function of the module, called like `name`."""
    if prompts.is_short(template):
        return prompts.short_text(template, place.names(template_reads(template)))
    if prompts.is_fixed(template):
        constant = out.names.fresh(constant_name(name))
        out.constants.append(prompts.constant_lines(constant, prompts.fixed_text(template)))
        return ast.Name(constant)
    return _function(template, out.names.fresh(name), place, out)


def _function(template: Template, name: str, place: Place, out: Lines) -> ast.expr:
    sources = [source for source in sorted(template_reads(template)) if place.find(source)]
    proofs = proved([template], place.declared)
    inside = Place(Frame(), 4)
    params: list[str] = []
    for source in sources:
        binding = place.binding(source)
        inside.own[source] = (python_name(source, ("parts",)), binding)
        params.append(f"{inside.python(source)}: {out.annotations.of(narrowed(source, binding.type, proofs))}")
    head = [*head_lines(0, f"def {name}", params, "str"), *(f"    {line}" for line in out.proof_lines(proofs, inside))]
    out.helpers.append(prompts.function_lines(head, template, inside.names(sources)))
    return ast.Call(ast.Name(name), [ast.Name(place.python(source)) for source in sources], [])
