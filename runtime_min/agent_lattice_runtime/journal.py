"""The log of one run: dense numbers from 1, times that never step back, each event hashed onto the one before."""

from __future__ import annotations

from json.encoder import encode_basestring
from time import time_ns

from .canonical import canonical, recorded
from .errors import Failure
from .hashing import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .redaction import Redactor

    # (seq, ts in µs since 1970, type, step, payload text, redaction text or None, hash)
    EventRow = tuple[int, int, str, str, str, str | None, bytes]

GENESIS = b""  # the hash before the first event

# status -> event type -> next status; any other event that is not of the run itself keeps a running run running
LIFECYCLE: Mapping[str, Mapping[str, str]] = {
    "new": {"run.queued": "queued", "run.started": "running"},
    "queued": {"run.started": "running"},
    "running": {
        "run.waiting": "waiting",
        "run.resumed": "running",
        "run.completed": "completed",
        "run.failed": "failed",
        "run.cancelled": "cancelled",
    },
    "waiting": {"run.resumed": "running"},
    "completed": {},
    "failed": {},
    "cancelled": {},
}
TERMINAL = ("completed", "failed", "cancelled")
ENDINGS = frozenset(f"run.{status}" for status in TERMINAL)  # the events that end a run
OUTSIDE = frozenset({"signal.received", "approval.decided", "effect.resolved", "run.cancelling"})
"""Events that somebody else than the driver of a run puts into its log; they leave its status as it is."""
_RUN_ID = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-")


class RunRow:
    """A run as the store lists it. `key` is None until it is stored; `head_*` are set when the run is over.

    `due` (µs since 1970) is when it wants to be driven again, None for never; `token` is a number while whoever has
    this row drives the run. `kept` is (status, due) as the store has them.
    """

    __slots__ = ("due", "head_hash", "head_seq", "kept", "key", "plan", "run_id", "status", "token", "workflow")

    def __init__(
        self,
        run_id: str,
        workflow: str,
        plan: str,
        *,
        key: int | None = None,
        status: str = "new",
        due: int | None = None,
        head_seq: int | None = None,
        head_hash: bytes | None = None,
    ) -> None:
        self.key = key
        self.run_id = run_id
        self.workflow = workflow
        self.plan = plan
        self.status = status
        self.due = due
        self.token: int | None = None
        self.head_seq = head_seq
        self.head_hash = head_hash
        self.kept = (status, due)

    @property
    def changed(self) -> bool:
        """Whether the store has another status or due."""
        return (self.status, self.due) != self.kept

    def refresh(self, status: str, due: int | None, head_seq: int | None, head_hash: bytes | None) -> None:
        """Become what the store has now."""
        self.status, self.due, self.head_seq, self.head_hash = status, due, head_seq, head_hash
        self.kept = (status, due)


def check_run_id(run_id: str) -> str:
    """`run_id` itself; raises Failure validation unless it is 1 to 100 letters, digits, dots, dashes, colons, _."""
    if not 0 < len(run_id) <= 100 or not _RUN_ID.issuperset(run_id):
        raise Failure("validation", f"not a run id: {run_id[:120]!r} (1 to 100 of A-Z a-z 0-9 . _ : -)")
    return run_id


def event_text(run_id: str, seq: int, ts: int, kind: str, step: str, payload: str, redaction: str | None) -> str:
    """The canonical JSON of an event: what its hash covers, and the form in which events are exported."""
    return (
        f'{{"payload":{payload},"redaction":{redaction or "null"},"run_id":"{run_id}","seq":{seq},'
        f'"step":{encode_basestring(step)},"ts":{ts},"type":"{kind}"}}'
    )


def event_hash(previous: bytes, text: str) -> bytes:
    """sha256 of the hash before and the event's canonical text, 32 bytes."""
    return sha256(previous + text.encode("utf-8", "surrogateescape")).digest()


