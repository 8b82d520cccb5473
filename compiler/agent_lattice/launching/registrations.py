"""How a project registers the server of a workflow with a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_lattice.installing.documents import MISSING, Unreadable, lookup
from agent_lattice.installing.merging import read
from agent_lattice.reading import Unusable

if TYPE_CHECKING:
    from agent_lattice_clients.target import ClientTarget

    from .workflows import Installed


def registered(workflow: Installed, target: ClientTarget) -> tuple[str, ...]:
    """The words that start the server, as the client reads them. Raises Unusable where there are none."""
    name, above = target.servers
    content = workflow.project.read(workflow.project.locate(name))
    if content is None:
        raise Unusable(f"`{name}`, where it is registered, is missing: build or install the workflow again")
    try:
        data = read(target.shared[name], content.decode("utf-8-sig")).value
    except (Unreadable, UnicodeDecodeError, RecursionError):
        raise Unusable(f"`{name}`, where it is registered, is not {target.shared[name]}") from None
    entry = lookup(data, (above, workflow.server))
    words = _words(entry if entry is not MISSING else {})
    if not words:
        raise Unusable(f"`{name}` registers no command as `{workflow.server}`: build or install the workflow again")
    return words


def _words(entry: Any) -> tuple[str, ...]:
    """A command with its arguments: one list, or a word and a list."""
    if not isinstance(entry, dict):
        return ()
    command, args = entry.get("command"), entry.get("args", [])
    words = [*(command if isinstance(command, list) else [command]), *(args if isinstance(args, list) else [args])]
    return tuple(words) if all(isinstance(word, str) and word and "\0" not in word for word in words) else ()
