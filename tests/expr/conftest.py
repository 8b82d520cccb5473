"""A scope to check expressions in, and ways to run them as generated code would."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

import pytest
from agent_lattice.diagnostics import Report
from agent_lattice.expr.check import check
from agent_lattice.expr.parse import parse_expr
from agent_lattice.expr.python import RUNTIME_MODULES, python
from agent_lattice.expr.templates import check_template, parse_template, template_python
from agent_lattice.expr.tree import Expr
from agent_lattice.source import Source, Span
from agent_lattice.terms import Template, Term
from agent_lattice.types import (
    BOOL,
    DYN,
    FLOAT,
    INT,
    NULL,
    STRING,
    Field,
    ListType,
    Literal,
    MapType,
    Optional,
    Record,
    Type,
)

MODULES = {name: import_module(f"agent_lattice_runtime.{name}") for name in RUNTIME_MODULES}


def record(name: str, /, **fields: Type) -> Record:
    return Record(name, {field: Field(field, type) for field, type in fields.items()})


CUSTOMER = record("Customer", name=STRING, email=Optional(STRING))
ORDER = record(
    "Order",
    id=STRING,
    total=FLOAT,
    count=INT,
    paid=BOOL,
    note=Optional(STRING),
    tags=ListType(STRING),
    stock=MapType(INT),
    kind=Literal(("toys", "books")),
    customer=Optional(CUSTOMER),
)
RECORDS = {"Customer": CUSTOMER, "Order": ORDER}
VARIABLES: dict[str, Type] = {
    "order": ORDER,
    "orders": ListType(ORDER),
    "n": INT,
    "m": INT,
    "x": FLOAT,
    "s": STRING,
    "b": BOOL,
    "ns": ListType(INT),
    "xs": ListType(FLOAT),
    "words": ListType(STRING),
    "stock": MapType(INT),
    "maybe": Optional(INT),
    "d": DYN,
}
ORDER_VALUE = {
    "id": "A1",
    "total": 20.0,
    "count": 3,
    "paid": True,
    "note": None,
    "tags": ["new", "gift"],
    "stock": {"b": 2, "a": 1},
    "kind": "toys",
    "customer": None,
}
VALUES: dict[str, Any] = {
    "order": ORDER_VALUE,
    "orders": [ORDER_VALUE],
    "n": 7,
    "m": -2,
    "x": 1.5,
    "s": "hello",
    "b": True,
    "ns": [1, 2, 3],
    "xs": [0.5, float("nan")],
    "words": ["a", "b"],
    "stock": {"b": 2, "a": 1},
    "maybe": None,
    "d": {"list": [1, "a"], "null": None},
}


class Scope:
    """The names above; the paths in `present` are known not to be null."""

    def __init__(self, variables: dict[str, Type], present: Iterable[tuple[str, ...]] = ()) -> None:
        self.variables = variables
        self.facts = frozenset((path, NULL) for path in present)

    def lookup(self, name: str) -> Type | None:
        return self.variables.get(name)

    def record(self, name: str) -> Record | None:
        return RECORDS.get(name)

    def known(self) -> Iterable[str]:
        return [*self.variables, *RECORDS]

    def knows(self, fact: tuple[tuple[str, ...], Type]) -> bool:
        return fact in self.facts

    def term_name(self, name: str) -> str:
        return name

    def is_poisoned(self, name: str) -> bool:
        return name == "broken"


def parse(text: str) -> tuple[Expr | None, Report]:
    report, source = Report(), Source("e", text)
    return parse_expr(source, 0, len(source.text), report), report


def typed(
    text: str,
    expected: Type | None = None,
    variables: dict[str, Type] | None = None,
    present: Iterable[tuple[str, ...]] = (),
) -> tuple[Term | None, Report]:
    """The term and the findings of an expression."""
    expr, report = parse(text)
    if expr is None:
        return None, report
    return check(expr, Scope(variables or VARIABLES, present), report, expected), report


def run(term: Term, variables: dict[str, Any] | None = None) -> Any:
    """The value of a term, by the text of its Python form."""
    code = ast.unparse(ast.fix_missing_locations(python(term)))
    return eval(compile(code, "<term>", "eval"), {**MODULES, **(VALUES if variables is None else variables)})


def template(raw: str) -> tuple[Template, Report]:
    """The typed template of a string literal as it stands in a source."""
    report, source = Report(), Source("t", f"prompt {raw} end")
    parsed = parse_template(Span(source, 7, 7 + len(raw)), report)
    return check_template(parsed, Scope(VARIABLES), report), report


def rendered(raw: str) -> str:
    made, report = template(raw)
    assert not report.found, [finding.message for finding in report.found]
    code = ast.unparse(ast.fix_missing_locations(template_python(made)))
    result = eval(compile(code, "<template>", "eval"), {**MODULES, **VALUES})
    assert isinstance(result, str)
    return result


def same(left: Any, right: Any) -> bool:
    """Equal, of equal types all the way down."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right


class Lab:
    """Everything above, for tests."""

    parse = staticmethod(parse)
    typed = staticmethod(typed)
    run = staticmethod(run)
    same = staticmethod(same)
    template = staticmethod(template)
    rendered = staticmethod(rendered)
    scope = Scope
    variables = VARIABLES
    values = VALUES

    @staticmethod
    def value(text: str) -> Any:
        """The value of a well-typed expression over the sample values."""
        term, report = typed(text)
        assert term is not None and not report.found, [finding.message for finding in report.sorted()]
        return run(term)

    @staticmethod
    def code(text: str) -> str:
        """The Python text of a well-typed expression."""
        term, report = typed(text)
        assert term is not None and not report.found, [finding.message for finding in report.sorted()]
        return ast.unparse(ast.fix_missing_locations(python(term)))

    @staticmethod
    def findings(text: str, check: Callable[..., tuple[Any, Report]] = typed) -> list[tuple[str, str]]:
        """Code number and marked text of each finding, by place."""
        return [(finding.code.number, finding.span.text) for finding in check(text)[1].sorted()]


@pytest.fixture(scope="session")
def lab() -> type[Lab]:
    return Lab
