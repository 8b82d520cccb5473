"""Running a workflow with stand-ins for its effects: what the generated unit tests are made of."""

from __future__ import annotations

from .canonical import canonical, recorded
from .deliveries import static_id
from .errors import Failure
from .models import Reply, ToolCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .effects import Op
    from .models import Deps, Request, Workflow


class Fails:
    """A reply of a mock: the effect fails with this class."""

    __slots__ = ("code", "message")

    def __init__(self, code: str, message: str = "") -> None:
        self.code = code
        self.message = message


class Computed:
    """A reply of a mock: the function's result for the arguments of the call, by name."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., object]) -> None:
        self.function = function


class Uses:
    """A reply in a turn of an agent: the model wants these tools called, each by name with its arguments."""

    __slots__ = ("calls",)

    def __init__(self, *calls: tuple[str, Mapping[str, object]]) -> None:
        self.calls = calls

    def reply(self, request: Request) -> Reply:
        """What a provider gives for it."""
        calls = [ToolCall(f"{index}", name, canonical(given)) for index, (name, given) in enumerate(self.calls)]
        return Reply(text="", calls=calls, model=request.model.model)


class Mocks:
    """Stand-ins by "tool.operation", "ask step", "run step" (a whole agent) or "turn step" (its model): the replies of
    successive calls, the last one again and again.

    A reply is a value, Fails, Computed or, for a turn, Uses. A step is named by its static id or the last part of it.
    While they stand in, waiting takes no time, unless they are not `instant`.
    """

    instant = True

    def __init__(self, replies: Mapping[str, Sequence[object]]) -> None:
        self._replies = replies
        self._given: dict[str, int] = {}  # replies handed out, by the name of the mock
        self.counts: dict[str, int] = {}  # calls, by operation or "ask ", "run ", "turn " and static step id

    def calls(self, name: str) -> int:
        """How often the operation was called, the model asked in that step, or the agent run; for "approve" alone, how often
        anybody was asked for approval."""
        if name in self.counts:
            return self.counts[name]
        sort, space, step = name.partition(" ")
        if not space:
            return sum(n for key, n in self.counts.items() if key.startswith(f"{name} "))
        return sum(n for key, n in self.counts.items() if key.startswith(f"{sort} ") and key.endswith(f".{step}"))

    def stand_in(self, op: Op) -> Any:
        """What is called in place of the operation: a mock, or for an unmocked pure operation itself, counted."""
        return _StandIn(op, self)

    def reply(self, name: str, arguments: Mapping[str, Any]) -> object:
        """The next reply for `name`; raises Failure when it is one, or when there is none."""
        replies = self._replies[name]
        if not replies:
            raise Failure("validation", f"the mock of {name} has no replies")
        given = self._given[name] = self._given.get(name, 0) + 1
        reply = replies[min(given, len(replies)) - 1]
        if isinstance(reply, Fails):
            failure = Failure(reply.code, reply.message or f"{name} fails, as the test says")
            failure.unsent = True  # `in_doubt` is how a test says that nobody knows
            raise failure
        return reply.function(**arguments) if isinstance(reply, Computed) else reply

    def count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def knows(self, name: str) -> bool:
        return name in self._replies

    def signal(self, name: str, step: str) -> dict[str, Any] | None:
        """What somebody sends the step of this path under that name, as a delivery; None when nobody does."""
        self.count(f"signal {static_id(step)}")
        key = f"signal {name}"
        return {"payload": self.reply(key, {}), "delivery": f"{key} {self._given[key]}"} if self.knows(key) else None

    def approval(self, static: str, role: str, step: str = "") -> dict[str, Any] | None:
        """What somebody decides at the step of this path; None when nobody does. The reply says whether it is `approved`, perhaps
        `by` whom and for what `reason`, and which values are changed."""
        self.count(f"approve {static}")
        name = self._named("approve", static)
        given = self.reply(name, {}) if name in self._replies else None
        if not isinstance(given, dict):
            return None
        said = {key: given[key] for key in ("approved", "by", "reason") if key in given}
        values = {key: value for key, value in given.items() if key not in said}
        return {"approved": True, "by": role, **said, "values": recorded(canonical(values))}

    def agent(self, static: str, step: str = "") -> Callable[[], object] | None:
        """A run of an agent begins, as the step of this path: what gives the answer in its place, None when its turns are gone through."""
        self.count(f"run {static}")
        name = self._named("run", static)
        return (lambda: self.reply(name, {})) if name in self._replies else None

    def complete(self, request: Request, deps: Deps) -> Reply:
        """The provider of all models."""
        static, sort = static_id(request.step), "ask"
        if request.offers is not None:
            static, sort = static.removesuffix(".turn"), "turn"
        self.count(f"{sort} {static}")
        name = self._named(sort, static)
        if name not in self._replies:
            raise Failure("validation", f"the test has no mock for {name}", step=deps.step)
        answer = self.reply(name, {})
        if isinstance(answer, Uses):
            return answer.reply(request)
        text = answer if request.schema is None and isinstance(answer, str) else canonical(answer)
        return Reply(text=text, model=request.model.model)

    def _named(self, sort: str, static: str) -> str:
        """The mock of a step, by its whole static id or the last part of it."""
        names = (f"{sort} {static}", f"{sort} {static.rpartition('.')[2]}")
        return next((name for name in names if name in self._replies), names[0])


class _StandIn:
    __slots__ = ("mocks", "op")

    def __init__(self, op: Op, mocks: Mocks) -> None:
        self.op = op
        self.mocks = mocks

    def call(self, arguments: Mapping[str, Any], deps: Deps) -> object:
        name = self.op.name
        self.mocks.count(name)
        if self.mocks.knows(name):
            return self.mocks.reply(name, arguments)
        if self.op.effect == "pure":
            return self.op.call(arguments, deps)
        raise Failure("validation", f"the test has no mock for {name}", step=deps.step)


class Tested:
    """How a test's run ended: `result`, or `error` (a class of the catalogue) and `failure`; `calls(name)` counts."""

    __slots__ = ("_mocks", "_scenario", "error", "failure", "result")
    __test__ = False  # no test class, whatever a test runner thinks of the name

    def __init__(
        self, result: object, failure: Failure | None, mocks: Mocks, scenario: tuple[Any, ...] | None = None
    ) -> None:
        self.result = result
        self.failure = failure
        self.error = None if failure is None else failure.code
        self._mocks = mocks
        self._scenario = scenario

    def calls(self, name: str) -> int:
        """How often "tool.operation" was called or the model of "ask step" asked."""
        return self._mocks.calls(name)

    def crashes(self) -> list[str]:
        """The same run for each write to its log, before or after which its process dies and another goes on: a line for
        everything that is not as it was without that."""
        from .crashing import crash_problems

        return [] if self._scenario is None else crash_problems(*self._scenario)


def run_test(
    workflow: Workflow, arguments: Mapping[str, object], mocks: Mapping[str, Sequence[object]], tools: str = ""
) -> Tested:
    """Run a workflow in memory with mocks; every effect but unmocked pure operations needs one."""
    from .execute import start
    from .run import Setting
    from .stores.memory import MemoryStore

    stand_ins = Mocks(mocks)
    try:
        run = start(workflow, dict(arguments), MemoryStore(), "test", Setting(mocks=stand_ins, tools=tools))
    except Failure as failure:
        return Tested(None, failure, stand_ins)
    return Tested(run.result, run.failure, stand_ins, (workflow, arguments, mocks, tools))
