"""The libraries that durable steps are compared with, in an environment of their own beside the developers' one."""

from __future__ import annotations

import shutil
import subprocess
import venv
from pathlib import Path

from measuring import ROOT

FOLDER = ROOT / ".venv" / "peers"
WANTED = (
    "dbos==3.4.0",
    "hypercorn==0.18.0",
    "langgraph==1.2.22",
    "langgraph-checkpoint-sqlite==3.1.2",
    "psycopg[binary]==3.3.9",
    "restate-sdk==1.3.0",
)
SERVER = "@restatedev/restate-server"
VERSION = "1.7.12"


def interpreter() -> Path | None:
    """Its Python, set up when it is first needed; None when the libraries cannot be installed."""
    python, mark = FOLDER / "bin" / "python", FOLDER / "installed"
    if mark.is_file() and mark.read_text() == "\n".join(WANTED):
        return python
    venv.create(FOLDER, with_pip=True, clear=True)
    command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *WANTED]
    if subprocess.run(command, capture_output=True).returncode:
        return None
    mark.write_text("\n".join(WANTED))
    return python


def restate_server() -> Path | None:
    """The server of Restate, installed from npm when it is first needed; None when it cannot be."""
    folder = FOLDER / "node" / VERSION
    if not folder.is_dir():
        npm = shutil.which("npm")
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", f"--prefix={folder}", f"{SERVER}@{VERSION}"]
        if npm is None or subprocess.run(command, capture_output=True).returncode:
            return None
    return next(folder.glob(f"node_modules/{SERVER}-*/bin/restate-server"), None)
