"""`agent researcher(question: string) -> Finding { model fast  tools docs.search  prompt "…"  max_turns 8 }`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.annotations import Annotation, annotation, resolve
from agent_lattice.declarations.agent_tools import Tools, offers, read_tool
from agent_lattice.declarations.operations import ParamNode, params_of, read_params, show_params
from agent_lattice.diagnostics import Code, Edit, Fix, Report, replace
from agent_lattice.kind import Body, Declaration, Scope
from agent_lattice.kinds.ask import Clause, answer_checks, repairs, template
from agent_lattice.printer import Braces, Printer
from agent_lattice.program import Module, Symbol
from agent_lattice.records import field, record
from agent_lattice.records import replace as changed
from agent_lattice.source import NOWHERE, Span
from agent_lattice.step_clauses import single_clauses
from agent_lattice.terms import Template
from agent_lattice.tree import Junk, Name, Number, Parts, Reader

MISSING_CLAUSE = Code("LAT2250", "missing-agent-clause")
UNBOUNDED = Code("LAT2251", "unbounded-agent")
WRONG_TURNS = Code("LAT2252", "wrong-number-of-turns")

FEWEST_TURNS, MOST_TURNS = 2, 100
USUAL_TURNS = 8
"""What is proposed where no bound is given."""

_NEEDED = {
    "model": "say which model works: `model fast`",
    "tools": "say what it may call: `tools docs.search`; what calls nothing is an `ask`",
    "prompt": 'say what its model is asked: `prompt "…"`',
}


@record
class Agent:
    word: ClassVar[str] = "agent"
    summary: ClassVar[str] = "a model that calls tools, a bounded number of turns, until it gives a typed answer"
    syntax: ClassVar[str] = """
        %extend declaration: agent
        agent: "agent" NAME "(" (param ("," param)* ","?)? ")" "->" type "{" agent_clause* "}"
        ?agent_clause: agent_model | agent_tools | agent_turns | ask_system | ask_prompt | ask_check | ask_repair | junk
        agent_model: "model" NAME
        agent_tools: "tools" agent_tool ("," agent_tool)*
        agent_tool: NAME "." (NAME | "*")
        agent_turns: "max_turns" number
    """
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "agent": ("@", "params", "output", ""),
    }
    readers: ClassVar[dict[str, Reader]] = {
        "agent": lambda parts: Agent.read(parts),
        "agent_model": lambda parts: Clause("model", parts.name(), None, parts.span),
        "agent_tools": lambda parts: Tools(tuple(c for c in parts if not hasattr(c, "type")), parts.span),
        "agent_tool": read_tool,
        "agent_turns": lambda parts: Clause("max_turns", parts.one(Number), None, parts.span),
    }
    sort: ClassVar[str] = "agent"

    name: Name
    params: tuple[ParamNode, ...]
    type: Annotation
    clauses: tuple[Clause | Tools | Junk, ...]
    doc: str = ""
    braces: Span = field(default=NOWHERE, compare=False)
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Agent:
        clauses = tuple(child for child in parts if isinstance(child, Clause | Tools | Junk))
        params = read_params(parts)
        return cls(parts.name(), params, annotation(parts), clauses, braces=parts.braces, span=parts.span)

    def show(self, out: Printer) -> None:
        out.doc(self.doc)
        words = (f"agent {self.name}", show_params(self.params, self.name, self.type), " -> ", self.type.shown)
        out.blocks(Braces(words, self.clauses, self.braces))

    def names(self) -> Iterable[Name]:
        return (self.name,)

    def signature(self, symbol: Symbol, report: Report) -> Any:
        single = single_clauses(self.clauses, report)
        self._check_complete(single, report)
        model = symbol.module.find(single["model"].value, "model", report) if "model" in single else None
        return plan.Agent(
            name=symbol.unique,
            params=params_of(self.params, symbol.module, report),
            type=resolve(self.type, symbol.module, report),
            model=model.name if isinstance(model, plan.Model) else "",
            offers=offers(single["tools"], symbol.module, report) if "tools" in single else (),
            system=None,
            prompt=Template(()),
            checks=(),
            max_turns=self._turns(single.get("max_turns"), report),
            repair=repairs(single.get("repair"), report),
            doc=self.doc,
            span=self.name.span,
        )

    def check(self, module: Module, report: Report) -> Any:
        """The texts and checks, which see the parameters; the symbol's value is the finished agent from here on."""
        symbol = module.symbols[self.name.text]
        agent: plan.Agent = symbol.value
        scope = Scope(Body(module, report, agent.type, self.name.text))
        nodes = {node.name.text: node for node in reversed(self.params)}
        for param in agent.params:
            scope.define(nodes[param.name].name, param.type, "parameter")
        single = {clause.word: clause for clause in reversed(self.clauses) if not isinstance(clause, Junk)}
        first = single["check"].span if "check" in single else self.name.span
        symbol.value = changed(
            agent,
            system=template(single.get("system"), scope),  # type: ignore[arg-type]  # the word says which class it is
            prompt=template(single.get("prompt"), scope) or agent.prompt,  # type: ignore[arg-type]
            checks=answer_checks(self.clauses, Name("answer", first), agent.type, scope),
        )
        module.bindings[agent.name] = scope.body.bindings
        return symbol.value

    def _check_complete(self, single: dict[str, Any], report: Report) -> None:
        if any(isinstance(clause, Junk) for clause in self.clauses):
            return
        for word, help in _NEEDED.items():
            if word not in single:
                report.add(MISSING_CLAUSE, f"the agent `{self.name}` has no `{word}`", self.name.span, help=help)
        if "max_turns" not in single:
            report.add(
                UNBOUNDED,
                f"the agent `{self.name}` may go on for ever",
                self.name.span,
                help=f"bound the replies of its model: `max_turns {USUAL_TURNS}`",
                fix=self._bounded(),
            )

    def _bounded(self) -> Fix:
        """Adds the bound behind the last clause, on a line of its own if the others have one."""
        text = f"max_turns {USUAL_TURNS}"
        if not self.clauses:
            at = Span(self.braces.source, self.braces.start + 1, self.braces.start + 1)
            return Fix(f"add `{text}`", (Edit(at, f" {text} "),))
        gap = "\n  " if "\n" in self.braces.text else " "
        return Fix(f"add `{text}`", (Edit(self.clauses[-1].span.after(), gap + text),))

    def _turns(self, clause: Clause | None, report: Report) -> int:
        if clause is None:
            return USUAL_TURNS
        count: int = clause.value.value
        if not FEWEST_TURNS <= count <= MOST_TURNS:
            nearest = str(max(FEWEST_TURNS, min(MOST_TURNS, count)))
            report.add(
                WRONG_TURNS,
                f"an agent has {FEWEST_TURNS} to {MOST_TURNS} turns, not {count}",
                clause.value.span,
                help="one turn calls tools, another answers" if count < FEWEST_TURNS else "divide the work into steps",
                fix=replace(f"change to `{nearest}`", clause.value.span, nearest),
            )
        return count


DECLARATION: type[Declaration] = Agent
