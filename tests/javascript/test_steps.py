"""What a script tells its sub-agents, what it makes of their answers, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from agent_lattice.plan import Plan
from agent_lattice_clients.javascript.roles import ScriptRoles
from agent_lattice_clients.javascript.script import workflow_script
from javascript.scripts import Client
from targets.python.programs import TOOLS, body, made

MODELS = """
model small = anthropic("claude-haiku-4-5") { fallback: spare }
model spare = anthropic("claude-sonnet-5")
model large = anthropic("claude-opus-5")
"""
FILES = {
    "t_tools.py": "def number(x):\n    return x\ntext = numbers = store = number\n",
    "replies.json": '{"replies": []}',
}


class Desk:
    """Answers in turn what it is told to, and keeps what it was asked."""

    def __init__(self, answers: Sequence[object]) -> None:
        self._answers: Iterator[object] = iter(answers)
        self.prompts: list[str] = []
        self.options: list[dict[str, Any]] = []

    def answer(self, prompt: str, options: dict[str, Any]) -> object:
        self.prompts.append(prompt)
        self.options.append(options)
        return next(self._answers)

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Label and role of each call."""
        return [(one["label"], one["agentType"]) for one in self.options]


def plan(statements: str, params: str = "n: int", result: str = "int", more: str = "") -> Plan:
    return made(body(statements, params, result) + MODELS + more, FILES)


def graph(ways: str, nodes: str = "") -> Plan:
    """A graph whose first node is a call."""
    text = (
        f"graph main(n: int) -> int {{\n  x = t.number(x: n)\n  {nodes}\n  start -> x\n  {ways}\n  x -> return x\n}}\n"
    )
    return made(TOOLS + text, FILES)


def run(client: Client, compiled: Plan, args: object, *answers: object) -> tuple[dict[str, Any], Desk]:
    desk = Desk(answers)
    return client.run(workflow_script(compiled, ScriptRoles(compiled), "shop"), args, desk.answer), desk


def failure(ended: dict[str, Any]) -> str:
    """Class and message of the failure that a run ended in."""
    return str(ended["failure"]["message"])


QUESTION = """\
  a = ask small -> int {
    prompt "how many? {{ n }}"
    check a > n : "more than {{ n }}"
    repair 1
    escalate large
  }
  return a
"""


def test_a_bad_answer_goes_back_and_then_to_the_larger_model(client: Client) -> None:
    ended, desk = run(client, plan(QUESTION), {"n": 4}, {"answer": 1}, {"answer": "x"}, {"answer": 7})
    assert ended["result"] == 7
    assert desk.asked == [("a", "main-a"), ("a", "main-a"), ("a", "main-a-large")]
    assert desk.prompts == [
        "how many? 4",
        'how many? 4\n\nYou have answered:\n{"answer":1}\n\nThis answer is not valid:\n- more than {{ n }}\n'
        "Answer again with the whole corrected answer, nothing else.",
        "how many? 4\n\nAn earlier answer was not valid:\n- $: expected int, found string",
    ]
    schema = {"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"]}
    assert desk.options[0]["schema"] == {**schema, "additionalProperties": False}


def test_when_nobody_gives_a_good_answer_the_step_fails(client: Client) -> None:
    ended, desk = run(client, plan(QUESTION), {"n": 4}, {"answer": 1}, {"answer": 2}, {"answer": 3})
    assert failure(ended) == "validation: the answer is not valid: more than {{ n }}"
    assert len(desk.asked) == 3


def test_a_sub_agent_that_fails_is_replaced_by_the_fallback(client: Client) -> None:
    ended, desk = run(client, plan(QUESTION), {"n": 4}, None, {"answer": 9})
    assert ended["result"] == 9
    assert desk.asked == [("a", "main-a"), ("a", "main-a-spare")]
    ended, _ = run(client, plan(QUESTION), {"n": 4}, None, None)
    assert failure(ended) == "unavailable: a: the sub-agent main-a-spare gave no answer"


