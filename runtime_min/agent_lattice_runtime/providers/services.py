"""What the providers that speak JSON over HTTP have in common: one call with its bounded retries."""

from __future__ import annotations

from ..errors import Failure
from ..json_reading import read_json
from ..models import Reply
from ..statuses import error_in, status_failure, words_of
from ..transport import Deadline, HttpFailure, exchange
from ..urls import split_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..models import Deps, Request
    from ..urls import Origin

FIRST_PAUSE = 0.5  # seconds
LONGEST_PAUSE = 8.0


class Call:
    """A model call ready to be sent: `target` is the path, `body` JSON text."""

    __slots__ = ("body", "headers", "origin", "target")

    def __init__(self, base_url: str, path: str, headers: Mapping[str, str], body: Mapping[str, object]) -> None:
        from json import dumps

        self.origin, prefix = split_url(base_url)
        if "?" in prefix:
            raise Failure("validation", "a base_url may not hold a query")
        self.target = prefix.rstrip("/") + path
        self.headers = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        self.body = dumps(body, separators=(",", ":")).encode()


def key_of(request: Request, deps: Deps, service: str) -> str | None:
    """The model's key, None for a server of one's own that needs none; Failure auth where `service` demands one."""
    model = request.model
    if model.key is not None:
        return deps.secret(model.key).strip()
    if model.base_url is None and service:
        raise Failure("auth", f"model {model.name} has no key, and {service} does not answer without one")
    return None


def answer_of(call: Call, request: Request, deps: Deps, read: Callable[[dict[str, object]], Reply]) -> Reply:
    """Send the call until it is answered, at most `retries` more times and only after retryable failures.

    Each attempt has `model.timeout` seconds. Attempts and pauses together never take more than all attempts may:
    one that would start later is not made.
    """
    _require_privacy(call, deps)
    model = request.model
    end = Deadline(model.timeout * (model.retries + 1), deps.clock)
    failed: list[Failure] = []
    while True:
        try:
            deadline = Deadline(model.timeout, deps.clock, within=end, cancelled=deps.cancelled)
            reply = read(_once(call, deadline, deps))
        except Failure as failure:
            failure.attempts = tuple(failed)
            pause = _pause(failure, len(failed), request, deps)
            if pause is None or pause >= end.left():
                raise
            failed.append(failure)
            deps.sleep(pause)
        else:
            reply.attempts = tuple(failed)
            return reply


def _require_privacy(call: Call, deps: Deps) -> None:
    origin: Origin = call.origin
    deps.allow_host(origin.host, origin.port)
    keyed = {"authorization", "x-api-key"} & {name.lower() for name in call.headers}
    if keyed and origin.scheme == "http" and not origin.loopback:
        raise Failure("permission_denied", f"{origin} is not encrypted: a key is not sent there")


def _once(call: Call, deadline: Deadline, deps: Deps) -> dict[str, object]:
    response = exchange(call.origin, "POST", call.target, call.headers, call.body, deadline)
    where = str(call.origin)
    if response.status != 200:
        error = error_in(response.body)
        failure = status_failure(response, where, words_of(error), deps.redactor)
        raise _refined(failure, error)
    answer = read_json(response.body, f"the answer of {where}", "malformed_output")
    if not isinstance(answer, dict):
        raise Failure("malformed_output", f"the answer of {where} is not a JSON object")
    return answer


def _refined(failure: HttpFailure, error: object) -> HttpFailure:
    """Two cases that a status alone does not tell: money has run out, and a filter has refused the prompt."""
    kinds = {error.get("code"), error.get("type")} if isinstance(error, dict) and _hashable(error) else set()
    if failure.code == "rate_limited" and "insufficient_quota" in kinds:
        failure.retryable = False
    if failure.code == "validation" and kinds & {"content_filter", "content_policy_violation"}:
        return HttpFailure("refused", failure.message, status=failure.status)
    return failure


def _hashable(error: dict[str, object]) -> bool:
    return all(isinstance(error.get(key), (str, int, type(None))) for key in ("code", "type"))


def _pause(failure: Failure, tries: int, request: Request, deps: Deps) -> float | None:
    """Seconds until the next attempt, None when there is none: exponential, between half and all of it by jitter."""
    if not failure.retryable or tries >= request.model.retries:
        return None
    pause = min(FIRST_PAUSE * 2.0**tries, LONGEST_PAUSE) * (0.5 + deps.jitter(tries + 1) / 2)
    asked = failure.retry_after if isinstance(failure, HttpFailure) else None
    return pause if asked is None else max(pause, asked)


def text_in(answer: Mapping[str, object], key: str) -> str:
    """A text field of an answer, "" when it is absent or something else."""
    value = answer.get(key)
    return value if isinstance(value, str) else ""


def count_in(answer: object, *keys: str) -> int:
    """A token count deep in an answer, 0 when it is absent or something else."""
    for key in keys:
        answer = answer.get(key) if isinstance(answer, dict) else None
    return answer if isinstance(answer, int) and not isinstance(answer, bool) and answer >= 0 else 0
