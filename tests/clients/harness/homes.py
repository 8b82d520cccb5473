"""A client's surroundings: a home that is thrown away, none of the variables of whoever runs the tests, nothing to talk to but loopback."""

from __future__ import annotations

import os
import sys
from pathlib import Path

KEY = "made-up-key-of-a-test-000000000000"
QUIET = {
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DO_NOT_TRACK": "1",
}
"""What several clients heed."""
_FOLDERS = {
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_CACHE_HOME": ".cache",
    "XDG_STATE_HOME": ".local/state",
    "TMPDIR": "tmp",
}


def surroundings(home: Path) -> dict[str, str]:
    """The environment of a client whose home is a folder, which is made."""
    folders = {name: home / below for name, below in _FOLDERS.items()}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    return {
        "HOME": str(home),
        "USER": "tester",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "SHELL": "/bin/sh",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONDONTWRITEBYTECODE": "1",
        **QUIET,
        **{name: str(folder) for name, folder in folders.items()},
    }
