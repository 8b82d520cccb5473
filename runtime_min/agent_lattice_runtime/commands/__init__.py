"""The commands on runs, for the command line of a package and for the compiler's own: a table, and a module per family.

A command is the function `NAME_command` of its family. It takes a Request and gives an exit code: 0 clean, 1 the run
failed, diverged or was tampered with, 4 it waits, 130 interrupted; input that cannot be used is raised as Failure.
"""

from __future__ import annotations

from ..arguments import Arguments, Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..models import Workflow
    from ..served import Served

COMMANDS: Mapping[str, Command] = {
    "run": Command(
        "driving",
        "run the workflow; --input is JSON, a file or - for standard input; a known run id is continued",
        options=("input", "store", "run-id", "scripted"),
        flags=("json", "quiet"),
    ),
    "resume": Command(
        "driving",
        "go on with a run that was interrupted or waited; with --all-due with every run that nobody drives and that is due",
        ("RUN?",),
        options=("store", "scripted"),
        flags=("all-due", "json", "quiet"),
    ),
    "enqueue": Command(
        "working",
        "put a run into the store for a worker to start; --input as for run; gives the run id",
        options=("input", "store", "run-id"),
        flags=("json",),
    ),
    "worker": Command(
        "working",
        "drive every run that is due, at most --limit at a time, and look for more every so many seconds, until SIGTERM; with "
        "--once until none is left",
        options=("limit", "every", "deaths", "store", "scripted"),
        flags=("once", "json", "quiet"),
    ),
    "signal": Command(
        "deliveries",
        "send a run a value under a name, once for each --id",
        ("RUN", "NAME"),
        options=("value", "by", "id", "store"),
        flags=("json",),
    ),
    "approve": Command(
        "deliveries",
        "show what a run asks and say yes; --set name=JSON changes a value that may be changed; --shown is the digest of what "
        "was shown elsewhere",
        ("RUN", "STEP?"),
        options=("by", "reason", "set*", "shown", "id", "store"),
        flags=("json",),
    ),
    "reject": Command(
        "deliveries",
        "show what a run asks and say no",
        ("RUN", "STEP?"),
        options=("by", "reason", "shown", "id", "store"),
        flags=("json",),
    ),
    "resolve": Command(
        "deliveries",
        "say of a write in doubt that it was done (with its result as --value), is to be done again, or has failed",
        ("RUN", "STEP"),
        options=("as", "value", "by", "id", "store"),
        flags=("json",),
    ),
    "cancel": Command(
        "deliveries",
        "stop a run for good; what it did and can take back is taken back",
        ("RUN",),
        options=("reason", "by", "id", "store"),
        flags=("json",),
    ),
    "replay": Command(
        "replaying",
        "execute the code against the log of a run; nothing is performed; --until STEP shows variables and results as they "
        "were just before STEP",
        ("RUN",),
        ("store", "until"),
        ("json",),
    ),
    "fork": Command(
        "forking",
        "a new run that begins as RUN did before the step of --from (before the one that failed, if nothing is said), with "
        "--set NAME=VALUE for parameters and results of earlier steps; --id names it; --resume goes on with it at once",
        ("RUN",),
        ("from", "set*", "id", "store", "scripted"),
        ("resume", "json", "quiet"),
    ),
    "diff": Command(
        "comparing",
        "where two runs part, and all steps that differ; --store-b is where RUN_B is kept when not in --store",
        ("RUN_A", "RUN_B"),
        ("store", "store-b"),
        ("json",),
    ),
    "events": Command("logs", "the events of a run", ("RUN",), ("store",), ("json",)),
    "trace": Command("logs", "what a run did when, and how long it took", ("RUN",), ("store",), ("json",)),
    "runs": Command(
        "logs",
        "the runs of the store, or those in a status, and what they wait for",
        (),
        ("status*", "store"),
        ("json",),
    ),
    "hook": Command(
        "clients",
        "write down what a coding agent tells at a hook, on standard input; it never stops the agent",
        ("CLIENT", "EVENT?"),
        ("store",),
    ),
    "decide": Command(
        "clients",
        "answer a coding agent that asks at a hook, on standard input, whether a call may be made; FILE says who may call what",
        ("FILE",),
    ),
    "mcp": Command(
        "serving",
        "serve the workflow to an MCP client on standard input and output; a call takes at most --wait seconds, then the "
        "run is to be asked for; who has a --role is asked by the client what runs ask that role, and is --by in their logs; with "
        "--operations its operations are served instead, or --only some: a.b,c.d",
        options=("store", "scripted", "wait", "role*", "by", "only"),
        flags=("operations",),
    ),
    "verify": Command("logs", "whether the logs are as they were written", ("RUN?",), ("store", "head"), ("json",)),
    "prune": Command(
        "keeping",
        "replace finished runs by checkpoints that `verify` knows: those that ended --before a time, or are --older-than 30d",
        options=("before", "older-than", "store"),
        flags=("dry-run", "json"),
    ),
    "export": Command(
        "keeping", "a run as lines of JSON, or all runs with --all", ("RUN?",), options=("store",), flags=("all",)
    ),
    "import": Command(
        "keeping",
        "store the runs of a file that export has written, once all of them are verified",
        ("FILE",),
        options=("store",),
        flags=("json",),
    ),
    "backup": Command("keeping", "copy the store to PATH while others work with it", ("PATH",), options=("store",)),
}


class Request:
    """What a command is given. `store` is where runs are kept, `folder` where relative paths of scripted replies start,
    `tools` the folder of Python tools, `served` loads what `mcp` needs beside the workflow. A command that only reads
    logs needs no workflow, but then a store."""

    __slots__ = ("_workflow", "arguments", "folder", "served", "store", "tools")

    def __init__(
        self,
        workflow: Workflow | None,
        arguments: Arguments,
        *,
        folder: str = ".",
        tools: str = "",
        served: Callable[[], Served] | None = None,
    ) -> None:
        self._workflow = workflow
        self.arguments = arguments
        self.store = arguments.get("store") or default_store(workflow.name if workflow else "")
        self.folder = folder
        self.tools = tools
        self.served = served

    @property
    def workflow(self) -> Workflow:
        assert self._workflow is not None
        return self._workflow

    @property
    def as_json(self) -> bool:
        """Whether programs read what is shown."""
        return "json" in self.arguments.flags

    def get(self, name: str) -> str | None:
        """The value of an option or a positional argument, None when it was not given."""
        return self.arguments.get(name)

    def all(self, name: str) -> Sequence[str]:
        """The values of an option that may be repeated."""
        return self.arguments.all(name)

    def has(self, flag: str) -> bool:
        return flag in self.arguments.flags

    def __getitem__(self, name: str) -> str:
        """The value of a positional argument that is always given."""
        return self.arguments.values[name]


def carry_out(request: Request) -> int:
    """Do what the command line says and return the exit code; raises Failure."""
    name = request.arguments.command
    family = __import__(f"{__name__}.{COMMANDS[name].family}", fromlist=("",))
    command: Callable[[Request], int] = getattr(family, f"{name}_command")
    return command(request)


def default_store(name: str) -> str:
    """Where the runs of a workflow are kept when nobody says otherwise."""
    return f".lattice/{name}.db"
