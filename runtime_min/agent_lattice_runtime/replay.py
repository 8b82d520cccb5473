"""Replay: the code of today against the log of a recorded run; nothing is performed."""

from __future__ import annotations

from .engine import Loop
from .errors import Divergence, Failure
from .execute import body_of, continued, find_run, input_of
from .journal import RunRow
from .run import Setting
from .stores.memory import MemoryStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .models import Workflow
    from .stores import Store


class Replay:
    """What a replay found. `divergence` is None when code and log agree; `finished` says whether the log has an end."""

    __slots__ = ("divergence", "failure", "finished", "result", "run_id")

    def __init__(
        self, run_id: str, finished: bool, result: object, failure: Failure | None, divergence: Divergence | None
    ) -> None:
        self.run_id = run_id
        self.finished = finished
        self.result = result
        self.failure = failure
        self.divergence = divergence


class Nowhere(MemoryStore):
    """A replay stores nothing."""

    __slots__ = ()

    def append(self, batch: object) -> None:
        pass


def replay(workflow: Workflow, run_id: str, store: Store, setting: Setting | None = None) -> Replay:
    """Execute the workflow against the log of a run; one with mocks needs them in its setting. Raises Failure not_found, or
    conflict for another workflow's."""
    stored = find_run(store, run_id)
    row = RunRow(stored.run_id, stored.workflow, stored.plan, key=stored.key, status="running")
    run = continued(workflow, row, store, setting or Setting(), performs=False)
    assert run.history is not None
    finished = bool(run.history.ended)
    try:
        value = input_of(run)
    except Failure as failure:
        details = failure.details
        return Replay(
            run_id, finished, None, None, Divergence("the recorded input is no longer valid", details=details)
        )
    Loop(Nowhere()).drive([(run, body_of(workflow, run, value))])
    if isinstance(run.failure, Divergence):
        return Replay(run_id, finished, None, None, run.failure)
    return Replay(run_id, finished, run.result, run.failure, None)
