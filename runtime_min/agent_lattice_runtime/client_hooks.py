"""What a coding agent tells at its hooks while its model follows the workflow: written into the log of a run of its own.

A session of a client is a run `CLIENT-SESSION` of the workflow `NAME@CLIENT`, which no `resume` or `replay` takes for one
of the package. Only calls of the workflow's operations and of its roles are written down; what else a session does is
nobody's business here.
"""

from __future__ import annotations

from .canonical import canonical
from .client_messages import read_message
from .client_names import server_name, slug, tool_names
from .errors import Conflict, Failure
from .history import History
from .journal import Journal, RunRow
from .run import FORMAT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .models import Workflow
    from .stores import Store

INLINE = 1024  # characters; larger values are named by their digest
_TRIES = 20  # clients run hooks of parallel calls at once

_KINDS = {
    "PostToolUse": "client.called",
    "postToolUse": "client.called",
    "PostToolUseFailure": "client.failed",
    "postToolUseFailure": "client.failed",
    "PermissionDenied": "client.denied",
    "SessionEnd": "run.completed",
    "sessionEnd": "run.completed",
}
_SESSION_KEYS = ("parent_agent_id", "session_id", "sessionId")  # a sub-agent with a session of its own names its parent
_NAMED = {  # how calls of a server's tools and of sub-agents look; one client also runs the hooks that are meant for another
    "claude": ("mcp__{}__{}", "subagent_type"),
    "codex": ("mcp__{}__{}", "agent_type"),
    "opencode": ("{}_{}", "subagent_type"),
    "copilot": ("{}-{}", "agent_type"),
}
_RESULT_KEYS = ("tool_response", "toolResult", "tool_result", "tool_output", "result", "output", "error")


class Told:
    """What a hook was told, in the words of one client or another; empty texts where it does not say."""

    __slots__ = ("arguments", "kind", "result", "session", "tool")

    def __init__(self, message: dict[str, Any], event: str = "") -> None:
        self.kind = _KINDS.get(str(message.get("hook_event_name") or message.get("hookEventName") or event), "")
        self.session = next((str(message[key]) for key in _SESSION_KEYS if message.get(key)), "")
        self.tool = str(message.get("tool_name") or message.get("toolName") or "")
        self.arguments = _object(message.get("tool_input", message.get("toolArgs")))
        self.result = next((message[key] for key in _RESULT_KEYS if key in message), None)


def record(workflow: Workflow, client: str, raw: bytes, store: Store, event: str = "") -> bool:
    """Write down what a hook was told, if it is about the workflow; whether it was.

    `event` is what clients call it that do not say so themselves. Raises Failure for what is no hook's message, and
    when the store cannot be used.
    """
    told = Told(read_message(raw), event)
    step = _step(workflow, client, told)
    if not told.kind or not told.session or (step is None and told.kind != "run.completed"):
        return False
    for left in reversed(range(_TRIES)):
        try:
            return _written(workflow, client, told, step or "", store)
        except Conflict:
            if not left:
                raise
    return False


def _written(workflow: Workflow, client: str, told: Told, step: str, store: Store) -> bool:
    journal = _open(workflow, client, told, store)
    if journal is None:
        return False
    if told.kind == "run.completed":
        journal.append(told.kind, "", canonical({"result": None}))
    else:
        payload = {"args": _bounded(told.arguments), "client": client, "tool": told.tool}
        if told.kind != "client.denied":
            payload["result"] = _bounded(told.result)
        journal.append(told.kind, step, canonical(payload))
    store.append([(journal.row, journal.pending)])
    return True


def _open(workflow: Workflow, client: str, told: Told, store: Store) -> Journal | None:
    """The log of the session where it ends, or a new one; None when a session that left no trace is over."""
    from .execute import redactor_of

    name, redactor = f"{workflow.name}@{client}", redactor_of(workflow)
    for count in range(1, 1000):
        run_id = _run_id(client, told.session, count)
        row = store.find(run_id)
        if row is None:
            break
        history = History(store.events(row))
        if history.status == "running":
            return Journal(row, redactor, history.last)
    if told.kind == "run.completed":
        return None
    journal = Journal(RunRow(run_id, name, str(workflow.manifest.get("plan", ""))), redactor)
    head = {"compiler": str(workflow.manifest.get("compiler", "")), "format": FORMAT, "input": {}}
    journal.append("run.started", "", canonical(head | {"plan": journal.row.plan, "workflow": name}))
    return journal


def _run_id(client: str, session: str, count: int) -> str:
    """A session's own name where that can be a run's; a session that goes on after its end is another run."""
    from .hashing import sha256
    from .journal import check_run_id

    tail = f"-{count}" if count > 1 else ""
    try:
        return check_run_id(f"{client}-{session}{tail}")
    except Failure:
        return f"{client}-{sha256(session.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}{tail}"


def _step(workflow: Workflow, client: str, told: Told) -> str | None:
    """The operation or role that a call is of; None for what is not the workflow's, and for clients that nobody knows."""
    if client not in _NAMED:
        return None
    name, (form, key) = str(workflow.manifest.get("name", "")), _NAMED[client]
    for operation, tool in tool_names(_operations(workflow)).items():
        if told.tool == form.format(server_name(name), tool):
            return operation
    role = str(told.arguments.get(key) or "")
    return role if role.startswith(f"{slug(name)}-") and not told.tool.startswith("mcp__") else None


def _operations(workflow: Workflow) -> list[str]:
    total: Any = workflow.manifest.get("permissions") or {}
    found = total.get("total", {}).get("operations", [])
    return [str(name) for name in found]


def _object(value: object) -> dict[str, Any]:
    if isinstance(value, str):
        from json import loads

        try:
            value = loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _bounded(value: object) -> object:
    from .hashing import sha256

    text = canonical(value)
    return value if len(text) <= INLINE else {"sha256": sha256(text.encode()).hexdigest()}
