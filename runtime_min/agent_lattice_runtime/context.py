"""The one object that generated code talks to: steps, scopes, branches."""

from __future__ import annotations

from .calling import call_tool
from .canonical import canonical
from .engine import Call, Join
from .errors import Failure
from .history import require_same
from .permissions import Denied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from typing import Any, TypeVar

    from .effects import Op
    from .models import Model, Output
    from .run import Run

    Item = TypeVar("Item")
    Result = TypeVar("Result")
    Body = Coroutine[Any, Any, Result]


class Context:
    """A scope of a run. `path` is "" or ends with a dot and carries indices, `static` is the same without them."""

    __slots__ = ("path", "run", "static")

    def __init__(self, run: Run, path: str = "", static: str = "") -> None:
        self.run = run
        self.path = path
        self.static = static

    def tool(self, name: str, op: Op, arguments: Mapping[str, Any]) -> Body[Any]:
        """A step that calls an operation: its validated result, or Failure."""
        return call_tool(self.run, self.path + name, self.static + name, op, arguments)

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

        question = Question(self.path + name, self.static + name, output, system, prompt, checks)
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
        return Context(self.run, f"{self.path}{name}[{index}].", f"{self.static}{name}.")

    async def call(self, name: str, workflow: Callable[..., Body[Result]], arguments: Mapping[str, Any]) -> Result:
        """Another workflow as a child: its steps are in the scope `name`."""
        return await workflow(Context(self.run, f"{self.path}{name}.", f"{self.static}{name}."), **arguments)

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
