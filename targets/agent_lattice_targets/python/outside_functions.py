"""The functions of `__init__.py` by which other programs tell a run what it waits for, and drive what is due: typed."""

from __future__ import annotations

from collections.abc import Iterator

from agent_lattice import plan

from agent_lattice_targets.python.annotations import Annotations
from agent_lattice_targets.python.deliveries import Deliveries
from agent_lattice_targets.python.lines import head_lines
from agent_lattice_targets.python.literals import string
from agent_lattice_targets.python.names import identifier, python_name

Functions = dict[str, list[str]]


def outside_functions(main: plan.Workflow, deliveries: Deliveries, annotations: Annotations) -> Functions:
    """Their lines by name: those that the workflow has a use for."""
    found = {"cancel": _CANCEL.split("\n"), "status": _STATUS.split("\n"), "work": _WORK.split("\n")}
    for op in deliveries.signals(main):
        name = python_name(f"signal_{identifier(op.signal)}", annotations.records)
        found[name] = list(_signal(name, op, annotations))
    if deliveries.asks(main):
        found |= {"approve": _APPROVE.split("\n"), "reject": _REJECT.split("\n")}
    if deliveries.doubts(main):
        annotations.typing.add("Literal")
        found["resolve"] = _RESOLVE.split("\n")
    return found


def _signal(name: str, op: plan.Signal, annotations: Annotations) -> Iterator[str]:
    given = ["run_id: str", f"value: {annotations.of(op.sent)}", "store: str", "*", 'by: str = ""']
    yield from head_lines(0, f"def {name}", [*given, "delivery: str | None = None"], "bool")
    yield f'    """Send a run the signal {op.signal}; False when that delivery has been made before. Raises Failure."""'
    yield f"    return embedding.signal(WORKFLOW, store, run_id, {string(op.signal)}, value, by=by, delivery=delivery)"


_APPROVE = '''\
def approve(
    run_id: str,
    store: str,
    *,
    by: str,
    step: str | None = None,
    reason: str = "",
    values: Mapping[str, object] | None = None,
    shown: str | None = None,
    delivery: str | None = None,
) -> bool:
    """Say yes to what `step` asks, or the only one that does; False when that delivery has been made before.

    `values` are those that are changed, `shown` is the digest of what was decided on. Raises Failure.
    """
    about = {"by": by, "reason": reason, "values": values, "shown": shown, "delivery": delivery}
    return embedding.decide(WORKFLOW, store, run_id, step, True, **about)'''
_REJECT = '''\
def reject(
    run_id: str,
    store: str,
    *,
    by: str,
    step: str | None = None,
    reason: str = "",
    shown: str | None = None,
    delivery: str | None = None,
) -> bool:
    """Say no to what `step` asks, or the only one that does; False when that delivery has been made before.

    `shown` is the digest of what was decided on. Raises Failure.
    """
    about = {"by": by, "reason": reason, "shown": shown, "delivery": delivery}
    return embedding.decide(WORKFLOW, store, run_id, step, False, **about)'''
_RESOLVE = '''\
def resolve(
    run_id: str,
    step: str,
    how: Literal["done", "redo", "fail"],
    store: str,
    *,
    by: str,
    value: object = None,
    delivery: str | None = None,
) -> bool:
    """Say of a write in doubt that it was done (with `value`), is to be made again, or failed; False when that delivery
    has been made before. Raises Failure."""
    return embedding.resolve(WORKFLOW, store, run_id, step, how, by=by, value=value, delivery=delivery)'''
_CANCEL = '''\
def cancel(run_id: str, store: str, reason: str, *, by: str = "", delivery: str | None = None) -> bool:
    """Ask that a run ends and takes back what it did; False when it was asked before. Raises Failure."""
    return embedding.cancel(WORKFLOW, store, run_id, reason, by=by, delivery=delivery)'''
_STATUS = '''\
def status(run_id: str, store: str) -> dict[str, Any]:
    """How a run stands: its `status`, and what it `waits` for. Raises Failure."""
    return embedding.status(WORKFLOW, run_id, store)'''
_WORK = '''\
def work(store: str, *, once: bool = False, limit: int = 100, scripted: object = None) -> None:
    """Drive every run that is due, at most `limit` at a time, until SIGTERM, or with `once` until none is left.

    Raises Failure when the store cannot be used.
    """
    folder = embedding.beside(globals(), "_data")
    embedding.work(WORKFLOW, store, once=once, limit=limit, scripted=scripted, folder=folder)'''
