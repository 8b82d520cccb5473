"""What is proved of every graph, in this order. One analysis is one file and one folder of cases."""

from __future__ import annotations

from collections.abc import Callable

from agent_lattice.analyses.endings import endings
from agent_lattice.analyses.reach import reach
from agent_lattice.analyses.writers import writers
from agent_lattice.diagnostics import Report
from agent_lattice.graph import Graph

ANALYSES: tuple[Callable[[Graph, Report], None], ...] = (reach, endings, writers)
