"""Budgets of workflows: what a call may use is reserved before it, and what it has used is settled after it."""

from __future__ import annotations

from .canonical import canonical, recorded
from .errors import Failure, restore_failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .models import Model
    from .run import Run

WARNED = 0.8  # part of a limit
BYTES = 3  # of a request, for which a token is reserved
UNANSWERED = ("auth", "not_found", "permission_denied", "rate_limited", "unavailable", "validation")
"""Failures of a model call for which nobody asks money. After any other one, as after an answer that does not say how many tokens it
has, all that was reserved counts as used."""
_UNITS = {"usd": "USD", "tokens": "tokens", "calls": "calls", "time": "seconds"}


class Budget:
    """The most that a workflow and those it calls may use: USD, tokens, calls of models and operations, seconds. `path` is that
    of its scope. Amounts that are reserved count as used until they are settled."""

    __slots__ = ("_limits", "_path", "_run", "_used", "deadline")

    def __init__(
        self, run: Run, path: str, usd: float | None, tokens: int | None, calls: int | None, time: float | None
    ) -> None:
        self._run = run
        self._path = path
        limits = {"usd": usd, "tokens": tokens, "calls": calls}
        self._limits = {what: limit for what, limit in limits.items() if limit is not None}
        self._used: dict[str, float] = dict.fromkeys(self._limits, 0)
        self.deadline: int | None = None  # µs since 1970
        run.recorded(f"{path}budget")  # a warning that the log has
        if time is not None:
            self.deadline = self._deadline(int(time * 1e9))

    def _deadline(self, nanos: int) -> int:
        if self._path == "":
            return self._run.begun + nanos // 1000
        return self._run.deadline(f"{self._path}budget", "budget", nanos)

    def request(self, step: str) -> None:
        """An operation is about to be called; raises Failure budget_exceeded when it may not be."""
        self.reserve(step, {"calls": 1})
        self.settle({}, {})

    def reserve(self, step: str, needed: dict[str, float]) -> None:
        """Something is about to be used by a step. What the log says of that is not asked again."""
        before = self._run.recorded(step)
        if "budget.exceeded" in before:
            raise restore_failure(recorded(before["budget.exceeded"])["failure"], step)
        if not before:
            self._require(step, needed)
        for what, amount in needed.items():
            if what in self._used:
                self._used[what] += amount

    def settle(self, reserved: dict[str, float], used: dict[str, float]) -> None:
        """What was reserved has not been used, but this."""
        for what, amount in reserved.items():
            if what in self._used:
                self._used[what] += used.get(what, 0) - amount
        for what, limit in self._limits.items():
            if self._used[what] >= limit * WARNED:
                self._warn(what, limit)

    def require_time(self, step: str) -> None:
        """Raises Failure budget_exceeded when the time is over."""
        self.reserve(step, {})

    def _require(self, step: str, needed: dict[str, float]) -> None:
        for what, limit in self._limits.items():
            if what in needed and self._used[what] + needed[what] > limit:
                self._exceeded(step, what, limit, self._used[what], needed[what])
        now = self._run.now()
        if self.deadline is not None and now >= self.deadline and self._run.performs:  # in a replay the log says when
            limit = (self.deadline - self._run.begun) / 1e6
            self._exceeded(step, "time", limit, (now - self._run.begun) / 1e6, None)

    def _exceeded(self, step: str, what: str, limit: float, used: float, needed: float | None) -> None:
        unit = _UNITS[what]
        more = f", and this step may need {needed:.6g} more" if needed is not None else ""
        message = f"the budget of {limit:.6g} {unit} is used up: {used:.6g} {unit} are used{more}"
        failure = {"error": "budget_exceeded", "message": message, "retryable": False}
        payload: dict[str, Any] = {"what": what, "limit": limit, "used": used, "failure": failure}
        self._run.append("budget.exceeded", step, canonical(payload))
        raise Failure("budget_exceeded", message, step=step)

    def _warn(self, what: str, limit: float) -> None:
        """The first time that most of a limit is used."""
        step = f"{self._path}budget"
        run = self._run
        if (
            run.performs
            and "budget.warned" not in run.recorded(step)
            and step not in run.shared.setdefault("warned", {})
        ):
            run.shared["warned"][step] = what
            run.append("budget.warned", step, canonical({"what": what, "limit": limit, "used": self._used[what]}))


def earliest(until: int, budgets: Iterable[Budget]) -> int:
    """The end of a wait, or of a budget's time if that comes before."""
    return min((until, *(budget.deadline for budget in budgets if budget.deadline is not None)))


def estimate(model: Model, size: int) -> dict[str, float]:
    """What a request of so many bytes may use: all the tokens that the model may answer, and one for every few bytes."""
    return spent(model, -(-size // BYTES), model.max_tokens)


def spent(model: Model, read: int, written: int) -> dict[str, float]:
    """What a call uses whose model reads and writes so many tokens."""
    usd = read * (model.input_price or 0.0) + written * (model.output_price or 0.0)
    return {"calls": 1, "tokens": read + written, "usd": usd / 1e6}
