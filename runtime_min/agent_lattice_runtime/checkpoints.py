"""What is left of a run that was pruned. Checkpoints are a log, too: numbered from 1, each hashed onto the one before."""

from __future__ import annotations

from .canonical import canonical
from .journal import GENESIS, event_hash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .journal import RunRow


class Checkpoint:
    """The end of a finished run whose events are gone: how many there were and the hash of the last one, and the times of
    the first and the last, in µs since 1970. `hash` is set when it has its place in the log of checkpoints."""

    __slots__ = ("ended", "hash", "head_hash", "head_seq", "number", "plan", "run_id", "started", "status", "workflow")

    def __init__(
        self,
        run_id: str,
        workflow: str,
        plan: str,
        status: str,
        head_seq: int,
        head_hash: bytes,
        started: int,
        ended: int,
        number: int = 0,
        hash: bytes = b"",
    ) -> None:
        self.run_id = run_id
        self.workflow = workflow
        self.plan = plan
        self.status = status
        self.head_seq = head_seq
        self.head_hash = head_hash
        self.started = started
        self.ended = ended
        self.number = number
        self.hash = hash

    def follow(self, last: tuple[int, bytes] | None) -> None:
        """Take the place behind the checkpoint with that number and hash, or the first one."""
        number, previous = last or (0, GENESIS)
        self.number = number + 1
        self.hash = event_hash(previous, self.text())

    def text(self) -> str:
        """Its canonical JSON: what its hash covers."""
        fields: dict[str, object] = {name: getattr(self, name) for name in _COVERED}
        return canonical(fields | {"head_hash": bytes(self.head_hash).hex()})


_COVERED = ("ended", "head_seq", "number", "plan", "run_id", "started", "status", "workflow")


def checkpoint_of(row: RunRow, started: int, ended: int) -> Checkpoint:
    """What is to be left of a finished run."""
    assert row.head_seq is not None and row.head_hash is not None
    return Checkpoint(row.run_id, row.workflow, row.plan, row.status, row.head_seq, row.head_hash, started, ended)


def first_broken(checkpoints: Sequence[Checkpoint]) -> tuple[str, str] | None:
    """The run of the first checkpoint that is not as it was written, and what is wrong with it."""
    previous = GENESIS
    for number, checkpoint in enumerate(checkpoints, 1):
        if checkpoint.number != number:
            return checkpoint.run_id, f"the checkpoint before it, number {number}, is missing (dropped)"
        try:
            right = event_hash(previous, checkpoint.text()) == checkpoint.hash
        except (TypeError, ValueError, AttributeError):
            right = False
        if not right:
            return checkpoint.run_id, f"its checkpoint, number {number}, was altered, or the one before it"
        previous = checkpoint.hash
    return None
