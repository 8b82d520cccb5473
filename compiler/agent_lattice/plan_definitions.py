"""What operations of two plans refer to by name: types, operations of tools, models, agents. Whether it means the same in both.

The same means: a run that was recorded with one replays with the other. What only the future of a run depends on (where a
service is, which model stands behind a name, how a type is explained) does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent_lattice import plan, types
from agent_lattice.records import fields, is_record
from agent_lattice.types import Record, Union


class Definitions:
    """The definitions of an old and a new plan. `outputs` are the names under which models are asked for types, by the type's text."""

    def __init__(
        self, old: plan.Plan, new: plan.Plan, outputs_old: Mapping[str, str], outputs_new: Mapping[str, str]
    ) -> None:
        self.old, self.new = old, new
        self._outputs = outputs_old, outputs_new
        self.workflows = [{workflow.name: workflow for workflow in made.workflows} for made in (old, new)]
        self._operations = [
            {f"{tool.name}.{op.name}": op for tool in made.tools for op in tool.operations} for made in (old, new)
        ]
        self._models = [{model.name: model for model in made.models} for made in (old, new)]
        self._agents = [{agent.name: agent for agent in made.agents} for made in (old, new)]
        self._changed_types = _changed_types(old, new)

    def problem(self, op: plan.Op) -> str | None:
        """Why an operation that reads the same in both plans does not mean the same; None when it does."""
        if name := next((name for name in named_types(op) if name in self._changed_types), None):
            return f"the type {name} was changed"
        match op:
            case plan.Tool(operation=name, undo=undo):
                names = [name, *([undo.operation] if undo else [])]
                return next((said for name in names if (said := self.operation_problem(name))), None)
            case plan.Ask(model=model, escalate=escalate, type=type):
                return self._asking([model, *([escalate] if escalate else [])], type)
            case plan.Run(agent=name):
                return self._agent(name)
        return None

    def operation_problem(self, name: str) -> str | None:
        """Why the operation of a tool does not mean the same in both plans; None when it does."""
        old, new = (known.get(name) for known in self._operations)
        if old is None or new is None:
            return f"the operation {name} is gone"
        if _meaning(old) != _meaning(new):
            return f"the operation {name} was changed: its parameters, type, effect, key or `on_doubt`"
        if self.touches(old) or self.touches(new):
            return f"a type of the operation {name} was changed"
        if old.doubt is not None and old.doubt.operation is not None:
            return self.operation_problem(f"{name.partition('.')[0]}.{old.doubt.operation.rpartition('.')[2]}")
        return None

    def _asking(self, models: list[str], type: types.Type) -> str | None:
        for name in models:
            if self._chain(0, name) != self._chain(1, name):
                return f"the fallback of the model {name} was changed"
        old, new = (known.get(str(type)) for known in self._outputs)
        if old != new:
            return f"models are asked for {type} under another name: {old} became {new}"
        return None

    def _chain(self, side: int, name: str | None) -> list[str]:
        """A model and the fallbacks behind it, by name."""
        found: list[str] = []
        while name is not None and name not in found and name in self._models[side]:
            found.append(name)
            name = self._models[side][name].fallback
        return found

    def _agent(self, name: str) -> str | None:
        old, new = (known.get(name) for known in self._agents)
        if old is None or new is None:
            return f"the agent {name} is gone"
        if _meaning(old) != _meaning(new) or self.touches(old):
            return f"the agent {name} was changed: its texts, tools, checks, bounds, or a type"
        for offer in old.offers:
            if said := self.operation_problem(offer.operation):
                return said
        return self._asking([old.model], old.type)

    def touches(self, value: object) -> bool:
        return any(name in self._changed_types for name in named_types(value))

    def interface(self) -> str | None:
        """Why no run of the old plan is one of the new: another workflow, input, budget; None when there is no reason."""
        old, new = self.workflows[0][self.old.main], self.workflows[1].get(self.new.main)
        if new is None or old.name != new.name:
            return f"the workflow is called {self.new.main} now, not {self.old.main}"
        for name in dict.fromkeys([param.name for param in (*old.params, *new.params)]):
            before, after = ({param.name: param.type for param in w.params}.get(name) for w in (old, new))
            if before is None and isinstance(after, types.Optional) and not self.touches(after):
                continue
            if before is None or after is None:
                return f"the parameter {name} was {'added' if before is None else 'removed'}"
            if before != after or self.touches(before):
                return f"the type of the parameter {name} was changed"
        return self._budgets()

    def _budgets(self) -> str | None:
        """What is left of a budget depends on everything before: with one, nothing that counts may have changed."""
        limits = [{name: w.budget for name, w in known.items() if w.budget} for known in self.workflows]
        if limits[0] != limits[1]:
            return "a budget was changed"
        prices = [
            {name: (m.input_price, m.output_price, m.max_tokens, m.retries, m.fallback) for name, m in known.items()}
            for known in self._models
        ]
        return (
            "the prices or bounds of models that a budget counts were changed"
            if limits[0] and prices[0] != prices[1]
            else None
        )


def _meaning(value: Any) -> Any:
    """An operation or agent without what no replay depends on."""
    if isinstance(value, plan.Operation):
        params = tuple((param.name, param.type) for param in value.params)
        return (value.name, params, value.type, value.effect, value.key, value.doubt)
    params = tuple((param.name, param.type) for param in value.params)
    rest = [
        getattr(value, name)
        for name in ("type", "model", "offers", "system", "prompt", "checks", "max_turns", "repair")
    ]
    return (value.name, params, *rest)


def named_types(value: object) -> Iterator[str]:
    """The names of all records and unions in a part of a plan, its expressions and types included."""
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, Record | Union) and part.name:
            yield part.name
        elif isinstance(part, Union):
            stack.extend(part.members)
        elif isinstance(part, tuple | list):
            stack.extend(part)
        elif is_record(part):
            stack.extend(getattr(part, field.name) for field in fields(part.__class__))


def _changed_types(old: plan.Plan, new: plan.Plan) -> set[str]:
    """The names that stand for another type, or for one with such a name in it."""
    shapes = [_shapes(made) for made in (old, new)]
    changed = {name for name in {**shapes[0], **shapes[1]} if shapes[0].get(name) != shapes[1].get(name)}
    inner = {name: set(named_types(shape)) for known in shapes for name, shape in known.items()}
    while more := {name for name, names in inner.items() if name not in changed and names & changed}:
        changed |= more
    return changed


def _shapes(made: plan.Plan) -> dict[str, Any]:
    records = {r.name: tuple((f.name, f.type) for f in r.fields.values()) for r in made.records}
    return records | {u.name: (tuple(u.members), u.nullable) for u in made.unions}