def next_status(status: str, kind: str) -> str:
    """The status after an event of type `kind`; raises Failure conflict for what the lifecycle does not allow."""
    after = LIFECYCLE[status].get(kind)
    if after is not None:
        return after
    if (
        (status in ("queued", "running", "waiting"))
        if kind in OUTSIDE
        else (status == "running" and kind[:4] != "run.")
    ):
        return status
    raise Failure("conflict", f"a {status} run cannot have the event {kind}")


class Journal:
    """Appends events to `pending`; whoever drives the run commits them with the store and empties it."""

    __slots__ = ("_clock", "_redactor", "hash", "pending", "row", "seq", "ts")

    def __init__(
        self,
        row: RunRow,
        redactor: Redactor,
        last: EventRow | None = None,
        clock: Callable[[], int] = time_ns,
    ) -> None:
        self.row = row
        self.seq, self.ts, self.hash = (last[0], last[1], last[6]) if last else (0, 0, GENESIS)
        self.pending: list[EventRow] = []
        self._clock = clock  # nanoseconds since 1970
        self._redactor = redactor

    def append(self, kind: str, step: str, payload: str, secrets: Iterable[str] = ()) -> None:
        """Add an event whose canonical payload text is `payload`; `secrets` names what was already cleared from it.

        Raises Failure conflict when the run's lifecycle does not allow the event.
        """
        redaction = None
        if self._redactor.active:
            payload, redaction = self._cleared(payload, set(secrets))
        row = self.row
        lifecycle = kind[:4] == "run."
        if lifecycle or row.status != "running":
            next_status(row.status, kind)
        ts = self._clock() // 1000
        if ts < self.ts:
            ts = self.ts
        seq = self.seq + 1
        text = event_text(row.run_id, seq, ts, kind, step, payload, redaction)
        digest = sha256(self.hash + text.encode()).digest()
        self.pending.append((seq, ts, kind, step, payload, redaction, digest))
        self.seq, self.ts, self.hash = seq, ts, digest
        if lifecycle:
            self._move(kind)

    def now(self) -> int:
        """The time in µs since 1970 that an event would have now: never before the last one's."""
        return max(self.ts, self._clock() // 1000)

    def _move(self, kind: str) -> None:
        row = self.row
        row.status = next_status(row.status, kind)
        if row.status == "running":
            row.due = None
        elif row.status in TERMINAL:
            row.head_seq, row.head_hash, row.due = self.seq, self.hash, None

    def rebase(self, tail: Sequence[EventRow]) -> None:
        """Put what is pending behind events that somebody else has stored meanwhile; raises Failure conflict when the
        lifecycle does not allow that."""
        pending = self.pending
        self.pending = []
        self.seq, self.ts, self.hash = tail[-1][0], tail[-1][1], tail[-1][6]
        for _, ts, kind, step, payload, redaction, _ in pending:
            seq, ts = self.seq + 1, max(ts, self.ts)
            self.hash = event_hash(self.hash, event_text(self.row.run_id, seq, ts, kind, step, payload, redaction))
            self.seq, self.ts = seq, ts
            self.pending.append((seq, ts, kind, step, payload, redaction, self.hash))
        if pending and self.row.status in TERMINAL:
            self.row.head_seq, self.row.head_hash = self.seq, self.hash

    def withdraw_waiting(self) -> None:
        """Take back the pending event run.waiting, before others are put in front of it: the run goes on after all."""
        if self.pending and self.pending[-1][2] == "run.waiting":
            del self.pending[-1]
            self.row.status, self.row.due = "running", None

    def settle(self) -> None:
        """Make everything agree with `pending` again after an interruption in the middle of `append`."""
        if self.pending and self.pending[-1][0] != self.seq:
            self.seq, self.ts, kind, _, _, _, self.hash = self.pending[-1]
            if kind[:4] == "run.":
                self._move(kind)

    def _cleared(self, payload: str, found: set[str]) -> tuple[str, str | None]:
        if self._redactor.found_in(payload):
            payload = canonical(self._redactor.value(recorded(payload), found))
        said: dict[str, object] = {"secrets": sorted(found)} if found else {}
        if self._redactor.labelled:
            from .labels import labels_in

            if labels := labels_in(payload):
                said["labels"] = labels
        return payload, canonical(said) if said else None
