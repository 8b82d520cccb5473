"""Workflow scripts under a stand-in for their client: sub-agents answer as the mocks of a test say."""

from __future__ import annotations

import json
import random
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from agent_lattice import types
from agent_lattice.expr.evaluate import wire
from agent_lattice.plan import Operation, Plan
from agent_lattice.records import replace
from agent_lattice_clients.javascript.roles import ScriptRoles
from agent_lattice_clients.javascript.script import workflow_script
from agent_lattice_runtime import cel_wire
from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.effects import load_module, tool_failure
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.testing import Mocks, Tested

Answer = Callable[[str, dict[str, Any]], object]
"""What a sub-agent answers to a prompt and the options of its call; None when it fails."""


class Client:
    """A Node process that runs scripts; close it by `close`."""

    def __init__(self) -> None:
        engine = str(Path(__file__).with_name("script_engine.js"))
        self._process = subprocess.Popen(
            ["node", engine], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )

    def run(self, script: str, args: object, answer: Answer, chance: random.Random | None = None) -> dict[str, Any]:
        """How a script ends: `result` or `failure`, and what was `seen`: meta, phases, logs. Sub-agents answer in their order, or
        as `chance` has it once all of them are at work."""
        self._put({"script": script, "args": args})
        waiting: list[dict[str, Any]] = []
        while True:
            assert self._process.stdout is not None
            line: dict[str, Any] = json.loads(self._process.stdout.readline())
            if "idle" in line:
                one = waiting.pop(chance.randrange(len(waiting)) if chance else 0)
                self._put({"id": one["id"], "answer": answer(one["prompt"], one["options"])})
            elif "id" in line:
                waiting.append(line)
            else:
                return line

    def _put(self, message: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


class Actors:
    """The sub-agents of a plan's script, played by the mocks of a test."""

    def __init__(self, made: Plan, mocks: Mocks, tools: str) -> None:
        self._mocks = mocks
        self._tools = tools
        roles = ScriptRoles(made)
        self._agents = {id for role in roles.agents.values() for id in roles.asked(role, role.model or "")}
        self._operations = {
            f"mcp__shop__{tool.name}_{op.name}": (tool.module, op, f"{tool.name}.{op.name}")
            for tool in made.tools
            for op in tool.operations
        }

    def answer(self, prompt: str, options: dict[str, Any]) -> object:
        """What the sub-agent answers that such a prompt and options are for."""
        static = re.sub(r"\[\d+\]", "", options["label"])
        called = re.match(r"Call the tool (\w+) exactly once", prompt)
        if called:
            return self._called(called[1], json.loads(prompt.split("\n\n")[1]))
        try:
            if options["agentType"] in self._agents:
                reply = self._mocks.agent(static)
                assert reply is not None, "turns of an agent cannot be played"
                return _as_asked(wire(reply()), options)
            return self._asked(static, options)
        except Failure as failure:
            assert failure.code == "unavailable", "no other failure of a model can be played"
            return None

    def _asked(self, static: str, options: dict[str, Any]) -> object:
        schema = options.get("schema")
        request = SimpleNamespace(step=f"{static}#1", offers=None, schema=schema, model=SimpleNamespace(model="m"))
        text = self._mocks.complete(request, SimpleNamespace(step=static)).text  # type: ignore[arg-type]
        return text if schema is None else _as_asked(json.loads(text), options)

    def _called(self, name: str, data: dict[str, Any]) -> object:
        module, operation, full = self._operations[name]
        given = {param.name: decoded(param.type, data[param.name]) for param in operation.params if param.name in data}
        self._mocks.count(full)
        try:
            if self._mocks.knows(full):
                result = self._mocks.reply(full, given)
            else:
                assert operation.effect == "pure" and module is not None, f"no mock for {full}"
                result = self._pure(module, operation, given)
        except Failure as failure:
            return {"error": {"error": failure.code, "message": failure.message, "retryable": failure.retryable}}
        return {"result": json.loads(canonical(result))}

    def _pure(self, module: str, operation: Operation, given: Mapping[str, Any]) -> object:
        function = getattr(load_module(module, self._tools), operation.name)
        try:
            return function(**{name: plain(value) for name, value in given.items()})
        except Exception as error:
            raise tool_failure(error) from None


def _as_asked(value: object, options: dict[str, Any]) -> object:
    """An answer as the schema has it: what is no record stands in an object."""
    return {"answer": value} if set(options["schema"]["properties"]) == {"answer"} else value


def decoded(type: types.Type, data: Any) -> Any:
    """JSON data as a value of a type, as far as mocks can tell the difference."""
    match types.base(type):
        case types.Float() if isinstance(data, int):
            return float(data)
        case types.Optional(inner=inner):
            return None if data is None else decoded(inner, data)
        case types.ListType(item=item):
            return [decoded(item, one) for one in data]
        case types.MapType(value=value, key=types.String()):
            return {key: decoded(value, one) for key, one in data.items()}
        case types.MapType(value=value, key=key):
            return {decoded(key, json.loads(name)): decoded(value, one) for name, one in data.items()}
        case types.Record(fields=fields):
            return {name: decoded(fields[name].type, one) for name, one in data.items()}
        case types.Uint() | types.Bytes() | types.Timestamp() | types.Duration() as scalar:
            check = {"uint": cel_wire.uint, "bytes": cel_wire.binary}.get(str(scalar))
            check = check or {"timestamp": cel_wire.timestamp, "duration": cel_wire.duration}[str(scalar)]  # type: ignore[assignment]
            return check(data, "$", [])  # type: ignore[misc]
        case types.Int() if isinstance(data, str):
            return int(data)
    return data


def plain(value: Any) -> Any:
    """A value with Python's own types, as tools get them."""
    return value.plain() if hasattr(value, "plain") else value


def script_test(client: Client, made: Plan, name: str, tools: str) -> Callable[..., Tested]:
    """What runs a test of a workflow in place of the runtime's `run_test`."""
    made = replace(made, main=name)
    script = workflow_script(made, ScriptRoles(made), "shop")

    def run_test(
        _: object, arguments: Mapping[str, Any], mocks: Mapping[str, Sequence[object]], __: str = ""
    ) -> Tested:
        stand_ins = Mocks(mocks)
        ended = client.run(script, json.loads(canonical(arguments)), Actors(made, stand_ins, tools).answer)
        if "failure" not in ended:
            workflow = next(one for one in made.workflows if one.name == name)
            return Tested(decoded(workflow.type, ended["result"]), None, stand_ins)
        failed = ended["failure"]
        assert failed["code"] != "broken", failed["stack"]
        return Tested(None, Failure(failed["code"], failed["message"].partition(": ")[2]), stand_ins)

    return run_test
