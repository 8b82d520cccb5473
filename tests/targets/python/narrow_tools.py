"""Tools of the program with optional values; its tests mock them all."""


def level(n: int) -> int:
    return n


def maybe() -> object: ...


def get() -> object: ...
