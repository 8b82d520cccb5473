def find(id):
    return id


def pay(id, amount):
    return id


def log(text):
    return None


def size(text):
    return len(text)