def test_plain_text_has_no_schema_and_a_changing_system_text_stands_in_front(client: Client) -> None:
    text = 'x = ask small -> string { system "You are {{ n }}."  prompt "Say `hi` in ${n}.\\n" }  return x'
    ended, desk = run(client, plan(text, result="string"), {"n": 4}, "hi\nyou")
    assert ended["result"] == "hi\nyou"
    assert desk.prompts == ["You are 4.\n\nSay `hi` in ${n}.\n"]
    assert "schema" not in desk.options[0]


def test_an_operation_is_called_by_a_role_of_its_own(client: Client) -> None:
    ended, desk = run(client, plan("x = t.number(x: n)  return x"), {"n": 4}, {"result": 5})
    assert ended["result"] == 5 and desk.asked == [("x", "main-op-t-number")]
    prompt = desk.prompts[0].split("\n\n")
    assert prompt[:2] == [
        "Call the tool mcp__shop__t_number exactly once, with exactly these arguments:",
        '{"x":4}',
    ]
    schema = desk.options[0]["schema"]
    assert schema["properties"]["result"] == {"type": "integer"} and "required" not in schema


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"error": {"error": "not_found", "message": "no such number", "retryable": False}}, "not_found"),
        (None, "unavailable"),
        ({"result": "four"}, "validation"),
        ({}, "validation"),
        ({"error": {"error": "odd", "message": "?"}}, "internal"),
    ],
)
def test_a_failure_of_a_call_has_a_class_and_can_be_handled(client: Client, answer: object, found: str) -> None:
    assert run(client, graph(f"x -> return -1 on {found}"), {"n": 4}, answer)[0]["result"] == -1
    assert failure(run(client, graph("x -> return -1 on conflict"), {"n": 4}, answer)[0]).startswith(f"{found}: ")


def test_numbers_that_json_does_not_keep_travel_as_digits(client: Client) -> None:
    ended, desk = run(
        client, plan("x = t.number(x: n + 1)  return x - 2"), {"n": "9007199254740993"}, {"result": "9007199254740995"}
    )
    assert desk.prompts[0].split("\n\n")[1] == '{"x":"9007199254740994"}'
    assert ended["result"] == "9007199254740993"
    ended, _ = run(client, plan("x = t.number(x: n)  return x"), {"n": 1}, {"result": 2**60})
    assert "a number beyond ±(2^53-1) has to come as its decimal digits" in failure(ended)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, "validation: the input is not valid: $.n: missing, expected int"),
        ({"n": "x"}, "validation: the input is not valid: $.n: expected int, found string"),
        ({"n": 1, "m": 2}, "validation: the input is not valid: $.m: unknown field"),
        ("A-17", "validation: the arguments are not a JSON object"),
        ("[1]", "validation: the input is not valid: $: expected the arguments (an object), found list"),
        (None, "validation: the input is not valid: $.n: missing, expected int"),
    ],
)
def test_wrong_arguments(client: Client, args: object, said: str) -> None:
    assert failure(run(client, plan("return n"), args)[0]) == said


def test_a_slash_command_gives_arguments_as_text(client: Client) -> None:
    assert run(client, plan("return n + 1"), '{"n": 4}')[0]["result"] == 5
    assert run(client, plan("return 1", params="m: int?"), "")[0]["result"] == 1


def test_a_failing_expression_ends_the_run_and_no_handler_takes_it(client: Client) -> None:
    text = """
      x = t.number(x: n)
      node y { let z = 1 / x  w = t.number(x: z) }
      start -> x
      x -> y
      y -> return w
      y -> return -1 on validation
    """
    compiled = made(f"{TOOLS}graph main(n: int) -> int {{{text}}}\n", FILES)
    ended, desk = run(client, compiled, {"n": 0}, {"result": 0})
    assert failure(ended) == "validation: divide by zero" and len(desk.asked) == 1


