"""Keeping Python tools to what they declare: an audit hook that is active in a thread only while a tool runs there.

This stops mistakes and careless dependencies, not an attacker: code that wants to get out of a Python process can.
"""

from __future__ import annotations

import _thread
import os
import sys
from _thread import get_ident
from os.path import abspath, dirname, realpath

from .environment import WATCHED, hide_environment
from .permissions import Denied, endpoints

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from re import Pattern
    from typing import Any

    from .models import Deps

_READING = frozenset({"os.listdir", "os.scandir", "os.walk", "glob.glob", "os.listxattr", "os.getxattr"})
_WRITING = frozenset(
    {
        "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.removexattr", "os.rename", "os.rmdir",
        "os.setxattr", "os.symlink", "os.truncate", "os.utime", "shutil.rmtree", "sqlite3.connect",
        "tempfile.mkdtemp", "tempfile.mkstemp",
    }
)  # fmt: skip
_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"})
_LOOKING_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"})
_FORBIDDEN = {
    "subprocess.Popen": "start another program",
    "os.system": "start another program",
    "os.exec": "start another program",
    "os.posix_spawn": "start another program",
    "os.spawn": "start another program",
    "os.startfile": "start another program",
    "pty.spawn": "start another program",
    "os.fork": "start another process",
    "os.forkpty": "start another process",
    "os.kill": "send signals",
    "os.killpg": "send signals",
    "signal.pthread_kill": "send signals",
    "os.chdir": "change the working directory",
    "os.fchdir": "change the working directory",
    "os.putenv": "change the environment",
    "os.unsetenv": "change the environment",
    "sqlite3.load_extension": "load native code",
    "sys.addaudithook": "add audit hooks",
    "_thread.start_new_thread": "start threads, which nobody could watch",
    "_thread.start_joinable_thread": "start threads, which nobody could watch",
}
_HARMLESS = frozenset({"/dev/null", "/dev/urandom", "/dev/random"})
_MODULES = (".py", ".pyc", ".pyd", ".so")
_IMPORTING = "<frozen importlib._bootstrap_external>"
_INSTALLED = (
    "site-packages",
    "dist-packages",
    "lib-dynload",
    "DLLs",
    f"python{sys.version_info[0]}{sys.version_info[1]}.zip",
)
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_patterns: dict[str, Pattern[str]] = {}


class Watch:
    """The checks for a tool that runs with `deps`: it touches only what their grant lists."""

    __slots__ = ("_deps", "_grant")

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._grant = deps.grant

    def check(self, event: str, args: tuple[Any, ...]) -> None:
        """Raises Denied for what the grant does not list."""
        if event == "open":
            self._open(*args)
        elif event in _CONNECTING:
            self._connect(args[1])
        elif event in _LOOKING_UP:
            self._look_up(args[0])
        elif event in _READING:
            # A module is looked for in every folder of sys.path, also in one that got a new file since (a run's store).
            if event != "os.listdir" or sys._getframe(2).f_code.co_filename != _IMPORTING:
                self._path(args[0], False)
        elif event in _WRITING:
            for path in args[:2]:
                if isinstance(path, (str, bytes, os.PathLike)):
                    self._path(path, True)
        elif event in _FORBIDDEN or event.startswith("ctypes."):
            what = _FORBIDDEN.get(event, "call native code")
            self._deny("operations", event, f"may not {what}")

    def _open(self, path: object, mode: object, flags: object) -> None:
        writing = isinstance(flags, int) and bool(flags & _WRITE_FLAGS)
        if isinstance(mode, str):
            writing = writing or any(letter in mode for letter in "wax+")
        if not isinstance(path, int):  # a descriptor was opened, and checked, before
            self._path(path, writing)

    def _path(self, path: object, writing: bool) -> None:
        text = "." if path is None else os.fsdecode(path)  # type: ignore[arg-type]
        if text in (":memory:", "") or text in _HARMLESS:
            return
        real = realpath(text)
        if any(_matches(pattern, real) for pattern in self._grant.files):
            return
        own = self._own(real)
        if _in_byte_code_folder(real) or (own and (not writing or "__pycache__" in real)):
            return
        self._deny("files", text, f"may not {'write' if writing else 'read'} {text}")

    def _own(self, real: str) -> bool:
        """The interpreter's own library, installed packages, and the modules of the tools folder (in a run from source
        that is the author's folder, with everything else in it): reading them is part of importing."""
        if any(_is_under(real, root) for root in _library()):
            return True
        roots = _archives(self._deps.tools)
        if not any(_is_under(real, root) for root in roots):
            return False
        return real in roots or "__pycache__" in real or real.endswith(_MODULES) or not os.path.isfile(real)

    def _look_up(self, host: object) -> None:
        name = os.fsdecode(host).lower() if isinstance(host, (str, bytes)) else ""
        listed = {known for entry in self._grant.hosts for known, _ in endpoints(entry)}
        if name not in listed and not _is_address(name):
            self._deny("hosts", name, f"may not look up the host {name}")

    def _connect(self, address: object) -> None:
        if not isinstance(address, tuple) or len(address) < 2:
            text = os.fsdecode(address) if isinstance(address, (str, bytes)) else str(address)
            self._deny("hosts", text, f"may not connect to {text}")
            return
        host, port = str(address[0]).lower(), address[1]
        for entry in self._grant.hosts:
            for known, allowed in endpoints(entry):
                if port == allowed and (host == known or host in _addresses(known)):
                    return
        self._deny("hosts", f"{host}:{port}", f"may not connect to {host}:{port}")

    def _deny(self, kind: str, item: str, what: str) -> None:
        deps = self._deps
        denied = Denied(kind, item, f"step {deps.step} {what}", deps.step)
        if deps.denied is None:
            deps.denied = denied
        raise denied


