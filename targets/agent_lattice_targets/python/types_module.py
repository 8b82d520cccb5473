"""The module `datatypes.py`: a TypedDict per record, and validators of everything that enters a run.

Not `types.py`: Python started on the folder would take that for its own module of the name.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent_lattice import plan, types
from agent_lattice.type_graph import recursive

from agent_lattice_targets.python.annotations import Annotations, import_line
from agent_lattice_targets.python.layout import WIDTH
from agent_lattice_targets.python.lines import docstring
from agent_lattice_targets.python.literals import string
from agent_lattice_targets.python.names import RESERVED, identifier
from agent_lattice_targets.python.package_names import PackageNames
from agent_lattice_targets.python.validators import Validators
from agent_lattice_targets.python.waits import approved_values


class TypesModule:
    """Its text, and what its validators are called; ask for every name before the text."""

    def __init__(self, made: plan.Plan, names: PackageNames) -> None:
        self._made = made
        self._names = names
        self._annotations = Annotations(names.classes)
        self._validators = Validators(names, self._annotations, recursive([*made.records, *made.unions]))
        for record in made.records:
            self._validators.record(names.checks[record.name], record, self._annotations.of(record))
        for union in made.unions:
            self._validators.union(names.checks[union.name], union, self._annotations.of(union))
        self._arguments: dict[str, str] = {}
        self._values: dict[int, str] = {}

    def check(self, type: types.Type) -> str:
        """The expression of a type's validator, for a module that imports `check_…` and `checks`."""
        return self._validators.name(type)

    def check_params(self, workflow: plan.Workflow) -> str:
        """The validator of a workflow's arguments, a record by parameter name."""
        return self._check_record(
            f"check_{identifier(workflow.name)}_input", f"input of {workflow.name}", workflow.params
        )

    def check_arguments(self, operation: str, params: Iterable[plan.Param]) -> str:
        """The validator of what a model gives the operation `tool.op`, for modules that import it."""
        if operation not in self._arguments:
            wanted = f"check_{identifier(operation)}_arguments"
            self._arguments[operation] = self._check_record(wanted, f"the arguments of {operation}", params)
        return self._arguments[operation]

    def check_values(self, op: plan.Approve) -> str:
        """The validator of what people may change before they approve, a record by name; for modules that import it."""
        if id(op) not in self._values:
            wanted, name = f"check_{identifier(op.step)}_values", f"the values of {op.step}"
            self._values[id(op)] = self._check_record(wanted, name, approved_values(op))
        return self._values[id(op)]

    def _check_record(self, wanted: str, name: str, params: Iterable[plan.Param]) -> str:
        fields = {param.name: types.Field(param.name, param.type) for param in params}
        function = self._names.fresh(wanted)
        self._annotations.typing.add("Any")
        self._validators.record(function, types.Record(name, fields), "dict[str, Any]")
        return function

    def text(self) -> str:
        validators = self._validators
        classes = [self._class_lines(record) for record in self._made.records]
        aliases = [self._alias_line(union) for union in self._made.unions]
        classes += [aliases] if aliases else []
        guards = [self._guard_lines(record) for record in self._made.records if record.name in self._names.guards]
        functions = [line for function in [*validators.functions, *guards] for line in ["", "", *function]]
        text = "\n".join(functions)
        called = ["checks", *(module for module in ("cel_wire", "labels") if f"{module}." in text)]
        annotated = "cel_time." in "\n".join([*functions, *(line for one in classes for line in one)])
        lines = ['"""Types of the values that go in and out, and their validators.', ""]
        lines += [
            "A validator takes (value, path, errors), appends every problem to errors and returns the decoded value."
        ]
        lines += ['"""', "", "from __future__ import annotations", "", import_line("._runtime", called)]
        lines += [import_line("._runtime.checks", validators.imports)] if validators.imports else []
        typing = self._annotations.typing | ({"TypedDict"} if self._made.records else set())
        typing |= {"TypeAlias"} if aliases else set()
        imports = ["    from collections.abc import Callable"] if self._annotations.callables else []
        imports += [import_line("typing", typing, 4)] if typing else []
        imports += ["", "    from typing_extensions import TypeIs"] if guards else []
        imports += ["", "    from ._runtime import cel_time"] if annotated else []
        if imports:
            lines += ["", "TYPE_CHECKING = False", "if TYPE_CHECKING:", *(imports if imports[0] else imports[1:])]
        for one in classes:
            lines += ["", *one]
        if validators.constants:
            lines += ["", ""] if classes else [""]
            lines += [line for constant in validators.constants for line in constant]
        tables = [line for table in validators.tables for line in table]
        return "\n".join([*lines, *functions, *(["", "", *tables] if tables else [])]) + "\n"

    def _alias_line(self, union: types.Union) -> str:
        """In quotes: it may mention itself."""
        meaning = string(self._annotations.of(types.Union(union.members)))
        line = f"    {self._names.classes[union.name]}: TypeAlias = {meaning}"
        return line if len(line) <= WIDTH else f"{line}  # noqa: E501"

    def _guard_lines(self, record: types.Record) -> list[str]:
        name, fields = self._names.classes[record.name], self._validators.fields[record.name]
        return [
            f"def {self._names.guards[record.name]}(value: object) -> TypeIs[{name}]:",
            '    """Whether a value of a union is this record: no other member has just these fields."""',
            f"    return isinstance(value, dict) and value.keys() == {fields}",
        ]

    def _class_lines(self, record: types.Record) -> list[str]:
        name = self._names.classes[record.name]
        if any(not _is_attribute(field) for field in record.fields):
            return self._functional(name, record.fields.values())
        lines = [f"    class {name}(TypedDict):", *docstring(record.doc, 8)]
        lines += [""] if record.doc.strip() and record.fields else []
        for field in record.fields.values():
            lines += [
                f"        # {part.strip()}"[:120].rstrip() for part in field.doc.splitlines() if part.isprintable()
            ]
            lines.append(f"        {field.name}: {self._annotations.of(field.type)}")
        return lines if record.fields or record.doc.strip() else [*lines, "        pass"]

    def _functional(self, name: str, fields: Iterable[types.Field]) -> list[str]:
        """The form for fields that cannot be written as attributes."""
        inside = [f"            {string(field.name)}: {self._annotations.quoted(field.type)}," for field in fields]
        return [f"    {name} = TypedDict(", f"        {string(name)},", "        {", *inside, "        },", "    )"]


def _is_attribute(name: str) -> bool:
    """Whether a field can be an attribute of a class: no keyword, and not mangled."""
    return name not in RESERVED and not name.startswith("__")
