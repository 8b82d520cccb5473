"""Where the answers of a made-up world come from: the mocks of a test, or the declared types.

A source outlives processes and orders: the same step is answered the same, whenever and however often it asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Protocol

from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.crashing import Lasting
from agent_lattice_runtime.models import Reply, ToolCall
from agent_lattice_runtime.testing import Computed, Mocks

from agent_lattice import types
from agent_lattice.plan import Agent
from agent_lattice.simulating.choices import Choices
from agent_lattice.simulating.near_misses import NearMisses, spoiled_text
from agent_lattice.simulating.scenarios import Subject
from agent_lattice.simulating.signatures import static_id
from agent_lattice.simulating.values import Values

if TYPE_CHECKING:
    from agent_lattice_runtime.effects import Op
    from agent_lattice_runtime.models import Deps, Request

_TOKENS = ((100, 20), (0, 0), (5_000, 800), (200_000, 8_000))  # input and output of an answer
_MOST_USES = 3  # calls in a turn of an agent


class Source(Protocol):
    """What a world answers with; `step` and what a request has of it are paths with attempts."""

    def operation(self, op: Op, arguments: Mapping[str, Any], deps: Deps) -> object: ...

    def reply(self, request: Request, deps: Deps) -> Reply: ...

    def agent(self, static: str, step: str) -> Callable[[], object] | None: ...

    def signal(self, name: str, step: str) -> dict[str, Any] | None: ...

    def approval(self, static: str, role: str, step: str) -> dict[str, Any] | None: ...


class Mocked(Lasting):
    """The replies of a test."""

    def __init__(self, replies: Mapping[str, Sequence[object]]) -> None:
        super().__init__()
        self._mocks = Mocks(replies)

    def operation(self, op: Op, arguments: Mapping[str, Any], deps: Deps) -> object:
        return self.lasting(op.name, deps.step, lambda: self._mocks.stand_in(op).call(arguments, deps))

    def reply(self, request: Request, deps: Deps) -> Reply:
        found: Reply = self.lasting("ask", request.step, lambda: self._mocks.complete(request, deps))
        return copy(found)

    def agent(self, static: str, step: str) -> Callable[[], object] | None:
        answer = self.lasting("agent", step, lambda: self._mocks.agent(static, step))
        return None if answer is None else lambda: self.lasting("run", step, answer)

    def signal(self, name: str, step: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.lasting("signal", step, lambda: self._mocks.signal(name, step))
        return found

    def approval(self, static: str, role: str, step: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.lasting("approve", step, lambda: self._mocks.approval(static, role, step))
        return found


class Made(Lasting):
    """Values of the declared types, some of them those that tests answer with."""

    def __init__(self, subject: Subject, choices: Choices) -> None:
        super().__init__()
        self._subject = subject
        self._choices = choices
        self._values = Values(choices)
        self._misses = NearMisses(choices)

    def arguments(self) -> dict[str, Any]:
        """What the workflow is started with."""
        params = self._subject.declared.params
        return {param.name: self._values.of(param.type, f"input.{param.name}") for param in params}

    def operation(self, op: Op, arguments: Mapping[str, Any], deps: Deps) -> object:
        if op.effect == "pure" and op.name in self._subject.signatures.real and op.name not in self._subject.known:
            return self.lasting(op.name, deps.step, lambda: op.call(arguments, deps))
        declared = self._subject.signatures.operations[op.name]
        return self.lasting(op.name, deps.step, lambda: self._value((op.name,), declared.type, deps.step, arguments))

    def wrong_result(self, op: Op, step: str) -> Any:
        """A near miss of the result of an operation; None where its type takes any JSON."""
        return self._misses.of(self._subject.signatures.operations[op.name].type, step)

    def reply(self, request: Request, deps: Deps) -> Reply:
        found: Reply = self.lasting("ask", request.step, lambda: self._reply(request))
        return copy(found)

    def _reply(self, request: Request) -> Reply:
        step = request.step
        if request.offers and request.may_call and (count := self._choices.some(f"{step} uses", 50, _MOST_USES)):
            return self._counted(step, "", [self._use(request, step, index) for index in range(count)])
        value = self._value(*self._asked(request), step, {})
        return self._counted(step, value if request.schema is None and isinstance(value, str) else canonical(value))

    def wrong_reply(self, request: Request, whole: bool) -> Reply:
        """An answer that is no JSON or, with `whole`, JSON of another type."""
        step = request.step
        type = self._asked(request)[1]
        if whole and (miss := self._misses.of(type, step)) is not None:
            return self._counted(step, canonical(miss))
        return self._counted(step, spoiled_text(self._values.of(type, step), self._choices, step))

    def _asked(self, request: Request) -> tuple[tuple[str, ...], types.Type]:
        """What tests call the question, and the type of its answer."""
        static = static_id(request.step)
        if request.offers is None:
            return _names("ask", static), self._subject.signatures.asks[static].type
        agent = self._agent(static)
        return _names("run", static.removesuffix(".turn")), agent.type

    def _agent(self, static: str) -> Agent:
        return self._subject.signatures.agents[static.removesuffix(".turn")]

    def _use(self, request: Request, step: str, index: int) -> ToolCall:
        """A call of an offered tool, seldom of one that there is not, or with arguments that do not fit."""
        at = f"{step} use {index}"
        offers = self._agent(static_id(step)).offers
        offer = offers[self._choices.take(at, len(offers))]
        params = self._subject.signatures.operations[offer.operation].params
        given = {param.name: self._values.of(param.type, f"{at}.{param.name}") for param in params}
        name = offer.name if not self._choices.some(f"{at} name", 5) else "no_such_tool"
        text = canonical(given)
        return ToolCall(f"{step}:{index}", name, text if not self._choices.some(f"{at} cut", 5) else text[:-1])

    def _counted(self, step: str, text: str, calls: Sequence[ToolCall] = ()) -> Reply:
        given, made = _TOKENS[self._choices.some(f"{step} tokens", 30, len(_TOKENS) - 1)]
        return Reply(text=text, calls=calls, model="made up", input_tokens=given, output_tokens=made)

    def _value(self, names: Sequence[str], type: types.Type, step: str, arguments: Mapping[str, Any]) -> Any:
        """A value that tests answer with, where there is one, or any of the type."""
        known = next((found for name in names if (found := self._subject.known.get(name))), ())
        chosen = self._choices.take(f"{step}=", 2 * len(known)) if known else 0
        if chosen < len(known):
            reply = known[chosen]
            return reply.function(**arguments) if isinstance(reply, Computed) else reply
        return self._values.of(type, step)

    def agent(self, static: str, step: str) -> Callable[[], object] | None:
        return None

    def signal(self, name: str, step: str) -> dict[str, Any] | None:
        return None

    def approval(self, static: str, role: str, step: str) -> dict[str, Any] | None:
        return None


def _names(sort: str, static: str) -> tuple[str, ...]:
    return (f"{sort} {static}", f"{sort} {static.rpartition('.')[2]}")
