from json import dumps


def pay(order, idempotency_key):
    return None


def send(order, idempotency_key):
    def inner(x):
        return x

    return inner(dumps(order))


renamed = send

if renamed:

    def sometimes(order):
        return None
