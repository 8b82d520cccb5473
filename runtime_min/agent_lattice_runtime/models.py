"""What declarations.py of a generated package is made of, and what a provider is given and gives back."""

from __future__ import annotations

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from typing import Any, Protocol

    from .effects import Op
    from .permissions import Denied, Grant
    from .redaction import Redactor

    Check = Callable[[object, str, list[str]], Any]  # (value, path, errors) -> decoded value; appends every problem
    # {"role": "user" | "assistant" | "tool", "content": text}. In an agent's loop "assistant" may have "calls", a list of
    # {"id", "name", "arguments"}, and "kept", see Reply; "tool" answers the call "id", with "error" when it failed.
    Message = Mapping[str, Any]

    class Offer(Protocol):
        """What a model is told of a tool that it may call; `schema` is that of its arguments, an object."""

        name: str
        description: str
        schema: dict[str, object]

    class Provider(Protocol):
        """What every module `providers/<name>.py` is."""

        def complete(self, request: Request, deps: Deps) -> Reply: ...


class Env:
    """A value taken from the environment variable `name` when it is needed."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Auth:
    """How an HTTP tool proves who it is: scheme "bearer", or the name of a header that holds the secret."""

    __slots__ = ("scheme", "secret")

    def __init__(self, scheme: str, secret: str) -> None:
        self.scheme = scheme
        self.secret = secret


class OnDoubt:
    """What follows when nobody knows whether a write happened: `sort` is verify (ask the reading operation `verify`, which takes
    those `parameters` of the write; its answer is the result, null when the write has not happened), ask (a person in `role`,
    at most `within` seconds), assume (it is taken for done) or fail."""

    __slots__ = ("parameters", "role", "sort", "verify", "within")

    def __init__(
        self,
        sort: str,
        *,
        verify: Op | None = None,
        parameters: tuple[str, ...] = (),
        role: str = "",
        within: float = 0.0,
    ) -> None:
        self.sort = sort
        self.verify = verify
        self.parameters = parameters
        self.role = role
        self.within = within


class Model:
    """A declared model. timeout in seconds, prices in USD per million tokens, `key` the name of a secret."""

    __slots__ = (
        "base_url",
        "fallback",
        "input_price",
        "key",
        "max_tokens",
        "model",
        "name",
        "output_price",
        "provider",
        "retries",
        "temperature",
        "timeout",
    )

    def __init__(
        self,
        *,
        name: str,
        provider: str,
        model: str,
        max_tokens: int = 1024,
        temperature: float | None = None,
        timeout: float = 60.0,
        retries: int = 2,
        base_url: str | Env | None = None,
        key: str | None = None,
        fallback: Model | None = None,
        input_price: float | None = None,
        output_price: float | None = None,
    ) -> None:
        self.name = name
        self.provider = provider
        self.model = model
        self.max_tokens = max_tokens
        self.temperature = temperature
        self.timeout = timeout
        self.retries = retries
        self.base_url = base_url
        self.key = key
        self.fallback = fallback
        self.input_price = input_price
        self.output_price = output_price


class Output:
    """The type of an answer: its JSON Schema (None for plain text), its validator, and whether that hides values."""

    __slots__ = ("check", "labelled", "name", "schema")

    def __init__(self, *, name: str, schema: dict[str, object] | None, check: Check, labelled: bool = False) -> None:
        self.labelled = labelled
        self.name = name
        self.schema = schema
        self.check = check


def check_text(value: object, path: str, errors: list[str]) -> str:
    """The validator of a plain text answer."""
    if isinstance(value, str):
        return value
    errors.append(f"{path}: expected string, found {type(value).__name__}")
    return ""


TEXT = Output(name="text", schema=None, check=check_text)


class Workflow:
    """A compiled workflow: its coroutine function, the validators of its input (a record of the parameters) and of
    its result, its manifest (the data of manifest.json, or a function that loads it), and `prepare`: what has to be
    called before anything is done, and raises Failure when something is not installed. What people may bring to its runs:
    the validators of `signals` by name, of `approvals` by static step id the role and the validator of the values, and the
    writing `operations` by name. `labelled`: its types hide values."""

    __slots__ = (
        "_grants",
        "_manifest",
        "approvals",
        "function",
        "input",
        "labelled",
        "name",
        "operations",
        "output",
        "prepare",
        "signals",
    )

    def __init__(
        self,
        *,
        name: str,
        function: Callable[..., Coroutine[Any, Any, object]],
        input: Check,
        output: Check,
        manifest: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
        prepare: Callable[[], None] | None = None,
        signals: Mapping[str, Check] | None = None,
        approvals: Mapping[str, tuple[str, Check | None]] | None = None,
        operations: Mapping[str, Op] | None = None,
        labelled: bool = False,
    ) -> None:
        self.name = name
        self.labelled = labelled
        self.prepare = prepare
        self.signals = signals or {}
        self.approvals: Mapping[str, tuple[str, Check | None]] = {} if approvals is None else approvals
        self.operations = operations or {}
        self.function = function
        self.input = input
        self.output = output
        self._manifest = manifest
        self._grants: Mapping[str, Grant] | None = None

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The data of manifest.json."""
        if callable(self._manifest):
            self._manifest = self._manifest()
        return self._manifest

    @property
    def grants(self) -> Mapping[str, Grant]:
        """What each step may touch, by static step id, read once for all runs; raises Failure validation."""
        if self._grants is None:
            from .permissions import grants

            self._grants = grants(self.manifest)
        return self._grants


