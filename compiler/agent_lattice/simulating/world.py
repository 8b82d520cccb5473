"""The made-up world of one simulated run: it answers what the run does, goes wrong where that is decided, and keeps the books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.models import Reply
from agent_lattice_runtime.testing import Mocks

from agent_lattice.records import record
from agent_lattice.simulating.choices import Choices
from agent_lattice.simulating.scenarios import Subject
from agent_lattice.simulating.signatures import static_id
from agent_lattice.simulating.sources import Made, Source

if TYPE_CHECKING:
    from agent_lattice_runtime.effects import Op
    from agent_lattice_runtime.models import Deps, Request

_READS = ("timeout", "unavailable", "rate_limited", "wrong result", "not_found", "refused")
_LOST = "lost answer"
_WRITES = (_LOST, _LOST, _LOST, "unavailable", "timeout", "rate_limited", "wrong result", "refused", "conflict")
_MODELS = ("wrong answer", "no JSON", "timeout", "unavailable", "rate_limited", "declined", "cut off")
PERCENT = (0, 4, 15, 40)
"""Of a hundred calls so many go wrong, by the decision `faults` of a run."""


@record
class Written:
    """A write that the world has made: `value` is what it answered."""

    op: str
    step: str
    key: str | None
    arguments: Mapping[str, Any]
    value: Any


class World(Mocks):
    """Answers from a source, faults from the decisions. `story` tells in order what was written and what went wrong; `writes` are
    all calls that change something, `made` those that did."""

    def __init__(self, subject: Subject, source: Source, choices: Choices, percent: int) -> None:
        super().__init__({})
        self.instant = not isinstance(source, Made)
        self._subject = subject
        self._source = source
        self._choices = choices
        self._percent = percent
        self._seen: set[tuple[str, str]] = set()
        self.faults = 0
        self.overdue = 0
        self.story: list[str] = []
        self.writes: list[tuple[str, str, str | None]] = []
        self.made: list[Written] = []

    def stand_in(self, op: Op) -> Any:
        return _Acting(op, self)

    def agent(self, static: str, step: str = "") -> Callable[[], object] | None:
        self._count(f"run {static}", step)
        return self._source.agent(static, step)

    def signal(self, name: str, step: str = "") -> dict[str, Any] | None:
        self._count(f"signal {static_id(step)}", step)
        return self._source.signal(name, step)

    def approval(self, static: str, role: str, step: str = "") -> dict[str, Any] | None:
        self._count(f"approve {static}", step)
        return self._source.approval(static, role, step)

    def complete(self, request: Request, deps: Deps) -> Reply:
        static = static_id(request.step)
        self._count(
            f"turn {static.removesuffix('.turn')}" if request.offers is not None else f"ask {static}", request.step
        )
        fault = self._fault(request.step, "the model", _MODELS)
        if fault in ("wrong answer", "no JSON") and isinstance(self._source, Made):
            return self._source.wrong_reply(request, whole=fault == "wrong answer")
        if fault in ("", "wrong answer", "no JSON"):
            return self._source.reply(request, deps)
        if fault == "declined":
            return Reply(text="", finish_reason="refusal", model="made up")
        if fault == "cut off":
            reply = self._source.reply(request, deps)
            reply.text, reply.finish_reason = reply.text[: len(reply.text) // 2], "length"
            return reply
        raise Failure(fault, "the model fails, as the simulation says")

    def called(self, op: Op, arguments: Mapping[str, Any], deps: Deps) -> object:
        """What an operation answers."""
        step = deps.step
        self._count(op.name, step)
        if op.effect == "write":
            self.writes.append((op.name, step, deps.idempotency_key))
        faults = {"pure": (), "read": _READS}.get(op.effect, _WRITES)
        fault = self._fault(step, op.name, faults) if faults else ""
        if fault not in ("", _LOST, "wrong result"):
            raise self._failed(fault, op.name, unsent=fault == "unavailable")
        value = self._done(op, arguments, deps)
        if fault == _LOST:
            raise self._failed("timeout", op.name)
        if fault == "wrong result" and isinstance(self._source, Made):
            miss = self._source.wrong_result(op, step)
            return value if miss is None else miss
        return value

    def _done(self, op: Op, arguments: Mapping[str, Any], deps: Deps) -> object:
        """The answer of an operation that happens. With a key of before nothing happens, and the answer is that of then."""
        write = self._subject.signatures.verified(op.name)
        if write is not None and isinstance(self._source, Made):
            return next((done.value for done in self.made if done.op == write and _same(done, arguments)), None)
        key = deps.idempotency_key
        if key is not None:
            for done in self.made:
                if (done.op, done.key) == (op.name, key):
                    return done.value
        value = self._source.operation(op, arguments, deps)
        if op.effect == "write":
            self.made.append(Written(op.name, deps.step, key, dict(arguments), value))
            self.tell(f"{deps.step}: {op.name} happens with {canonical(arguments)}")
        return value

    def _fault(self, step: str, who: str, faults: tuple[str, ...]) -> str:
        chosen = self._choices.some(f"fault {step}", self._percent, len(faults))
        if not chosen:
            return ""
        self.faults += 1
        self.tell(f"{step}: {who}: {faults[chosen - 1]}")
        return faults[chosen - 1]

    def _failed(self, code: str, who: str, *, unsent: bool = False) -> Failure:
        failure = Failure(code, f"{who} fails, as the simulation says")
        failure.unsent = unsent
        return failure

    def late(self, step: str) -> None:
        """A call has taken longer than its step allows."""
        self.overdue += 1
        self.tell(f"{step}: takes longer than it may")

    def tell(self, line: str) -> None:
        """Add to the story."""
        self.story.append(line)

    def _count(self, name: str, step: str) -> None:
        """A step and attempt counts once, however often processes die during it."""
        if (name, step) not in self._seen:
            self._seen.add((name, step))
            self.count(name)

    def effects(self, name: str) -> int:
        """How often an operation was called: a write as often as it happened, anything else as `calls` says."""
        operation = self._subject.signatures.operations.get(name)
        if operation is None or operation.effect != "write":
            return self.calls(name)
        return sum(done.op == name for done in self.made)


class _Acting:
    """What is called in place of an operation."""

    __slots__ = ("_op", "_world")

    def __init__(self, op: Op, world: World) -> None:
        self._op = op
        self._world = world

    def call(self, arguments: Mapping[str, Any], deps: Deps) -> object:
        return self._world.called(self._op, arguments, deps)


def _same(done: Written, arguments: Mapping[str, Any]) -> bool:
    """Whether the arguments of a question about a write are those of the write, as far as both have them."""
    return all(
        canonical(done.arguments[name]) == canonical(value)
        for name, value in arguments.items()
        if name in done.arguments
    )
