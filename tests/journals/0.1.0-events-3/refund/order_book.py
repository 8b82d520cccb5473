"""The shop's books as plain data: orders, refunds made before, and the refund policy."""

ORDERS = {
    "A1001": ("Mira Okafor", "toy robot", "toys", 24.90, "EUR"),
    "A1002": ("Jonas Brandt", "in-ear headphones", "hygiene", 59.00, "EUR"),
    "A1003": ("Lea Fontaine", "world atlas", "books", 79.00, "EUR"),
    "A1004": ("Ines Carvalho", "laptop", "electronics", 649.00, "EUR"),
    "A1005": ("Tomasz Zielinski", "desk lamp", "electronics", 38.50, "EUR"),
    "A1006": ("Grace Lindqvist", "puzzle of 2000 pieces", "toys", 31.00, "USD"),
    "A1007": ("Omar Haddad", "garden chair", "furniture", 45.00, "EUR"),
    "A1008": ("Petra Novak", "board game", "toys", 42.00, "EUR"),
}
"""Order id -> customer, item, category, total, currency."""

REFUNDS = {
    "Omar Haddad": [("A1007", 45.00)],
    "Petra Novak": [("A0871", 42.00), ("A0912", 39.90), ("A0977", 55.00), ("A0990", 61.50)],
    "Ines Carvalho": [("A0644", 12.00)],
}
"""Customer -> order and amount of each refund so far."""

GENERAL_RULES = {
    "G1": "Goods that arrive broken, incomplete or wrong are refunded within 60 days.",
    "G2": "Unused goods may be returned within 30 days for any reason.",
}

CATEGORY_RULES = {
    "toys": {"T1": "A missing part of a toy or game counts as incomplete."},
    "hygiene": {"H1": "Opened hygiene goods are not refunded unless they are broken."},
    "electronics": {"E1": "Damage by water or a fall is not refunded."},
}
