"""The state of one run while it is driven: its log, what is already recorded, what its steps may touch."""

from __future__ import annotations

from .branches import as_failure
from .canonical import canonical
from .errors import Divergence, Failure, failure_payload
from .history import cancellation, require_same
from .journal import Journal
from .models import Deps, decode
from .permissions import NOTHING, Denied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .engine import Call
    from .history import History
    from .journal import EventRow, RunRow
    from .models import Workflow
    from .redaction import Redactor
    from .testing import Mocks

    OnEvent = Callable[[RunRow, EventRow], None]  # called after the commit of each event
    OnNotice = Callable[[str, str, str], None]  # (run id, step, what) when an effect starts: for people only

FORMAT = 2  # version of the event catalogue, in run.started


class Setting:
    """Where a run takes place: `folder` of scripted replies, `tools` folder of Python tools, stand-ins, listeners."""

    __slots__ = ("folder", "mocks", "on_event", "on_notice", "scripted", "tools")

    def __init__(
        self,
        *,
        scripted: object = None,
        folder: str = ".",
        tools: str = "",
        mocks: Mocks | None = None,
        on_event: OnEvent | None = None,
        on_notice: OnNotice | None = None,
    ) -> None:
        self.scripted = scripted
        self.folder = folder
        self.tools = tools or _own_tools()
        self.mocks = mocks
        self.on_event = on_event
        self.on_notice = on_notice


def _own_tools() -> str:
    """The `_tools` folder beside the vendored runtime, also inside an archive."""
    return __file__.replace("\\", "/").rsplit("/", 2)[0] + "/_tools"


class Run:
    """One run. `append` adds an event to its log; `history` is None for a new run; `performs` is false in a replay.

    When it is `over`, `failure` or else `result` is its outcome.
    """

    __slots__ = (
        "_resuming",
        "announces",
        "append",
        "dirty",
        "failure",
        "grants",
        "history",
        "journal",
        "over",
        "performs",
        "redactor",
        "result",
        "setting",
        "shared",
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
        self.journal = Journal(row, redactor, history.last if history else None)
        self.redactor = redactor
        self.setting = setting
        self.history = history
        self.performs = performs
        self.shared: dict[str, Any] = {}
        self.dirty = False
        self.over = False
        self.result: object = None
        self.failure: Failure | None = None
        self._resuming = history is not None
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
            details = (f"the log says: nothing of {kind}", f"the code does: {payload[:300]}")
            raise Divergence(f"step {step} has an event that the log does not have", step=step, details=details)

    def mark_resumed(self) -> None:
        """From here on the run does new things."""
        if self._resuming:
            self._resuming = False
            self.append = self.journal.append
            self.journal.append("run.resumed", "", canonical({"plan": str(self.workflow.manifest.get("plan", ""))}))

    def announce(self, call: Call) -> None:
        """An effect is about to start: its intent goes into the log, and people may be told."""
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
        return clean

    def finish(self, value: object, error: BaseException | None) -> None:
        """The body has come to its end: record how. A divergence leaves the log as it is."""
        if isinstance(error, Divergence):
            self.abort(error)
            return
        payload: dict[str, object] = {}
        try:
            if error is None:
                self.result = decode(self.workflow.output, value, "the result")
                payload = {"result": self.result}
                text = canonical(payload)
        except Failure as invalid:
            error = invalid
        if error is not None:
            self.result, self.failure = None, self.cleared(as_failure(error), "")
            payload = failure_payload(self.failure) | ({"step": self.failure.step} if self.failure.step else {})
            text = canonical(payload)
        kind = "run.completed" if error is None else "run.failed"
        if self.history is not None and not self.history.cut:
            self._compare(kind, text)
        elif self.performs:
            self.append(kind, "", text)
        self.over = True

    def _compare(self, kind: str, text: str) -> None:
        """A replay of a run that is over must end in the same way, after the same steps."""
        history = self.history
        assert history is not None
        if left := history.unreached():
            self.abort(Divergence(f"the log has step {left[0]}, which the code does not reach", step=left[0]))
            return
        ended = f"run.{history.status} {canonical(history.ended)}"
        try:
            require_same("", "outcome", ended, f"{kind} {text}")
        except Divergence as divergence:
            divergence.message = "the run ends in another way than the log says"
            self.abort(divergence)

    def end_of_log(self, step: str) -> None:
        """A replay has come to an effect that is not recorded: the end of an unfinished run, else a divergence."""
        history = self.history
        assert history is not None
        left = history.unreached()
        if history.cut and not left:
            self.over = True
            self.failure = history.failure()
            return
        details = (f"the log says: step {left[0]}" if left else f"the log says: run.{history.status}",)
        message = f"the code reaches step {step}, which the log does not have"
        self.abort(Divergence(message, step=step, details=(*details, f"the code does: step {step}")))

    def cancel(self, message: str) -> None:
        """Nobody wants the run any more: its last event says so, and why."""
        self.journal.append("run.cancelled", "", canonical({"message": message}))
        self.abort(cancellation(self.redactor.text(message)))

    def abort(self, failure: Failure) -> None:
        """Stop without another event."""
        self.over = True
        self.failure = failure
        self.result = None

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