class Request:
    """One model call. `messages` alternate user and assistant; `schema` is None when plain text is wanted.

    `offers` are the tools of an agent, None for a question without any; `may_call` is False when they may not be called
    any more.
    """

    __slots__ = (
        "idempotency_key",
        "may_call",
        "messages",
        "model",
        "offers",
        "schema",
        "schema_name",
        "step",
        "system",
    )

    def __init__(
        self,
        *,
        model: Model,
        system: str,
        messages: list[Message],
        schema: dict[str, object] | None,
        schema_name: str,
        step: str,
        idempotency_key: str,
        offers: Sequence[Offer] | None = None,
        may_call: bool = True,
    ) -> None:
        self.model = model
        self.system = system
        self.messages = messages
        self.schema = schema
        self.schema_name = schema_name
        self.step = step  # path with attempt: `answers[3].triage#1`
        self.idempotency_key = idempotency_key
        self.offers = offers
        self.may_call = may_call


class ToolCall:
    """What a model asks for: a tool by name, `arguments` as the JSON text it wrote. Anything may stand in all three."""

    __slots__ = ("arguments", "id", "name")

    def __init__(self, id: str, name: str, arguments: str) -> None:
        self.id = id
        self.name = name
        self.arguments = arguments


class Reply:
    """One model answer. `finish_reason` is "stop", "length", "refusal" or "other"; `model` the one that answered.

    `input_tokens` counts cached ones too; `attempts` are the failures of the tries before, oldest first. `calls` are
    the tools it wants called, `kept` what the provider wants to see again, unchanged, beside their results.
    """

    __slots__ = (
        "attempts",
        "cached_tokens",
        "calls",
        "finish_reason",
        "input_tokens",
        "kept",
        "model",
        "output_tokens",
        "response_id",
        "text",
    )

    def __init__(
        self,
        *,
        text: str,
        input_tokens: int = 0,
        output_tokens: int = 0,
        cached_tokens: int = 0,
        finish_reason: str = "stop",
        model: str = "",
        response_id: str = "",
        attempts: tuple[Failure, ...] = (),
        calls: Sequence[ToolCall] = (),
        kept: Sequence[object] = (),
    ) -> None:
        self.text = text
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens
        self.cached_tokens = cached_tokens
        self.finish_reason = finish_reason
        self.model = model
        self.response_id = response_id
        self.attempts = attempts
        self.calls = calls
        self.kept = kept


class Deps:
    """What an effect may take from its surroundings: nothing that its step's grant does not list.

    `scripted` holds the parsed file of `--scripted` (None without), `folder` is where relative paths of scripted
    reply files start, `tools` the folder (maybe in an archive) of Python tools, `shared` one dictionary per run for
    what calls have in common (use `setdefault`), `idempotency_key` the key of a write that has one, `cancelled` says
    whether waiting has become pointless, `denied` is the first thing that a Python tool was refused.
    """

    __slots__ = (
        "cancelled",
        "denied",
        "folder",
        "grant",
        "idempotency_key",
        "redactor",
        "scripted",
        "seed",
        "shared",
        "step",
        "tools",
    )

    def __init__(
        self,
        step: str,
        grant: Grant,
        redactor: Redactor,
        idempotency_key: str | None = None,
        scripted: object = None,
        folder: str = ".",
        tools: str = "",
        shared: dict[str, Any] | None = None,
        seed: str = "",
        cancelled: Callable[[], bool] = bool,
    ) -> None:
        self.step = step
        self.grant = grant
        self.redactor = redactor
        self.idempotency_key = idempotency_key
        self.scripted = scripted
        self.folder = folder
        self.tools = tools
        self.shared = {} if shared is None else shared
        self.seed = seed
        self.cancelled = cancelled
        self.denied: Denied | None = None

    def secret(self, name: str) -> str:
        """The value of a secret, read now; from here on every text that leaves is cleared of it."""
        self.grant.require("secrets", name, self.step)
        value = _environ(name)
        if not value:
            raise Failure("auth", f"the secret {name} is not set in the environment", step=self.step)
        self.redactor.register(name, value)
        return value

    def env(self, name: str) -> str:
        """The value of an environment variable that is not secret."""
        self.grant.require("env", name, self.step)
        value = _environ(name)
        if value is None:
            raise Failure("validation", f"the environment variable {name} is not set", step=self.step)
        return value

    def text(self, value: str | Env) -> str:
        """A declared text that may come from the environment."""
        return self.env(value.name) if isinstance(value, Env) else value

    def allow_host(self, host: str, port: int) -> None:
        """Raises Failure permission_denied unless the step may connect to `host` at `port`."""
        self.grant.require_host(host, port, self.step)

    def clock(self) -> float:
        """Seconds on a clock that never steps back, for deadlines."""
        from time import monotonic

        return monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait between two attempts; raises Failure cancelled as soon as the run is being stopped."""
        from time import sleep

        end = self.clock() + seconds
        while (left := end - self.clock()) > 0:
            if self.cancelled():
                raise Failure("cancelled", "the run is being stopped", step=self.step)
            sleep(min(left, 0.05))

    def jitter(self, attempt: int) -> float:
        """A number in [0, 1) that depends only on the run, the step and the attempt."""
        from .retrying import lot

        return lot(self.seed, self.step, attempt)


def decode(check: Check, value: object, what: str = "value") -> Any:
    """`value` decoded by a generated validator; raises Failure validation with every problem in `details`."""
    errors: list[str] = []
    decoded = check(value, "$", errors)
    if errors:
        raise invalid(errors, what)
    return decoded


def invalid(errors: list[str], what: str) -> Failure:
    """The failure of a value with these problems."""
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Failure("validation", f"{what} is not valid: {errors[0]}{more}", details=errors)


def _environ(name: str) -> str | None:
    from os import environ

    return environ.get(name)
