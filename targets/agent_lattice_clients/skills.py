"""The skill in `.agents/skills`, which several clients read: one text, so that it does not matter which of them wrote it."""

from __future__ import annotations

from agent_lattice_clients import tables, texts
from agent_lattice_clients.capabilities import losses, table
from agent_lattice_clients.exporting import DRIVEN, Export
from agent_lattice_clients.frontmatter import frontmatter, quoted


def open_skill(export: Export) -> dict[str, str]:
    """The file by its path. It has no placeholders: not all of its readers fill them in."""
    made = export.plan
    head = {"name": export.slug, "description": quoted(texts.description(made, export.mode))}
    if export.mode == DRIVEN:
        body = texts.driven(made, export.server, filled_in=False)
    else:
        lost = losses(made, table(tables.INSTRUCTED))
        body = texts.instructed(made, export.server, export.roles, lost, filled_in=False)
    return {f".agents/skills/{export.slug}/SKILL.md": frontmatter(head) + "\n" + body}
