"""Programs whose runs wait, each on a store, a clock and a desk of its own."""

from __future__ import annotations

from typing import Any

from agent_lattice_runtime.deliveries import decide, open_approvals, resolve, signal
from agent_lattice_runtime.history import History
from agent_lattice_runtime.models import Workflow
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Run
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.verify import verify
from behaviours.programs import Desk, flow, log
from runtime.patience import Clock, go

TOOLS = """
tool desk = python("desk") {
  op look(n: int) -> int { effect: read }
  op pay(n: int) -> int { effect: write, idempotent_by: n }
  op refund(n: int) -> int { effect: write, idempotent_by: n }
  op tell(n: int) -> int { effect: write, on_doubt: ask "ops" within 1d }
}
"""
ASKS = """  {name} = approve "boss" {{
    ask "Is {text} right?"
    edit amount: {amount}
    within 1h else reject
  }}
"""


def asks(name: str, text: str = "it", amount: str = "1") -> str:
    return ASKS.format(name=name, text=text, amount=amount)


def workflow(body: str, parameters: str = "n: int", type: str = "int") -> Workflow:
    return flow(f"{TOOLS}\nworkflow main({parameters}) -> {type} {{\n{body}}}\n")


class Waiting:
    """A run on a store and a clock of its own; `go` drives it until it waits or is over."""

    def __init__(self, made: Workflow, value: dict[str, object] | None = None) -> None:
        self.flow, self.store, self.clock = made, MemoryStore(), Clock()
        self.desk = Desk(look=lambda n: n + 1, pay=lambda n: n * 10, refund=lambda n: -n)
        self.value = {"n": 1} if value is None else value

    def go(self, store: Any = None) -> Run:
        return go(self.flow, store or self.store, self.clock, self.value, tools=self.desk.opened())

    def decide(self, step: str | None = None, approved: bool = True, **more: Any) -> bool:
        return decide(self.flow, self.store, "r1", step, approved, by="ann", clock=self.clock, **more)

    def signal(self, name: str, value: object, **more: Any) -> bool:
        return signal(self.flow, self.store, "r1", name, value, clock=self.clock, **more)

    def resolve(self, step: str, how: str, **more: Any) -> bool:
        return resolve(self.flow, self.store, "r1", step, how, by="ops", clock=self.clock, **more)

    def open(self) -> dict[str, dict[str, Any]]:
        return open_approvals(History(self.store.events(self.store.runs()[0])), self.clock.now // 1000)

    def kinds(self) -> list[str]:
        return [kind for kind, _ in log(self.store)]

    def ended_well(self) -> None:
        row = self.store.find("r1")
        assert row is not None and verify(self.store, row) is None
        assert replay(self.flow, "r1", self.store).divergence is None
