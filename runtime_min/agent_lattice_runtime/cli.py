"""The command line of a generated package: `python -m NAME COMMAND …`."""

from __future__ import annotations

import atexit
import gc
import sys

from . import __version__
from .arguments import Usage, read_arguments
from .commands import COMMANDS, Request, carry_out, default_store
from .errors import Failure
from .progress import printable, put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .models import Workflow
    from .served import Served


def main(
    workflow: Workflow,
    words: Sequence[str] | None = None,
    *,
    folder: str = ".",
    tools: str = "",
    served: Callable[[], Served] | None = None,
) -> int:
    """Carry out a command line and return its exit code: 0 clean, 1 the run failed, diverged or was tampered with, 2
    usage or unusable input, 3 a defect of the runtime, 4 the run waits, 130 interrupted. `folder` is where relative paths of scripted
    replies start, `tools` the folder of Python tools (default: `_tools` beside the runtime), `served` loads what
    `mcp` needs beside the workflow."""
    words = sys.argv[1:] if words is None else words
    if None in (sys.stdin, sys.stdout, sys.stderr):
        from .standard_streams import open_closed_streams

        open_closed_streams()
    gc.set_threshold(10_000)  # what runs leave behind is hardly ever a cycle
    atexit.register(gc.freeze)  # at its end the process need not look for garbage in all that it has loaded
    try:
        code = _carried_out(workflow, words, folder, tools, served)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        from .standard_streams import silence

        silence(sys.stdout)
        return 1
    except KeyboardInterrupt:
        return 130
    except Usage as usage:
        put(sys.stderr, f"{workflow.name}: {printable(usage.message)}\n")
        return 2
    except Failure as failure:
        from .commands.showing import explained

        put(sys.stderr, f"{workflow.name}: {explained(failure)}\n")
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
    return carry_out(Request(workflow, arguments, folder=folder, tools=tools, served=served))


def _help(workflow: Workflow) -> str:
    lines = [f"The workflow {workflow.name}. Commands:", ""]
    for name, command in COMMANDS.items():
        lines += [f"  {command.usage(name)}", f"      {command.meaning}"]
    lines += ["", f"Runs are kept in --store, {default_store(workflow.name)} without it."]
    lines += ["Exit codes: 0 clean, 1 failed or diverged or tampered with, 2 usage or unusable input,"]
    lines += ["3 internal error, 4 the run waits, 130 interrupted (go on with resume)."]
    return "\n".join(lines) + "\n"


def _version(workflow: Workflow) -> str:
    plan = workflow.manifest.get("plan", "")
    return f"{workflow.name} (plan {plan}, compiler {workflow.manifest.get('compiler', '')}, runtime {__version__})\n"
