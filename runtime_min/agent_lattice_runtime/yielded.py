"""What a coroutine of a workflow yields to its driver: something to do, branches to run, or a point in time to wait for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Iterable, Mapping, Sequence
    from typing import Any

    Body = Coroutine[Any, Any, Any]


class Call:
    """Command: make `intent` (type, step, payload, secrets) durable, then do `function(*arguments)`, which must not raise
    Exception; the last argument is a Deps. `write` shields it from interruption, `quick` says that a thread is not
    worth it. After `timeout` seconds nobody waits for it any more: the outcome is `late()`. A call that `settles` an
    effect is made even when nobody wants its branch any more."""

    __slots__ = ("arguments", "function", "intent", "late", "quick", "settles", "step", "timeout", "what", "write")

    def __init__(
        self,
        step: str,
        what: str,
        function: Callable[..., Any] | None = None,
        arguments: tuple[Any, ...] = (),
        intent: tuple[str, str, str, Iterable[str]] | None = None,
        write: bool = False,
        quick: bool = False,
        settles: bool = False,
    ) -> None:
        self.step = step
        self.what = what
        self.function = function
        self.arguments = arguments
        self.intent = intent
        self.write = write
        self.quick = quick
        self.settles = settles
        self.timeout: float | None = None
        self.late: Callable[[], Any] | None = None

    def __await__(self) -> Generator[Call, Any, Any]:
        return (yield self)


class Join:
    """Command: run the coroutines that `bodies` makes, at most `width` at a time; the outcome is their results in
    order, or the failure of the first one, in that order, that failed on its own."""

    __slots__ = ("bodies", "width")

    need: int | None = None

    def __init__(self, bodies: Iterable[Callable[[], Body]], width: int) -> None:
        self.bodies = bodies
        self.width = width

    def __await__(self) -> Generator[Join, Any, list[Any]]:
        return (yield self)  # type: ignore[no-any-return]


class Contest(Join):
    """Command: run all coroutines until `need` of them have ended well; the others are stopped. The outcome are the
    results of these, in order, or a failure when too few are left. `taken` is told who they are, once; `decided` are those of
    the log, None when that is still open."""

    __slots__ = ("decided", "need", "taken")

    def __init__(
        self,
        bodies: Sequence[Callable[[], Body]],
        need: int,
        taken: Callable[[Sequence[int]], None],
        decided: Sequence[int] | None = None,
    ) -> None:
        super().__init__(bodies, len(bodies))
        self.need: int = need
        self.taken = taken
        self.decided = decided


class Pause:
    """Command: go on when `until` (µs since 1970) has come, or as soon as something has arrived from outside, and look
    whether it is what you wait for. The process may be given back meanwhile, unless it is for less than `hold` seconds.
    `about` is what people and the event run.waiting are told: `kind` and more. One that `settles` an effect goes on when
    nobody needs its branch any more, too."""

    __slots__ = ("about", "hold", "settles", "step", "until")

    def __init__(self, step: str, until: int, about: Mapping[str, object], hold: float, settles: bool = False) -> None:
        self.step = step
        self.until = until
        self.about = about
        self.hold = hold
        self.settles = settles

    def __await__(self) -> Generator[Pause, Any, None]:
        yield self
