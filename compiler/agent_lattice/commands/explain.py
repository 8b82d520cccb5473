"""`lattice explain CODE`: the page about a finding, with a wrong and a right example."""

from __future__ import annotations

import click

from agent_lattice.diagnostics import Code, nearest
from agent_lattice.pages import all_codes, page_of
from agent_lattice.reading import Unusable
from agent_lattice.terminal import out


@click.command("explain")
@click.argument("code", required=False)
@click.option("--list", "listed", is_flag=True, help="List all codes.")
def explain_command(code: str | None, listed: bool) -> None:
    """Print what CODE (as `LAT1201` or `unknown-name`) means, with a wrong and a right example."""
    codes = all_codes()
    if listed or code is None:
        out("".join(f"{known.number}  {known.severity!s:<7}  {known.name}\n" for known in codes))
        return
    found = _find(code, codes)
    out(page_of(found) or f"# {found.number} {found.name}\n\nThis {found.severity} has no page in this installation.\n")


def _find(wanted: str, codes: list[Code]) -> Code:
    names = {known.number: known for known in codes} | {known.name: known for known in codes}
    folded = wanted.strip().upper() if wanted.strip().upper() in names else wanted.strip().lower()
    if folded not in names:
        guess = nearest(folded, names) or nearest(folded.upper(), names)
        hint = f"did you mean `{guess}`?" if guess else "`lattice explain --list` lists all"
        raise Unusable(f"there is no code `{wanted}`; {hint}")
    return names[folded]
