"""Asking people: what they are shown is recorded, and only who was shown exactly that has decided it."""

from __future__ import annotations

from .canonical import canonical, recorded
from .errors import Failure
from .hashing import sha256
from .history import require_same
from .models import decode
from .waiting import answered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .budgets import Budget
    from .context import Time
    from .models import Check
    from .run import Run


class Asked:
    """A question to people in a role, with the values that are shown beside it and may be changed."""

    __slots__ = ("check", "question", "role", "static", "step", "values")

    def __init__(
        self, step: str, static: str, role: str, question: str, values: Mapping[str, Any], check: Check | None
    ) -> None:
        self.step = step
        self.static = static
        self.role = role
        self.question = question
        self.values = values
        self.check = check

    def payload(self, run: Run, found: set[str]) -> dict[str, Any]:
        """What people are shown, without secrets, and its digest."""
        shown = {
            "question": run.redactor.text(self.question, found),
            "values": recorded(canonical(run.redactor.value(self.values, found))),
        }
        return {"role": self.role, **shown, "shown": sha256(canonical(shown).encode()).hexdigest()}


async def approved(
    run: Run, asked: Asked, within: Time, otherwise: str, budgets: Sequence[Budget] = ()
) -> dict[str, Any]:
    """What was decided: approved, by, reason, and the values as they were shown or changed. Raises Failure timeout when nobody
    has decided in time and `otherwise` is fail."""
    mocks = run.setting.mocks
    if mocks is not None and (given := mocks.approval(asked.static, asked.role, asked.step)) is not None:
        return _decision(asked, given)
    until, shown = _requested(run, asked, within)
    about = {"kind": "approval", "role": asked.role}
    said = await answered(
        run, asked.step, until, about, lambda: run.received.decision(asked.step, until, shown), budgets
    )
    if said is None:
        run.note("timer.fired", asked.step, {})
        if otherwise == "fail":
            raise Failure("timeout", f"nobody in the role {asked.role} has decided in time", step=asked.step)
        said = {"approved": otherwise == "approve", "by": "", "reason": "nobody has decided in time"}
    return _decision(asked, said)


def _requested(run: Run, asked: Asked, within: Time) -> tuple[int, str]:
    """Until when the question is open, and the digest of what is shown. A log that says something else was shown is a Divergence."""
    found: set[str] = set()
    payload = asked.payload(run, found)
    before = run.recorded(asked.step).get("approval.requested")
    if before is not None:
        said = recorded(before)
        until = int(said.pop("until"))
        require_same(asked.step, "question", canonical(said), canonical(payload))
        return until, str(payload["shown"])
    until = run.now() + within.nanos // 1000
    run.append("approval.requested", asked.step, canonical(payload | {"until": until}), found)
    return until, str(payload["shown"])


def _decision(asked: Asked, said: Mapping[str, Any]) -> dict[str, Any]:
    values: Any = dict(asked.values)
    changed = said.get("values")
    if changed and said.get("approved"):
        values = recorded(canonical(values)) | dict(changed)
        if asked.check is not None:
            values = decode(asked.check, values, f"what was approved at {asked.step}")
    return {
        "approved": bool(said.get("approved")),
        "by": said.get("by", ""),
        "reason": said.get("reason", ""),
        **values,
    }
