"""Where a model follows the steps and asks people itself, clients ask a person before each write that comes behind it."""

from __future__ import annotations

import json
import tomllib
from random import Random

import pytest
from agent_lattice import driver, plan
from agent_lattice.carrying import report_losses
from agent_lattice.diagnostics import Report
from agent_lattice_clients.approvals import behind_approval
from agent_lattice_clients.capabilities import operations_of
from agent_lattice_clients.exporting import DRIVEN, INSTRUCTED, Export
from agent_lattice_runtime.client_decisions import ALLOW, DENY, NOTHING, checked, decision
from agent_lattice_targets import claude, codex, copilot, opencode
from clients.programs import programs

HEAD = """
tool desk = http("https://desk.example") {
  op a(key: string) -> string = POST "/a" { effect: write, idempotent_by: key }
  op b(key: string) -> string = POST "/b" { effect: write, idempotent_by: key }
  op c(key: string) -> string = POST "/c" { effect: write, idempotent_by: key }
  op read() -> string = GET "/r" { effect: read }
}

workflow inner() -> string {
  sign = approve "ops" { ask "Fine?" within 1d else reject }
  inner_c = desk.c(key: "1")
  return inner_c
}

workflow main(p: bool) -> null {
  %s
  return null
}
"""
SIGN = 'd = approve "ops" {\n ask "Fine?"\n within 1d else reject\n}\n'
A, B, C = (f'{op}1 = desk.{op}(key: "1")\n' for op in "abc")
CASES = {
    "before and behind": (f"{A}{SIGN}r = desk.read()\n{B}", "b"),
    "nobody is asked": (f"{A}{B}", ""),
    "in one branch": (f"if p {{\n{SIGN}{A}}} else {{\n{B}}}\n{C}", "ac"),
    "in a turn": (f"loop at most 3 {{\n{A}{SIGN}}}\n{B}", "ab"),
    "in a turn, once": (f"{SIGN}loop at most 3 {{\n{A}}}\n", "a"),
    "side by side": (f"parallel {{\nbranch one {{\n{SIGN}}}\nbranch two {{\n{A}}}\n}}\n{B}", "b"),
    "after a failure": (f"try {{\n{SIGN}}} catch timeout {{\n{A}}} finally {{\n{B}}}\n", "ab"),
    "in a workflow that is called": (f"{A}i = call inner()\n{B}", "bc"),
    "taken back": (f'{SIGN}a1 = desk.a(key: "1") {{ compensate desk.b(key: "1") }}\n', "ab"),
}


def made(body: str) -> plan.Plan:
    """The plan of a workflow with these steps."""
    compilation = driver.compile_source("main.lat", (HEAD % body).encode(), lambda name: None)
    found = driver.plan_of(compilation)
    assert found is not None, [one.message for one in compilation.report.found]
    return found


@pytest.mark.parametrize("name", CASES)
def test_what_comes_behind(name: str) -> None:
    body, behind = CASES[name]
    assert behind_approval(made(body)) == {f"desk.{one}" for one in behind}


def passed(plans: dict[str, plan.Workflow], block: plan.Block, chance: Random) -> list[plan.Op]:
    """The operations of some run, in an order in which they may begin."""
    found: list[plan.Op] = []
    for op in block:
        found.append(op)
        inner = [*plan.blocks(op)]
        if isinstance(op, plan.Call):
            inner = [plans[op.workflow].body]
        if isinstance(op, plan.If | plan.Match):
            inner = [chance.choice(inner)] if inner else []
        for _ in range(chance.randint(0, 2) if isinstance(op, plan.Each | plan.Loop) else 1):
            for one in inner:
                found += passed(plans, one, chance)
    return found


def test_whatever_way_a_run_takes() -> None:
    """No write behind an approval is missed; branches that are side by side are not behind each other."""
    tried = 0
    for known in [*programs().values(), *(made(body) for body, _ in CASES.values())]:
        plans = {workflow.name: workflow for workflow in known.workflows}
        if not any(isinstance(op, plan.Approve) for one in plans.values() for op in plan.walk(one.body)):
            continue
        if any(isinstance(op, plan.Parallel | plan.Race) for one in plans.values() for op in plan.walk(one.body)):
            continue
        tried += 1
        writes = {f"{tool.name}.{op.name}" for tool in known.tools for op in tool.operations if op.effect == "write"}
        behind, chance = behind_approval(known), Random(known.name)
        for _ in range(50):
            ops = passed(plans, plans[known.main].body, chance)
            first = next((n for n, op in enumerate(ops) if isinstance(op, plan.Approve)), len(ops))
            for op in ops[first:]:
                assert writes.intersection(operations_of(known, op)) <= behind, (known.name, op)
    assert tried > 5


def test_every_client_asks() -> None:
    body, _ = CASES["before and behind"]
    export = Export(made(body), INSTRUCTED)
    assert {tool.name for tool in export.tools if tool.asked} == {"desk_b"}
    settings = json.loads(claude.TARGET.files(export)[".claude/settings.json"])["permissions"]
    assert settings["ask"] == ["mcp__main__desk_b"] and "mcp__main__desk_b" not in settings["allow"]
    config = tomllib.loads(codex.TARGET.files(export)[".codex/config.toml"])["mcp_servers"]["main"]["tools"]
    assert (config["desk_b"]["approval_mode"], config["desk_a"]["approval_mode"]) == ("prompt", "approve")
    files = opencode.TARGET.files(export)
    found = [json.loads(text) for path, text in files.items() if path.endswith(".json") and "main_desk_b" in text]
    assert found and all('"main_desk_b": "ask"' in json.dumps(one) for one in found)
    calls = checked(json.loads(copilot.TARGET.files(export)[".lattice/main/copilot-calls.json"]))
    assert decision(calls, None, "main/desk_b") == NOTHING and decision(calls, None, "main/desk_a") == ALLOW


def test_a_role_is_asked_about_too() -> None:
    calls = checked({"server": "s_", "session": [], "asked": ["s_pay"], "roles": {"one": ["s_pay"], "two": []}})
    assert decision(calls, "one", "s_pay") == NOTHING and decision(calls, "two", "s_pay") == DENY
    assert decision(calls, None, "s_pay") == NOTHING and decision(calls, "other", "s_pay") == DENY


def test_the_loss_points_to_the_statement_and_nothing_in_it() -> None:
    body, _ = CASES["before and behind"]
    known, report = made(body), Report()
    report_losses(known, claude.TARGET, INSTRUCTED, (), report)
    assert [one.span.text for one in report.found] == ['d = approve "ops"']
    report_losses(known, claude.TARGET, DRIVEN, (), none := Report())
    assert not none.found


def test_the_steps_do_not_let_a_model_answer() -> None:
    body, _ = CASES["before and behind"]
    text = claude.TARGET.files(Export(made(body), INSTRUCTED))[".claude/skills/main/SKILL.md"]
    assert "Do nothing behind this step before. Where no person can answer, say what is asked, and stop here" in text
