"""A warehouse in memory."""


def low():
    return [{"sku": "screw", "stock": 5, "daily": 7, "box": 50}, {"sku": "nut", "stock": 500, "daily": 7, "box": 50}]


def boxes(need, box):
    return -(-need // box)


def order(sku, boxes):
    return f"{sku}-{boxes}"
