import os


def pay(payment):
    file = os.open("ledger.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{payment}\n".encode())
    os.close(file)
    return payment
