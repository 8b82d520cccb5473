"""The command line of a generated package: `python -m NAME run|resume|replay|events|runs|hook|verify`."""

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
    from collections.abc import Sequence

    from .arguments import Arguments
    from .models import Workflow

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
    "runs": Command("the runs of the store", (), ("store",), ("json",)),
    "hook": Command(
        "write down what a coding agent tells at a hook, on standard input; it never stops the agent",
        ("CLIENT", "EVENT?"),
        ("store",),
    ),
    "verify": Command("whether the logs are as they were written", ("RUN?",), ("store", "head"), ("json",)),
}


def main(workflow: Workflow, words: Sequence[str] | None = None, *, folder: str = ".", tools: str = "") -> int:
    """Carry out a command line and return its exit code: 0 clean, 1 the run failed, diverged or was tampered with, 2
    usage or unusable input, 3 a defect of the runtime, 130 interrupted. `folder` is where relative paths of scripted
    replies start, `tools` the folder of Python tools (default: `_tools` beside the runtime)."""
    words = sys.argv[1:] if words is None else words
    atexit.register(gc.freeze)  # at its end the process need not look for garbage in all that it has loaded
    try:
        code = _carried_out(workflow, words, folder, tools)
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


def _carried_out(workflow: Workflow, words: Sequence[str], folder: str, tools: str) -> int:
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
    if arguments.command in ("run", "resume"):
        return _run(workflow, arguments, store, folder, tools)
    if arguments.command == "hook":
        return commands.hook_command(workflow, arguments.values["CLIENT"], arguments.get("EVENT") or "", store)
    if arguments.command == "runs":
        return commands.runs_command(store, as_json=as_json)
    if arguments.command == "verify":
        return commands.verify_command(arguments.get("RUN"), store, head=arguments.get("head"), as_json=as_json)
    run_id = arguments.values["RUN"]
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
