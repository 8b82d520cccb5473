def logs(service, lines):
    with open(f"logs/{service}.txt", encoding="utf-8") as file:
        return file.read().splitlines()[-lines:]


def restart(service):
    return True
