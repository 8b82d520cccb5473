"""Grants of steps below calls: the manifest refers to the child's, and the runtime finds what writing them all out would give."""

from __future__ import annotations

import time
from collections.abc import Iterator

from agent_lattice import plan
from agent_lattice.driver import compile_source, plan_of
from agent_lattice_runtime.permissions import KEYS, grants
from agent_lattice_targets.python.manifest import manifest
from hypothesis import given
from hypothesis import strategies as st

TOOL = 'tool t = python("t") { op a() -> int { effect: read, env: ["A"] } op b() -> int { effect: pure } }\n'


def program(calls: list[list[int]]) -> plan.Plan:
    """Workflow `wN` calls those in `calls[N]`, all of them before it, one of them in a loop; the last one is the main one."""
    text = TOOL
    for number, children in enumerate(calls):
        body = "".join(f"  s{place} = call w{child}()\n" for place, child in enumerate(children[1:]))
        looped = f"  for i in [1] at most 1 {{\n    s0 = call w{children[0]}()\n  }}\n" if children else ""
        text += f"workflow w{number}() -> int {{\n  own = t.{'ab'[number % 2]}()\n{looped}{body}  return own\n}}\n"
    compilation = compile_source("main.lat", text.encode(), lambda path: b"def a(): return 1\ndef b(): return 1")
    made = plan_of(compilation, f"w{len(calls) - 1}")
    assert made is not None, [d.message for d in compilation.report.sorted()]
    return made


def written_out(made: plan.Plan, workflow: str) -> Iterator[tuple[str, plan.Permissions]]:
    """Every static step id below a workflow with its permissions."""
    granted = dict(made.permissions)[workflow]
    yield from granted.steps
    for step, child in granted.calls:
        yield from ((f"{step}.{below}", found) for below, found in written_out(made, child))


@given(st.data())
def test_the_runtime_finds_what_the_whole_table_would_say(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 5))
    earlier = [st.lists(st.integers(0, n - 1), max_size=3) if n else st.just([]) for n in range(size)]
    made = program([data.draw(children) for children in earlier])
    table, known = grants(manifest(made)), dict(written_out(made, made.main))
    for step, wanted in known.items():
        found = table.get(step)
        assert {key: getattr(found, key) for key in KEYS} == {key: getattr(wanted, key) for key in KEYS}
    for wrong in ("", "s1", "own.own", "s0.own", "for_i.s0", "s1.s9.own", *(f"{step}.x" for step in known)):
        assert wrong in known or table.get(wrong) is None
    total = set().union(*(permissions.operations for permissions in known.values()))
    assert set(made.grants.total.operations) == total


def test_a_chain_that_doubles_thirty_times_compiles_at_once() -> None:
    start = time.process_time()
    made = program([[], *([n, n] for n in range(30))])
    table = grants(manifest(made))
    assert time.process_time() - start < 1
    deepest = ".".join(["s0"] * 30)
    assert table.get(f"{deepest}.own").operations == ("t.a",)
    assert table.get(f"{deepest}.s0.own") is None
    assert made.grants.total.operations == ("t.a", "t.b")


UNDONE = """
tool t = http("https://t.example") {
  op pay(id: string) -> string = POST "/pay" { effect: write, idempotent_by: id }
  op void(id: string) -> string = POST "/void" { effect: write, idempotent_by: id }
  op tell(text: string) -> string = POST "/tell" { effect: write, on_doubt: verify with told }
  op told(text: string) -> string? = GET "/told" { effect: read }
  op other(text: string) -> string = GET "/other" { effect: read }
}
workflow main(id: string) -> string {
  paid = t.pay(id: id) { compensate t.void(id: paid) }
  said = t.tell(text: paid)
  return said
}
"""


def test_what_takes_a_step_back_and_what_verifies_it_are_granted_where_they_are_called() -> None:
    made = plan_of(compile_source("main.lat", UNDONE.encode(), lambda path: None))
    assert made is not None
    steps = {step: permissions.operations for step, permissions in made.grants.steps}
    assert steps == {"paid": ("t.pay",), "paid.compensate": ("t.void",), "said": ("t.tell", "t.told")}
    assert [op.name for op in made.tools[0].operations] == ["pay", "void", "tell", "told"]
