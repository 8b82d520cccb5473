"""What `lattice doctor` finds."""

from __future__ import annotations

from collections.abc import Sequence

from agent_lattice.records import record
from agent_lattice.renders.columns import visible
from agent_lattice.renders.paint import Paint

GOOD, ODD, BAD = "ok", "warning", "error"
_STYLES = {GOOD: "good", ODD: "warning", BAD: "error"}


@record
class Finding:
    """What was looked at, how it stands (GOOD, ODD or BAD), and in words."""

    name: str
    state: str
    text: str


def lines(found: Sequence[Finding], paint: Paint) -> str:
    """A line for each."""
    width = max((len(f.name) for f in found), default=0)
    return "".join(f"{paint(_STYLES[f.state], f'{f.state:<7}')}  {f.name:<{width}}  {visible(f.text)}\n" for f in found)
