"""A bank that refuses accounts which it does not know."""


def transfer(key, iban, cents):
    return iban.startswith("DE")
