"""The tools of a driven workflow: run it, look at a run, read its events, cancel it."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from time import time_ns

from .canonical import recorded
from .commands.outcomes import waits
from .deliveries import cancel
from .errors import Failure
from .execute import find_run, new_run_id
from .history import History
from .journal import TERMINAL
from .mcp_server_annotations import workflow_hints
from .mcp_server_deliveries import HINTS, deliveries
from .mcp_server_following import Following
from .mcp_server_methods import progress_token
from .mcp_server_results import COUNT, EVENTS, LIMIT, RUN_ID, described, failed, state_schema, succeeded
from .mcp_server_wire import INVALID_PARAMS, RpcError, notification
from .models import decode
from .progress import sentence
from .standing import Standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from .journal import EventRow, RunRow
    from .mcp_server_deliveries import Delivery
    from .mcp_server_methods import Request, Result
    from .mcp_server_questions import Questions
    from .mcp_server_runs import Going, Runs
    from .mcp_server_wire import Wire
    from .models import Workflow
    from .stores import Store

WAIT = 45.0  # seconds until a call is answered with the state of a run that goes on; clients often give up after 60
LONGEST = 3600.0  # seconds that a call may ask for
_STOPPING = 5.0  # seconds that a cancelled run may take to stop before its state is told


class Progress:
    """Tells a client of the events of a run until its request is answered."""

    def __init__(self, wire: Wire, token: object) -> None:
        self._wire = wire
        self._token = token
        self._lock = Lock()

    def event(self, row: RunRow, event: EventRow) -> None:
        """The listener."""
        with self._lock:
            if self._token is not None:
                words = sentence(row, event)[1] or event[2]
                params = {"progressToken": self._token, "progress": event[0], "message": words}
                self._wire.send(notification("notifications/progress", params))

    def close(self) -> None:
        """From here on nothing is told."""
        with self._lock:
            self._token = None


class WorkflowTools:
    """Runs of `workflow`; `wait` is how many seconds a call of it takes at most unless it says otherwise. What they ask people is
    among the `questions` to the person at the client."""

    def __init__(self, workflow: Workflow, doc: str, runs: Runs, wire: Wire, wait: float, questions: Questions) -> None:
        self._workflow = workflow
        self._doc = doc
        self._runs = runs
        self._wire = wire
        self._wait = wait
        self._questions = questions
        name = workflow.name
        parameters = workflow.manifest["input"]["properties"]
        self._run_id, self._seconds = (_free(wanted, parameters) for wanted in ("run_id", "wait_seconds"))
        self._calls: dict[str, Callable[[dict[str, Any], Request], Result]] = {
            name: self._run,
            f"{name}_status": self._status,
            f"{name}_events": self._events,
            f"{name}_cancel": self._cancel,
        }
        self._deliveries = {f"{name}_{delivery.word}": delivery for delivery in deliveries(workflow)}

    def call(self, name: str, arguments: Mapping[str, Any], request: Request) -> Result:
        if name not in self._calls and name not in self._deliveries:
            raise RpcError(INVALID_PARAMS, f"there is no tool {name}")
        try:
            if name in self._deliveries:
                return self._deliver(self._deliveries[name], dict(arguments), request)
            return self._calls[name](dict(arguments), request)
        except Failure as failure:
            return failed({"error": described(failure)})

    def described(self) -> list[Result]:
        name = self._workflow.name
        state = state_schema(self._workflow.manifest["output"])
        pages = {"after": COUNT | {"default": 0}, "limit": LIMIT}
        status = f"How a run of {name} stands: its status, last event, result or error."
        events = f"The log of a run of {name}: its events after number `after`."
        stop = f"Stop a run of {name} for good, after the effect that is going on."
        return [
            _tool(name, self._about(), self._input(), state, workflow_hints(self._workflow.manifest)),
            _tool(f"{name}_status", status, _about_run({}), state, _LOOKS),
            _tool(f"{name}_events", events, _about_run(pages), EVENTS, _LOOKS),
            _tool(f"{name}_cancel", stop, _about_run({"reason": {"type": "string"}}), state, _ENDS),
            *(
                _tool(f"{name}_{word}", f"{each.about} {_GOES_ON}", each.schema(self._waiting()), state, HINTS)
                for word, each in ((each.word, each) for each in self._deliveries.values())
            ),
        ]

    def _waiting(self) -> Result:
        wait = {"type": "number", "minimum": 0, "maximum": LONGEST, "default": self._wait}
        return {_SECONDS: wait | {"description": "Seconds to wait for the result."}}

    def _about(self) -> str:
        name, wait = self._workflow.name, self._seconds
        return (
            f"{self._doc or f'Runs the workflow {name}.'}\n\n"
            f"Gives the result of the run. A run that takes more than `{wait}` goes on: the answer then has the status "
            f"`running`, and {name}_status tells how it stands. A run that waits for somebody has the status `waiting`, and "
            f"`waiting_for` says for what. A run that was interrupted goes on when {name} is called "
            f"with its `{self._run_id}` and the same arguments; nothing that was done is done again."
        )

    def _input(self) -> Result:
        schema = dict(self._workflow.manifest["input"])
        about = "The name of the run: a new one, or that of a run to go on with. Without it the run gets a new name."
        wait = {"type": "number", "minimum": 0, "maximum": LONGEST, "default": self._wait}
        own = {
            self._run_id: RUN_ID | {"description": about},
            self._seconds: wait | {"description": "Seconds to wait for the result."},
        }
        return schema | {"properties": schema["properties"] | own}

    def _run(self, arguments: dict[str, Any], request: Request) -> Result:
        wait = _number(arguments.pop(self._seconds, None), self._seconds, 0, LONGEST, self._wait)
        run_id = arguments.pop(self._run_id, None)
        if run_id is not None and not isinstance(run_id, str):
            raise Failure("validation", f"{self._run_id}: expected string")
        run_id = run_id or new_run_id()
        following = self._following(wait, request)
        with self._told(run_id, request):
            going = self._runs.begin(self._workflow, arguments, run_id, wait, called=True)
            self._questions.look(run_id)
            failure = following.follow(run_id, going)
        if following.undriven:
            assert failure is not None
            return failed({"run_id": run_id, "error": described(failure)})
        state = self._state(run_id)
        if failure is not None:  # also one that is not in the log, as of the store
            state["error"] = described(failure)
        return failed(state) if "error" in state else succeeded(state)

    def _following(self, seconds: float, request: Request | None = None) -> Following:
        return Following(self._workflow, self._runs, self._questions.open, seconds, request)

    @contextmanager
    def _told(self, run_id: str, request: Request) -> Iterator[None]:
        """While the block runs, the client hears of the progress of the run if it wants to."""
        progress = Progress(self._wire, progress_token(request.params))
        with self._runs.heard(run_id, progress.event):
            try:
                yield
            finally:
                progress.close()

    def _deliver(self, delivery: Delivery, arguments: dict[str, Any], request: Request) -> Result:
        """Put it into the log, and go on with the run."""
        wait = _number(arguments.pop(_SECONDS, None), _SECONDS, 0, LONGEST, self._wait)
        delivery.check(arguments)
        run_id = arguments["run_id"]
        with self._runs.store() as store:
            self._stored(store, run_id)
            delivery.deliver(store, arguments)
        self._runs.called.add(run_id)
        with self._told(run_id, request):
            self._following(wait).follow(run_id)
        return succeeded(self._state(run_id))

    def _status(self, arguments: dict[str, Any], request: Request) -> Result:
        return succeeded(self._state(_run_id(arguments)))

    def _state(self, run_id: str) -> Result:
        """How a run stands, from the store: what `state_schema` describes."""
        going = self._runs.going(run_id)
        if going is not None:
            going.stored.wait()
        with self._runs.store(readonly=True) as store:
            standing = Standing(self._stored(store, run_id)[1], time_ns() // 1000)
        history = standing.history
        state: Result = {"run_id": run_id, "status": history.status, "driven": going is not None}
        if history.last is not None:
            seq, _, kind, step = history.last[:4]
            state["last"] = {"seq": seq, "type": kind, "step": step}
        if standing.waits or history.status == "waiting":
            state |= {"waits": standing.waits, "waiting_for": waits(standing.waits)}
        if history.status == "completed":
            state["result"] = decode(self._workflow.output, history.ended.get("result"), "the recorded result")
        elif (failure := history.failure()) is not None:
            state["error"] = described(failure)
        return state

    def _stored(self, store: Store, run_id: str) -> tuple[RunRow, list[EventRow]]:
        row = find_run(store, run_id)
        if row.workflow != self._workflow.name:
            raise Failure("not_found", f"run {run_id} is a run of {row.workflow}")
        return row, list(store.events(row))

    def _events(self, arguments: dict[str, Any], request: Request) -> Result:
        from .verify import exported

        run_id = _run_id(arguments, "after", "limit")
        after = _number(arguments.get("after"), "after", 0, 2**53, 0)
        limit = _number(arguments.get("limit"), "limit", LIMIT["minimum"], LIMIT["maximum"], LIMIT["default"])
        with self._runs.store(readonly=True) as store:
            row, events = self._stored(store, run_id)
        left = [event for event in events if event[0] > after]
        shown = [recorded(exported(row, event)) for event in left[: int(limit)]]
        state: Result = {"run_id": run_id, "status": History(events).status, "events": shown}
        return succeeded(state | ({"next": shown[-1]["seq"]} if shown and len(left) > limit else {}))

    def _cancel(self, arguments: dict[str, Any], request: Request) -> Result:
        run_id, reason = _run_id(arguments, "reason"), arguments.get("reason")
        farewell = reason if isinstance(reason, str) else "somebody asked for it"
        going: Going | None = self._runs.going(run_id)
        if going is not None:
            going.stop(farewell)
            going.done.wait(_STOPPING)
        else:
            with self._runs.store() as store:
                if self._stored(store, run_id)[0].status not in TERMINAL:
                    cancel(self._workflow, store, run_id, farewell)
            self._following(self._wait).follow(run_id)
        return succeeded(self._state(run_id))


_SECONDS = "wait_seconds"
_GOES_ON = "The run then goes on, and the answer is how it stands."
_LOOKS = {"readOnlyHint": True, "openWorldHint": False}
_ENDS = {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": True, "openWorldHint": False}


def _about_run(more: Result) -> Result:
    """The schema of arguments that name a run."""
    properties = {"run_id": RUN_ID, **more}
    return {"type": "object", "properties": properties, "required": ["run_id"], "additionalProperties": False}


def _free(wanted: str, taken: Mapping[str, object]) -> str:
    """A name for an argument of ours beside those of the workflow."""
    while wanted in taken:
        wanted += "_"
    return wanted


def _tool(name: str, doc: str, given: Result, result: Result, hints: Result) -> Result:
    return {
        "name": name,
        "title": name,
        "description": doc,
        "inputSchema": given,
        "outputSchema": result,
        "annotations": hints,
    }


def _run_id(arguments: Mapping[str, Any], *others: str) -> str:
    """The run that a call is about; raises Failure validation also for an argument that is not one of the others."""
    for name in arguments:
        if name not in ("run_id", *others):
            raise Failure("validation", f"{name}: unknown argument")
    run_id = arguments.get("run_id")
    if not isinstance(run_id, str):
        raise Failure("validation", "run_id: missing, expected string" if run_id is None else "run_id: expected string")
    return run_id


def _number(value: object, name: str, least: float, most: float, default: float) -> float:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise Failure("validation", f"{name}: expected a number from {least:g} to {most:g}")
    return value
