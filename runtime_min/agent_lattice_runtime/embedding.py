"""Running a workflow from Python code: what the functions of a generated package are made of."""

from __future__ import annotations

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .models import Workflow
    from .replay import Replay
    from .run import Run
    from .stores import Store


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
    Raises Failure, the one of the run included.
    """
    from .execute import start

    kept = _opened(store)
    try:
        return _result(start(workflow, dict(arguments), kept, run_id, _setting(scripted, folder)))
    finally:
        kept.close()


def resume(workflow: Workflow, run_id: str, store: str, *, scripted: object = None, folder: str = ".") -> Any:
    """Go on with a run where its log ends, and return the result. Raises Failure, the one of the run included."""
    from .execute import resume as continued

    kept = _opened(store)
    try:
        return _result(continued(workflow, run_id, kept, _setting(scripted, folder)))
    finally:
        kept.close()


def replay(workflow: Workflow, run_id: str, store: str) -> Replay:
    """Execute the code against the log of a run, performing nothing; its `divergence` is None when they agree."""
    from .commands.inputs import open_store
    from .replay import replay as replayed

    kept = open_store(store, readonly=True)
    try:
        return replayed(workflow, run_id, kept)
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
    if run.failure is not None:
        raise run.failure
    return run.result
