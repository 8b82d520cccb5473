"""A built package as it is started: three steps, every event on the disk, in a store of its own; the whole process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from measuring import Figure, at_most, in_turns, python

LIMIT = 1.5
ROUNDS = 21

SOURCE = """
type Ticket { id: string  text: string  words: int }

tool desk = python("desk_tools") {
  op find(id: string) -> Ticket { effect: read }
  op rate(ticket: Ticket) -> float { effect: pure }
  op file(id: string, rating: float) -> string { effect: write, idempotent_by: id }
}

workflow desk_run(id: string) -> string {
  ticket = desk.find(id)
  rating = desk.rate(ticket)
  filed  = desk.file(id: ticket.id, rating)
  return filed
}
"""
TOOLS = """
def find(id):
    return {"id": id, "text": "the parcel is late", "words": 4}


def rate(ticket):
    return ticket["words"] / 8


def file(id, rating):
    return f"{id} filed at {rating}"
"""


def figures() -> Iterator[Figure]:
    """With the interpreter's bare start (`-I -S`, all that a package needs), and with its usual one."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "desk_run.lat").write_text(SOURCE, encoding="utf-8")
        (folder / "desk_tools.py").write_text(TOOLS, encoding="utf-8")
        python("-m", "agent_lattice", "build", "desk_run.lat", "-o", "built", folder=folder)()
        for flags in (["-I", "-S"], []):
            run, imports = in_turns(
                [_run(folder, flags), python(*flags, "-c", "import sqlite3, json, hashlib")], ROUNDS
            )
            title = " ".join(["three steps, whole process", *flags])
            yield at_most(title, run, imports, LIMIT, "import sqlite3, json, hashlib")


def _run(folder: Path, flags: list[str]) -> Callable[[], object]:
    package = str(folder / "built" / "desk_run")
    numbers = count()

    def run() -> object:
        store = str(folder / f"{len(flags)}-{next(numbers)}.db")
        return python(*flags, package, "run", "--input", '{"id": "T1"}', "--store", store)()

    return run
