"""The methods of the Model Context Protocol that a server of a package answers, by name."""

from __future__ import annotations

from . import __version__
from .mcp_server_wire import INVALID_PARAMS, RpcError, is_id, notification

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Protocol

    from .journal import EventRow, RunRow
    from .mcp_server_resources import Resources
    from .mcp_server_wire import Wire
    from .models import Workflow

    Result = dict[str, Any]

    class Tools(Protocol):
        """What a server offers to be called."""

        def described(self) -> Sequence[Result]:
            """Every tool, as the latest version of the protocol has it."""

        def call(self, name: str, arguments: Mapping[str, Any], request: Request) -> Result:
            """The result of a call, in which failures of the tool are told; raises RpcError when there is no such tool."""


VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
BATCHES = "2025-03-26"  # the only version with several messages in one
_SINCE = {
    "annotations": "2025-03-26",
    "completions": "2025-03-26",
    "outputSchema": "2025-06-18",
    "structuredContent": "2025-06-18",
    "title": "2025-06-18",
}
LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
_LEVEL_OF = {
    "run.failed": "error",
    "run.cancelled": "warning",
    "effect.in_doubt": "warning",
    "policy.denied": "warning",
}


class Request:
    """A request that is being answered. `stop` is called with a reason when the client no longer wants the answer."""

    __slots__ = ("cancelled", "id", "params", "stop")

    def __init__(self, id: object, params: Mapping[str, Any]) -> None:
        self.id = id
        self.params = params
        self.cancelled: str | None = None
        self.stop: Callable[[str], None] | None = None

    def cancel(self, reason: str) -> None:
        """The client no longer wants the answer."""
        self.cancelled = reason
        if self.stop is not None:
            self.stop(reason)

    def stopped_by(self, stop: Callable[[str], None]) -> None:
        """From here on this is how the work for it is stopped."""
        self.stop = stop
        if self.cancelled is not None:
            stop(self.cancelled)


class Methods:
    """Answers requests. `resources` is None for a server that only offers tools; `meet` hears which version is spoken, and what a
    client says of itself."""

    def __init__(
        self,
        wire: Wire,
        workflow: Workflow,
        instructions: str,
        tools: Tools,
        resources: Resources | None = None,
        meet: Callable[[str, Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._wire = wire
        plan = str(workflow.manifest["plan"]).rpartition(":")[2]
        self._about = {"name": workflow.name, "title": workflow.name, "version": f"{__version__}+{plan[:12]}"}
        self._instructions = instructions
        self._tools = tools
        self._meet = meet
        self.version = VERSIONS[0]
        self._level: int | None = None
        self.quick: dict[str, Callable[[Mapping[str, Any]], Result]] = {
            "initialize": self._initialize,
            "ping": lambda params: {},
            "logging/setLevel": self._set_level,
            "tools/list": lambda params: {"tools": _one_page(params, self._tools.described())},
        }
        self.slow: dict[str, Callable[[Request], Result]] = {"tools/call": self._call}
        self._capabilities: Result = {"logging": {}, "tools": {}}
        if resources is not None:
            self._capabilities |= {"completions": {}, "prompts": {}, "resources": {}}
            self.quick |= {
                "prompts/get": resources.prompt,
                "prompts/list": lambda params: {"prompts": _one_page(params, resources.prompts())},
                "resources/list": lambda params: {"resources": _one_page(params, resources.listed())},
                "resources/templates/list": lambda params: {
                    "resourceTemplates": _one_page(params, resources.templates())
                },
            }
            self.slow |= {
                "completion/complete": lambda request: resources.completion(request.params),
                "resources/read": lambda request: resources.read(request.params),
            }

    def suited(self, value: Any) -> Any:
        """A result without the fields that came into the protocol after the version that is spoken."""
        if isinstance(value, list):
            return [self.suited(item) for item in value]
        if not isinstance(value, dict):
            return value
        known = {name: item for name, item in value.items() if _SINCE.get(name, "") <= self.version}
        return {name: self.suited(item) if name in _NESTED else item for name, item in known.items()}

    def _initialize(self, params: Mapping[str, Any]) -> Result:
        wanted = _text(params, "protocolVersion")
        self.version = wanted if wanted in VERSIONS else VERSIONS[0]
        if self._meet is not None:
            self._meet(self.version, params)
        return {
            "protocolVersion": self.version,
            "capabilities": self._capabilities,
            "serverInfo": self._about,
            "instructions": self._instructions,
        }

    def _set_level(self, params: Mapping[str, Any]) -> Result:
        level = _text(params, "level")
        if level not in LEVELS:
            raise RpcError(INVALID_PARAMS, f"level is one of {', '.join(LEVELS)}")
        self._level = LEVELS.index(level)
        return {}

    def _call(self, request: Request) -> Result:
        arguments = request.params.get("arguments")
        arguments = {} if arguments is None else arguments
        if not isinstance(arguments, dict):
            raise RpcError(INVALID_PARAMS, "arguments is an object")
        return self._tools.call(_text(request.params, "name"), arguments, request)

    def log(self, row: RunRow, event: EventRow) -> None:
        """Send an event of a run as a log message to a client that has asked for those of its level."""
        kind = event[2]
        level = _LEVEL_OF.get(kind, "warning" if kind.endswith(("failed", "rejected", "invalid")) else "info")
        if self._level is not None and LEVELS.index(level) >= self._level:
            data = {"run_id": row.run_id, "seq": event[0], "type": kind, "step": event[3]}
            params = {"level": level, "logger": self._about["name"], "data": data}
            self._wire.send(notification("notifications/message", params))


_NESTED = frozenset({"capabilities", "serverInfo", "tools", "resources", "resourceTemplates", "prompts"})


def _one_page(params: Mapping[str, Any], items: Sequence[Result]) -> list[Result]:
    """All of them; there is no second page, and so no cursor that leads to one."""
    if params.get("cursor") is not None:
        raise RpcError(INVALID_PARAMS, "there is no such cursor: lists have one page")
    return list(items)


def _text(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str):
        raise RpcError(INVALID_PARAMS, f"{name} is {'missing' if value is None else 'not a string'}")
    return value


def progress_token(params: Mapping[str, Any]) -> object:
    """The token under which a client wants to hear of the progress of a request, None for none."""
    meta = params.get("_meta")
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    return token if is_id(token) else None
