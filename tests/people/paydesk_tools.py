"""The tools of `paydesk.lat`. What is done is written into the file `book`, a line each."""

import os
from pathlib import Path


def _note(line):
    with Path("book").open("a", encoding="utf-8") as book:
        book.write(line + "\n")


def price(order):
    return 20.5


def pay(order, amount):
    _note(f"pay {order} {amount:g}")
    return f"r-{order}"


def tell(order):
    _note(f"tell {order}")
    if order == "deadly":
        os._exit(9)
    return f"{order} was told"
