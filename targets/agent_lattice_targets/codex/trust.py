"""Whether a person has accepted a project in Codex, and in an instructed workflow its hooks, one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent_lattice_clients.exporting import INSTRUCTED
from agent_lattice_clients.trust import Home, Trust, inside, repository

_HOOKS = ".codex/hooks.json"


def trusted(project: Path, mode: str, home: Home) -> Trust:
    """What the person's settings say. Whether a hook has changed since it was accepted only Codex can tell. Raises Unreadable."""
    settings = home.toml(home.path("CODEX_HOME", ".codex", "config.toml"))
    asked = {project, repository(project) or project}
    if not any(inside(settings, "projects", str(one), "trust_level") == "trusted" for one in asked):
        return Trust(False, "nobody has accepted the project yet: start `codex` in it once and accept")
    if mode == INSTRUCTED:
        state = inside(settings, "hooks", "state")
        missing = [hook for hook in _hooks(project, home) if not inside(state, hook, "trusted_hash")]
        if missing:
            return Trust(
                False, f"{len(missing)} of its hooks are not accepted yet: start `codex` in it and use `/hooks`"
            )
    return Trust(True, "accepted")


def _hooks(project: Path, home: Home) -> Iterator[str]:
    """What Codex calls the hooks of a project."""
    file = project / _HOOKS
    events: Any = home.json(file).get("hooks")
    for event, groups in events.items() if isinstance(events, dict) else ():
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event).lower()
        for number, group in enumerate(groups if isinstance(groups, list) else ()):
            hooks = inside(group, "hooks")
            yield from (f"{file}:{name}:{number}:{at}" for at in range(len(hooks) if isinstance(hooks, list) else 0))
