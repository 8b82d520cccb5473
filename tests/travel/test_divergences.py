"""What people are told when code and log part: the step, both sides, the edit that likely caused it. Replay and resume say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from agent_lattice_runtime.errors import Divergence
from agent_lattice_runtime.execute import resume
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.stores.memory import MemoryStore
from travel.recording import compiled, events_of, mocked, prefix, recorded

SOURCE = """
workflow main(text: string, count: int) -> string {
  first = t.number(x: count)
  asked = ask fast -> string { system "Be kind" prompt "Say {{ text }} in other words, and be short please" }
  scored = ask fast -> int { prompt "Score" check scored > 0 : "positive" repair 1 }
  if first > 1 {
    paid = t.pay(key: text, amount: first)
  } else {
    other = t.text(x: "other")
  }
  emit done(count: first, by: "us")
  last = t.text(x: asked)
  return last
}
"""
ANSWERS: Mapping[str, Sequence[object]] = {"ask asked": ["hm"], "ask scored": [0, 3]}


def whole() -> MemoryStore:
    _, store, run = recorded(SOURCE, {"text": "go", "count": 1}, ANSWERS)
    assert run.failure is None
    return store


def parted(old: str, new: str) -> Divergence:
    """The divergence of the finished run from the code with a change."""
    assert SOURCE.count(old) == 1
    found = replay(compiled(SOURCE.replace(old, new)), "r", whole())
    assert found.divergence is not None
    return found.divergence


EDITS = [
    ("t.number(x: count)", "t.number(x: count + 1)", "first", "the expression of argument `x` was changed"),
    ("amount: first)", "amount: first + 1)", "paid", "the expression of argument `amount` was changed"),
    ("first = t.number(x: count)", "first = t.pay(key: text, amount: count)\n  let ignored = first", "first", "another effect"),
    ("last = t.text(x: asked)", "final = t.text(x: asked)\n  let last = final", "final", "step last was renamed to final"),
    ("paid = t.pay(", "payment = t.pay(", "payment", "step paid was renamed to payment"),
    ('    paid = t.pay(key: text, amount: first)\n', '    none = t.text(x: "no")\n', "none", "step paid was removed, or none stands"),
    ("  emit done(count", "  more = t.text(x: text)\n  emit done(count", "more", "step more was added or moved before done"),
    ("  emit done(count", "  emit finished(count", "finished", "done was renamed to finished"),
    ('by: "us"', 'by: "them"', "done", "the expression of value `by` was changed"),
    (', by: "us"', "", "done", "value `by` was removed"),
    ("count: first, by", "count: text, by", "done", "value `count` is a text now, no number"),
    ("if first > 1", "if first > 2", "other", "a condition leads to another branch now"),
    ('be short please"', 'be long please"', "asked#1", "the prompt was changed"),
    ('system "Be kind"', 'system "Be rude"', "asked#1", "the system prompt was changed"),
    ("asked = ask fast", "asked = ask other", "asked#1", "another model"),
    ("scored > 0", "scored > 5", "scored#2", "the checks or the type of the answer were changed"),
    ('"positive"', '"above zero"', "scored#1", "the checks or the type of the answer were changed"),
    ("  return last", "  return last + last", "", "what the workflow returns"),
    ("  return last", '  fail "no"', "", "a `return` or `fail`"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "step", "likely"), EDITS, ids=[new for _, new, _, _ in EDITS])
def test_an_edit_is_named(old: str, new: str, step: str, likely: str) -> None:
    source = SOURCE.replace(old, new)
    if "renamed to final" in likely:
        source = source.replace("let last = final\n", "").replace("return last", "return final")
    if "ignored" in new:
        source = source.replace("\n  let ignored = first", "").replace("first > 1", "size(first) > 1")
        source = source.replace("amount: first", "amount: count").replace("count: first", "count: count")
    found = replay(compiled(source), "r", whole()).divergence
    assert found is not None and found.step == step, found
    assert likely in found.likely, found.likely
    assert len(found.details) >= 1


def test_both_sides_are_shown_where_they_part() -> None:
    prompt = parted('be short please"', 'be long please"')
    assert prompt.details == (
        'the log says: messages[0].content = "Say go in other words, and be short please"',
        'the code does: messages[0].content = "Say go in other words, and be long please"',
    )
    amount = parted("amount: first)", "amount: first + 40)")
    assert amount.details == ("the log says: amount = 2", "the code does: amount = 42")
    added = parted("  emit done(count", "  more = t.text(x: text)\n  emit done(count")
    assert added.details == ("the log says: step done, custom.done", "the code does: step more, t.text")


@pytest.mark.parametrize(
    ("old", "new"), [("paid = t.pay(", "payment = t.pay("), ("  emit done", "  more = t.text(x: text)\n  emit done")]
)
def test_resume_does_nothing_that_the_log_could_have_under_another_name(old: str, new: str) -> None:
    """A committed payment of another name is no new payment: the run stops before anything is done, and its log stays as it is."""
    store = prefix(whole(), len(events_of(whole())) - 1)
    before = events_of(store)
    setting = mocked(ANSWERS)
    run = resume(compiled(SOURCE.replace(old, new)), "r", store, setting)
    assert isinstance(run.failure, Divergence) and run.failure.likely
    assert events_of(store) == before
    assert setting.mocks is not None and setting.mocks.counts == {}


def test_resume_does_not_end_before_its_log() -> None:
    store = prefix(whole(), len(events_of(whole())) - 1)
    before = events_of(store)
    run = resume(
        compiled(SOURCE.replace("  if first > 1 {", "  if first > 0 {\n    return asked\n  }\n  if first > 1 {")),
        "r",
        store,
        mocked(),
    )
    assert isinstance(run.failure, Divergence) and "does not reach" in run.failure.message
    assert events_of(store) == before


def test_every_prefix_goes_on_with_the_code_it_was_made_by() -> None:
    """The check above never stops a run that nobody has changed."""
    events = events_of(whole())
    for count in range(1, len(events)):
        store = prefix(whole(), count)
        run = resume(compiled(SOURCE), "r", store, mocked(ANSWERS))
        assert run.failure is None or run.failure.code == "validation", (count, run.failure)
