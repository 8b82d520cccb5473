"""The closed error catalogue: the same classes in the language, the events, the tests and the exit codes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

CATALOGUE: Mapping[str, tuple[bool, str]] = {
    # class: (retryable, meaning)
    "timeout": (True, "the other side did not answer in time"),
    "auth": (False, "a credential is missing or was rejected"),
    "rate_limited": (True, "the other side asks to slow down"),
    "unavailable": (True, "the other side cannot be reached or is out of order"),
    "malformed_output": (False, "an answer is not in the form that was asked for"),
    "refused": (False, "the model or the service declined the request"),
    "budget_exceeded": (False, "a limit on money, tokens or time is used up"),
    "permission_denied": (False, "the manifest does not allow this"),
    "validation": (False, "a value is not of its declared type or breaks a rule"),
    "conflict": (False, "the state is not what this step needs it to be"),
    "not_found": (False, "what was asked for does not exist"),
    "cancelled": (False, "the work was stopped before it was done"),
    "in_doubt": (False, "a write was started and nobody knows whether it happened"),
    "internal": (False, "a defect in the workflow's tools or in the runtime"),
}


class Failure(Exception):
    """A typed failure of a step or a run.

    `code` is a class of CATALOGUE, `details` one line per single problem, `step` the path of the step that failed
    ("" outside of steps). `retryable` follows from the class unless it is given. An unknown code becomes `internal`.
    `attempts` are the failures of the tries before, oldest first, where something was tried more than once; `attempt` is
    which try of the step this is of, `retry_after` the seconds that the other side asks to wait, `unsent` whether nothing
    has left for the other side, `doubtful` whether it is of a write with a key that may have happened all the same.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        details: object = (),
        retryable: bool | None = None,
        step: str = "",
    ) -> None:
        super().__init__(message)
        if code not in CATALOGUE:
            code, message = "internal", f"unknown error class {code}: {message}"
        self.code = code
        self.message = message
        self.details: tuple[str, ...] = (
            tuple(str(line) for line in details) if isinstance(details, (list, tuple)) else (str(details),)
        )
        self.retryable = CATALOGUE[code][0] if retryable is None else retryable
        self.step = step
        self.attempts: tuple[Failure, ...] = ()
        self.attempt = 1
        self.retry_after: float | None = None
        self.unsent = False
        self.doubtful = False

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Divergence(Failure):
    """The code and the recorded log of a run disagree: `step` names where, the details hold both sides, `likely` is the edit that
    explains it ("" where none does)."""

    def __init__(self, message: str, *, step: str = "", details: object = (), likely: str = "") -> None:
        super().__init__("conflict", message, step=step, details=details)
        self.likely = likely


class StoreFailure(Failure):
    """The event store cannot be used: missing, foreign, damaged, locked, full or read-only."""


class Conflict(StoreFailure):
    """Another process has appended to the same run: this one must stop."""

    def __init__(self, message: str) -> None:
        super().__init__("conflict", message)


class Fenced(Conflict):
    """Another process has taken the run over: what this one knows of it is no longer true."""


def failure_payload(failure: Failure) -> dict[str, object]:
    """The part of an event payload that describes a failure; `restore_failure` reads it back."""
    payload: dict[str, object] = {"error": failure.code, "message": failure.message, "retryable": failure.retryable}
    if failure.details:
        payload["details"] = list(failure.details)
    return payload


def restore_failure(payload: Mapping[str, object], step: str) -> Failure:
    """The failure that `failure_payload` described, at `step`."""
    return Failure(
        str(payload.get("error", "internal")),
        str(payload.get("message", "")),
        details=payload.get("details", ()),
        retryable=bool(payload.get("retryable", False)),
        step=step,
    )


def causes(failure: Failure, error: BaseException) -> dict[str, object]:
    """How the last event of a run tells why: the step, its try, and the failures that led to this one, the latest first."""
    chain: list[dict[str, object]] = []
    before = error.__context__
    while before is not None and len(chain) < 10:
        if isinstance(before, Failure):
            chain.append({"error": before.code, "message": before.message, "step": before.step})
        before = before.__context__
    if not failure.step and not chain:
        return {}
    cause = {"attempt": getattr(error, "attempt", 1), "chain": chain, "error": failure.code, "step": failure.step}
    return {"cause": cause}
