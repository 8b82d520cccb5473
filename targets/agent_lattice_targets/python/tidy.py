"""Expressions as a person would put them: what linters rewrite is rewritten before they see it."""

from __future__ import annotations

import ast

_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.In: ast.NotIn, ast.Is: ast.IsNot}
_IDENTITIES: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Eq: ast.Is, ast.NotEq: ast.IsNot}


def tidied(node: ast.expr) -> ast.expr:
    """The expression with `x not in y` for `not x in y` and `x is None` for `x == None`; also for true and false."""
    for part in ast.walk(node):
        if isinstance(part, ast.Compare) and len(part.ops) == 1:
            _compare_singleton(part)
    return _Negations().visit(node) if any(isinstance(part, ast.Not) for part in ast.walk(node)) else node


def _compare_singleton(node: ast.Compare) -> None:
    identity = _IDENTITIES.get(type(node.ops[0]))
    if identity is None:
        return
    if _is_singleton(node.left):
        node.left, node.comparators[0] = node.comparators[0], node.left
    if _is_singleton(node.comparators[0]):
        node.ops[0] = identity()


def _is_singleton(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


class _Negations(ast.NodeTransformer):
    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        inner = node.operand
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and isinstance(inner, ast.Compare) and len(inner.ops) == 1:
            opposite = _OPPOSITES.get(type(inner.ops[0]))
            if opposite is not None:
                return ast.Compare(inner.left, [opposite()], inner.comparators)
        return node


_UNTYPED = frozenset({"at", "calc", "entry", "field", "item", "minus", "or_null", "value", "value_or"})
"""Functions of the runtime whose result may be of any type."""


def is_untyped(node: ast.expr) -> bool:
    """Whether a type checker cannot tell the type of an expression; that of a dict or list is the expected one."""
    if isinstance(node, ast.Dict | ast.List | ast.ListComp | ast.Compare):
        return False
    calls = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
    return any(isinstance(function, ast.Attribute) and function.attr in _UNTYPED for function in calls)
