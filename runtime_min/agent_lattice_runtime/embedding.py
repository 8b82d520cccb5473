"""Running a workflow from Python code: what the functions of a generated package are made of."""

from __future__ import annotations

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeVar

    Made = TypeVar("Made")

    from .models import Workflow
    from .replay import Replay
    from .run import Run
    from .stores import Store


class Waiting(Exception):
    """The run waits, and nobody drives it any more. `on` is what it waits for, as the event run.waiting says it."""

    def __init__(self, run_id: str, on: Sequence[Mapping[str, object]]) -> None:
        super().__init__(f"run {run_id} waits")
        self.run_id = run_id
        self.on = on


def read_manifest(module: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The manifest of the workflow `name`, from the manifest.json beside a module (its globals), also in an archive."""
    from .canonical import parse

    path = beside(module, "manifest.json")
    try:
        manifest = parse(module["__loader__"].get_data(path), "the manifest")
    except OSError as error:
        raise Failure("internal", f"the package's manifest.json cannot be read: {error.strerror or error}") from None
    if not isinstance(manifest, dict):
        raise Failure("internal", "the package's manifest.json is not an object")
    if manifest.get("workflow") == name:
        return manifest
    others = manifest.get("workflows")
    own = others.get(name) if isinstance(others, dict) else None
    if not isinstance(own, dict):
        raise Failure("internal", f"the package's manifest.json knows no workflow {name}")
    return {**manifest, **own, "workflow": name}


def beside(module: Mapping[str, Any], name: str) -> str:
    """The path of a file or folder next to a module, by the module's globals."""
    from os.path import dirname, join

    return join(dirname(module["__file__"]), name)


def run(
    workflow: Workflow,
    arguments: Mapping[str, object],
    *,
    store: str | None = None,
    run_id: str | None = None,
    scripted: object = None,
    folder: str = ".",
) -> Any:
    """Run to the end and return the result; `store` is the path of an SQLite file or a DSN `postgresql://…`, None keeps
    the log in memory only.

    With the id of a known run that one is continued. `scripted` are replies to give in place of asking models.
    Raises Failure, the one of the run included, and Waiting when the run waits; one that is in memory only waits here.
    """
    from .execute import start

    kept, setting = _opened(store), _setting(scripted, folder)
    if store is None:
        setting.patience = float("inf")
    try:
        return _result(start(workflow, dict(arguments), kept, run_id, setting))
    finally:
        kept.close()


def resume(workflow: Workflow, run_id: str, store: str, *, scripted: object = None, folder: str = ".") -> Any:
    """Go on with a run where its log ends, and return the result. Raises what `run` does."""
    from .execute import resume as continued

    kept = _opened(store)
    try:
        return _result(continued(workflow, run_id, kept, _setting(scripted, folder)))
    finally:
        kept.close()


def replay(workflow: Workflow, run_id: str, store: str) -> Replay:
    """Execute the code against the log of a run, performing nothing; its `divergence` is None when they agree."""
    from .replay import replay as replayed

    return _in_store(store, lambda kept: replayed(workflow, run_id, kept), readonly=True)


def enqueue(workflow: Workflow, arguments: Mapping[str, object], store: str, *, run_id: str | None = None) -> str:
    """Put a run into the store for a worker to start; its id. Raises Failure."""
    from .execute import enqueue as queued

    return _in_store(store, lambda kept: queued(workflow, dict(arguments), kept, run_id).run_id)


def work(
    workflow: Workflow, store: str, *, once: bool = False, limit: int = 100, scripted: object = None, folder: str = "."
) -> None:
    """Drive every run that is due, until SIGTERM or SIGINT, or with `once` until none is left. Raises Failure."""
    from .commands.inputs import open_store
    from .due_runs import Worker
    from .interrupts import draining

    setting = _setting(scripted, folder)
    worker = Worker(
        workflow, lambda: open_store(store), setting, tell=lambda kept, row, run, failure: None, once=once, limit=limit
    )
    with draining(worker.stop):
        worker.work()


def status(workflow: Workflow, run_id: str, store: str) -> dict[str, Any]:
    """How a run stands: its `status` and what it `waits` for, of an approval also question, values and digest (`shown`).
    Raises Failure."""
    from time import time_ns

    from .execute import find_run
    from .standing import Standing

    def stands(kept: Store) -> dict[str, Any]:
        row = find_run(kept, run_id)
        if row.workflow != workflow.name:
            raise Failure("conflict", f"run {run_id} is a run of {row.workflow}, not of {workflow.name}")
        standing = Standing(kept.events(row), time_ns() // 1000)
        return {"run_id": run_id, "status": standing.history.status, "waits": standing.waits}

    return _in_store(store, stands, readonly=True)


def signal(
    workflow: Workflow, store: str, run_id: str, name: str, value: object, *, by: str = "", delivery: str | None = None
) -> bool:
    """As `deliveries.signal`, in the store of that name."""
    from .deliveries import signal as send

    return _told(store, lambda kept: send(workflow, kept, run_id, name, value, by=by, delivery=delivery))


def decide(workflow: Workflow, store: str, run_id: str, step: str | None, approved: bool, **about: Any) -> bool:
    """As `deliveries.decide`, in the store of that name."""
    from .deliveries import decide as told

    return _told(store, lambda kept: told(workflow, kept, run_id, step, approved, **about))


def resolve(
    workflow: Workflow,
    store: str,
    run_id: str,
    step: str,
    how: str,
    *,
    by: str,
    value: object = None,
    delivery: str | None = None,
) -> bool:
    """As `deliveries.resolve`, in the store of that name."""
    from .deliveries import resolve as settle

    return _told(store, lambda kept: settle(workflow, kept, run_id, step, how, by=by, value=value, delivery=delivery))


def cancel(
    workflow: Workflow, store: str, run_id: str, reason: str, *, by: str = "", delivery: str | None = None
) -> bool:
    """As `deliveries.cancel`, in the store of that name."""
    from .deliveries import cancel as stop

    return _told(store, lambda kept: stop(workflow, kept, run_id, reason, by=by, delivery=delivery))


def _told(store: str, deliver: Callable[[Store], bool]) -> bool:
    from .commands.inputs import open_known

    kept = open_known(store)
    try:
        return deliver(kept)
    finally:
        kept.close()


def _in_store(store: str, action: Callable[[Store], Made], readonly: bool = False) -> Made:
    from .commands.inputs import open_store

    kept = open_store(store, readonly=readonly)
    try:
        return action(kept)
    finally:
        kept.close()


def _opened(path: str | None) -> Store:
    if path is None:
        from .stores.memory import MemoryStore

        return MemoryStore()
    from .commands.inputs import open_store

    return open_store(path)


def _setting(scripted: object, folder: str) -> Any:
    from .run import Setting

    return Setting(scripted=scripted, folder=folder)


def _result(run: Run) -> object:
    if run.suspended:
        raise Waiting(run.journal.row.run_id, run.waits)
    if run.failure is not None:
        raise run.failure
    return run.result
