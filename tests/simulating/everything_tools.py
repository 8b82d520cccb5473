"""Only `sum` is pure: nothing else is ever called."""


def sum(n):
    return n + 1


def get(id):
    raise AssertionError


keyed = once = asked = assumed = looked = seen = undo = get
