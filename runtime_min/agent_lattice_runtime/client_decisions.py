"""What a coding agent is answered that asks at a hook whether a call may be made: who may call what stands in a file of the build.

Clients that cannot limit the tools of a sub-agent ask here. Whatever cannot be read is refused: the caller exits with 2.
"""

from __future__ import annotations

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Calls = Mapping[str, Any]
    """`server` is how the workflow's tools begin; `session` lists those that a session may call, `asked` those for which the
    client asks its person, whoever calls them, `roles` those of each sub-agent, who calls nothing else at all."""

ALLOW, DENY, NOTHING = "allow", "deny", ""


def answer(calls: Calls, message: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is printed for the client; None leaves the decision to it. Raises Failure for what is no question."""
    event = message.get("hook_event_name") or message.get("hookName")
    tool = message.get("tool_name", message.get("toolName"))
    if event not in ("PreToolUse", "PermissionRequest", "permissionRequest") or not isinstance(tool, str):
        raise Failure("validation", "the hook's message does not ask about a call")
    decided = decision(calls, asking(message), tool)
    reason = f"{tool} is not among what the workflow grants here"
    if event == "PreToolUse":
        said = {"permissionDecision": DENY, "permissionDecisionReason": reason}
        return _output(event, said) if decided == DENY else None
    if not decided:
        return None
    said = {"behavior": decided} | ({"message": reason} if decided == DENY else {})
    return said if event == "permissionRequest" else _output(event, {"decision": said})


def decision(calls: Calls, who: str | None, tool: str) -> str:
    """ALLOW or DENY, or NOTHING for calls that are not the workflow's. `who` is a kind of sub-agent; None is the session."""
    roles: Mapping[str, Sequence[str]] = calls["roles"]
    own: Sequence[str] = calls["session"] if who is None else roles.get(who, ())
    asked = tool in calls.get("asked", ())
    if tool in own or (asked and who is None):
        return NOTHING if asked else ALLOW
    return DENY if who in roles or tool.startswith(calls["server"]) else NOTHING


def asking(message: Mapping[str, Any]) -> str | None:
    """The kind of sub-agent that wants to call; None for the session itself."""
    if "agent_id" not in message and "agent_type" not in message:
        return None
    return str(message.get("agent_type") or "")


def checked(value: Any) -> Calls:
    """A file's value as Calls. Raises Failure for another."""
    if isinstance(value, dict) and value.keys() >= {"server", "session", "roles"} and isinstance(value["roles"], dict):
        lists = [value["session"], value.get("asked", []), *value["roles"].values()]
        if value["server"] and isinstance(value["server"], str) and all(isinstance(names, list) for names in lists):
            return value
    raise Failure("validation", "this file does not say who may call what")


def _output(event: str, said: dict[str, Any]) -> dict[str, Any]:
    return {"hookSpecificOutput": {"hookEventName": event} | said}
