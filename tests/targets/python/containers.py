"""What a Dockerfile says, done without Docker: on Linux, as root, in namespaces of its own.

The base image is a virtual environment of this interpreter below a new root; of the host, only system folders are seen.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_HOST = ["/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc", "/dev", sys.base_prefix]
_NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]


def possible() -> bool:
    """Whether namespaces can be made here."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"):
        return False
    return subprocess.run([*_NAMESPACES, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0


def instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    """The instructions with their arguments, lines that go on joined."""
    lines = "\n".join(line for line in dockerfile.splitlines() if not line.lstrip().startswith("#"))
    for line in lines.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name, rest.strip()


class Container:
    """An image built from the folder of a package, in an empty folder `place`; `data` is its volume."""

    def __init__(self, package: Path, place: Path) -> None:
        self.root, self.data = place / "root", place / "data"
        self.user = "0:0"
        self.directory = "/"
        self.environment = {"PATH": "/venv/bin:/usr/bin:/bin"}
        self.entry: list[str] = []
        self.command: list[str] = []
        self.signal = "SIGTERM"
        self.volume = ""
        self._base()
        for name, rest in instructions((package / "Dockerfile").read_text()):
            getattr(self, f"_{name.lower()}")(rest, package)

    def _base(self) -> None:
        subprocess.run([sys.executable, "-m", "venv", str(self.root / "venv")], check=True)
        for folder in [*_HOST, "/tmp", "/proc"]:
            (self.root / folder[1:]).mkdir(parents=True, exist_ok=True)

    def _arg(self, rest: str, package: Path) -> None:
        assert rest == "PYTHON_DIGEST", "a default would be a digest that nobody chose"

    def _from(self, rest: str, package: Path) -> None:
        assert re.fullmatch(r"python:3\.\d+-slim@\$\{PYTHON_DIGEST\}", rest)

    def _label(self, rest: str, package: Path) -> None:
        pass

    def _copy(self, rest: str, package: Path) -> None:
        source, target = rest.split()
        ignored, allowed = (package / ".dockerignore").read_text().split()[0:2]
        assert (ignored, allowed) == ("*", f"!{source}")
        shutil.copytree(package / source, self.root / target[1:], ignore=shutil.ignore_patterns("__pycache__"))

    def _run(self, rest: str, package: Path) -> None:
        done = subprocess.run(self._inside(["sh", "-c", rest], writable=True), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def _user(self, rest: str, package: Path) -> None:
        self.user = rest

    def _env(self, rest: str, package: Path) -> None:
        self.environment |= dict([rest.split("=")])

    def _workdir(self, rest: str, package: Path) -> None:
        self.directory = rest

    def _volume(self, rest: str, package: Path) -> None:
        (self.volume,) = json.loads(rest)
        shutil.copytree(self.root / self.volume[1:], self.data)  # as a new volume is filled
        owner = (self.root / self.volume[1:]).stat()
        os.chown(self.data, owner.st_uid, owner.st_gid)

    def _stopsignal(self, rest: str, package: Path) -> None:
        self.signal = rest

    def _entrypoint(self, rest: str, package: Path) -> None:
        self.entry = json.loads(rest)

    def _cmd(self, rest: str, package: Path) -> None:
        self.command = json.loads(rest)

    def started(self, *words: str) -> list[str]:
        """The words that start the container with a read-only root, as process 1, and end as it ends."""
        return self._inside([*self.entry, *(words or self.command)], writable=False)

    def _inside(self, words: list[str], *, writable: bool) -> list[str]:
        root = self.root
        steps = ["set -e", f"mount --bind {root} {root}"]
        steps += [f"mount --rbind {folder} {root}{folder}" for folder in _HOST if Path(folder).exists()]
        steps += [f"mount -t proc proc {root}/proc", f"mount -t tmpfs tmpfs {root}/tmp"]
        if not writable:
            steps += [f"mount -o remount,bind,ro {root}", f"mount --bind {self.data} {root}{self.volume}"]
        given = " ".join(f"{name}={value}" for name, value in self.environment.items())
        steps += [
            f"exec chroot --userspec={self.user} {root} env -i {given}"
            f""" sh -c 'cd "$0" && exec "$@"' {self.directory} "$@" """
        ]
        return [*_NAMESPACES, "sh", "-c", "\n".join(steps), "sh", *words]
