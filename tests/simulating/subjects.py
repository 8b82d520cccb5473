"""Small programs to simulate."""

from __future__ import annotations

from typing import Any

from agent_lattice.simulating.scenarios import Subject, subject_of
from agent_lattice_targets.python.memory import load_all
from targets.python.programs import made

BANK = """\
def rate(n):
    return n * 2


def find(id):
    raise AssertionError("nothing but pure operations is performed")


def pay(order, amount):
    raise AssertionError("nothing but pure operations is performed")
"""
TOOLS = {"bank_tools.py": BANK}

DESK = """
type Draft { order: string @min(1)  amount: float @range(0, 100) }
type Paid { id: string }
model fast = ollama("llama3.2")
tool bank = python("bank_tools") {
  op find(id: string) -> Draft { effect: read }
  op pay(order: string, amount: float) -> Paid { effect: write, idempotent_by: order }
  op rate(n: int) -> int { effect: pure }
}
"""

STEADY = (
    DESK
    + """
workflow main(id: string, n: int @range(0, 1000)) -> string {
  order = bank.find(id: id)
  parallel {
    low = bank.rate(n: n)
    high = bank.find(id: "high")
  }
  paid = bank.pay(order: order.order, amount: order.amount)
  emit told(id: paid.id)
  return paid.id + string(low)
}

test "it pays" {
  given main(id: "A", n: 3)
  mock bank.find = Draft { order: "A", amount: 2.0 }
  mock bank.pay = Paid { id: "R" }
  expect result == "R6" && calls(bank.pay) == 1
  always calls(bank.pay) <= 1
}
"""
)

# Fails twice: what to pay is looked up, and looked up again when the payment takes too long.
WAVERING = (
    DESK
    + """
workflow settle(text: string) -> Paid {
  d = bank.find(id: text)
  p = bank.pay(order: d.order, amount: d.amount)
  return p
}
graph main(text: string) -> string {
  once = call settle(text: text)
  again = call settle(text: text)
  start -> once
  once -> again on timeout
  once -> return "once" otherwise
  again -> return "again"
}

test "it pays once" {
  given main(text: "a")
  mock bank.find = Draft { order: "A", amount: 1.0 }
  mock bank.pay = Paid { id: "R" }
  expect result == "once"
  always calls(bank.pay) <= 1
}
"""
)


def subject(source: str, files: dict[str, str] = TOOLS, tools: str = "", **more: Any) -> Subject:
    """What there is to simulate of the workflow `main` of a source."""
    plan = made(source, files)
    return subject_of(plan, "main", load_all(plan)["main"], tools)
