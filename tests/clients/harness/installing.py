"""The clients themselves: installed from npm at one version each, into a folder outside the project that is kept."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from agent_lattice_clients.target import ClientTarget

FOLDER = "LATTICE_CLIENTS_FOLDER"
"""The variable that says where clients are kept."""
CHOICE = "LATTICE_CLIENTS"
"""The variable that says what is tried; `choosing.py` has its values."""
_DOWNLOAD = 240.0  # seconds; the largest is 400 MB
_LOOK_UP = 20.0


class NotInstalled(Exception):
    """Why a client is not there."""


def version(target: ClientTarget) -> str:
    """The version to try: the last one that the target's contract names, or the newest there is."""
    if os.environ.get(CHOICE) == "latest":
        return newest(target.frozen["client"]["package"])
    tried: str = target.frozen["client"]["tried"][-1]
    return tried


@cache
def newest(package: str) -> str:
    """The newest version that the registry has. Raises NotInstalled without an answer."""
    return _npm(["view", package, "version"], _LOOK_UP).strip()


@cache
def program(target: ClientTarget) -> Path:
    """What starts the client; installs it first if need be. Raises NotInstalled."""
    package, wanted = target.frozen["client"]["package"], version(target)
    folder = kept() / target.name / wanted
    found = folder / "node_modules/.bin" / target.program
    with _locked(folder.parent / f"{wanted}.lock"):
        if not found.exists():
            _install(f"{package}@{wanted}", folder)
    if not found.exists():
        raise NotInstalled(f"{package} {wanted} has no program {target.program}")
    return found


def kept() -> Path:
    """Where clients are kept."""
    if os.environ.get(FOLDER):
        return Path(os.environ[FOLDER]).resolve()
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "agent-lattice" / "clients"


@cache
def _unreachable() -> str | None:
    """Why there is no registry to install from: asked once, so that a machine without a network does not wait for each client."""
    try:
        newest("npm")
    except NotInstalled as reason:
        return str(reason)
    return None


def _install(wanted: str, folder: Path) -> None:
    """All of it or nothing: npm works in a folder beside, which then takes its place."""
    if why := _unreachable():
        raise NotInstalled(why)
    with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
        _npm(["install", "--prefix", beside, "--no-audit", "--no-fund", "--no-package-lock", wanted], _DOWNLOAD)
        shutil.rmtree(folder, ignore_errors=True)
        Path(beside).rename(folder)
        Path(beside).mkdir()  # for the end of the block, which removes it


def _npm(words: list[str], seconds: float) -> str:
    """What npm prints. Raises NotInstalled with its last line if it fails or takes too long."""
    npm = shutil.which("npm")
    if npm is None:
        raise NotInstalled("npm is not installed")
    patience = {
        "npm_config_fetch_retries": "1",
        "npm_config_fetch_timeout": "60000",
        "npm_config_update_notifier": "false",
    }
    try:
        done = subprocess.run([npm, *words], capture_output=True, text=True, timeout=seconds, env=os.environ | patience)
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"npm {words[0]} did not end within {seconds:g} s") from None
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if "error" in line.lower()] or ["no reason given"]
        raise NotInstalled(f"npm {words[0]} failed: {told[0]}")
    return done.stdout


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Tests run in several processes; one of them installs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
