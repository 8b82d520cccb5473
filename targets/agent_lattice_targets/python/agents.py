"""Agents: a function of the module `workflow.py` each, and a constant that holds its model, tools and bounds."""

from __future__ import annotations

import ast

from agent_lattice import plan

from agent_lattice_targets.python.annotations import Annotations
from agent_lattice_targets.python.frames import Frame, Place
from agent_lattice_targets.python.lines import Lines, docstring, head_lines
from agent_lattice_targets.python.package_names import PackageNames
from agent_lattice_targets.python.steps import question
from agent_lattice_targets.python.types_module import TypesModule


class AgentBody(Lines):
    """Writes the function of an agent: its arguments become the question that its constant is run with."""

    def __init__(self, agent: plan.Agent, names: PackageNames, annotations: Annotations, checks: TypesModule) -> None:
        frame = plan.Workflow(agent.name, agent.params, agent.type, ())
        super().__init__(frame, names, annotations, checks)
        self.agent = agent

    def write(self) -> list[str]:
        """Its lines; `constants`, `helpers` and `imports` are what it needs around it."""
        agent, place = self.agent, Place(Frame(), 4)
        params = ["ctx: Context"]
        for name, binding in self.bindings.params.items():
            python = self.names.parameters[agent.name][name]
            annotation = self.annotations.of(binding.type)
            place.frame.declared[python] = annotation
            place.own[name] = (python, binding)
            self.names.name_variable(agent.name, python, name)
            params.append(f"{python}: {annotation}")
        constant = self.names.agents[agent.name]
        self.imports.add(constant)
        call = ast.Call(ast.Attribute(ast.Name(constant), "run"), [ast.Name("ctx")], [])
        texts = question(agent, "answer", agent.name, place, self)
        call.keywords = [ast.keyword(name, value) for name, value in texts]
        result = self.annotations.of(agent.type)
        self.mark(place, agent.span)
        self.statement(place, f"answer: {result} = ", ast.Await(call))
        self.put(place, "return answer")
        head = head_lines(0, f"async def {self.names.functions[agent.name]}", params, result)
        return [*head, *docstring(agent.doc, 4), *self.lines]
