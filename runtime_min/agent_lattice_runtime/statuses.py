"""HTTP statuses in the words of the error catalogue."""

from __future__ import annotations

from .errors import Failure
from .json_reading import read_json
from .transport import MAX_MESSAGE, HttpFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .redaction import Redactor
    from .transport import Response

MAX_WAIT = 24 * 3600.0  # seconds; a longer `retry-after` says the same: not now

_CODES = {
    401: "auth",
    402: "auth",
    403: "auth",
    404: "not_found",
    408: "timeout",
    409: "conflict",
    410: "not_found",
    425: "unavailable",
    429: "rate_limited",
    504: "timeout",
}
_MEANINGS = {
    "auth": "the credential was not accepted",
    "not_found": "there is nothing at this address",
    "timeout": "the service ran out of time",
    "conflict": "the service is in a state that does not allow this",
    "rate_limited": "the service asks to slow down",
    "unavailable": "the service is out of order",
    "validation": "the service does not accept the request",
}


def code_of(status: int) -> str:
    """The class of the catalogue for a status that is not a success."""
    if status in _CODES:
        return _CODES[status]
    return "validation" if 400 <= status < 500 else "unavailable"


def status_failure(response: Response, where: str, said: str, redactor: Redactor) -> HttpFailure:
    """The failure for an answer that is not a success; `said` are the service's own words, "" for none.

    A redirect is a failure too, and one that another attempt does not cure.
    """
    code = code_of(response.status)
    if response.status < 400:
        text = f"{where} answered {response.status} and points elsewhere, which is not followed"
        return HttpFailure(code, text, status=response.status, retryable=False)
    words = bounded(said, redactor) or _MEANINGS[code]
    retry_after = seconds_to_wait(response.headers)
    return HttpFailure(
        code, f"{where} answered {response.status}: {words}", status=response.status, retry_after=retry_after
    )


def error_in(body: bytes) -> object:
    """What a body says about an error: the object or text in the usual places, the text of one that is not JSON."""
    try:
        answer = read_json(body, "the error")
    except Failure:
        return body.decode(errors="replace")
    if not isinstance(answer, dict):
        return answer
    return next((answer[key] for key in ("error", "message", "detail", "title") if answer.get(key)), "")


def words_of(error: object) -> str:
    """What `error_in` found as one text, "" for none."""
    if isinstance(error, dict):
        return ": ".join(str(error[key]) for key in ("type", "message") if error.get(key))
    return error if isinstance(error, str) else ""


def bounded(said: str, redactor: Redactor) -> str:
    """The other side's words on one line and of limited length. Secrets go first: a cut could leave half of one."""
    line = " ".join("".join(c if c.isprintable() else " " for c in redactor.text(said)).split())
    return line if len(line) <= MAX_MESSAGE else line[: MAX_MESSAGE - 1] + "…"


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """What `retry-after` asks for, in seconds from 0 to MAX_WAIT; None when it is absent or unreadable.

    A date counts from the answer's own `date`, so that a wrong clock on this side does no harm.
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.replace(".", "", 1).isdigit():
        return min(float(asked), MAX_WAIT)
    at = _timestamp(asked)
    if at is None:
        return None
    now = _timestamp(headers.get("date", ""))
    return max(0.0, min(at - (_now() if now is None else now), MAX_WAIT))


def _timestamp(text: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _now() -> float:
    from time import time

    return time()
