import time


def accounts(count):
    return [f"a{number}" for number in range(count)]


def salary(account):
    time.sleep(0.002)
    return 100.0 + int(account[1:])


def broken(account):
    raise ConnectionError(f"the books of {account} are lent")
