"""Runs a package as `python -m PACKAGE WORDS` does, and kills the process at its n-th commit: before it, while the store
is at work, or after it. `python dying.py PACKAGE N before|during|after WORDS`

The package is as it was built: only this process wraps the `append` of its stores.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from importlib import import_module
from threading import Thread
from time import sleep
from typing import Any

DURING = 0.0004  # seconds that a commit takes at least; the kill comes at a time in it that depends on n


def die_at(store: Any, at: int, position: str) -> None:
    """Make the `at`-th append of all stores of this class the last thing that the process does."""
    real, done = store.append, iter(range(1, sys.maxsize))

    def append(self: Any, batch: Any) -> None:
        if next(done) != at:
            real(self, batch)
            return
        if position == "before":
            _die()
        if position == "during":
            Thread(target=_die_soon, args=(DURING * (at * 7 % 10) / 10,)).start()
        real(self, batch)
        _die()

    store.append = append


def _die_soon(seconds: float) -> None:
    sleep(seconds)
    _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    package, at, position = sys.argv[1:4]
    sys.path.insert(0, "")  # as `python -m` has it
    sys.argv[1:] = sys.argv[4:]
    die_at(import_module(f"{package}._runtime.stores.sqlite").SqliteStore, int(at), position)
    runpy.run_module(package, run_name="__main__", alter_sys=True)
