"""`hook` and `decide`: what coding agents call at their hooks."""

from __future__ import annotations

import sys

from ..canonical import canonical
from ..errors import Failure
from ..progress import put
from .inputs import open_store, read_json_file
from .showing import explained

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import Request


def hook_command(request: Request) -> int:
    """Write down what a coding agent tells on standard input. The exit code is 1 at worst: 2 would stop some agents."""
    from ..client_hooks import record
    from ..journal import check_run_id

    workflow, client = request.workflow, request["CLIENT"]
    try:
        check_run_id(client)
        kept = open_store(request.store)
        try:
            record(workflow, client, sys.stdin.buffer.read(), kept, request.get("EVENT") or "")
        finally:
            kept.close()
    except Failure as failure:
        put(sys.stderr, f"{workflow.name}: {explained(failure)}\n")
        return 1
    return 0


def decide_command(request: Request) -> int:
    """Answer who asks on standard input whether a call may be made. What cannot be answered is a Failure: exit code 2 refuses."""
    from ..client_decisions import answer, checked
    from ..client_messages import read_message

    said = answer(checked(read_json_file(request["FILE"])), read_message(sys.stdin.buffer.read()))
    if said is not None:
        put(sys.stdout, canonical(said) + "\n")
    return 0
