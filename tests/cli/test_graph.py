"""`lattice graph`: three drawings of some workflows, kept as snapshots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.running import WRONG, lattice
from syrupy.assertion import SnapshotAssertion
from text_snapshots import TextSnapshot

DESK = """\
type Ticket { id: string  text: string }
type Verdict { kind: "bug" | "praise" | "other" }

model fast = ollama("llama3.2")

tool desk = python("desk_tools") {
  op open() -> list<Ticket> { effect: read }
  op file(id: string, kind: string) -> null { effect: write, idempotent_by: id }
}

/// Sort the open tickets.
workflow desk_day(limit: int) -> list<string> {
  tickets = desk.open()
  var seen: int = 0
  kinds = for ticket in tickets at most 50 parallel 4 {
    sorted = call sort(ticket: ticket)
    yield sorted
  }
  for ticket in tickets at most 50 {
    set seen = seen + 1
  }
  done = loop at most 3 {
    again = desk.open()
    until size(again) == 0
  }
  emit sorted_all(count: seen, done: done)
  return kinds
}

workflow sort(ticket: Ticket) -> string {
  parallel {
    verdict = ask fast -> Verdict { prompt "What is this: {{ ticket.text }}?" }
    branch note { let length = size(ticket.text) }
  }
  match verdict.kind {
    case "bug", "praise" { desk_entry = desk.file(id: ticket.id, kind: verdict.kind) }
    else {
      if length > 1000 && ticket.text.contains("\\"<script>\\"") { fail refused "too long" }
    }
  }
  return verdict.kind
}
"""

STRAIGHT = """\
tool shop = python("shop_tools") { op get(id: string) -> string { effect: read } }

workflow straight(id: string) -> string {
  order = shop.get(id: id)
  if order == "" { return "none" }
  return order
}
"""
LASTING = """\
type Receipt { id: string }

model fast = ollama("llama3.2")

tool bank = http("https://bank.example/api") {
  op refund(order: string) -> Receipt = POST "/refunds" { effect: write, idempotent_by: order }
  op void(id: string) -> Receipt = DELETE "/refunds/{id}" { effect: write, idempotent_by: id }
  op price(item: string) -> float = GET "/prices/{item}" { effect: read }
}

/// Everything that lasts, fails or has a limit.
workflow lasting(order: string, due: timestamp, soon: duration) -> string? {
  budget { tokens: 30_000, calls: 20, time: 36h }
  paid = bank.refund(order: order) {
    retry 3 backoff 2s..1m on timeout, unavailable
    timeout 90s
    compensate bank.void(id: paid.id)
  }
  wait 2h
  wait for soon
  wait until due - duration("24h")
  goods = signal parcel: Receipt within 1d else null
  price = parallel first {
    dear = bank.price(item: "dear")
    branch late {
      wait 1500ms
      yield 1.0
    }
  }
  prices = parallel any 2 {
    one = bank.price(item: "1")
    two = bank.price(item: "2")
    three = bank.price(item: "3")
  }
  sign = approve "refunds" {
    ask "Refund {{ order }}?"
    edit amount: price + prices[0]
    within 24h else fail
  }
  try {
    letter = ask fast -> string { prompt "Write."  timeout 5m }
  } catch timeout, unavailable {
    return goods.?id.orValue("late")
  } catch as err {
    fail unavailable "{{ err.message }}"
  } finally {
    _closed = bank.void(id: order)
  }
  try {
    other = call small(n: sign.approved ? 1 : 0) { timeout 10s }
  } catch { return letter }
  return string(other)
}

workflow small(n: int) -> int {
  budget { usd: 0.5 }
  return n
}
"""
TOOLS = "def open(): return []\ndef file(id, kind): return None\ndef get(id): return id\n"


@pytest.fixture
def sources(here: Path) -> Path:
    """The workflows and their tools."""
    (here / "desk_day.lat").write_text(DESK)
    (here / "straight.lat").write_text(STRAIGHT)
    (here / "lasting.lat").write_text(LASTING)
    for name in ("desk", "shop"):
        (here / f"{name}_tools.py").write_text(TOOLS)
    return here


@pytest.mark.parametrize("form", ["mermaid", "dot", "json"])
@pytest.mark.parametrize("name", ["desk_day", "lasting", "straight"])
def test_drawings(sources: Path, snapshot: SnapshotAssertion, name: str, form: str) -> None:
    ran = lattice("graph", f"{name}.lat", "--format", form)
    assert ran.exit_code == 0, ran.output
    assert ran.stdout == snapshot.use_extension(TextSnapshot)


def test_mermaid_is_the_default_and_one_workflow_can_be_chosen(sources: Path) -> None:
    assert lattice("graph", "straight.lat").stdout == lattice("graph", "straight.lat", "--format", "mermaid").stdout
    made = json.loads(lattice("graph", "desk_day.lat", "--format", "json", "--workflow", "sort").stdout)
    assert [graph["workflow"] for graph in made["graphs"]] == ["sort"]


def test_edges_join_nodes_that_are_there(sources: Path) -> None:
    made = json.loads(lattice("graph", "desk_day.lat", "--format", "json").stdout)
    for graph in made["graphs"]:
        nodes = {node["id"] for node in graph["nodes"]}
        assert {edge["source"] for edge in graph["edges"]} | {edge["target"] for edge in graph["edges"]} == nodes
    steps = [node["step"] for graph in made["graphs"] for node in graph["nodes"] if node["step"]]
    assert {"tickets", "kinds", "kinds.sorted", "done", "verdict"} <= set(steps)


def test_an_unknown_workflow_and_a_wrong_source(sources: Path) -> None:
    ran = lattice("graph", "desk_day.lat", "--workflow", "sortt")
    assert (ran.exit_code, ran.stderr) == (2, "error: no workflow `sortt` in this file; did you mean `sort`?\n")
    (sources / "wrong.lat").write_text(WRONG)
    ran = lattice("graph", "wrong.lat")
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "error[LAT2101]" in ran.stderr
