"""Starting, continuing and finishing runs on a store."""

from __future__ import annotations

from .canonical import canonical, recorded
from .context import Context
from .engine import Loop
from .errors import Failure
from .history import History
from .journal import TERMINAL, RunRow, check_run_id
from .models import decode
from .redaction import Redactor
from .run import FORMAT, Run, Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .branches import Body
    from .models import Workflow
    from .stores import Store


def start(
    workflow: Workflow, value: object, store: Store, run_id: str | None = None, setting: Setting | None = None
) -> Run:
    """Run a workflow to its end; with the id of a known run, continue that one or return its recorded outcome.

    Raises Failure validation for an input that is not of the declared type, conflict for a run id that belongs to
    another input or workflow, StoreFailure when the store cannot be used.
    """
    return run_many(workflow, [(run_id, value)], store, setting)[0]


def run_many(
    workflow: Workflow,
    inputs: Iterable[tuple[str | None, object]],
    store: Store,
    setting: Setting | None = None,
) -> list[Run]:
    """Many runs, (run id or None, input) each, side by side on one store; their events are committed in groups."""
    setting = setting or Setting()
    runs = [prepared(workflow, value, store, run_id, setting) for run_id, value in inputs]
    drive(workflow, runs, Loop(store))
    return [run for run, _ in runs]


def resume(workflow: Workflow, run_id: str, store: Store, setting: Setting | None = None) -> Run:
    """Continue a run where its log ends; one that is over gives its recorded outcome. Raises Failure not_found."""
    row = find_run(store, run_id)
    if row.status not in TERMINAL:
        store.claim(row)  # before its log is read: who drives it now may still add to it
    try:
        run = continued(workflow, row, store, setting or Setting())
        drive(workflow, [(run, input_of(run))], Loop(store))
    finally:
        store.release(row)
    return run


def find_run(store: Store, run_id: str) -> RunRow:
    """The run of that id; raises Failure not_found."""
    row = store.find(check_run_id(run_id))
    if row is None:
        gone = store.checkpoints(run_id)
        what = (
            f"run {run_id} is {gone[0].status}, and was pruned" if gone else f"there is no run {run_id} in this store"
        )
        raise Failure("not_found", what)
    return row


def prepared(workflow: Workflow, value: object, store: Store, run_id: str | None, setting: Setting) -> tuple[Run, Any]:
    """A run that is ready to be driven, and its decoded input; raises what `start` does. Nothing is stored yet."""
    redactor = redactor_of(workflow)
    text = canonical(decode(workflow.input, redactor.value(value), "the input"))
    row = store.find(check_run_id(run_id)) if run_id is not None else None
    if row is not None:
        run = continued(workflow, row, store, setting)
        assert run.history is not None
        if canonical(run.history.started.get("input")) != text:
            raise Failure("conflict", f"run {run_id} was started with another input")
        return run, input_of(run)
    run = _begun(workflow, text, run_id, redactor, setting, "run.started")
    return run, decode(workflow.input, recorded(text), "the input")


def _begun(workflow: Workflow, text: str, run_id: str | None, redactor: Redactor, setting: Setting, kind: str) -> Run:
    """A run whose first event is pending; `text` is the canonical text of its input."""
    manifest = workflow.manifest
    row = RunRow(run_id or new_run_id(), workflow.name, str(manifest.get("plan", "")))
    run = Run(workflow, row, redactor, setting)
    head = {"compiler": str(manifest.get("compiler", "")), "format": FORMAT, "plan": row.plan, "workflow": row.workflow}
    run.append(kind, "", canonical(head | {"input": recorded(text)}))
    run.begun = run.journal.ts
    return run


