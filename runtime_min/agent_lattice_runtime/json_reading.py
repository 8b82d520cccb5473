"""Reading JSON that others wrote: any bytes give a value or a Failure, never another exception."""

from __future__ import annotations

from .canonical import canonical, parse
from .errors import Failure


def read_json(raw: bytes, what: str, code: str = "validation") -> object:
    """The value of a JSON text in UTF-8. Raises Failure `code` with `what` and the place of the mistake, also for
    what could not be stored later: lone surrogates, too many levels."""
    try:
        value = parse(raw, what)
    except Failure as failure:
        raise Failure(code, failure.message) from None
    try:
        canonical(value)
    except Failure as failure:
        raise Failure(code, f"{what}: {failure.message}") from None
    return value
