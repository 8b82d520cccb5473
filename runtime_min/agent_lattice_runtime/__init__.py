"""The runtime of generated packages: standard library and relative imports only, vendored as text."""

__version__ = "0.1.0"
