"""Whether a person has accepted a project in Claude Code: it asks once for a repository, or for a folder outside of any."""

from __future__ import annotations

from pathlib import Path

from agent_lattice_clients.trust import Home, Trust, inside, repository


def trusted(project: Path, home: Home) -> Trust:
    """What its state file says. Raises Unreadable."""
    state = home.json(home.path("CLAUDE_CONFIG_DIR", "", ".claude.json"))
    asked = repository(project) or project
    if inside(state, "projects", str(asked), "hasTrustDialogAccepted") is True:
        return Trust(True, "accepted")
    where = "the project" if asked == project else "the repository that the project is in"
    return Trust(False, f"nobody has accepted {where} yet: start `claude` in it once and accept")
