"""Which variables of a function that stands still are left over from an earlier turn of a loop around its place.

Python keeps them until they are bound again; in the source they are not there yet. Generated code has one statement per
operation and blocks where the source has them, so its text says what has been bound in this turn.
"""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LOOPS = (ast.For, ast.While)
_FUNCTIONS = (ast.AsyncFunctionDef, ast.FunctionDef, ast.Lambda)


def function_at(module: ast.Module, line: int) -> ast.AsyncFunctionDef | None:
    """The function whose `def` stands in a line."""
    for node in ast.walk(module):
        if isinstance(node, ast.AsyncFunctionDef) and node.lineno == line:
            return node
    return None


def left_over(function: ast.AsyncFunctionDef, line: int) -> set[str]:
    """The names of a function that, at a line of it, have what an earlier turn of a loop gave them."""
    inside: set[str] = set()  # bound somewhere in a loop around the line
    bound: set[str] = set()  # bound on the way to the line, in this turn
    block: Sequence[ast.stmt] = function.body
    in_loop = False
    while True:
        around = next((statement for statement in block if _holds(statement, line)), None)
        for statement in block:
            if statement is around:
                break
            bound.update(_bound(statement, whole=not in_loop))
        if around is None or isinstance(around, _FUNCTIONS):
            return inside - bound
        if isinstance(around, _LOOPS):
            in_loop = True
            inside.update(name for statement in around.body for name in _bound(statement, whole=True))
            bound.update(_targets(around))
        following = _block_around(around, line)
        if following is None:
            return inside - bound
        block = following


def _holds(node: ast.stmt | ast.match_case | ast.ExceptHandler, line: int) -> bool:
    if isinstance(node, ast.match_case):
        return node.body[0].lineno <= line <= (node.body[-1].end_lineno or 0)
    return node.lineno <= line <= (node.end_lineno or 0)


def _block_around(statement: ast.stmt, line: int) -> Sequence[ast.stmt] | None:
    """The block of a statement in which a line stands; None when it is the statement's own."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        block: Sequence[ast.stmt] = getattr(statement, name, ())
        for part in block:
            if _holds(part, line):
                return part.body if isinstance(part, (ast.match_case, ast.ExceptHandler)) else block
    return None


def _bound(statement: ast.stmt, *, whole: bool) -> Iterator[str]:
    """The names that a statement binds; with `whole` also in blocks that it may not have gone through."""
    if isinstance(statement, (ast.If, ast.Match)) and not whole:
        return
    for node in _parts(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """A node and what is in it, apart from functions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*_FUNCTIONS, ast.ListComp)):
            yield from _parts(child)


def _targets(loop: ast.stmt) -> Iterator[str]:
    if isinstance(loop, ast.For):
        yield from (node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name))
