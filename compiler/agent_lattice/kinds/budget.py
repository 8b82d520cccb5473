"""`budget { usd: 0.40, tokens: 30_000, calls: 20, time: 2d }`: the most that a run of a workflow may use."""

from __future__ import annotations

from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.diagnostics import Code, Edit, Fix, Label
from agent_lattice.kind import Kind, Scope
from agent_lattice.printer import Printer
from agent_lattice.records import field, record
from agent_lattice.settings import Rule, Settings, read
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Reader

WRONG_BUDGET = Code("LAT5014", "wrong-budget")

RULES = {
    "usd": Rule("number", least=0.000001, doc="money for the answers of models, in USD"),
    "tokens": Rule("number", least=1, doc="tokens that models read and write"),
    "calls": Rule("number", least=1, doc="calls of models and operations, those that are repeated included"),
    "time": Rule(
        "duration", least=0.001, most=3650 * 86400.0, doc="from the start of the run to its end, waiting included"
    ),
}


@record
class Budget:
    word: ClassVar[str] = "budget"
    summary: ClassVar[str] = "the most that a run may use, its children included: money, tokens, calls, time"
    syntax: ClassVar[str] = """
        %extend statement: budget
        budget: "budget" settings
    """
    readers: ClassVar[dict[str, Reader]] = {"budget": lambda parts: Budget(parts.one(Settings), parts.span)}
    settings_of: ClassVar[dict[str, tuple[dict[str, Rule], dict[str, Any]]]] = {"budget": (RULES, {})}

    settings: Settings
    span: Span = field(default=NOWHERE, compare=False)

    def show(self, out: Printer) -> None:
        out.line("budget ", self.settings.shown)

    def check(self, scope: Scope) -> plan.Op | None:
        values = read(self.settings.items, RULES, "a budget", scope.report)
        first = scope.body.budget
        if scope.body.opening is not self:
            related = (Label(first[1], "there is one here"),) if first else ()
            message = "a workflow has one budget, and it comes first"
            scope.report.add(WRONG_BUDGET, message, self.span, related=related, help="move it to the start of the body")
            return None
        if not self.settings.items:
            fix = Fix("remove it", (Edit(self.span, ""),), safe=False)
            scope.report.add(
                WRONG_BUDGET, "this budget limits nothing", self.span, help="say what: `usd: 0.40`", fix=fix
            )
        given = {name: value.value for name, value in values.items()}
        usd = float(given["usd"]) if "usd" in given else None
        made = plan.Budget(usd, given.get("tokens"), given.get("calls"), given.get("time"))
        scope.body.budget = made, self.span
        return None


KIND: type[Kind] = Budget
