"""An agent at a desk: its tools, a model whose turns are given, and the workflow that runs it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from agent_lattice_runtime.agents import Agent, AgentTool
from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.errors import CATALOGUE, Failure
from agent_lattice_runtime.models import Model, Output, Reply, ToolCall, Workflow

from .samples import FAST, JUDGE, VERDICT, World, asks, check_string, manifest, ops, workflow

GOOD = '{"confidence":1,"verdict":"approve"}'
SURE = ((lambda answer: answer["confidence"] >= 0.6, "needs confidence >= 0.6"),)


def check_arguments(*names: str) -> Any:
    """A validator of string parameters."""

    def check(value: object, path: str, errors: list[str]) -> dict[str, Any]:
        given = value if isinstance(value, dict) else {}
        errors += [f"{path}.{name}: unknown" for name in given if name not in names]
        for name in names:
            check_string(given.get(name), f"{path}.{name}", errors)
        return given

    return check


def fails(text: str) -> object:
    raise Failure(text if text in CATALOGUE else "conflict", "as asked for")


def tools(world: World, search: Any = None, file: Any = None) -> list[AgentTool]:
    """Reading, writing with a key, writing without one, failing with a class of one's choice."""
    operations = (
        world.op("desk.search", "read", search or (lambda text: [text, "ü"])),
        world.op("desk.file", "write", file or (lambda text: f"filed {text}"), key="text"),
        world.op("desk.stamp", "write", lambda text: {"stamped": text}),
        world.op("desk.fail", "read", fails),
    )
    schema: dict[str, object] = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    return [
        AgentTool(
            name=op.name.replace(".", "_"), op=op, description=op.name, schema=schema, check=check_arguments("text")
        )
        for op in operations
    ]


def desk(
    world: World,
    *,
    model: Model = FAST,
    output: Output = VERDICT,
    max_turns: int = 4,
    repair: int = 1,
    search: Any = None,
    file: Any = None,
    **grants: Any,
) -> Workflow:
    """A workflow with the step `found`, which runs the agent. `search` and `file` stand in for operations, `grants` for
    what steps may do."""
    agent = Agent(
        name="clerk", model=model, output=output, tools=tools(world, search, file), max_turns=max_turns, repair=repair
    )

    async def clerk(ctx: Context, question: str) -> Any:
        return await agent.run(ctx, system="You decide.", prompt=question, checks=SURE)

    async def flow(ctx: Context) -> Any:
        return await ctx.call("found", clerk, {"question": "Is it?"})

    steps = {f"found__turn__{tool.name}": ops(tool.op.name) for tool in agent.tools.values()}
    return workflow(flow, manifest(**{"found__turn": asks("fast", "judge", "shaky"), **steps, **grants}))


def calls(*wanted: tuple[str, Any], text: str = "", **more: Any) -> Reply:
    """A reply that asks for tools: names with the text of an argument, a dictionary, or raw text."""
    made = []
    for index, (name, given) in enumerate(wanted):
        arguments = given if name.endswith("!") else canonical({"text": given} if isinstance(given, str) else given)
        made.append(ToolCall(f"id{index}", name.rstrip("!"), arguments))
    return Reply(text=text, calls=made, **more)


class Turns:
    """A provider that gives each attempt of each turn its reply (`0`, or `0#2`), however often it is asked."""

    def __init__(self, *replies: Any, **more: Any) -> None:
        self.replies = dict(enumerate(replies)) | more
        self.asked: list[Any] = []
        self.secret = ""

    @property
    def counts(self) -> Counter[str]:
        return Counter(request.step for request in self.asked)

    def complete(self, request: Any, deps: Any) -> Reply:
        self.asked.append(request)
        deps.redactor.register("TOKEN", self.secret)
        turn, _, attempt = request.step.rpartition("turn[")[2].partition("]#")
        reply = self.replies.get(f"t{turn}_{attempt}", self.replies.get(int(turn)))
        if reply is None:
            raise Failure("validation", f"no reply for {request.step}")
        if isinstance(reply, Exception):
            raise reply
        calls = [ToolCall(call.id, call.name, call.arguments) for call in reply.calls]
        return Reply(text=reply.text, finish_reason=reply.finish_reason, calls=calls, kept=reply.kept, model="m")


__all__ = ["FAST", "GOOD", "JUDGE", "Turns", "calls", "desk"]
