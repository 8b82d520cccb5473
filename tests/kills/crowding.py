"""Runs the package `crowd` for many people in one process: `python crowding.py STORE COUNT`."""

from __future__ import annotations

import sys

sys.path.insert(0, "")  # the folder of the package

from crowd import WORKFLOWS
from crowd._runtime.execute import run_many
from crowd._runtime.stores.sqlite import SqliteStore

store, count = SqliteStore(sys.argv[1]), int(sys.argv[2])
inputs = [(f"person-{n}", {"person": f"person-{n}"}) for n in range(count)]
runs = run_many(WORKFLOWS["crowd"], inputs, store)
store.close()
print(sum(run.result == 10 for run in runs))
