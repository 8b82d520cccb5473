"""Whether a person has accepted a project in Copilot CLI: the folder, or any around it."""

from __future__ import annotations

from pathlib import Path

from agent_lattice_clients.trust import Home, Trust, inside


def trusted(project: Path, home: Home) -> Trust:
    """What its settings and the environment say. Raises Unreadable."""
    settings = home.json(home.path("COPILOT_HOME", ".copilot", "config.json"))
    folders = inside(settings, "trusted_folders")
    around = {str(folder) for folder in (project, *project.parents)}
    if home.environ.get("COPILOT_ALLOW_ALL") == "true":
        return Trust(True, "COPILOT_ALLOW_ALL accepts every project")
    if isinstance(folders, list) and any(isinstance(one, str) and one in around for one in folders):
        return Trust(True, "accepted")
    return Trust(False, "nobody has accepted the project yet: start `copilot` in it once and accept")
