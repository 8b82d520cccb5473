"""`lattice.lock`: what every built program was made of, so that another machine notices when something of it is no longer the same."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.json_reading import read_json
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent_lattice import __version__
from agent_lattice.output_folder import replace_file
from agent_lattice.reading import Unusable, read_file, reason, shown
from agent_lattice.source import decoded, normalised
from agent_lattice.surface import Surface, ToolShape, server_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agent_lattice.plan import Plan
    from agent_lattice.program import Surfaces

NAME = "lattice.lock"
FORMAT: Literal[1] = 1

_Digest = Annotated[str, Field(pattern="^sha256:[0-9a-f]{64}$")]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Pin(_Closed):
    """Which model a name stands for."""

    provider: str
    model: str


class Program(_Closed):
    """What one source was built from."""

    compiler: Annotated[str, Field(description="Version of the compiler.")]
    targets: Annotated[dict[str, int], Field(description="Version of the contract of every target it was built for.")]
    workflow: Annotated[str, Field(description="The workflow to run.")]
    plan: Annotated[_Digest, Field(description="Digest of the plan, as `lattice plan --digest` prints it.")]
    sources: Annotated[
        dict[str, _Digest],
        Field(
            description="SHA-256 of every file that went into it, with LF line ends, by path from the source's folder."
        ),
    ]
    models: Annotated[dict[str, Pin], Field(description="The models that it asks, by name.")]
    servers: Annotated[
        dict[str, _Digest], Field(description="The MCP servers that it calls, and the digests of their snapshots.")
    ] = {}


class ServerTool(_Closed):
    """A tool of an MCP server. Schemas are without prose, of which there is a digest."""

    input: Annotated[Any, Field(description="JSON Schema of the arguments.")]
    output: Annotated[Any, Field(description="JSON Schema of the structured result, null without.")] = None
    prose: Annotated[_Digest, Field(description="Digest of title, descriptions, examples and hints.")]


class Server(_Closed):
    """An MCP server as `lattice mcp` saw it."""

    protocol: Annotated[str, Field(description="The version of the protocol that it spoke.")]
    tools: Annotated[dict[str, ServerTool], Field(description="By name.")]


class Lock(_Closed):
    """What `lattice build` writes beside sources and `--check` compares with."""

    format: Literal[1]
    programs: Annotated[dict[str, Program], Field(description="By path of the source from the lock's folder.")]
    servers: Annotated[
        dict[str, Server], Field(description="By command, address or `env:NAME`: written by `lattice mcp`.")
    ] = {}

    def text(self) -> str:
        """The file: JSON with sorted keys, two spaces, and a line end."""
        return json.dumps(self.model_dump(exclude_defaults=True), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


class LockFile:
    """A lock as it stands (`before`, "" for none) and as it is to be (`lock`). Raises Unusable when it cannot be read.

    `forgive`: a lock that is damaged counts as none.
    """

    def __init__(self, path: Path, *, forgive: bool = False) -> None:
        self.path = path
        self.before = ""
        self.found = _lock({})
        if os.path.lexists(path):
            content = read_file(str(path))
            self.before = decoded(content)
            try:
                self.found = _read(content, self.name)
            except Unusable:
                if not forgive:
                    raise
        standing = {name: p for name, p in self.found.programs.items() if self._stands(name)}
        self.lock = _lock(standing, self.found.servers)

    @property
    def name(self) -> str:
        """The path as it is shown."""
        return shown(str(self.path))

    @property
    def after(self) -> str:
        return self.lock.text()

    def key(self, source: str) -> str:
        """How a source is called in the lock. Raises Unusable."""
        try:
            place = Path(source).parent.resolve() / Path(source).name
            name = os.path.relpath(place, self.path.parent.resolve()).replace(os.sep, "/")
            name.encode("utf-8")
        except ValueError:  # another drive, bytes that are no UTF-8
            raise Unusable(f"{shown(source)} cannot be named in {self.name}: choose another lock with --lock") from None
        return name

    def put(self, source: str, program: Program) -> None:
        """Note what a source is built from now."""
        self.lock = _lock({**self.lock.programs, self.key(source): program}, self.lock.servers)

    def surface(self, key: str) -> Surface | None:
        """The snapshot of an MCP server, if there is one."""
        return _surface(self.lock, key)

    def put_surface(self, key: str, surface: Surface) -> None:
        """Note what an MCP server offers now."""
        tools = {
            name: ServerTool(input=shape.input, output=shape.output, prose=shape.prose)
            for name, shape in surface.tools.items()
        }
        server = Server(protocol=surface.protocol, tools=tools)
        self.lock = _lock(self.lock.programs, {**self.lock.servers, key: server})

    def write(self) -> bool:
        """Write the lock, if it says something else than before; whether it did. Raises Unusable."""
        if self.before == self.after:
            return False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.path, self.after.encode("utf-8"))
        except OSError as error:
            raise Unusable(f"cannot write {self.name}: {reason(error)}") from None
        return True

    def _stands(self, name: str) -> bool:
        try:
            return (self.path.parent / name).is_file()
        except (OSError, ValueError):  # no name of a file
            return False


def surfaces_in(content: bytes) -> Surfaces:
    """The snapshots in the text of a lock. Raises Unusable."""
    found = _read(content, NAME)
    return lambda key: _surface(found, key)


def _surface(lock: Lock, key: str) -> Surface | None:
    server = lock.servers.get(key)
    if server is None:
        return None
    tools = {name: ToolShape(tool.input, tool.output, tool.prose) for name, tool in server.tools.items()}
    return Surface(server.protocol, tools)


def _lock(programs: dict[str, Program], servers: dict[str, Server] | None = None) -> Lock:
    return Lock(format=FORMAT, programs=programs, servers=servers or {})


def program_of(plan: Plan, read: Mapping[str, bytes], targets: Mapping[str, int], surfaces: Surfaces) -> Program:
    """What a plan was made from: `read` are the files by name, `targets` the contracts by target."""
    keys = {server_key(tool) for tool in plan.tools if tool.protocol == "mcp"}
    servers = {key: surface.digest for key in sorted(keys) if (surface := surfaces(key)) is not None}
    return Program(
        compiler=__version__,
        targets=dict(targets),
        workflow=plan.main,
        plan=plan.digest,
        sources=digests(read),
        models={model.name: Pin(provider=model.provider, model=model.model) for model in plan.models},
        servers=servers,
    )


def digests(read: Mapping[str, bytes]) -> dict[str, str]:
    """The digest of each text, however its lines end: version control may change that on its way."""
    return {name: _digest(content) for name, content in read.items()}


def _digest(content: bytes) -> str:
    text = normalised(content.decode("utf-8", "surrogateescape"))
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}"


def _read(content: bytes, name: str) -> Lock:
    mend = "remove it, or build with --force"
    try:
        data = read_json(content, name)
    except Failure as failure:
        raise Unusable(f"{failure.message}; {mend}") from None
    made = data.get("format") if isinstance(data, dict) else None
    if isinstance(made, int) and made > FORMAT:
        raise Unusable(f"{name} is of format {made}, and this compiler knows {FORMAT}: it takes a newer compiler")
    try:
        return Lock.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f".{part}" for part in first["loc"]) or " as a whole"
        raise Unusable(f"{name} is no lock: ${place}: {first['msg'].lower()}; {mend}") from None
