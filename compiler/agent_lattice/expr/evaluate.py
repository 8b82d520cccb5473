"""Evaluates expressions: for `lattice eval` and for constants."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from agent_lattice_runtime import cel, cel_convert
from agent_lattice_runtime.cel_bytes import encode

from agent_lattice.diagnostics import Report
from agent_lattice.expr.narrow import Fact
from agent_lattice.expr.parse import parse_expr
from agent_lattice.expr.python import RUNTIME_MODULES, python
from agent_lattice.source import Source
from agent_lattice.terms import Term, reads
from agent_lattice.types import DYN, Record, Type


class WrongExpression(Exception):
    """The expression cannot be evaluated at all; `report` says why."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.sorted()[0].message)
        self.report = report


class Bindings:
    """Variables whose types are only known when it runs."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def lookup(self, name: str) -> Type | None:
        return DYN if name in self._names else None

    def record(self, name: str) -> Record | None:
        return None

    def term_name(self, name: str) -> str:
        return name

    def known(self) -> Iterable[str]:
        return self._names

    def knows(self, fact: Fact) -> bool:
        return False

    def is_poisoned(self, name: str) -> bool:
        return False


def evaluate(text: str, bindings: Mapping[str, Any]) -> Any:
    """The value of an expression with variables of JSON values (int, float, str, bool, None, list, dict).

    Raises WrongExpression when it cannot be read or typed, CelError when it or a binding has no value.
    """
    from agent_lattice.expr.check import Checker

    source, report = Source("<expression>", text), Report()
    expr = parse_expr(source, 0, len(source.text), report)
    term = Checker(Bindings(bindings), report).term(expr) if expr is not None else None
    if term is None or report.failed:
        raise WrongExpression(report)
    for name, value in bindings.items():
        _require_value(value, name)
    return value_of(term, bindings)


def value_of(term: Term, variables: Mapping[str, Any]) -> Any:
    """The value of a term. Raises CelError."""
    names = {name: f"value_of_{name}" for name in reads(term)}
    tree = ast.fix_missing_locations(ast.Expression(python(term, names)))
    code = compile(tree, "<expression>", "eval")
    return eval(code, {**_modules(tree), **{names[name]: variables[name] for name in names}})


def wire(value: Any) -> Any:
    """The JSON form of a value as the proto3 JSON mapping has it: bytes as base64, keys as strings; of a type its name, of
    an optional value what it holds, or null.

    Raises CelError when it is nested too deeply.
    """
    try:
        return _wire(value)
    except RecursionError:
        raise cel.CelError("the value is nested too deeply") from None


def _wire(value: Any) -> Any:
    if isinstance(value, list):
        return [_wire(item) for item in value]
    if isinstance(value, dict):
        return {cel_convert.text(key): _wire(item) for key, item in value.items()}
    match cel.kind(value):
        case "bytes":
            return encode(value)
        case "type":
            return repr(value)
        case "optional_type":
            return _wire(value.it)
        case "uint":
            return int(value)
    return cel_convert.to_string(value) if hasattr(value, "cel_text") else value


def _modules(tree: ast.AST) -> dict[str, Any]:
    """The modules of the runtime that a Python form calls, by name."""
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {name: import_module(f"agent_lattice_runtime.{name}") for name in called.intersection(RUNTIME_MODULES)}


def _require_value(value: Any, name: str) -> None:
    """Refuse what is no value of the language: an int beyond 64 bits, a lone surrogate. Raises CelError."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, int) and not -(2**63) <= found < 2**63:
            raise cel.CelError(f"`{name}` has a number that does not fit an int")
        if isinstance(found, str) and any("\ud800" <= char <= "\udfff" for char in found if not found.isascii()):
            raise cel.CelError(f"`{name}` has a string that is not valid Unicode")
        if isinstance(found, dict):
            waiting.extend(found)
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)
