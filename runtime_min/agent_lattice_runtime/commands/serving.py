"""`mcp`: the workflow, or its operations, for an MCP client."""

from __future__ import annotations

from ..arguments import Usage
from .inputs import read_json_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..models import Workflow
    from . import Request


def mcp_command(request: Request) -> int:
    """Serve until the client is gone."""
    from ..mcp_server import serve_operations, serve_workflow
    from ..mcp_server_runs import Runs

    if request.served is None:
        raise Usage("mcp: only packages serve")
    workflow, offered = request.workflow, request.served()
    scripted, only = request.get("scripted"), request.get("only")
    replies = None if scripted is None else read_json_file(scripted)
    if not request.has("operations"):
        if only is not None:
            raise Usage("--only goes with --operations")
        runs = Runs(request.store, scripted=replies, folder=request.folder, tools=request.tools)
        roles = _roles(request.all("role"), workflow)
        return serve_workflow(workflow, offered, runs, _seconds(request.get("wait")), roles=roles, by=request.get("by"))
    if request.all("role"):
        raise Usage("--role goes with runs of the workflow, not with --operations")
    store = request.get("store") or f".lattice/operations/{workflow.name}.db"
    runs = Runs(store, scripted=replies, folder=request.folder, tools=request.tools)
    granted = workflow.manifest["permissions"]["total"]["operations"]
    return serve_operations(workflow, offered, runs, None if only is None else _operations(only, granted))


def _roles(names: Sequence[str], workflow: Workflow) -> Sequence[str]:
    """The roles of the person at the client; raises Usage for one that the workflow does not ask."""
    from ..mcp_server_deliveries import roles_of

    known = roles_of(workflow)
    for name in names:
        if name not in known:
            raise Usage(f"{workflow.name} asks nobody in the role {name!r}; it asks {', '.join(known) or 'nobody'}")
    return names


def _seconds(text: str | None) -> float:
    """How long a call waits; raises Usage."""
    from ..mcp_server_tools import LONGEST, WAIT

    if text is None:
        return WAIT
    if not text.isascii() or not text.replace(".", "", 1).isdigit() or float(text) > LONGEST:
        raise Usage(f"--wait is a number of seconds from 0 to {LONGEST:g}, not {text!r}")
    return float(text)


def _operations(text: str, known: Sequence[str]) -> list[str]:
    """The names of operations in a list with commas; raises Usage for one that there is not."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise Usage(f"there is no operation {name!r}; there are {', '.join(known) or 'none'}")
    return names
