"""The Lattice compiler: a workflow in, a checked plan and its packages out. `driver` is the map."""

__version__ = "0.1.0"
