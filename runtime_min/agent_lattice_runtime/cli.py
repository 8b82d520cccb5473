"""The command line of a generated package: `python -m NAME run|resume|replay|events|trace|runs|hook|decide|mcp|verify`."""

from __future__ import annotations

import atexit
import gc
import sys

from . import __version__, commands
from .arguments import Command, Usage, read_arguments
from .errors import Failure
from .progress import printable, put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .arguments import Arguments
    from .models import Workflow
    from .served import Served

COMMANDS = {
    "run": Command(
        "run the workflow; --input is JSON, a file or - for standard input; a known run id is continued",
        options=("input", "store", "run-id", "scripted"),
        flags=("json", "quiet"),
    ),
    "resume": Command(
        "go on with a run that was interrupted", ("RUN",), options=("store", "scripted"), flags=("json", "quiet")
    ),
    "replay": Command(
        "execute the code against the log of a run; nothing is performed", ("RUN",), ("store",), ("json",)
    ),
    "events": Command("the events of a run", ("RUN",), ("store",), ("json",)),
    "trace": Command("what a run did when, and how long it took", ("RUN",), ("store",), ("json",)),
    "runs": Command("the runs of the store", (), ("store",), ("json",)),
    "hook": Command(
        "write down what a coding agent tells at a hook, on standard input; it never stops the agent",
        ("CLIENT", "EVENT?"),
        ("store",),
    ),
    "decide": Command(
        "answer a coding agent that asks at a hook, on standard input, whether a call may be made; FILE says who may call what",
        ("FILE",),
    ),
    "mcp": Command(
        "serve the workflow to an MCP client on standard input and output; a call takes at most --wait seconds, then the "
        "run is to be asked for; with --operations its operations are served instead, or --only some: a.b,c.d",
        options=("store", "scripted", "wait", "only"),
        flags=("operations",),
    ),
    "verify": Command("whether the logs are as they were written", ("RUN?",), ("store", "head"), ("json",)),
}


def main(
    workflow: Workflow,
    words: Sequence[str] | None = None,
    *,
    folder: str = ".",
    tools: str = "",
    served: Callable[[], Served] | None = None,
) -> int:
    """Carry out a command line and return its exit code: 0 clean, 1 the run failed, diverged or was tampered with, 2
    usage or unusable input, 3 a defect of the runtime, 130 interrupted. `folder` is where relative paths of scripted
    replies start, `tools` the folder of Python tools (default: `_tools` beside the runtime), `served` loads what
    `mcp` needs beside the workflow."""
    words = sys.argv[1:] if words is None else words
    atexit.register(gc.freeze)  # at its end the process need not look for garbage in all that it has loaded
    try:
        code = _carried_out(workflow, words, folder, tools, served)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _close_stdout()
        return 1
    except KeyboardInterrupt:
        return 130
    except Usage as usage:
        put(sys.stderr, f"{workflow.name}: {printable(usage.message)}\n")
        return 2
    except Failure as failure:
        put(sys.stderr, f"{workflow.name}: {commands.explained(failure)}\n")
        return 2
    except Exception as error:
        from .reports import write_report

        put(sys.stderr, f"{workflow.name}: internal error: {type(error).__name__}; {write_report(workflow)}\n")
        return 3


