"""Expressions: CEL, checked statically and turned into plain Python; and the templates that hold them."""
