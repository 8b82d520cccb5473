BOOKS = {}


def book(account, cents):
    BOOKS[account] = BOOKS.get(account, 0) + cents
    return BOOKS[account]


def balance(account):
    return BOOKS.get(account, 0)
