"""Carrying out operations: Python functions here, HTTP in its own module; any exception becomes a typed failure."""

from __future__ import annotations

from _thread import get_ident
from time import perf_counter

from .errors import Failure
from .permissions import Denied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    from .models import Check, Deps, OnDoubt

    class Op(Protocol):
        """An operation of a tool. `effect` is "pure", "read" or "write"; `key` names the parameter that makes a
        second call harmless; `output` validates what `call` returns; `doubt` says what follows when nobody knows whether a
        write happened."""

        name: str
        effect: str
        key: str | None
        output: Check
        doubt: OnDoubt | None

        def call(self, arguments: Mapping[str, Any], deps: Deps) -> object: ...


class PythonOp:
    """An operation of a Python tool: `function` of `module` in the tools folder, called with keyword arguments, and
    with `idempotency_key` when it takes that and the operation has a key. It may be a coroutine function. `plain`: there
    are times or unsigned ints among the arguments, and it is given what Python's own library has for them."""

    __slots__ = (
        "_function",
        "_takes_key",
        "_tools",
        "doubt",
        "effect",
        "function",
        "key",
        "module",
        "name",
        "output",
        "plain",
    )

    def __init__(
        self,
        *,
        name: str,
        module: str,
        function: str,
        output: Check,
        effect: str = "write",
        key: str | None = None,
        plain: bool = False,
        doubt: OnDoubt | None = None,
    ) -> None:
        self.name = name
        self.doubt = doubt
        self.module = module
        self.function = function
        self.effect = effect
        self.key = key
        self.output = output
        self.plain = plain
        self._tools: str | None = None
        self._function: Callable[..., Any] | None = None
        self._takes_key = False

    def call(self, arguments: Mapping[str, Any], deps: Deps) -> object:
        """The function's result. Raises what the function raises, and Denied for what the step may not touch."""
        watched = watch_tools() if _watched is None else _watched
        thread = get_ident()
        watched[thread] = deps
        try:
            if self._function is None or self._tools != deps.tools:
                self._load(deps.tools)
            assert self._function is not None
            if self.plain:
                arguments = {name: _plain(value) for name, value in arguments.items()}
            if self._takes_key and deps.idempotency_key is not None:
                result = self._function(**arguments, idempotency_key=deps.idempotency_key)
            else:
                result = self._function(**arguments)
            return _awaited(result) if hasattr(result, "__await__") else result
        finally:
            del watched[thread]
            if deps.denied is not None:  # also when the tool has swallowed it
                raise deps.denied from None

    def _load(self, tools: str) -> None:
        module = load_module(self.module, tools)
        function = getattr(module, self.function, None)
        if not callable(function):
            raise Failure("internal", f"the module {self.module} has no function {self.function}")
        code = getattr(function, "__code__", None)
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code else ()
        self._takes_key = "idempotency_key" in names
        self._function, self._tools = function, tools


_watched: dict[int, Deps] | None = None


def watch_tools() -> dict[int, Deps]:
    """Load and install the guard, when the first Python tool is about to run; the deps of running tools by thread."""
    global _watched
    from .environment import WATCHED
    from .guard import install

    install()
    _watched = WATCHED
    return WATCHED


def load_module(name: str, tools: str) -> object:
    """The Python module `name` of the folder `tools`; a module of that name from elsewhere is not taken for it."""
    import sys

    if tools and (not sys.path or sys.path[0] != tools):
        sys.path.insert(0, tools)
    known = sys.modules.get(name)
    if known is not None and not _is_under(known, tools):
        del sys.modules[name]
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        raise Failure("internal", f"there is no Python module {error.name}") from None
    return sys.modules[name]


def require_module(name: str, tool: str, tools: str) -> None:
    """Raises Failure validation unless there is a Python module `name` for a tool of that name."""
    import sys
    from importlib.machinery import PathFinder

    if PathFinder.find_spec(name.partition(".")[0], [tools, *sys.path]) is None:
        raise Failure(
            "validation", f"there is no Python module {name}, which the tool {tool} needs: no run goes on without it"
        )


def _is_under(module: object, folder: str) -> bool:
    return str(getattr(module, "__file__", None) or "").replace("\\", "/").startswith(folder.rstrip("/") + "/")


def _awaited(awaitable: Any) -> object:
    from asyncio import run

    async def result() -> object:
        return await awaitable

    return run(result())


class Outcome:
    """How an effect ended: a value or a failure, how long it took, and what it was denied on the way; or that it is `going_on`
    although nobody waits for it any more."""

    __slots__ = ("denied", "failure", "going_on", "ms", "value")

    def __init__(self, value: object, failure: Failure | None, ms: int, denied: Denied | None = None) -> None:
        self.value = value
        self.failure = failure
        self.ms = ms
        self.denied = denied
        self.going_on = False


def perform(call: Callable[..., object], subject: Any, deps: Deps) -> Outcome:
    """`call(subject, deps)` as an Outcome; an interruption is the only thing that gets out of here."""
    start = perf_counter()
    try:
        value = call(subject, deps)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        failure = tool_failure(error)
        denied = failure if isinstance(failure, Denied) else None
        return Outcome(None, failure, int((perf_counter() - start) * 1000), denied)
    return Outcome(value, None, int((perf_counter() - start) * 1000))


_CLASSES: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "timeout"),
    (PermissionError, "permission_denied"),
    (FileNotFoundError, "not_found"),
    (ConnectionError, "unavailable"),
    (ValueError, "validation"),
)


def tool_failure(error: BaseException) -> Failure:
    """The typed failure that an exception of a tool stands for; only its text is kept."""
    if isinstance(error, Failure):
        return error
    text = _text_of(error)
    if type(error) is LookupError:
        return Failure("not_found", text)
    for kind, code in _CLASSES:
        if isinstance(error, kind):
            return Failure(code, text)
    return Failure("internal", f"{type(error).__name__}: {text}")


def _text_of(error: BaseException) -> str:
    try:
        text = str(error).encode("utf-8", "replace").decode()
    except Exception:
        text = ""
    return text or type(error).__name__


def copied(value: Any) -> Any:
    """A JSON-like value that shares no dictionary or list with the given one, so that a tool that changes what it was
    given, or later what it gave, changes nothing for the workflow."""
    kind = value.__class__
    if kind is dict:
        return {key: copied(item) if item.__class__ in CONTAINERS else item for key, item in value.items()}
    if kind is list or kind is tuple:
        return [copied(item) if item.__class__ in CONTAINERS else item for item in value]
    return value


def copied_arguments(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Arguments whose values may be changed by the one who is called; the mapping itself is nobody's."""
    for item in arguments.values():
        if item.__class__ in CONTAINERS:
            return {name: copied(value) for name, value in arguments.items()}
    return arguments


CONTAINERS = (dict, list, tuple)


def _plain(value: Any) -> Any:
    """A value with Python's own types in place of the runtime's."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.plain() if hasattr(value, "plain") else value
