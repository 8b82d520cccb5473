"""The page of a target in `docs/targets/`, from its tables."""

from __future__ import annotations

from agent_lattice.target import MEANINGS, Strength

from agent_lattice_clients.capabilities import FEATURES
from agent_lattice_clients.contracts import Shape
from agent_lattice_clients.exporting import MODES
from agent_lattice_clients.target import ClientTarget

_ASKED = """Before each call of a tool that speaks for a person, and of a write that comes behind an `approve` which a model carries
out, the client asks the person who sits there."""


def page(target: ClientTarget, shaped: Shape) -> str:
    """Markdown: how every feature is carried in every mode, and the files, which `shaped` lists."""
    client = target.frozen["client"]
    tried = ", ".join(client["tried"])
    return (
        f"# {target.title}\n\n"
        f"`lattice build FILE --target {target.name}`, contract {target.contract}, tried with `{client['package']}` {tried}.\n\n"
        f"{_modes(target)}\n{_features(target)}\n{_meanings()}\n## Trust\n\n{target.trust}\n\n"
        f"## People\n\n{_ASKED}\n{target.people}\n\n{_files(target, shaped)}"
    )


def _modes(target: ClientTarget) -> str:
    lines = [f"* `--mode {mode}`: {MODES[mode]}" for mode in target.modes]
    return "\n".join([*lines, "", "The first is what is built if nothing else is said."]) + "\n"


def _features(target: ClientTarget) -> str:
    """A table; a reason stands once, below it."""
    tables = {mode: target.table(mode) for mode in target.modes}
    rows = [f"| | {' | '.join(target.modes)} |", f"|---|{'---|' * len(target.modes)}"]
    notes: list[str] = []
    for feature, meaning in FEATURES.items():
        cells = []
        for carried in (tables[mode][feature] for mode in target.modes):
            if carried.why and carried.why not in notes:
                notes.append(carried.why)
            cells.append(carried.strength + (f" ({notes.index(carried.why) + 1})" if carried.why else ""))
        rows.append(f"| {feature}: {meaning} | {' | '.join(cells)} |")
    said = [f"{number}. {why}" for number, why in enumerate(notes, 1)]
    return "\n".join(["## What is carried", "", *rows, "", *said, ""])


def _meanings() -> str:
    lines = [f"* **{strength}**: {MEANINGS[strength]}" for strength in Strength]
    return "\n".join([*lines, "", "`lattice targets FILE` says what of this a workflow uses.", ""])


def _files(target: ClientTarget, shaped: Shape) -> str:
    paths: dict[str, list[str]] = {}
    for mode, found in shaped.items():
        for path in found:
            paths.setdefault(path, []).append(mode)
    rows = [
        f"| `{path}` | {', '.join(modes)} | {target.shared.get(path, 'own')} |" for path, modes in sorted(paths.items())
    ]
    head = [
        "## Files",
        "",
        "Beside the package in `.lattice/NAME/`:",
        "",
        "| file | modes | shared as |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"
