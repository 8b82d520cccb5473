"""The state of one run while it is driven: its log, what is already recorded, what its steps may touch."""

from __future__ import annotations

from time import sleep, time_ns

from .branches import Cancelled, as_failure
from .canonical import canonical, recorded
from .errors import Divergence, Failure, causes, failure_payload
from .history import cancellation, require_same
from .journal import Journal
from .models import Deps, decode
from .permissions import NOTHING, Denied
from .received import Received

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .branches import Body, Task
    from .compensation import Undo, Undone
    from .history import History
    from .journal import EventRow, RunRow
    from .models import Workflow
    from .redaction import Redactor
    from .testing import Mocks
    from .yielded import Call, Pause

    OnEvent = Callable[[RunRow, EventRow], None]  # called after the commit of each event
    OnNotice = Callable[[str, str, str], None]  # (run id, step, what) when an effect starts: for people only

FORMAT = 3  # version of the event catalogue, in run.started


class Setting:
    """Where a run takes place: `folder` of scripted replies, `tools` folder of Python tools, stand-ins, listeners. `clock` gives
    nanoseconds since 1970, `sleep` takes seconds; for waits of up to `patience` seconds the process is kept, of up to `linger`
    where a run waits for nothing but time."""

    __slots__ = (
        "clock",
        "folder",
        "instant",
        "linger",
        "mocks",
        "on_event",
        "on_notice",
        "patience",
        "scripted",
        "sleep",
        "tools",
    )

    def __init__(
        self,
        *,
        scripted: object = None,
        folder: str = ".",
        tools: str = "",
        mocks: Mocks | None = None,
        on_event: OnEvent | None = None,
        on_notice: OnNotice | None = None,
        clock: Callable[[], int] = time_ns,
        sleep: Callable[[float], None] = sleep,
        patience: float = 1.0,
        linger: float = 0.0,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self.patience = patience
        self.linger = linger
        self.scripted = scripted
        self.folder = folder
        self.tools = tools or _own_tools()
        self.mocks = mocks
        self.instant = mocks is not None and mocks.instant  # whether waiting takes no time
        self.on_event = on_event
        self.on_notice = on_notice


def _own_tools() -> str:
    """The `_tools` folder beside the vendored runtime, also inside an archive."""
    return __file__.replace("\\", "/").rsplit("/", 2)[0] + "/_tools"


class Run:
    """One run. `append` adds an event to its log; `history` is None for a new run; `performs` is false in a replay.

    When it is `over`, `failure` or else `result` is its outcome, unless it is `suspended`: then `waits` says for what. The
    loop keeps here which of its coroutines are `paused` and how many are `active`; `undone` is what to take back if it fails,
    `compensating` whether that has begun.
    """

    __slots__ = (
        "_behind",
        "_resuming",
        "active",
        "announces",
        "append",
        "begun",
        "compensating",
        "dirty",
        "failure",
        "grants",
        "history",
        "intended",
        "journal",
        "over",
        "paused",
        "performs",
        "places",
        "received",
        "redactor",
        "result",
        "root",
        "setting",
        "shared",
        "suspended",
        "undone",
        "waits",
        "workflow",
    )

    def __init__(
        self,
        workflow: Workflow,
        row: RunRow,
        redactor: Redactor,
        setting: Setting,
        history: History | None = None,
        performs: bool = True,
    ) -> None:
        self.workflow = workflow
        self.grants = workflow.grants
        self.journal = Journal(row, redactor, history.last if history else None, setting.clock)
        self.redactor = redactor
        self.setting = setting
        self.history = history
        self.performs = performs
        self.received = history.received if history else Received()
        self.places: dict[str, int] = (
            dict(history.places) if history else {}
        )  # numbers of the events that settle writes
        self.intended: dict[str, int] = dict(history.intended) if history else {}  # and when they were begun, in µs
        self.begun = history.begun if history else 0  # when it was started, in µs since 1970
        self.shared: dict[str, Any] = {}
        self.dirty = False
        self.over = False
        self.suspended = False
        self.compensating = False
        self.active = 0
        self.root: Task | None = None
        self.paused: dict[Task, Pause] = {}
        self.waits: list[dict[str, object]] = []
        self.undone: Undone | None = None
        self.result: object = None
        self.failure: Failure | None = None
        self._resuming = history is not None
        self._behind = history is not None and performs
        self.announces = self._resuming or setting.on_notice is not None  # whether `announce` has more to do
        self.append: Callable[..., None] = self.journal.append
        if history is not None:
            self.append = self._append_first if performs else self._unrecorded

    def _append_first(self, kind: str, step: str, payload: str, secrets: Sequence[str] = ()) -> None:
        """The first new event of a resumed run is preceded by the note that it was resumed."""
        self.mark_resumed()
        self.journal.append(kind, step, payload, secrets)

    def _unrecorded(self, kind: str, step: str, payload: str, secrets: Sequence[str] = ()) -> None:
        """In a replay nothing is appended; what a finished run should have recorded, and has not, is a divergence."""
        if self.history is not None and not self.history.cut:
            from .divergences import more_of

            raise more_of(step, kind, payload)

    def mark_resumed(self) -> None:
        """From here on the run does new things."""
        if self._resuming:
            self._resuming = False
            self.append = self.journal.append
            kind = "run.started" if self.journal.row.status == "queued" else "run.resumed"
            self.journal.append(kind, "", canonical({"plan": str(self.workflow.manifest.get("plan", ""))}))

    def announce(self, call: Call) -> None:
        """An effect is about to start: its intent goes into the log, and people may be told. The run is over when the code
        has left the log."""
        if self._behind and not self.compensating and self._strays(call):
            return
        if self._resuming:
            self.mark_resumed()
        if call.intent is not None:
            self.append(*call.intent)
        if self.setting.on_notice is not None:
            self.setting.on_notice(self.journal.row.run_id, call.step, call.what)

    def recorded(self, step: str) -> Mapping[str, str]:
        """The payload texts of a step's recorded events by type."""
        return {} if self.history is None else self.history.at(step)

    def note(self, kind: str, step: str, payload: Mapping[str, object], secrets: Sequence[str] = ()) -> None:
        """Append an event that follows from what is recorded before it, unless it is recorded too; when it is and
        says something else, the code has changed: Divergence."""
        text = canonical(payload)
        before = self.recorded(step).get(kind)
        if before is None:
            self.append(kind, step, text, secrets)
        else:
            require_same(step, kind, before, text)

    def grant(self, static: str, step: str, kind: str, item: str) -> Any:
        """The grant of a step; raises Denied, after an event that says so, when `item` is not in it."""
        grant = self.grants.get(static, NOTHING)
        if item not in getattr(grant, kind):
            try:
                grant.require(kind, item, step)
            except Denied as denied:
                self.denied(denied)
                raise
        return grant

    def denied(self, denied: Denied) -> None:
        """Record that something was refused."""
        payload = {"item": denied.item, "kind": denied.kind, "message": denied.message}
        self.note("policy.denied", denied.step, payload)

    def deps(self, step: str, grant: Any, key: str | None = None) -> Deps:
        """What the effect of a step is given."""
        setting = self.setting
        seed = self.journal.row.run_id
        return Deps(step, grant, self.redactor, key, setting.scripted, setting.folder, setting.tools, self.shared, seed)

    def cleared(self, failure: Failure, step: str, found: set[str] | None = None) -> Failure:
        """The failure as it may be stored, shown and raised: with its step, without secrets, whose names are added to
        `found`."""
        text = self.redactor.text
        details = tuple(text(line, found) for line in failure.details)
        clean = Failure(failure.code, text(failure.message, found), details=details, retryable=failure.retryable)
        clean.step = failure.step or step
        clean.retry_after = failure.retry_after
        return clean

    def now(self) -> int:
        """The time in µs since 1970."""
        return self.journal.now()

    def deadline(self, step: str, kind: str, nanos: int) -> int:
        """When a wait of a step that begins now, or has begun before, is over: µs since 1970. Durable with the next commit."""
        before = self.recorded(step).get("timer.set")
        if before is not None:
            timer = recorded(before)
            require_same(step, "kind of wait", str(timer.get("kind")), kind)
            return int(timer["until"])
        until = self.now() + max(0, nanos // 1000)
        self.append("timer.set", step, canonical({"kind": kind, "until": until}))
        return until

    def let_go(self) -> None:
        """The log says that the run waits: nothing of it is left in this process."""
        self.over = True
        self._close_paused()

    def _close_paused(self) -> None:
        if self.paused:
            from .pauses import woken

            for task in woken(self):
                task.body.close()

    def remember(self, path: str, step: str, static: str, undo: Callable[[Any], Undo], result: object) -> None:
        """A try of a step has done something that is to be taken back if the run does not end well."""
        if self.undone is None:
            from .compensation import Undone

            self.undone = Undone()
        self.undone.add(self.places.get(path, 0), step, static, undo, result)

    def take_in(self, tail: Sequence[EventRow]) -> None:
        """Events that somebody else has stored behind the last one that is known here."""
        for event in tail:
            self.received.add(event)
        if self.suspended:
            self.suspended = False
            self.journal.withdraw_waiting()
        self.journal.rebase(tail)

    def suspend(self) -> None:
        """Nothing goes on: the log says for what the run waits, and with that it is given up here. Where the code has left the log,
        what people and others have said to what the log asks would be lost: then nothing is written down."""
        from .pauses import waits

        if self._behind and not self.compensating:
            assert self.history is not None
            if left := self.history.unreached():
                self._leave_log(left, next(iter(self.paused.values())).step, None)
                return
            self._behind = False
        self.waits = waits(self)
        self.append("run.waiting", "", canonical({"on": self.waits}))
        self.journal.row.due = min(pause.until for pause in self.paused.values())
        self.suspended = True

    def finish(self, value: object, error: BaseException | None) -> Body | None:
        """The body has come to its end: record how. A divergence leaves the log as it is. Where the run has done what is to be
        taken back, the coroutine that does that comes first, and is given back."""
        if isinstance(error, Divergence):
            self.abort(error)
            return None
        if error is None and not self.compensating:
            error = self._unusable(value)
        if error is not None and self.undone is not None and not self.compensating:
            from .compensation import compensated

            self.compensating = True
            return compensated(self, self.undone, error)
        self._record_end(error)
        return None

    def _unusable(self, value: object) -> Failure | None:
        """What is wrong with the result; None when it can be recorded."""
        try:
            self.result = decode(self.workflow.output, value, "the result")
            canonical(self.result)
        except Failure as invalid:
            return invalid
        return None

    def _record_end(self, error: BaseException | None) -> None:
        if error is None:
            kind, text = "run.completed", canonical({"result": self.result})
        elif isinstance(error, Cancelled) and self.received.cancelling is not None:
            message = str(self.received.cancelling.get("message", ""))
            self.result, self.failure = None, cancellation(message)
            kind, text = "run.cancelled", canonical({"message": message} | self._undone())
        else:
            self.result, self.failure = None, self.cleared(as_failure(error), "")
            payload = failure_payload(self.failure) | ({"step": self.failure.step} if self.failure.step else {})
            kind, text = "run.failed", canonical(payload | self._undone() | causes(self.failure, error))
        if self.history is not None and self.history.ended:
            self._compare(kind, text)
        elif self._behind and not self.compensating and self.history is not None and (left := self.history.unreached()):
            self._miss(left[0])
        elif self.performs:
            self.append(kind, "", text)
        self.over = True

    def _undone(self) -> dict[str, object]:
        return {} if self.undone is None else {"compensations": self.undone.report()}

    def _compare(self, kind: str, text: str) -> None:
        """A replay of a run that is over must end in the same way, after the same steps."""
        history = self.history
        assert history is not None
        if left := history.unreached():
            self._miss(left[0])
            return
        ended, now = f"run.{history.status} {_outcome(history.ended)}", f"{kind} {_outcome(recorded(text))}"
        if ended != now:
            from .divergences import ended_otherwise

            self.abort(ended_otherwise(ended, now))

    def _miss(self, step: str) -> None:
        """The code has come to its end without a step that the log has."""
        from .divergences import missing

        assert self.history is not None
        self.abort(missing(self.history, step, self.grants))

    def end_of_log(self, step: str, call: Call | None = None) -> None:
        """A replay has come to an effect that is not recorded: the end of an unfinished run, else a divergence."""
        history = self.history
        assert history is not None
        left = history.unreached()
        if history.cut and not left:
            self.over = True
            self.failure = history.failure()
        else:
            self._leave_log(left, step, call)

    def _leave_log(self, left: list[str], step: str, call: Call | None) -> None:
        from .divergences import unrecorded

        assert self.history is not None
        self.abort(unrecorded(self.history, left, call, step, self.grants))

    def _strays(self, call: Call) -> bool:
        """Whether a resumed run comes to its first new effect without having come to all that its log has: the code is another one
        then, and what is done already could be done again under another name."""
        self._behind = False
        assert self.history is not None
        if left := self.history.unreached():
            self._leave_log(left, call.step, call)
        return self.over

    def cancelling(self, message: str) -> bool:
        """Who drives the run cancels it, unless somebody has."""
        if self.received.cancelling is not None:
            return False
        self.mark_resumed()
        found: set[str] = set()
        payload = {"delivery": f"event {self.journal.seq + 1}", "message": self.redactor.text(message, found)}
        self.received.cancelling = payload
        self.append("run.cancelling", "", canonical(payload), sorted(found))
        return True

    def abort(self, failure: Failure) -> None:
        """Stop without another event. Nobody waits in it any more: the loop would wait with it, perhaps for days."""
        if self._behind and isinstance(failure, Divergence):
            self.journal.pending = []  # nothing has been done yet that it could be about
        self.over = True
        self.suspended = False
        self.failure = failure
        self.result = None
        self._close_paused()

    def leave(self) -> None:
        """Close what calls have opened for the whole run."""
        for thing in self.shared.values():
            if (close := getattr(thing, "close", None)) is not None:
                close()

    def committed(self, events: Sequence[EventRow]) -> None:
        """These events are durable: whoever listens may see them."""
        if self.setting.on_event is not None:
            for event in events:
                self.setting.on_event(self.journal.row, event)


def _outcome(payload: Mapping[str, object]) -> str:
    """What a run has ended in; the chain of causes may say more in one version of the runtime than in another."""
    return canonical({name: value for name, value in payload.items() if name != "cause"})
