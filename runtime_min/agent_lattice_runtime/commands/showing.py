"""How commands show values, failures and times."""

from __future__ import annotations

from ..canonical import canonical, recorded
from ..errors import Failure, failure_payload
from ..progress import printable


def pretty(value: object) -> str:
    """JSON for people, in the same wire form as everywhere."""
    from json import dumps

    return dumps(recorded(canonical(value)), indent=2, ensure_ascii=False)


def described(failure: Failure) -> dict[str, object]:
    """A failure as data, with its step."""
    return failure_payload(failure) | {"step": failure.step}


def explained(failure: Failure) -> str:
    """A failure with its step and its details, a line each."""
    where = f"step {failure.step}: " if failure.step else ""
    details = [detail for detail in failure.details if detail not in failure.message]
    lines = [f"{where}{failure.code}: {failure.message}", *(f"  {detail}" for detail in details)]
    if likely := getattr(failure, "likely", ""):
        lines.append(f"  likely: {likely}")
    return "\n".join(printable(line, 2000) for line in lines)


def moment(ts: int) -> str:
    """Microseconds since 1970 as a time in UTC."""
    from time import gmtime, strftime

    return f"{strftime('%Y-%m-%dT%H:%M:%S', gmtime(ts // 1_000_000))}.{ts % 1_000_000 // 1000:03}Z"
