"""Operations whose names look the same where clients see them: skill, roles, script and server mean the same one by each name."""

from __future__ import annotations

import re

import pytest
from agent_lattice import driver, plan
from agent_lattice_clients.exporting import Export
from agent_lattice_runtime.client_names import tool_names
from agent_lattice_targets import targets

SOURCE = """\
tool shop = http("https://one.example") { op a_b(x: int) -> int = GET "/" { effect: read } }
tool shop_a = http("https://two.example") { op b(x: int) -> int = GET "/" { effect: read } }
model fast = anthropic("claude-haiku-4-5") {}
agent clerk(x: int) -> int { model fast  tools shop.a_b, shop_a.b  max_turns 3  prompt "{{ x }}" }
workflow main(x: int) -> int {
  one = shop.a_b(x)
  two = shop_a.b(x: one)
  three = run clerk(x: two)
  return three
}
"""
NAMES = {"shop.a_b": "shop_a_b", "shop_a.b": "shop_a_b_2"}


def made() -> plan.Plan:
    found = driver.plan_of(driver.compile_source("main.lat", SOURCE.encode(), lambda name: None))
    assert found is not None
    return found


def test_the_server_numbers_them() -> None:
    assert tool_names(made().grants.total.operations) == NAMES


@pytest.mark.parametrize("mode", ["native", "instructed"])
@pytest.mark.parametrize("name", sorted(set(targets()) - {"python"}))
def test_every_text_means_the_server_s_names(name: str, mode: str) -> None:
    target = targets()[name]().TARGET
    if mode not in target.modes:
        pytest.skip("another client has this mode")
    export = Export(made(), mode)
    assert {tool.operation: tool.name for tool in export.tools} == NAMES
    files = target.files(export)
    skill = next((text for path, text in files.items() if path.endswith("SKILL.md")), "")
    if mode == "instructed":
        steps = dict(re.findall(r"`(\w+)`: call the tool `(\w+)`", skill))
        assert steps == {"one": "shop_a_b", "two": "shop_a_b_2"}
    clerk = "\n".join(text for path, text in files.items() if "main-clerk" in path or path.endswith("opencode.json"))
    assert "`shop_a_b`, `shop_a_b_2`" in clerk
