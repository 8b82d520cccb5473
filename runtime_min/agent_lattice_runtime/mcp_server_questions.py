"""Asks the person at the client, by a form of the client, what runs ask people: one question after the other."""

from __future__ import annotations

from contextlib import suppress
from threading import Condition, Thread
from time import time_ns

from .canonical import recorded
from .commands.deliveries import user
from .deliveries import decide, static_id
from .errors import Failure
from .execute import find_run
from .journal import TERMINAL
from .mcp_server_deliveries import waits_of
from .mcp_server_forms import Form
from .mcp_server_wire import notification, request
from .standing import Standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .journal import EventRow, RunRow
    from .mcp_server_runs import Runs
    from .mcp_server_wire import Message, Wire
    from .models import Workflow

    Key = tuple[str, str]  # run and step

SINCE = "2025-06-18"  # the first version of the protocol with forms
_DEFAULTS = "2025-11-25"  # the first one with defaults other than for booleans
_LONGEST = 3600.0  # seconds between two looks whether a question is still open
_TRIES = 3  # forms for one question whose answers cannot be taken


class Questions:
    """Questions of the runs that the client has called, to people in `roles`: whoever starts the server says which the person at
    the client has. Without a role, or where the client shows no forms, nobody is asked here, and runs wait for others."""

    def __init__(self, wire: Wire, workflow: Workflow, runs: Runs, roles: Sequence[str], by: str | None) -> None:
        self._wire = wire
        self._workflow = workflow
        self._runs = runs
        self._roles = frozenset(roles)
        self._by = by or user()
        self._client = ""
        self._version = ""
        self._pending: dict[Key, Mapping[str, Any]] = {}
        self._changed = Condition()
        self._count = 0
        self._form: str | None = None  # the id of the form that is shown
        self._answer: Message | None = None
        self._stale = self._closed = False

    def meet(self, version: str, params: Mapping[str, Any]) -> None:
        """The client has introduced itself; what it can do is in the parameters of `initialize`."""
        capabilities, info = params.get("capabilities"), params.get("clientInfo")
        able = capabilities.get("elicitation") if isinstance(capabilities, dict) else None
        if not self._roles or version < SINCE or not isinstance(able, dict) or (able and "form" not in able):
            return
        name = info.get("name") if isinstance(info, dict) else None
        self._client = name[:100] if isinstance(name, str) else "an MCP client"
        if not self._version:
            Thread(target=self._work, name="questions", daemon=True).start()
        self._version = version

    def event(self, row: RunRow, event: EventRow) -> None:
        """The listener: a run asks something, or has gone on."""
        if not self._version or row.run_id not in self._runs.called:
            return
        if event[2] == "approval.requested":
            self._put(row.run_id, {event[3]: recorded(event[4])})
        elif self.open(row.run_id):
            self._look()

    def look(self, run_id: str) -> None:
        """Ask again what a run asks that was there before."""
        if self._version:
            with suppress(Failure), self._runs.store(readonly=True) as store:
                if store.find(run_id) is not None:
                    self._put(run_id, Standing(store.events(find_run(store, run_id)), time_ns() // 1000).asked)

    def open(self, run_id: str) -> bool:
        """Whether the person at the client is asked something for a run, or is about to be."""
        return any(key[0] == run_id for key in tuple(self._pending))

    def answered(self, id: object, message: Message) -> None:
        """The client answers a request of ours."""
        with self._changed:
            if id == self._form and id is not None:
                self._answer = message
                self._changed.notify_all()

    def close(self) -> None:
        """The client is gone: nobody is asked any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _put(self, run_id: str, asked: Mapping[str, Mapping[str, Any]]) -> None:
        with self._changed:
            for step, payload in asked.items():
                if payload["role"] in self._roles:
                    self._pending.setdefault((run_id, step), payload)
            self._changed.notify_all()

    def _look(self) -> None:
        with self._changed:
            self._stale = True
            self._changed.notify_all()

    def _work(self) -> None:
        while (key := self._next()) is not None:
            with suppress(Failure):  # when the store is out of order, the run waits for others
                self._ask(*key, self._pending[key])
            with self._changed:
                del self._pending[key]

    def _next(self) -> Key | None:
        with self._changed:
            while not self._pending and not self._closed:
                self._changed.wait()
            return None if self._closed else next(iter(self._pending))

    def _ask(self, run_id: str, step: str, asked: Mapping[str, Any]) -> None:
        values = waits_of(self._workflow.manifest, static_id(step))["values"]
        about = f"{self._workflow.name}, run {run_id}, step {step},"
        form, trouble = Form(about, asked, values, defaults=self._version >= _DEFAULTS), ""
        for _ in range(_TRIES):
            answer = self._shown(form.params(trouble), run_id, step) if self._left(run_id, step) else None
            result = None if answer is None else answer.get("result")
            action = result.get("action") if isinstance(result, dict) else None
            if result is None or action not in ("accept", "decline"):
                return
            content = result.get("content")
            changes = form.changes(content if isinstance(content, dict) else {}) if action == "accept" else {}
            if changes is None:
                trouble = "it was sent without a yes; to say no, decline"
                continue
            if not (trouble := self._decided(run_id, step, asked, action == "accept", changes)):
                return

    def _decided(
        self, run_id: str, step: str, asked: Mapping[str, Any], approved: bool, changes: Mapping[str, Any]
    ) -> str:
        """Put the decision into the log and go on with the run; what is wrong with it, if it can be mended."""
        reason = f"{'accepted' if approved else 'declined'} in {self._client}"
        try:
            with self._runs.store() as store:
                about = {"by": self._by, "reason": reason, "values": changes, "shown": asked["shown"]}
                decide(self._workflow, store, run_id, step, approved, **about)
            self._runs.resume(self._workflow, run_id).look()
        except Failure as failure:
            return failure.message if failure.code == "validation" else ""
        return ""

    def _shown(self, params: Mapping[str, Any], run_id: str, step: str) -> Message | None:
        """What the client answers to a form; None when nobody is asked any more, and the form is withdrawn."""
        with self._changed:
            self._count += 1
            self._form, self._answer = f"form-{self._count}", None
            self._wire.send(request(self._form, "elicitation/create", params))
        try:
            while self._answer is None and (left := self._left(run_id, step)) > 0:
                with self._changed:
                    self._changed.wait_for(lambda: self._answer or self._stale or self._closed, left)
                    self._stale = False
        finally:
            with self._changed:
                if self._answer is None:
                    about = {"requestId": self._form, "reason": "nobody is asked any more"}
                    self._wire.send(notification("notifications/cancelled", about))
                self._form = None
        return self._answer

    def _left(self, run_id: str, step: str) -> float:
        """For how many seconds the question is still open, as far as can be known now; 0.0 when it is not."""
        with self._runs.store(readonly=True) as store:
            row = find_run(store, run_id)
            asked = Standing(store.events(row), time_ns() // 1000).asked.get(step)
        if asked is None or row.status in TERMINAL or self._closed:
            return 0.0
        return max(0.0, min(_LONGEST, int(asked["until"]) / 1e6 - time_ns() / 1e9))
