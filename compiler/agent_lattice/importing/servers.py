"""Entries of MCP servers, as every client writes them, to servers. Values of variables are never taken, only their names."""

from __future__ import annotations

import re
from typing import Any

from agent_lattice.importing.folder import Folder, text_of
from agent_lattice.importing.found import NO_COUNTERPART, Header, Project, Server
from agent_lattice.importing.secret_texts import holds_secret, names_secret, words_hold_secret
from agent_lattice.records import record, replace

_REFERENCE = re.compile(r"\$\{(?:env:|input:)?([\w-]+)(?::-([^}]*))?\}|\{env:([\w-]+)\}")
_HERE = re.compile(r"\$\{(?:workspaceFolder|CLAUDE_PROJECT_DIR|PWD)(?::-[^}]*)?\}/?")
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SECRET = re.compile(r"[A-Z]\w*", re.ASCII)
_BEARER = re.compile(r"bearer\s+", re.IGNORECASE)
UNNAMED = "a variable with a secret has a name of letters and digits that begins with a capital"
LONGEST_WAIT = 86_400.0
"""Seconds that a call may take at most."""


@record
class Entry:
    """An entry of a server: its name, where it stands, and its members."""

    name: str
    file: str
    values: dict[str, Any]
    folder: Folder

    def lose(self, item: str, reason: str) -> None:
        self.folder.lose(self.file, f"{self.name}.{item}" if item else self.name, reason)

    def members(self, item: str) -> dict[str, Any]:
        return self.folder.members(self.values.get(item), self.file, item)

    def lose_others(self, known: set[str]) -> None:
        """Members that say what no declaration says."""
        for item in sorted(self.values.keys() - known):
            self.lose(item, NO_COUNTERPART)


