def look(text):
    return True


def count(text):
    return len(text)


def send(text):
    return text
