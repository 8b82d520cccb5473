"""Calls of the context, which every step is: syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Mapping


def context_call(context: str, method: str, step: str, *args: ast.expr) -> ast.Call:
    """`context.method("step", …)`, to which keywords may be added."""
    return ast.Call(ast.Attribute(ast.Name(context), method), [ast.Constant(step), *args], [])


def local(step: str) -> str:
    """The last part of a static step id: the name in its scope."""
    return step.rpartition(".")[2]


def lambda_of(parameter: str, body: ast.expr) -> ast.Lambda:
    """`lambda parameter: …`; without a parameter for an empty name."""
    params = [ast.arg(parameter)] if parameter else []
    return ast.Lambda(ast.arguments([], params, None, [], [], None, []), body)


def limited(given: Mapping[str, float]) -> ast.Call:
    """The context whose steps share a budget of these limits."""
    keywords = [ast.keyword(name, ast.Constant(value)) for name, value in given.items()]
    return ast.Call(ast.Attribute(ast.Name("ctx"), "limited"), [], keywords)
