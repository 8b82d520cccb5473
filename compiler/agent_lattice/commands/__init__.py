"""The commands of `lattice`, a file for each or for a close family; `cli.COMMANDS` says which is where."""
