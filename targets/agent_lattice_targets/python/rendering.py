"""Files that are mostly fixed text, from the templates of this target."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from agent_lattice_targets.python.literals import string

if TYPE_CHECKING:
    from jinja2 import Environment


def rendered(name: str, **values: Any) -> str:
    """The text of the file `name`, whose template is `templates/<name>.j2`."""
    return _templates().get_template(f"{name}.j2").render(**values)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("agent_lattice_targets.python")
    made = Environment(
        loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    made.filters["python"] = string
    return made
