"""Everything in the project that is made from its code: schemas, the joined grammar, the index of errors, tables of pages.

`python -m agent_lattice.generate ROOT` writes it below the project's folder; a test compares what stands there with this.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from agent_lattice_clients.contracts import shape
from agent_lattice_clients.pages import page
from agent_lattice_clients.target import ClientTarget
from agent_lattice_runtime.events import EVENTS
from agent_lattice_targets import targets

from agent_lattice.driver import compile_source, plan_of
from agent_lattice.lock import NAME as LOCK
from agent_lattice.lock import surfaces_in
from agent_lattice.pages import all_codes, page_of
from agent_lattice.parse import joined
from agent_lattice.plan import Plan
from agent_lattice.program import no_surfaces
from agent_lattice.published import SCHEMAS, event_schema, published, schema_text
from agent_lattice.reference import filled

SHAPED = (
    "examples/refund/refund.lat",
    "examples/research/research.lat",
    "examples/support/support.lat",
    "tests/targets/python/rich.lat",
    "tests/targets/python/durable.lat",
)
"""The programs from whose files the shape of a contract is taken."""
_GRAMMAR_HEAD = "// The grammar that the compiler reads sources with, joined from the fragments of the step kinds and declarations.\n\n"
_PAGES = ("docs/language.md", "docs/runtime.md")
_INDEX_HEAD = """# Errors

Everything the compiler finds has a code and a page. `lattice explain CODE` prints the page; each has a wrong and a right example.

| code | name | severity | what is found |
|---|---|---|---|
"""


def generated(root: Path) -> dict[str, str]:
    """All generated files: path below the project's folder → text. Of pages at `root` only the tables are made."""
    pages = {path: filled((root / path).read_text(encoding="utf-8")) for path in _PAGES}
    events = {f"schemas/events/{kind.replace('*', 'any')}.json": schema_text(event_schema(kind)) for kind in EVENTS}
    schemas = {f"schemas/{name}.schema.json": schema_text(published(name)) for name in SCHEMAS if name != "events"}
    return {
        **_clients(root),
        **events,
        **schemas,
        **pages,
        "docs/errors/index.md": error_index(),
        "docs/grammar.lark": _GRAMMAR_HEAD + joined()[0],
    }


def _clients(root: Path) -> dict[str, str]:
    """The contracts and pages of the targets for coding agents. The shape of a contract that there is stays as it is."""
    found: dict[str, str] = {}
    plans = [plan_at(root / source) for source in SHAPED]
    for load in targets().values():
        target = load().TARGET
        if isinstance(target, ClientTarget):
            frozen, number = target.frozen, str(target.contract)
            shaped = frozen["contracts"].get(number) or shape(target, plans)
            frozen["contracts"][number] = shaped
            folder = f"targets/agent_lattice_targets/{target.name}"
            found[f"{folder}/contract.json"] = json.dumps(frozen, indent=2) + "\n"
            found[f"docs/targets/{target.name}.md"] = page(target, shaped)
    return found


def plan_at(path: Path) -> Plan:
    """The plan of a source without errors."""

    def files(name: str) -> bytes | None:
        file = path.parent / name
        return file.read_bytes() if file.is_file() else None

    lock = files(LOCK)
    compilation = compile_source(path.name, path.read_bytes(), files, surfaces_in(lock) if lock else no_surfaces)
    made = plan_of(compilation)
    assert made is not None, [found.message for found in compilation.report.sorted()]
    return made


def error_index() -> str:
    """A table of all codes with the first sentence of their pages."""
    rows = []
    for code in all_codes():
        sentence = _first_sentence(page_of(code) or "")
        rows.append(f"| [{code.number}]({code.name}.md) | {code.name} | {code.severity} | {sentence} |\n")
    return _INDEX_HEAD + "".join(rows)


def _first_sentence(page: str) -> str:
    """The first sentence behind the title, safe in a table."""
    found = re.match(r"#[^\n]*\n+(.+?[.])(?=\s|$)", page)
    return found[1].replace("|", "\\|") if found else ""


def main(root: Path) -> None:
    """Write every generated file below `root`."""
    for path, text in generated(root).items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
