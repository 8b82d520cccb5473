"""What each thing of a plan is called in its Python package."""

from __future__ import annotations

from collections.abc import Iterator

from agent_lattice import plan, types

from agent_lattice_targets.python.names import (
    Namespace,
    constant_name,
    identifier,
    package_name,
    python_name,
    snake,
    source_names,
)

VERSION = "0.1.0"
"""The version of every package; what tells two of them apart is the plan's digest."""


class PackageNames:
    """Python names by the names of the source, all different; `taken` are those of values in bodies."""

    def __init__(self, made: plan.Plan) -> None:
        self.package = package_name(made.name)
        names = source_names(made)
        self.taken = frozenset({python_name(name) for name in names} | names)
        functions = [*(workflow.name for workflow in made.workflows), *(agent.name for agent in made.agents)]
        self._space = Namespace(self.taken - set(functions))
        self.guards: dict[str, str] = {}
        self.variables: dict[str, dict[str, str]] = {}
        self.parts: dict[str, str] = {}
        self._nested: dict[tuple[str, int], str] = {}
        self.functions = {name: self._space.fresh(identifier(name)) for name in functions}
        named: tuple[types.Record | types.Union, ...] = (*made.records, *made.unions)
        self.classes = {type.name: self._space.fresh(identifier(type.name)) for type in named}
        self.checks = {type.name: self._space.fresh(f"check_{snake(identifier(type.name))}") for type in named}
        self.models = {model.name: self._space.fresh(constant_name(model.name)) for model in made.models}
        self.servers = {
            tool.name: self._space.fresh(constant_name(tool.name)) for tool in made.tools if tool.protocol == "mcp"
        }
        self.operations = {
            f"{tool.name}.{op.name}": self._space.fresh(constant_name(tool.name, op.name))
            for tool in made.tools
            for op in tool.operations
        }
        self.agents = {agent.name: self._space.fresh(constant_name(agent.name)) for agent in made.agents}
        self.outputs = self._outputs(made)
        self.parameters = {workflow.name: self._parameters(workflow) for workflow in made.workflows}
        self.parameters |= {agent.name: {p.name: python_name(p.name) for p in agent.params} for agent in made.agents}

    @property
    def distribution(self) -> str:
        """What the package is called where packages are installed, and its command."""
        return self.package.replace("_", "-").strip("-") or "workflow"

    def name_variable(self, workflow: str, python: str, source: str) -> None:
        """Note what a variable of a workflow's or an agent's functions is called in the source."""
        self.variables.setdefault(workflow, {})[python] = source

    def variables_data(self) -> dict[str, object]:
        """What each function calls the names of the source, as JSON data: for whoever looks at a run that stands still."""
        functions = {python: name for name, python in self.functions.items()} | self.parts
        return {python: {"workflow": name, "names": self.variables.get(name, {})} for python, name in functions.items()}

    def guard(self, record: types.Record) -> str:
        """The function that tells whether a value of a union is that record."""
        if record.name not in self.guards:
            self.guards[record.name] = self.fresh(f"is_{snake(identifier(record.name))}")
        return self.guards[record.name]

    def fresh(self, wanted: str) -> str:
        """A name that nothing else in the package has."""
        return self._space.fresh(wanted)

    def nested(self, wanted: str, depth: int) -> str:
        """A helper's name that all loops of that depth, from 1, have in common."""
        if (wanted, depth) not in self._nested:
            self._nested[wanted, depth] = self.fresh(wanted if depth == 1 else f"{wanted}_{depth}")
        return self._nested[wanted, depth]

    def local(self, name: str, called: frozenset[str] = frozenset()) -> str:
        """The Python name of a value in a body that calls the functions `called`."""
        return python_name(name, called)

    def _parameters(self, workflow: plan.Workflow) -> dict[str, str]:
        called = self.called(workflow)
        return {param.name: python_name(param.name, called) for param in workflow.params}

    def called(self, workflow: plan.Workflow) -> frozenset[str]:
        """The functions that a workflow's body calls by name."""
        called = (called_by(op) for op in plan.walk(workflow.body))
        return frozenset(self.functions[name] for name in called if name is not None)

    def _outputs(self, made: plan.Plan) -> dict[str, str]:
        """The constant of every type that a model is asked for, by the type's text; plain text needs none."""
        found: dict[str, str] = {}
        for owner, type in answers(made):
            if not isinstance(type, types.String) and str(type) not in found:
                parts = (type.name,) if isinstance(type, types.Record) else owner
                found[str(type)] = self._space.fresh(constant_name(*map(snake, parts)))
        return found


def called_by(op: plan.Op) -> str | None:
    """The workflow or agent whose function an operation calls."""
    match op:
        case plan.Call(workflow=name) | plan.Run(agent=name):
            return name
    return None


def answers(made: plan.Plan) -> Iterator[tuple[tuple[str, ...], types.Type]]:
    """Every type that a model is asked for, with words for who asks."""
    for workflow in made.workflows:
        for op in plan.walk(workflow.body):
            if isinstance(op, plan.Ask):
                yield (workflow.name, op.step.replace(".", "_")), op.type
    for agent in made.agents:
        yield (agent.name, "answer"), agent.type
