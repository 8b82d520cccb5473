"""`tool docs = mcp("uvx policy-docs-mcp") { … }`: tools of an MCP server, which is a program or is reached at an address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from agent_lattice import plan
from agent_lattice.annotations import unquote
from agent_lattice.declarations.doubts import ON_DOUBT
from agent_lattice.declarations.protocols import MISPLACED_CLAUSE, Given, ToolProtocol, misplaced
from agent_lattice.declarations.protocols.http import TIMEOUT, base_url
from agent_lattice.diagnostics import Code, Report
from agent_lattice.program import Module
from agent_lattice.records import replace
from agent_lattice.settings import Rule
from agent_lattice.tree import Text

WRONG_SERVER = Code("LAT2452", "wrong-mcp-server")

_SHELL = frozenset({"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1"})
_TRUST = Rule("word", ("untrusted", "trusted"), doc="whether its results may hold what strangers wrote; untrusted")


def _call(node: Any, given: Given, report: Report) -> dict[str, Any]:
    if node.method is not None and node.method.text != "TOOL":
        misplaced(f"= {node.method} …", node.call_span, "http", PROTOCOL, report)
    named = node.method is not None and node.method.text == "TOOL" and node.path is not None
    returns = given["returns"].value.text if "returns" in given else "untrusted"
    return {"remote": unquote(node.path.raw) if named else node.name.text, "returns": returns}


def _connect(made: plan.ToolSet, node: Any, given: Given, module: Module, report: Report) -> plan.ToolSet:
    from agent_lattice.declarations.operations import secrets, texts
    from agent_lattice.surface_operations import allowed

    if isinstance(node.target, Text) and not unquote(node.target.raw).startswith(("http://", "https://")):
        command = _command(node.target, report)
        _report_misplaced(
            node.clauses, "a server at an address", "pass a program what it needs with `secrets: […]`", report
        )
        made = replace(made, command=command, scripts=tuple(sorted(set(_scripts(command, module)))))
    else:
        found = [item for item in node.settings if item.setting.name.text in ("env", "secrets")]
        _report_misplaced(
            found, "a server that is a program", "give an address its secret with `auth bearer NAME`", report
        )
        made = replace(made, base=base_url(node.target, report))
    return replace(
        made,
        env=texts(given.get("env")),
        secrets=secrets(given.get("secrets"), module, report),
        operations=(*made.operations, *allowed(made, given, module, report)),
    )


def _check(tool: plan.ToolSet, declared: Any, module: Module, report: Report) -> None:
    from agent_lattice.surface_checks import check_surface

    check_surface(tool, declared, module, report)


def _command(target: Text, report: Report) -> tuple[str, ...]:
    """The words of a command as a POSIX shell would split them; () when that is reported as wrong."""
    import shlex

    text = unquote(target.raw)
    try:
        words = shlex.split(text)
    except ValueError as error:
        words = []
        problem = f"the command of a server cannot be split into words: {str(error).lower()}"
    else:
        problem = "an MCP server is a command or an address" if not words or not words[0] else ""
    strange = next((word for word in words if word in _SHELL or word.startswith("$") or "\0" in word), None)
    if strange is not None:
        problem = f"no shell reads this command: `{strange}` would be an argument"
    if problem:
        help = 'e.g. `mcp("uvx policy-docs-mcp")`, `mcp("https://docs.example/mcp")` or `mcp(env.NAME)` for an address'
        report.add(WRONG_SERVER, problem, target.span, help=help)
        return ()
    return tuple(words)


def _scripts(command: tuple[str, ...], module: Module) -> Iterator[str]:
    """The arguments of a command that are files beside the source: a package carries them."""
    for word in command[1:]:
        path = PurePosixPath(word)
        plain = not word.startswith("-") and str(path) == word and not path.is_absolute() and ".." not in path.parts
        if plain and module.files(str(module.folder / path)) is not None:
            yield word


def _report_misplaced(items: Any, owner: str, help: str, report: Report) -> None:
    for item in items:
        word = getattr(item, "word", None) or item.setting.name.text
        report.add(MISPLACED_CLAUSE, f"`{word}` belongs to {owner}", item.span, help=help)


PROTOCOL = ToolProtocol(
    word="mcp",
    instead='an MCP server gets its arguments by name; `= TOOL "name"` says what an operation is called there',
    clauses=frozenset({"auth", "header"}),
    settings={
        "allow": Rule("list", ("word", "text"), doc="tools to take as the lock describes them, without an `op`"),
        "effect": Rule("word", ("pure", "read", "write"), doc="of every operation that does not say its own"),
        "on_doubt": ON_DOUBT,
        "returns": _TRUST,
        "timeout": TIMEOUT,
        "env": Rule("list", ("text",), doc="environment variables that the program is given"),
        "secrets": Rule("list", ("word",), doc="secrets that the program is given, as environment variables"),
    },
    operation_settings={"returns": _TRUST},
    call=_call,
    connect=_connect,
    check=_check,
)
