"""The Python tool of the programs in these tests: everything is done at the desk of the test that is going on."""

from behaviours.programs import at_desk


def look(n):
    return at_desk("look", n=n)


def pay(n):
    return at_desk("pay", n=n)


def refund(n):
    return at_desk("refund", n=n)


def tell(n):
    return at_desk("tell", n=n)