def enqueue(workflow: Workflow, value: object, store: Store, run_id: str | None = None) -> RunRow:
    """Store a run for workers to drive. The id of a known run stands for that one. Raises what `start` does."""
    redactor = redactor_of(workflow)
    text = canonical(decode(workflow.input, redactor.value(value), "the input"))
    row = store.find(check_run_id(run_id)) if run_id is not None else None
    if row is not None:
        run = continued(workflow, row, store, Setting())
        assert run.history is not None
        if canonical(run.history.started.get("input")) != text:
            raise Failure("conflict", f"run {run_id} was started with another input")
        return row
    run = _begun(workflow, text, run_id, redactor, Setting(), "run.queued")
    row = run.journal.row
    row.due = run.journal.ts
    store.append(((row, run.journal.pending),))
    return row


def continued(workflow: Workflow, row: RunRow, store: Store, setting: Setting, performs: bool = True) -> Run:
    """A stored run, ready to be driven on; one that is over carries its outcome. Raises Failure conflict when the run
    is of another workflow."""
    history = History(store.events(row))
    if row.workflow != workflow.name:
        raise Failure("conflict", f"run {row.run_id} is a run of {row.workflow}, not of {workflow.name}")
    if history.status == "new":
        raise Failure("validation", f"run {row.run_id} has no events: the store is damaged")
    run = Run(workflow, row, redactor_of(workflow), setting, history, performs)
    if performs and history.status in TERMINAL:
        run.over = True
        if history.status == "completed":
            run.result = decode(workflow.output, history.ended.get("result"), "the recorded result")
        run.failure = history.failure()
    return run


def input_of(run: Run) -> Any:
    """The recorded input of a stored run, decoded."""
    assert run.history is not None
    return decode(run.workflow.input, run.history.started.get("input"), "the recorded input")


def drive(workflow: Workflow, runs: list[tuple[Run, Any]], loop: Loop) -> None:
    """Bring prepared runs to their ends; raises what the loop does."""
    going = [(run, body_of(workflow, run, value)) for run, value in runs if not run.over]
    if not going:
        return
    try:
        make_ready(workflow, going[0][0].setting)
    except Failure:
        for _, body in going:
            body.close()
        raise
    try:
        loop.drive(going)
    finally:
        for run, _ in going:
            run.leave()


def make_ready(workflow: Workflow, setting: Setting) -> None:
    """Load what a workflow needs. Raises Failure when something is not there: a run that goes on without it would fail for good."""
    if setting.mocks is not None:
        return
    if workflow.prepare is not None:
        workflow.prepare()
    for name, tool in workflow.manifest.get("tools", {}).items():
        if tool.get("protocol") == "python":
            from .effects import require_module

            require_module(tool["module"], name, setting.tools)


def cancel(
    workflow: Workflow, run_id: str, store: Store, message: str, *, by: str = "", setting: Setting | None = None
) -> Run:
    """Cancel a run. One that somebody else drives ends there, as soon as what goes on has come to its end; any other is driven to its
    end here, and what it did is taken back. One that is over stays as it is. Raises Failure not_found."""
    from .deliveries import cancel as deliver

    setting = setting or Setting()
    run = continued(workflow, find_run(store, run_id), store, setting)
    if run.over:
        return run
    deliver(workflow, store, run_id, message, by=by)
    row = find_run(store, run_id)
    claimed = store.claim(row)
    run = continued(workflow, row, store, setting)
    if claimed:
        drive(workflow, [(run, input_of(run))], Loop(store))
    return run


def body_of(workflow: Workflow, run: Run, value: Any) -> Body:
    """The coroutine of a run."""
    return workflow.function(Context(run), **value)


def redactor_of(workflow: Workflow) -> Redactor:
    """A redactor that knows the secrets which the manifest lists and the environment has."""
    redactor = Redactor(workflow.labelled)
    permissions = workflow.manifest.get("permissions")
    total = permissions.get("total") if isinstance(permissions, dict) else None
    names = total.get("secrets") if isinstance(total, dict) else None
    if names:
        from os import environ

        for name in names:
            redactor.register(str(name), environ.get(str(name), ""))
    return redactor


def new_run_id() -> str:
    """A run id that nobody else has: 16 hexadecimal digits."""
    from os import urandom

    return urandom(8).hex()
