"""`lattice new NAME`: a small project that passes its tests."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path

import click

from agent_lattice.reading import Unusable, reason, shown
from agent_lattice.terminal import out

_STARTER = Path(__file__).parents[1] / "starter"
_LONGEST = 40


@click.command("new")
@click.argument("name")
def new_command(name: str) -> None:
    """Start a project in the folder NAME: a workflow with a tool, a model, tests and a README."""
    _check_name(name)
    folder = Path(name)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise Unusable(f"`{name}` is there already: choose another name, or an empty folder")
        folder.mkdir(exist_ok=True)
        for source in sorted(_STARTER.iterdir()):
            if source.is_file():
                text = source.read_text(encoding="utf-8").replace("NAME", name)
                (folder / source.name.replace("NAME", name)).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise Unusable(f"cannot write {shown(name)}: {reason(error)}") from None
    out(
        f'{name} is ready:\n\n  cd {name}\n  lattice test {name}.lat\n  lattice run {name}.lat --input \'{{"id": "n1"}}\'\n'
    )


def _check_name(name: str) -> None:
    """The name becomes that of a workflow, of a Python package and of a folder."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        near = re.sub(r"\W+", "_", name).strip("_0123456789").lower()
        hint = f"; `{near}` would do" if re.fullmatch(r"[a-z][a-z0-9_]*", near) else ""
        raise Unusable(f"`{name}` cannot name a workflow: lower-case letters, digits and `_`, a letter first{hint}")
    if len(name) > _LONGEST:
        raise Unusable(f"`{name[:_LONGEST]}…` is too long: at most {_LONGEST} characters")
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name in _taken_words():
        raise Unusable(f"`{name}` means something else already; add a word to it, as in `my_{name}`")


def _taken_words() -> set[str]:
    """Words that the language reserves and names that the starter itself uses."""
    from agent_lattice.declarations import declarations
    from agent_lattice.kinds import kinds

    words = {form.word for form in declarations()} | {form.word for form in kinds()}
    return words | {"fast", "notes", "note", "summary", "result", "error", "calls", "true", "false", "null", "in"}
