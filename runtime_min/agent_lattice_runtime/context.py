"""The one object that generated code talks to: steps, scopes, branches."""

from __future__ import annotations

from .calling import call_tool
from .canonical import canonical
from .errors import Failure
from .history import require_same
from .permissions import Denied
from .yielded import Call, Join

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from typing import Any, Protocol, TypeVar

    from .budgets import Budget
    from .compensation import Undo
    from .effects import Op
    from .models import Check, Model, Output
    from .retrying import Retry
    from .run import Run

    class Time(Protocol):
        """A duration or a timestamp."""

        @property
        def nanos(self) -> int: ...

        @property
        def cel_kind(self) -> str: ...

    Item = TypeVar("Item")
    Result = TypeVar("Result")
    Body = Coroutine[Any, Any, Result]


class Context:
    """A scope of a run. `path` is "" or ends with a dot and carries indices, `static` is the same without them; `budgets` are
    those of the workflow and of the ones that called it."""

    __slots__ = ("budgets", "path", "run", "static")

    def __init__(self, run: Run, path: str = "", static: str = "", budgets: tuple[Budget, ...] = ()) -> None:
        self.run = run
        self.path = path
        self.static = static
        self.budgets = budgets

    def tool(
        self,
        name: str,
        op: Op,
        arguments: Mapping[str, Any],
        *,
        retry: Retry | None = None,
        timeout: float | None = None,
        undo: Callable[[Any], Undo] | None = None,
    ) -> Body[Any]:
        """A step that calls an operation: its validated result, or Failure. A try takes at most `timeout` seconds; `undo`
        makes from the result what takes it back."""
        if retry is None and undo is None and op.doubt is None and not self.budgets:
            return call_tool(self.run, self.path + name, self.static + name, op, arguments, timeout)
        from .trying import try_tool

        step, static = self.path + name, self.static + name
        return try_tool(self.run, step, static, op, arguments, retry, timeout, undo, self.budgets)

    def ask(
        self,
        name: str,
        model: Model,
        *,
        output: Output,
        prompt: str,
        system: str = "",
        checks: Sequence[tuple[Callable[[Any], bool], str]] = (),
        repair: int = 0,
        escalate: Model | None = None,
    ) -> Body[Any]:
        """A step that asks a model: its validated answer after at most `repair` corrections and one larger model, or
        Failure. Each check is an expression over the answer and what to tell the model when it is false."""
        from .asking import Question, ask

        question = Question(self.path + name, self.static + name, output, system, prompt, checks, budgets=self.budgets)
        return ask(self.run, question, model, repair, escalate)

    async def parallel(self, *branches: Callable[[Context], Body[Any]]) -> tuple[Any, ...]:
        """All branches side by side: their results in order, or the failure of the first one that failed."""
        return tuple(await Join([_bound(branch, self) for branch in branches], len(branches)))

    async def map(
        self,
        name: str,
        items: Sequence[Item],
        at_most: int,
        width: int,
        body: Callable[[Context, Item], Body[Result]],
    ) -> list[Result]:
        """`body` for each item, at most `width` at a time: the results in the order of the items. Raises Failure
        validation for more than `at_most` items."""
        self.bounded(name, items, at_most)
        if width == 1:
            return [await body(self.at(name, index), item) for index, item in enumerate(items)]
        bodies = (_bound_item(body, self.at(name, index), item) for index, item in enumerate(items))
        return await Join(bodies, width)

    def bounded(self, name: str, items: Sequence[Item], at_most: int) -> Sequence[Item]:
        """The items themselves; raises Failure validation when there are more than `at_most`."""
        if len(items) > at_most:
            message = f"{self.path}{name} has {len(items)} items, at most {at_most} are allowed"
            raise Failure("validation", message, step=self.path + name)
        return items

    def at(self, name: str, index: int) -> Context:
        """The scope `name[index]`."""
        return Context(self.run, f"{self.path}{name}[{index}].", f"{self.static}{name}.", self.budgets)

    async def call(self, name: str, workflow: Callable[..., Body[Result]], arguments: Mapping[str, Any]) -> Result:
        """Another workflow as a child: its steps are in the scope `name`."""
        inner = Context(self.run, f"{self.path}{name}.", f"{self.static}{name}.", self.budgets)
        return await workflow(inner, **arguments)

    def limited(
        self,
        *,
        usd: float | None = None,
        tokens: int | None = None,
        calls: int | None = None,
        time: float | None = None,
    ) -> Context:
        """This scope with a budget on top of those it has: USD, tokens, calls of models and operations, seconds."""
        from .budgets import Budget

        budget = Budget(self.run, self.path, usd, tokens, calls, time)
        return Context(self.run, self.path, self.static, (*self.budgets, budget))

    def within(self, name: str, seconds: float, body: Callable[[Context], Body[Any]]) -> Body[Any]:
        """What `body` gives; Failure timeout at the step `name` when that takes longer."""
        from .waiting import within

        return within(self.run, self.path + name, seconds, lambda: body(self))

    def race(self, name: str, need: int, *branches: Callable[[Context], Body[Any]]) -> Body[list[Any]]:
        """The values of the first `need` branches that end well, in the order of the branches; the others are stopped. Failure of the
        first branch when too few end well."""
        from .waiting import race

        return race(self.run, self.path + name, need, [_bound(branch, self) for branch in branches])

    def wait(self, name: str, value: Time) -> Body[None]:
        """Go on after a duration, or at a point in time."""
        from .waiting import wait

        return wait(self.run, self.path + name, value, self.budgets)

    def signal(self, name: str, signal: str, check: Check, within: Time, otherwise: Callable[[], Any]) -> Body[Any]:
        """What somebody sends the run under the name `signal`; `otherwise()` when nobody does, in that time."""
        from .waiting import signalled

        return signalled(self.run, self.path + name, signal, check, within, otherwise, self.budgets)

    def approve(
        self,
        name: str,
        *,
        role: str,
        question: str,
        within: Time,
        otherwise: str,
        values: Mapping[str, Any] | None = None,
        check: Check | None = None,
    ) -> Body[Any]:
        """What somebody in `role` decides: approved, by, reason, and the values, which `check` validates. When nobody does in that
        time, `otherwise` counts: approve, reject or fail (Failure timeout)."""
        from .approvals import Asked, approved

        asked = Asked(self.path + name, self.static + name, role, question, values or {}, check)
        return approved(self.run, asked, within, otherwise, self.budgets)

    def error(self, failure: Failure) -> Any:
        """What a handler sees of the failure that it goes on from: a dict of its code, message and step."""
        return {"code": failure.code, "message": failure.message, "step": failure.step}

    def caught(self, failure: Failure, *codes: str) -> str:
        """The class of a failure that the workflow goes on from: one of `codes`, or any for "" except `cancelled` and
        `in_doubt`. Raises any other failure again, and one that is not of the workflow but of the log."""
        code = failure.code
        if failure.__class__ is not Failure and not isinstance(failure, Denied):
            raise failure
        if code in codes or ("" in codes and code not in ("cancelled", "in_doubt")):
            return code
        raise failure

    def pending(self, failure: Failure) -> Failure:
        """The failure itself, which goes on its way behind what comes last in any case. Raises at once one that nothing
        may follow: the run is being stopped, or it is not of the workflow but of the log."""
        self.caught(failure, "", "in_doubt")
        return failure

    async def emit(self, name: str, event: str, payload: object) -> None:
        """Publish `custom.<event>`; it is durable before anyone sees it, and before the next step."""
        step, kind = self.path + name, f"custom.{event}"
        secrets: set[str] = set()
        text = canonical(self.run.redactor.value(payload, secrets))
        before = self.run.recorded(step)
        if kind in before:
            require_same(step, "payload", before[kind], text)
        elif before:
            require_same(step, "event", ", ".join(before), kind)
        else:
            await Call(step, kind, intent=(kind, step, text, secrets))


def _bound(branch: Callable[[Context], Body[Any]], context: Context) -> Callable[[], Body[Any]]:
    return lambda: branch(context)


def _bound_item(body: Callable[[Context, Item], Body[Result]], context: Context, item: Item) -> Callable[[], Any]:
    return lambda: body(context, item)
