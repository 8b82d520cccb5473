def event(n: int) -> object:
    return n


def raw(n: int) -> object:
    return {"n": n, "x": 1.0, "big": 2**60}


def tell(pay: dict, note: object) -> str:
    return f"{pay['kind']} {note}"
