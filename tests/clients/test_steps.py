"""The words that a model is given for each statement of a workflow that it carries out itself."""

from __future__ import annotations

from agent_lattice.driver import compile_source, plan_of
from agent_lattice_clients.roles import Roles
from agent_lattice_clients.steps import Steps
from expectations import said
from syrupy.assertion import SnapshotAssertion
from text_snapshots import TextSnapshot

LASTING = """
type Receipt { id: string }

model fast = ollama("llama3.2")

tool bank = http("https://bank.example/api") {
  op refund(order: string) -> Receipt = POST "/refunds" { effect: write, idempotent_by: order }
  op void(id: string) -> Receipt = DELETE "/refunds/{id}" { effect: write, idempotent_by: id }
  op price(item: string) -> float = GET "/prices/{item}" { effect: read }
}

workflow lasting(order: string, due: timestamp, soon: duration) -> string? {
  budget { usd: 0.5, tokens: 30_000, calls: 20, time: 36h }
  paid = bank.refund(order: order) {
    retry 3 backoff 2s..1m on timeout, unavailable
    timeout 90s
    compensate bank.void(id: paid.id)
  }
  booked = bank.refund(order: "fee") {
    retry 1 on unavailable
    compensate bank.void(id: booked.id) { retry 2 }
  }
  wait 2h
  wait for soon
  wait until due
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
    edit note: "as agreed"
    within 24h else fail
  }
  plain = approve "refunds" { ask "Really?"  within 90m else approve }
  try {
    letter = ask fast -> string { prompt "Write."  repair 1  timeout 5m }
  } catch timeout, unavailable {
    return goods.?id.orValue("late")
  } catch as err {
    fail unavailable "{{ err.message }}"
  } finally {
    _closed = bank.void(id: order)
  }
  other = call small(n: sign.approved && plain.approved ? 1 : 0) { timeout 10s }
  return letter + string(other) + booked.id
}

workflow small(n: int) -> int {
  budget { usd: 0.25 }
  return n
}
"""


def test_the_words_of_what_lasts_fails_and_has_a_limit(snapshot: SnapshotAssertion) -> None:
    compilation = compile_source("lasting.lat", LASTING.encode(), lambda _: None)
    made = plan_of(compilation)
    assert made is not None, said(compilation)
    steps = Steps(made, Roles(made))
    text = "\n".join(line for workflow in made.workflows for line in [f"# {workflow.name}", *steps.of(workflow), ""])
    assert text == snapshot.use_extension(TextSnapshot)