def _carried_out(
    workflow: Workflow, words: Sequence[str], folder: str, tools: str, served: Callable[[], Served] | None
) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        put(sys.stdout if words else sys.stderr, _help(workflow))
        return 0 if words else 2
    if words[0] == "--version":
        put(sys.stdout, _version(workflow))
        return 0
    arguments = read_arguments(words, COMMANDS)
    if "help" in arguments.flags:
        command = COMMANDS[arguments.command]
        put(sys.stdout, f"usage: {command.usage(arguments.command)}\n{command.meaning}\n")
        return 0
    store = arguments.get("store") or commands.default_store(workflow.name)
    as_json = "json" in arguments.flags
    if arguments.command == "mcp":
        return _serve(workflow, arguments, folder, tools, served)
    if arguments.command in ("run", "resume"):
        return _run(workflow, arguments, store, folder, tools)
    if arguments.command == "hook":
        return commands.hook_command(workflow, arguments.values["CLIENT"], arguments.get("EVENT") or "", store)
    if arguments.command == "decide":
        return commands.decide_command(arguments.values["FILE"])
    if arguments.command == "runs":
        return commands.runs_command(store, as_json=as_json)
    if arguments.command == "verify":
        return commands.verify_command(arguments.get("RUN"), store, head=arguments.get("head"), as_json=as_json)
    run_id = arguments.values["RUN"]
    if arguments.command == "trace":
        return commands.trace_command(run_id, store, as_json=as_json)
    if arguments.command == "events":
        return commands.events_command(run_id, store, as_json=as_json)
    return commands.replay_command(workflow, run_id, store, as_json=as_json)


def _run(workflow: Workflow, arguments: Arguments, store: str, folder: str, tools: str) -> int:
    from .run import Setting

    scripted = arguments.get("scripted")
    replies = None if scripted is None else commands.read_json_file(scripted)
    setting = Setting(scripted=replies, folder=folder, tools=tools)
    as_json, quiet = "json" in arguments.flags, "quiet" in arguments.flags
    if arguments.command == "resume":
        run_id = arguments.values["RUN"]
        return commands.resume_command(workflow, run_id, store, setting=setting, as_json=as_json, quiet=quiet)
    value = commands.read_input(arguments.get("input") or "{}")
    run_id_or_none = arguments.get("run-id")
    return commands.run_command(
        workflow, value, store, run_id=run_id_or_none, setting=setting, as_json=as_json, quiet=quiet
    )


def _serve(
    workflow: Workflow, arguments: Arguments, folder: str, tools: str, served: Callable[[], Served] | None
) -> int:
    from .mcp_server import serve_operations, serve_workflow
    from .mcp_server_runs import Runs

    if served is None:
        raise Usage("mcp: only packages serve")
    scripted, only = arguments.get("scripted"), arguments.get("only")
    replies = None if scripted is None else commands.read_json_file(scripted)
    offered = served()
    if "operations" not in arguments.flags:
        if only is not None:
            raise Usage("--only goes with --operations")
        store = arguments.get("store") or commands.default_store(workflow.name)
        runs = Runs(store, scripted=replies, folder=folder, tools=tools)
        return serve_workflow(workflow, offered, runs, _seconds(arguments.get("wait")))
    store = arguments.get("store") or f".lattice/operations/{workflow.name}.db"
    runs = Runs(store, scripted=replies, folder=folder, tools=tools)
    granted = workflow.manifest["permissions"]["total"]["operations"]
    names = None if only is None else _operations(only, granted)
    return serve_operations(workflow, offered, runs, names)


def _seconds(text: str | None) -> float:
    """How long a call waits; raises Usage."""
    from .mcp_server_tools import LONGEST, WAIT

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


def _help(workflow: Workflow) -> str:
    lines = [f"The workflow {workflow.name}. Commands:", ""]
    for name, command in COMMANDS.items():
        lines += [f"  {command.usage(name)}", f"      {command.meaning}"]
    lines += ["", f"Runs are kept in --store, {commands.default_store(workflow.name)} without it."]
    lines += ["Exit codes: 0 clean, 1 failed or diverged or tampered with, 2 usage or unusable input,"]
    lines += ["3 internal error, 130 interrupted (go on with resume)."]
    return "\n".join(lines) + "\n"


def _version(workflow: Workflow) -> str:
    plan = workflow.manifest.get("plan", "")
    return f"{workflow.name} (plan {plan}, compiler {workflow.manifest.get('compiler', '')}, runtime {__version__})\n"


def _close_stdout() -> None:
    """Nobody reads any more: keep the interpreter from complaining about that at its end."""
    from os import O_WRONLY, devnull, dup2
    from os import open as open_descriptor

    dup2(open_descriptor(devnull, O_WRONLY), sys.stdout.fileno())
