"""The operations of a workflow, each as a tool: called under its own permissions, every call a run with its own log."""

from __future__ import annotations

from .canonical import canonical
from .client_names import tool_names
from .errors import Failure
from .execute import new_run_id
from .mcp_server_annotations import hints
from .mcp_server_methods import progress_token
from .mcp_server_results import described, failed, succeeded
from .mcp_server_tools import Progress
from .mcp_server_wire import INVALID_PARAMS, RpcError
from .models import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from .context import Context
    from .mcp_server_methods import Request, Result
    from .mcp_server_runs import Runs
    from .mcp_server_wire import Wire
    from .served import Operation


class OperationTools:
    """The operations that the workflow may call, or of these the ones in `only`."""

    def __init__(
        self, workflow: Workflow, operations: Sequence[Operation], only: Sequence[str] | None, runs: Runs, wire: Wire
    ) -> None:
        self._runs = runs
        self._wire = wire
        granted = workflow.manifest["permissions"]["total"]["operations"]
        names = tool_names(granted)
        wanted = granted if only is None else only
        chosen = {operation.op.name: operation for operation in operations if operation.op.name in wanted}
        self._tools = {
            names[name]: (operation, _alone(workflow.manifest, operation, names[name]))
            for name, operation in sorted(chosen.items())
        }

    def described(self) -> list[Result]:
        return [_described(name, operation, workflow) for name, (operation, workflow) in self._tools.items()]

    def call(self, name: str, arguments: Mapping[str, Any], request: Request) -> Result:
        if name not in self._tools:
            raise RpcError(INVALID_PARAMS, f"there is no tool {name}")
        workflow = self._tools[name][1]
        progress, run_id = Progress(self._wire, progress_token(request.params)), new_run_id()
        with self._runs.heard(run_id, progress.event):
            try:
                going = self._runs.begin(workflow, dict(arguments), run_id)
            except Failure as failure:
                return failed({"error": described(failure)})
            request.stopped_by(going.stop)
            going.done.wait()
            progress.close()
        ended = going.run.failure if going.run is not None else going.failure
        if ended is not None:
            return failed({"error": described(ended)})
        if going.run is None or not going.run.over:  # stopped with the server, before its end
            return failed(
                {"error": described(Failure("unavailable", "the server was stopped before the call had ended"))}
            )
        return succeeded({"result": going.run.result}, _text(going.run.result))


def _text(result: object) -> str:
    return result if isinstance(result, str) else canonical(result)


def _described(name: str, operation: Operation, workflow: Workflow) -> Result:
    op, total = operation.op, workflow.manifest["permissions"]["total"]
    writes = op.effect == "write"
    result = {key: value for key, value in operation.output.items() if key != "$defs"}
    definitions = {"$defs": operation.output["$defs"]} if "$defs" in operation.output else {}
    return {
        "name": name,
        "title": op.name,
        "description": operation.doc or op.name,
        "inputSchema": dict(operation.input),
        "outputSchema": {"type": "object", "properties": {"result": result}} | definitions,
        "annotations": hints(writes, not writes or op.key is not None, bool(total["hosts"] or total["programs"])),
    }


def _alone(manifest: Mapping[str, Any], operation: Operation, step: str) -> Workflow:
    """A workflow of the one step that calls the operation, with what the manifest grants to any step that does."""
    op = operation.op
    granted = next(grant for grant in _grants(manifest) if grant["operations"] == [op.name])

    async def body(context: Context, **arguments: Any) -> Any:
        return await context.tool(step, op, arguments)

    return Workflow(
        name=op.name,
        function=body,
        input=operation.check,
        output=op.output,
        manifest={**manifest, "permissions": {"total": granted, "steps": {step: granted}, "calls": {}}},
        prepare=getattr(op, "prepare", None),
    )


def _grants(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for owner in (manifest, *manifest["workflows"].values()):
        yield from owner["permissions"]["steps"].values()