def plain(name: str) -> str:
    """The name of a server or tool as the model and rules have it."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


_STANDARD = {
    "type", "command", "args", "env", "cwd", "timeout", "url", "headers", "tools", "excludeTools", "alwaysLoad", "displayName",
    "deferTools",
}  # fmt: skip


def add_server(project: Project, folder: Folder, name: str, value: Any, file: str) -> Server | None:
    """Add the server of an entry of `.mcp.json`, if it can be declared and is the first of its name."""
    entry = Entry(name, file, folder.members(value, file, name), folder)
    if not entry.values or is_taken(project, entry):
        return None
    entry.lose_others(_STANDARD)
    made = _standard(entry)
    if made is not None:
        project.servers.append(made)
    return made


def is_taken(project: Project, entry: Entry) -> bool:
    """Whether another server has the name, which is a loss."""
    if project.server(entry.name):
        entry.lose("", "another server has this name")
        return True
    return False


def _standard(entry: Entry) -> Server | None:
    timeout, args, kind = seconds(entry, "timeout", 0.001), entry.values.get("args"), text_of(entry.values.get("type"))
    if "url" not in entry.values:
        command = [entry.values.get("command"), *(args if isinstance(args, list) else [])]
        return program(entry, command, "env", timeout)
    if kind in ("sse", "ws"):
        entry.lose("type", f"a server at an address is spoken to over streamable HTTP, not {kind}")
        return None
    return remote(entry, entry.values["url"], "headers", timeout)


def program(entry: Entry, command: list[Any], env: str, timeout: float | None) -> Server | None:
    """A server that is a program; `env` is the member with its variables. None when it cannot be declared."""
    words = tuple(_HERE.sub("", text_of(word)) for word in command)
    if not words or not words[0] or not all(isinstance(word, str | int) for word in command):
        entry.lose("", "it has no command that is a list of texts")
    elif words_hold_secret(words):
        entry.lose("", "its command holds what looks like a secret: pass it in an environment variable")
    elif any(_REFERENCE.search(word) for word in words):
        entry.lose(
            "", "a variable is in its command, where nothing replaces it: write the value, or let the program read it"
        )
    else:
        if entry.values.get("cwd") not in (None, ".", "./", "${workspaceFolder}"):
            entry.lose("cwd", "a server runs in the folder that the run was started in")
        made = Server(entry.name, entry.file, command=words, timeout=timeout)
        return with_variables(made, entry, env)
    return None


def with_variables(server: Server, entry: Entry, item: str, passed: tuple[str, ...] = ()) -> Server:
    """The server with the variables that it is given: those of the member `item`, and those `passed` by name."""
    kept = dict.fromkeys(passed)
    for name, value in entry.members(item).items():
        _explain_variable(entry, f"{item}.{name}", name, text_of(value))
        kept[name] = None
    env: list[str] = []
    secrets: list[str] = []
    for name in kept:
        if names_secret(name) and _SECRET.fullmatch(name):
            secrets.append(name)
        elif _VARIABLE.fullmatch(name) and not names_secret(name):
            env.append(name)
        else:
            entry.lose(f"{item}.{name}", UNNAMED)
    return replace(server, env=tuple(env), secrets=tuple(secrets))


def _explain_variable(entry: Entry, item: str, name: str, value: str) -> None:
    """What is lost of a variable: it has the value that it has when a run starts."""
    reference = _REFERENCE.fullmatch(value)
    source = (reference[1] or reference[3]) if reference else None
    if source is None:
        entry.lose(item, f"the value stays where it is: set {name} in the environment of a run")
    elif source != name:
        entry.lose(item, f"set {name} in the environment of a run to what {source} holds")
    elif reference is not None and reference[2] is not None:
        entry.lose(item, f"nothing stands in for {name} where it is not set")


def remote(entry: Entry, url: Any, headers: str, timeout: float | None) -> Server | None:
    """A server at an address; `headers` is the member with its headers. None when it cannot be declared."""
    address = text_of(url)
    reference = _REFERENCE.fullmatch(address)
    name = (reference[1] or reference[3]) if reference else ""
    if name and _VARIABLE.fullmatch(name):
        made = Server(entry.name, entry.file, variable=name, timeout=timeout)
    elif holds_secret(address) or "?" in address:
        entry.lose("", "its address holds a query or what looks like a secret: send that as a header")
        return None
    elif not address.startswith(("http://", "https://")) or _REFERENCE.search(address):
        entry.lose("", "its address is neither one of http nor a variable as a whole")
        return None
    else:
        made = Server(entry.name, entry.file, address=address, timeout=timeout)
    return replace(made, headers=_headers(entry, headers))


def _headers(entry: Entry, item: str) -> tuple[Header, ...]:
    found: tuple[Header, ...] = ()
    for name, value in entry.members(item).items():
        found = with_header(found, entry, f"{item}.{name}", _header(entry, f"{item}.{name}", name, text_of(value)))
    return found


def with_header(headers: tuple[Header, ...], entry: Entry, item: str, header: Header) -> tuple[Header, ...]:
    """The headers with one more, if it can be declared beside them."""
    if header.secret and not _SECRET.fullmatch(header.secret):
        entry.lose(item, UNNAMED)
    elif header.secret and any(other.secret for other in headers):
        entry.lose(item, "a server takes one secret")
    else:
        return (*headers, header)
    return headers


def _header(entry: Entry, item: str, name: str, value: str) -> Header:
    """A header; its value is shown only where it is no secret."""
    bare = _BEARER.sub("", value)
    reference = _REFERENCE.fullmatch(bare)
    source = (reference[1] or reference[3]) if reference else ""
    if source and _SECRET.fullmatch(source):
        return Header(name, "", source)
    if not (source or names_secret(name) or holds_secret(value) or _REFERENCE.search(value)):
        return Header(name, value)
    secret = secret_name(entry.name, name)
    entry.lose(item, f"the value stays where it is: set {secret} in the environment of a run to it")
    return Header(name, "", secret)


def secret_name(server: str, header: str) -> str:
    """A name for what has none yet: `SHOP_AUTHORIZATION`."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", f"{server}_{header}").strip("_").upper()
    return name if name[:1].isalpha() else f"S{name}"


def seconds(entry: Entry, item: str, unit: float) -> float | None:
    """How long a call may take, from a member that is a number of `unit` seconds."""
    value = entry.values.get(item)
    if value is None:
        return None
    number = value if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9 else 0
    if 0.001 <= number * unit <= LONGEST_WAIT:
        return float(number * unit)
    entry.lose(item, "it is no time between a millisecond and a day")
    return None
