"""`signal`, `approve`, `reject`, `resolve` and `cancel`: what people and other programs tell a run, once each."""

from __future__ import annotations

import sys
from time import time_ns

from ..arguments import Usage
from ..canonical import canonical, parse
from ..errors import Failure
from ..progress import printable, put
from .inputs import open_known, read_value
from .showing import moment, pretty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from ..stores import Store
    from . import Request

    Deliver = Callable[[Store], tuple[bool, str]]  # whether it is new, and what it was

HOW = ("done", "redo", "fail")


def signal_command(request: Request) -> int:
    """Send a run a value; without --value it is null."""
    from ..deliveries import signal

    value, name = read_value(request.get("value") or "null", "--value"), request["NAME"]

    def deliver(store: Store) -> tuple[bool, str]:
        by, delivery = _by(request), request.get("id")
        new = signal(request.workflow, store, request["RUN"], name, value, by=by, delivery=delivery)
        return new, f"signal {name} was sent"

    return _delivered(request, deliver)


def approve_command(request: Request) -> int:
    """Say yes to what a run asks."""
    return _decide(request, approved=True)


def reject_command(request: Request) -> int:
    """Say no to what a run asks."""
    return _decide(request, approved=False)


def _decide(request: Request, *, approved: bool) -> int:
    from ..deliveries import decide

    values = _assigned(request.all("set"))

    def deliver(store: Store) -> tuple[bool, str]:
        by, run_id = _by(request), request["RUN"]
        step, seen = _seen(request, store)
        new = decide(
            request.workflow,
            store,
            run_id,
            step,
            approved,
            by=by,
            reason=request.get("reason") or "",
            values=values,
            shown=request.get("shown") or seen,
            delivery=request.get("id"),
        )
        return new, f"{step} was {'approved' if approved else 'rejected'} by {by}"

    return _delivered(request, deliver)


def _seen(request: Request, store: Store) -> tuple[str | None, str | None]:
    """The step that is decided about, as far as that is clear, and the digest of what is shown here."""
    from ..deliveries import open_approvals
    from ..execute import find_run
    from ..history import History

    asked = open_approvals(History(store.events(find_run(store, request["RUN"]))), time_ns() // 1000)
    step = request.get("STEP") or (next(iter(asked)) if len(asked) == 1 else None)
    if step not in asked:
        return step, None
    _show(step, asked[step])
    return step, str(asked[step]["shown"])


def _show(step: str, asked: Mapping[str, Any]) -> None:
    """The question, the values as they are now, and the digest of both."""
    lines = [f"{step}: {asked['role']} is asked until {moment(asked['until'])}", *str(asked["question"]).split("\n")]
    lines += pretty(asked["values"]).split("\n") if asked["values"] else []
    put(sys.stderr, "".join(f"{printable(line, 4000)}\n" for line in [*lines, f"shown: {asked['shown']}"]))


def _assigned(words: Sequence[str]) -> dict[str, object]:
    """The values of --set: JSON, or a text where it is none; raises Usage."""
    values: dict[str, object] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise Usage(f"--set is name=value, not {word!r}")
        if name in values:
            raise Usage(f"--set {name} is given twice")
        try:
            values[name] = parse(text)
        except Failure:
            values[name] = text
    return values


def resolve_command(request: Request) -> int:
    """Say what became of a write that nobody knows the outcome of."""
    from ..checks import ABSENT
    from ..deliveries import resolve

    how, given = request.get("as"), request.get("value")
    if how not in HOW:
        raise Usage(f"--as is one of {', '.join(HOW)}" + (f", not {how!r}" if how else ""))
    if given is not None and how != "done":
        raise Usage("--value is the result of a write that was done: it goes with --as done")
    value = ABSENT if given is None else read_value(given, "--value")

    def deliver(store: Store) -> tuple[bool, str]:
        by, delivery, step = _by(request), request.get("id"), request["STEP"]
        new = resolve(request.workflow, store, request["RUN"], step, how, by=by, value=value, delivery=delivery)
        return new, f"{step} is resolved: {how}"

    return _delivered(request, deliver)


def cancel_command(request: Request) -> int:
    """Stop a run for good."""
    from ..deliveries import cancel

    def deliver(store: Store) -> tuple[bool, str]:
        by, delivery = _by(request), request.get("id")
        reason = request.get("reason") or f"{by} asked for it"
        return cancel(
            request.workflow, store, request["RUN"], reason, by=by, delivery=delivery
        ), "it is to be cancelled"

    return _delivered(request, deliver)


def _delivered(request: Request, deliver: Deliver) -> int:
    from ..execute import find_run

    store, run_id = open_known(request.store), request["RUN"]
    try:
        new, what = deliver(store)
        status = find_run(store, run_id).status
    finally:
        store.close()
    if request.as_json:
        put(sys.stdout, canonical({"run_id": run_id, "new": new, "status": status}) + "\n")
        return 0
    put(sys.stdout, printable(f"run {run_id}: {what if new else 'that was delivered before'}", 1000) + "\n")
    if status in ("waiting", "queued"):
        put(sys.stderr, f"it goes on with a worker, or with: resume {run_id}\n")
    return 0


def _by(request: Request) -> str:
    return request.get("by") or user()


def user() -> str:
    """Who works on this machine: the name of the account."""
    from os import environ

    try:
        from os import getuid
        from pwd import getpwuid

        return getpwuid(getuid()).pw_name
    except (ImportError, KeyError):
        return environ.get("USERNAME") or environ.get("USER") or "somebody"
