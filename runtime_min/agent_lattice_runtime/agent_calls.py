"""The calls that an agent's model asks for in one turn: what is wrong with them, making them, and their results."""

from __future__ import annotations

import json

from .canonical import canonical
from .errors import Divergence, Failure
from .retrying import Retry
from .trying import try_tool
from .yielded import Join

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any

    from .agents import AgentTool
    from .context import Context
    from .models import Message, Reply, ToolCall
    from .run import Run

MOST_CALLS = 64  # of one turn; the model is told of the others that they are not made
WIDTH = 16  # calls going on at once
_WIRE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_LONGEST = 64  # characters of a name or an id that every service takes
_MOST_ERRORS, _LONGEST_ERROR = 20, 300  # mistakes in the arguments of a call, and characters of one

# What a model can react to. Any other failure of a call ends the agent: nothing that a model does mends it.
_TOLD = frozenset(
    ("timeout", "rate_limited", "unavailable", "malformed_output", "refused", "validation", "conflict", "not_found")
)


class _Settling(Retry):
    """Tries of a write with its key, from the first whose outcome nobody knows: if the model was told, it would make the write again
    with another key."""

    __slots__ = ()

    def again(self, failure: Failure, attempt: int) -> bool:
        return attempt <= self.times and (failure.doubtful or (attempt > 1 and failure.retryable))


_SETTLING = _Settling(3, 1.0, 30.0, ())


async def answered(
    run: Run, scope: Context, tools: Mapping[str, AgentTool], reply: Reply, ids: set[str]
) -> list[Message]:
    """Make the calls of a reply, side by side: what the model said, and what came out, in the order of the calls.
    `scope` is that of the turn, `ids` are those of the conversation so far. Raises Failure for what ends the agent."""
    calls = [_Call(call, index, scope, tools) for index, call in enumerate(reply.calls)]
    said = [_as_said(call, ids) for call in calls]
    if len(calls) == 1:
        results = [await calls[0].result(run)]
    else:
        results = await Join([_bound(call, run) for call in calls], WIDTH)
    message: dict[str, Any] = {"role": "assistant", "content": reply.text, "calls": said}
    if reply.kept:
        message["kept"] = reply.kept
    pairs = zip(said, results, strict=True)
    return [message, *({"role": "tool", "id": entry["id"], **result} for entry, result in pairs)]


class _Call:
    """One call: the tool it is for, its arguments, or what is wrong with it."""

    __slots__ = ("arguments", "call", "code", "errors", "index", "scope", "tool")

    def __init__(self, call: ToolCall, index: int, scope: Context, tools: Mapping[str, AgentTool]) -> None:
        self.call = call
        self.index = index
        self.scope = scope
        self.tool = tools.get(call.name)
        self.arguments: Mapping[str, Any] = {}
        self.code = "validation"
        self.errors: list[str] = []
        if index >= MOST_CALLS:
            self.errors = [f"at most {MOST_CALLS} tools can be called in one turn"]
        elif self.tool is None:
            self.code = "not_found"
            self.errors = [f"there is no tool of this name; there are {', '.join(tools)}"]
        else:
            self.arguments = self._checked(self.tool)

    def _checked(self, tool: AgentTool) -> Mapping[str, Any]:
        try:
            value = read_arguments(self.call.arguments)
            errors: list[str] = []
            decoded: Mapping[str, Any] = tool.check(value, "$", errors)
            if not errors:
                canonical(decoded)
            self.errors = [_printable(error) for error in errors[:_MOST_ERRORS]]
        except Failure as failure:
            self.code, self.errors = failure.code, [failure.message]
            return {}
        return decoded

    async def result(self, run: Run) -> dict[str, object]:
        """The message that tells the model what came out, without the id of the call."""
        tool = self.tool
        if self.errors or tool is None:
            payload = {"error": self.code, "errors": self.errors, "tool": self.call.name}
            run.note("tool.rejected", f"{self.scope.path}call[{self.index}]", payload)
            return _error(f"{self.call.name[:_LONGEST]} was not called", self.errors)
        step = f"{self.scope.path}{tool.name}[{self.index}]"
        try:
            static = self.scope.static + tool.name
            settling = _SETTLING if tool.op.key is not None and tool.op.doubt is None else None
            value = await try_tool(run, step, static, tool.op, self.arguments, settling, budgets=self.scope.budgets)
        except Divergence:
            raise
        except Failure as failure:
            if failure.doubtful or (settling is not None and failure.attempt > 1):
                message = f"nobody knows whether {tool.op.name} happened: {failure.message}"
                raise Failure("in_doubt", message, step=step) from failure
            if failure.code not in _TOLD:
                raise
            return _error(f"{failure.code}: {failure.message}", failure.details)
        return {"content": value if isinstance(value, str) else canonical(value)}


def _printable(error: str) -> str:
    """A mistake as it can be stored and sent: it may quote what the model wrote."""
    return error[:_LONGEST_ERROR].encode("utf-8", "backslashreplace").decode()


def read_arguments(text: str) -> dict[str, Any]:
    """The arguments that a model wrote: a JSON object, or nothing at all where none are needed. Raises Failure
    malformed_output."""
    if not text.strip():
        return {}
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Failure("malformed_output", f"the arguments are not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Failure("malformed_output", "the arguments are not a JSON object")
    return value


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _as_said(call: _Call, ids: set[str]) -> dict[str, str]:
    """The call as every service takes it back: a name and an id it allows, an id of its own, arguments that are JSON."""
    id = call.call.id
    if not _fits_wire(id) or id in ids:
        id = f"call_{len(ids)}"
        while id in ids:
            id += "_"
    ids.add(id)
    name = call.call.name
    if not _fits_wire(name):
        name = "".join(char for char in name if char in _WIRE)[:_LONGEST] or "unknown"
    return {"id": id, "name": name, "arguments": canonical(_arguments(call.call.arguments))}


def _arguments(text: str) -> dict[str, Any]:
    try:
        arguments = read_arguments(text)
        canonical(arguments)
    except Failure:
        return {}
    return arguments


def _fits_wire(text: str) -> bool:
    return 0 < len(text) <= _LONGEST and _WIRE.issuperset(text)


def _error(head: str, lines: list[str] | tuple[str, ...]) -> dict[str, object]:
    return {"content": "\n".join([f"Error: {head}", *(f"- {line}" for line in lines)]), "error": True}


def _bound(call: _Call, run: Run) -> Callable[[], Coroutine[Any, Any, dict[str, object]]]:
    return lambda: call.result(run)
