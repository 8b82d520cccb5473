"""Trying again: how often, after which failures, and how long to wait before."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .errors import Failure

HOLD = 60.0  # seconds for which a process is kept until the next try


class Retry:
    """At most `times` more tries after a failure of one of the classes `codes`. The pause before each doubles, from `first`
    to at most `longest` seconds; a part of it is drawn by lot, from the run's own seed."""

    __slots__ = ("codes", "first", "longest", "times")

    def __init__(self, times: int, first: float, longest: float, codes: tuple[str, ...]) -> None:
        self.times = times
        self.first = first
        self.longest = longest
        self.codes = codes

    def again(self, failure: Failure, attempt: int) -> bool:
        """Whether there is another try after this one, the `attempt`-th from 1."""
        return attempt <= self.times and failure.code in self.codes

    def pause(self, failure: Failure, attempt: int, lot: float) -> float:
        """Seconds to wait after the `attempt`-th try; `lot` is a number in [0, 1). What the other side asks for counts, within the
        bounds."""
        full = min(self.longest, self.first * 2.0 ** min(attempt - 1, 60))
        drawn = max(min(self.first, full), full * (0.5 + lot / 2))
        asked = getattr(failure, "retry_after", None) or 0.0
        return min(self.longest, max(drawn, asked))


def lot(seed: str, step: str, attempt: int) -> float:
    """A number in [0, 1) that depends only on the run, the step and the attempt."""
    from .hashing import sha256

    digest = sha256(f"{seed}\0{step}\0{attempt}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
