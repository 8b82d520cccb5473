"""The libraries that durable steps are compared with, in an environment of their own beside the developers' one."""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path

from measuring import ROOT

FOLDER = ROOT / ".venv" / "peers"
WANTED = ("dbos==3.4.0", "langgraph==1.2.22", "langgraph-checkpoint-sqlite==3.1.2", "psycopg[binary]==3.3.9")


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
