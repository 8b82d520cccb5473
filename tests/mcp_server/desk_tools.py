"""The tools of `desk.lat`. What is done is written into the file `book`, a line each."""

import os
import sys
import time
from pathlib import Path


def _note(line):
    with Path("book").open("a", encoding="utf-8") as book:
        book.write(line + "\n")


def find(id):
    _note(f"find {id}")
    if id == "none":
        raise LookupError("no such order")
    return {"id": id, "total": 12.5, "big": 2**60}


def risk(total, factor=None):
    return total / 100 * (factor or 1)


def linger(seconds):
    print("printed by a tool")
    os.write(1, b"written by a tool\n")
    sys.stdout.flush()
    _note(f"read {sys.stdin.read()!r}")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)
    _note("lingered")
    return "slow"


def tell():
    return f"the key is {os.environ['DESK_KEY']}"


def peek(path):
    return Path(path).read_text(encoding="utf-8")


def pay(order, amount, idempotency_key):
    if f"pay {order} {idempotency_key}" not in Path("book").read_text(encoding="utf-8").splitlines():
        _note(f"pay {order} {idempotency_key}")
    if order == "slow":
        time.sleep(0.5)
    return f"r-{order}"


def unused(path):
    return path
