"""`python -m agent_lattice`: the same as `lattice`."""

from agent_lattice.cli import main

main()