def install() -> None:
    """Begin to watch this process, once; it cannot be undone."""
    if os.environ.__class__ is not os._Environ:
        return
    hide_environment()
    if sys.version_info < (3, 12):
        _audit_threads()
    sys.addaudithook(_hook)


def _audit_threads() -> None:
    """Python 3.11 raises no event when a thread starts, later ones do."""
    start: Callable[..., int] = _thread.start_new_thread

    def audited(function: Callable[..., object], *more: Any) -> int:
        sys.audit("_thread.start_new_thread", function, *more)
        return start(function, *more)

    _thread.start_new_thread = audited
    if (threading := sys.modules.get("threading")) is not None:
        vars(threading)["_start_new_thread"] = audited


def _hook(event: str, args: tuple[Any, ...]) -> None:
    thread = get_ident()
    deps = WATCHED.get(thread)
    if deps is not None and event[:3] in _PREFIXES:
        del WATCHED[thread]  # what the checks themselves do is not the tool's doing
        try:
            Watch(deps).check(event, args)
        finally:
            WATCHED[thread] = deps


_PREFIXES = frozenset(
    name[:3] for name in (*_READING, *_WRITING, *_CONNECTING, *_LOOKING_UP, *_FORBIDDEN, "open", "ctypes.dlopen")
)
_roots: tuple[str, ...] = ()


def _library() -> tuple[str, ...]:
    global _roots
    if not _roots:
        folders = [dirname(os.__file__), *(path for path in sys.path if path.rstrip("/\\").endswith(_INSTALLED))]
        _roots = tuple({realpath(path) for path in (*folders, *_zones()) if path})
    return _roots


def _in_byte_code_folder(real: str) -> bool:
    """Whether a path is in the folder that PYTHONPYCACHEPREFIX puts in the place of every `__pycache__`."""
    return sys.pycache_prefix is not None and _is_under(real, realpath(sys.pycache_prefix))


def _zones() -> tuple[str, ...]:
    return ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/localtime")


def _archives(tools: str) -> tuple[str, ...]:
    """The tools folder; for one inside an archive the archive."""
    if not tools:
        return ()
    path = abspath(tools)
    while not os.path.exists(path) and dirname(path) != path:
        path = dirname(path)
    return (realpath(path),) if path == abspath(tools) or os.path.isfile(path) else ()


def _matches(pattern: str, real: str) -> bool:
    """Whether a path is meant by a glob that is relative to the working directory: `**` crosses folders."""
    absolute = os.path.join(realpath(os.getcwd()), os.path.normpath(pattern))
    compiled = _patterns.get(absolute)
    if compiled is None:
        import re

        source = re.escape(absolute).replace(r"/\*\*", "(?:/.*)?").replace(r"\*\*", ".*")
        compiled = _patterns[absolute] = re.compile(source.replace(r"\*", "[^/]*").replace(r"\?", "[^/]"), re.DOTALL)
    return compiled.fullmatch(real) is not None


def _is_under(real: str, root: str) -> bool:
    return real == root or real.startswith(root + os.sep)


def _is_address(name: str) -> bool:
    return name == "" or ":" in name or name.replace(".", "").isdecimal()


def _addresses(host: str) -> set[str]:
    import socket

    try:
        return {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except OSError:
        return set()
