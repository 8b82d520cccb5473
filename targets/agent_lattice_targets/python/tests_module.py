"""The package's unit tests, from the `test` blocks of the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from agent_lattice import plan
from agent_lattice.expr.python import python, runtime_modules
from agent_lattice.source import NOWHERE
from agent_lattice.terms import Term, reads
from agent_lattice.types import Optional

from agent_lattice_targets.python.annotations import import_line
from agent_lattice_targets.python.layout import WIDTH, statement
from agent_lattice_targets.python.lines import docstring
from agent_lattice_targets.python.literals import data
from agent_lattice_targets.python.names import Namespace
from agent_lattice_targets.python.package_names import PackageNames
from agent_lattice_targets.python.tidy import tidied


class TestsModule:
    """Its text; empty when there are no tests."""

    def __init__(self, made: plan.Plan, names: PackageNames) -> None:
        self._made = made
        self._names = names
        self._methods = Namespace()
        self._used: set[str] = set()

    def text(self) -> str:
        if not self._made.tests:
            return ""
        package = self._names.package
        methods = [self._test(test) for test in self._made.tests]
        body = "\n\n".join("\n".join(method) for method in methods)
        lines = [f'"""Tests of {self._made.name}."""', "", "from __future__ import annotations", "", "import unittest"]
        lines += ["from typing import Any", ""] if "Any" in self._used else [""]
        lines += [f"from {package} import WORKFLOWS"]
        lines += [import_line(f"{package}._runtime", called)] if (called := runtime_modules(body)) else []
        helpers = {"run_test"} | (self._used & {"Computed", "Fails", "Uses"})
        lines += [import_line(f"{package}._runtime.testing", helpers), "", ""]
        end = ["", "", 'if __name__ == "__main__":', "    unittest.main()"]
        return "\n".join([*lines, "class Tests(unittest.TestCase):", body, *end]) + "\n"

    def _test(self, test: plan.Test) -> list[str]:
        name = self._methods.fresh("test_" + (re.sub(r"[^a-z0-9]+", "_", test.name.lower()).strip("_") or "unnamed"))
        lines = [f"    def {name}(self) -> None:", *docstring(test.name, 8)]
        arguments = ast.Dict([ast.Constant(key) for key, _ in test.args], [python(value) for _, value in test.args])
        workflow = ast.Subscript(ast.Name("WORKFLOWS"), ast.Constant(test.workflow))
        call = ast.Call(ast.Name("run_test"), [workflow, arguments, self._mocks(test.mocks)], [])
        lines += _text(8, "tested = ", call)
        read = frozenset[str]().union(*(reads(each.condition) for each in test.expectations))
        if not any("error" in reads(each.condition) for each in test.expectations if not each.always):
            lines.append("        self.assertIsNone(tested.failure)")
        if "result" in read:
            self._used.add("Any")
            lines.append("        result: Any = tested.result")
        for expectation in test.expectations:
            lines += self._expectation(expectation)
        return [*lines, "        self.assertEqual(tested.crashes(), [])"]

    def _mocks(self, mocks: Sequence[plan.Mock]) -> ast.expr:
        replies: dict[str, list[ast.expr]] = {}
        for mock in mocks:
            known = replies.setdefault(mock.target, [])
            if mock.failure is not None:
                self._used.add("Fails")
                known.append(ast.Call(ast.Name("Fails"), [data(part) for part in mock.failure], []))
            if mock.uses:
                self._used.add("Uses")
                known.append(ast.Call(ast.Name("Uses"), [_use(use) for use in mock.uses], []))
            known += [self._reply(mock, value) for value in mock.values]
        return ast.Dict([ast.Constant(target) for target in replies], [ast.List(values) for values in replies.values()])

    def _reply(self, mock: plan.Mock, value: Term) -> ast.expr:
        if not mock.params:
            return python(value)
        self._used.add("Computed")
        names = {name: f"given[{ast.unparse(data(name))}]" for name in mock.params}
        optional = self._optional_params(mock.target)
        names |= {name: f"given.get({ast.unparse(data(name))})" for name in mock.params if name in optional}
        args = ast.arguments([], [], None, [], [], ast.arg("given"), [])
        return ast.Call(ast.Name("Computed"), [ast.Lambda(args, python(value, names))], [])

    def _optional_params(self, target: str) -> set[str]:
        """The parameters of an operation that a call may leave out."""
        operations = {f"{tool.name}.{op.name}": op for tool in self._made.tools for op in tool.operations}
        params = operations[target].params if target in operations else ()
        return {param.name for param in params if isinstance(param.type, Optional)}

    def _expectation(self, expectation: plan.Expectation) -> list[str]:
        names = {variable: f"tested.calls({ast.unparse(data(target))})" for variable, target in expectation.calls}
        condition = tidied(python(expectation.condition, {"result": "result", "error": "tested.error", **names}))
        if expectation.always and "result" in reads(expectation.condition):
            failed = ast.Compare(ast.parse("tested.error", mode="eval").body, [ast.IsNot()], [ast.Constant(None)])
            condition = ast.BoolOp(ast.Or(), [failed, condition])
        call = ast.Call(ast.Attribute(ast.Name("self"), "assertTrue"), [condition, ast.Constant(expectation.text)], [])
        lines = _text(8, "", call)
        span = expectation.span
        if span.source is NOWHERE.source:
            return lines
        return [f"        # {PurePosixPath(span.source.name).name}:{span.source.position(span.start)[0]}", *lines]


def _use(use: plan.Use) -> ast.expr:
    given = ast.Dict([ast.Constant(name) for name, _ in use.args], [python(value) for _, value in use.args])
    return ast.Tuple([ast.Constant(use.tool), given])


def _text(indent: int, before: str, node: ast.expr) -> list[str]:
    lines = statement(indent, before, node).split("\n")
    return [f"{line}  # noqa: E501" if len(line) > WIDTH else line for line in lines]