def test_the_first_branch_that_fails_tells_why(client: Client) -> None:
    text = "parallel { a = t.number(x: 1)  b = t.number(x: 2)  c = t.number(x: 3) }  return a + b + c"
    error = {"error": "conflict", "message": "second"}
    ended, desk = run(client, plan(text), {"n": 0}, {"result": 1}, {"error": error}, None)
    assert failure(ended) == "conflict: second" and len(desk.asked) == 3


def test_no_item_is_begun_after_one_has_failed(client: Client) -> None:
    text = "found = for x in [1, 2, 3, 4, 5, 6] at most 6 parallel 2 { y = t.number(x)  yield y }  return size(found)"
    ended, desk = run(client, plan(text), {"n": 0}, {"result": 1}, None, {"result": 3})
    assert failure(ended).startswith("unavailable: found[1].y: ")
    assert [label for label, _ in desk.asked] == ["found[0].y", "found[1].y", "found[2].y"]


@pytest.mark.parametrize("width", ["", " parallel 3"])
def test_more_items_than_allowed(client: Client, width: str) -> None:
    text = f"found = for x in lists.range(n) at most 2{width} {{ yield x }}  return size(found)"
    assert run(client, plan(text), {"n": 2})[0]["result"] == 2
    assert failure(run(client, plan(text), {"n": 3})[0]) == "validation: found has 3 items, at most 2 are allowed"


def test_names_that_javascript_needs(client: Client) -> None:
    names = ["class", "await", "at", "cel", "run", "check", "types", "arguments", "agent", "eval", "undefined", "at_"]
    steps = "\n".join(f"{name} = t.number(x: {place})" for place, name in enumerate(names))
    total = " + ".join(names)
    answers = [{"result": place} for place in range(len(names))]
    compiled = plan(f"{steps}\nreturn {total} + delete", params="delete: int")
    assert run(client, compiled, {"delete": 1}, *answers)[0]["result"] == sum(range(len(names))) + 1


def test_a_workflow_may_be_called_like_a_variable(client: Client) -> None:
    more = "workflow twice(twice: int) -> int { x = t.number(x: twice)  return x + x }\n"
    compiled = plan("twice = call twice(twice: n)  return twice", more=more)
    ended, desk = run(client, compiled, {"n": 4}, {"result": 4})
    assert ended["result"] == 8 and desk.asked == [("twice.x", "main-op-t-number")]


def test_phases_are_announced_and_events_logged(client: Client) -> None:
    text = """
    a = t.number(x: n)
    if a > 0 { b = t.number(x: 1)  emit seen(b: b, text: "é") }
    let c = a + 1
    loop at most 2 { d = t.number(x: c) }
    return c
    """
    ended, _ = run(client, plan(text), {"n": 4}, *({"result": 1} for _ in range(4)))
    seen = ended["seen"]
    assert seen["phases"] == [phase["title"] for phase in seen["meta"]["phases"]] == ["a", "b", "d"]
    assert seen["logs"] == ['seen: custom.seen {"b":1,"text":"é"}']
    assert seen["meta"]["name"] == "main" and "n (int)" in seen["meta"]["whenToUse"]


def test_an_agent_works_with_its_own_role(client: Client) -> None:
    more = """
    agent clerk(topic: string) -> int {
      model small
      tools t.number
      max_turns 4
      repair 1
      system "You count."
      prompt "Count {{ topic }}."
      check answer > 0 : "positive"
    }
    """
    compiled = plan('x = run clerk(topic: "cats")  return x', more=more)
    ended, desk = run(client, compiled, {"n": 1}, {"answer": 0}, {"answer": 3})
    assert ended["result"] == 3
    assert desk.asked == [("x", "main-clerk"), ("x", "main-clerk")]
    assert desk.prompts[0] == "Count cats."
