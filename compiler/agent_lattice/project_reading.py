"""Reading `lattice.toml`: the settings that there are, and what is said about mistakes, with their places."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from agent_lattice.diagnostics import CODES, Severity, nearest
from agent_lattice.reading import Unusable, read_file, shown
from agent_lattice.records import record
from agent_lattice.renders.columns import visible
from agent_lattice.source import Source
from agent_lattice.toml_places import Key, places

LEVELS = ("off", "hint", "warning", "error")


@record
class Setting:
    """A key of a table: what it means, and the texts it may be (any for none); `kind` is `str` or `bool`."""

    doc: str
    kind: type = str
    choices: tuple[str, ...] = ()
    default: str | bool | None = None


TABLES: dict[str, tuple[str, dict[str, Setting]]] = {
    "check": (
        "What `lattice check` takes for a failure.",
        {"fail-on": Setting("The least finding that makes the exit code 1.", choices=LEVELS[1:], default="error")},
    ),
    "build": (
        "What `lattice build` writes, and where. Paths start at the folder of this file.",
        {
            "file": Setting("The source that `lattice install` takes when none is named."),
            "target": Setting("What to build for.", default="python"),
            "mode": Setting("How the target runs it, where there are several ways."),
            "out": Setting("The folder that the build gets to itself."),
            "workflow": Setting("The workflow to run, where a file has several."),
            "pyz": Setting("Whether to write the whole package as one file, too.", kind=bool, default=False),
            "deploy": Setting(
                "Whether to write a Dockerfile, a bill of materials and the provenance, too.", kind=bool, default=False
            ),
            "store": Setting(
                "What the package can keep runs in: files only, or PostgreSQL, too.",
                choices=("sqlite", "postgres"),
                default="sqlite",
            ),
            "lock": Setting("The lock file; without it `lattice.lock` beside the source."),
        },
    ),
}
SEVERITY = "severity"
SEVERITY_DOC = (
    "How much findings weigh, by name. Errors are not among them: they stand in the way of a plan and stay errors. "
    "A finding that is made an error here stops a build, too."
)


def read_project(path: Path) -> tuple[dict[str, str | bool], dict[str, Severity | None]]:
    """The values by `table.key` and the severities by the name of a finding. Raises Unusable, with a line for each mistake."""
    content = read_file(str(path))
    name = shown(str(path))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unusable(f"{name}: byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8") from None
    source = Source(name, text)
    tables = _parsed(source)
    mistakes = list(_mistakes(tables))
    if mistakes:
        raise Unusable(_told(source, mistakes))
    values = {f"{table}.{key}": tables[table][key] for table in TABLES if table in tables for key in tables[table]}
    severities = {code: _severity(level) for code, level in tables.get(SEVERITY, {}).items()}
    return values, severities


def _parsed(source: Source) -> dict[str, Any]:
    try:
        return tomllib.loads(source.text)
    except RecursionError:
        raise Unusable(f"{source.name}: this nests too deeply") from None
    except ValueError as error:
        said = str(error)
        at = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", said)
        line, column = (int(at[1]), int(at[2])) if at and at[1] else source.position(len(source.text)) if at else (1, 1)
        message = said[: at.start()] if at else said
        raise Unusable(f"{source.name}:{line}:{column}: {message[:1].lower()}{message[1:]}") from None


def _mistakes(tables: dict[str, Any]) -> Iterator[tuple[Key, str]]:
    """What is wrong in a file, with the path of the key."""
    for name, table in tables.items():
        if name != SEVERITY and name not in TABLES:
            yield (name,), _unknown(f"`{name}` is no table of settings", name, [*TABLES, SEVERITY])
        elif not isinstance(table, dict):
            yield (name,), f"`{name}` is a table: write `[{name}]`"
        elif name == SEVERITY:
            yield from _severity_mistakes(table)
        else:
            yield from _setting_mistakes(name, table)


def _setting_mistakes(name: str, table: dict[str, Any]) -> Iterator[tuple[Key, str]]:
    known = TABLES[name][1]
    for key, value in table.items():
        setting = known.get(key)
        if setting is None:
            yield (name, key), _unknown(f"`{key}` is no setting of `[{name}]`", key, known)
        elif problem := _value_problem(value, setting):
            yield (name, key), f"`{key}` {problem}"


def _value_problem(value: object, setting: Setting) -> str:
    """Why a value does not suit a setting; "" when it does."""
    if setting.kind is bool:
        return "" if isinstance(value, bool) else f"is true or false, not {_sort(value)}"
    if setting.choices and value not in setting.choices:
        return _choice(value, setting.choices)
    if not isinstance(value, str):
        return f"is a text, not {_sort(value)}"
    if not value.strip() or not value.isprintable():
        return "is empty" if not value.strip() else "holds a character that cannot be printed"
    return ""


def _severity_mistakes(table: dict[str, Any]) -> Iterator[tuple[Key, str]]:
    by_name = _codes(table)
    for name, level in table.items():
        path = (SEVERITY, name)
        if name not in by_name:
            numbered = CODES.get(name)
            names = [code for code, severity in by_name.items() if severity < Severity.ERROR]
            said = f"no finding is called `{name}`"
            yield path, f"{said}; did you mean `{numbered.name}`?" if numbered else _unknown(said, name, names)
        elif by_name[name] is Severity.ERROR:
            yield path, f"`{name}` stands in the way of a plan: it stays an error and cannot be set"
        elif level not in LEVELS:
            yield path, f"`{name}` {_choice(level, LEVELS)}"


def _codes(wanted: Iterable[str]) -> dict[str, Severity]:
    """Severity by name of the findings that are loaded; when some of `wanted` are not among them, of all."""
    by_name = {code.name: code.severity for code in CODES.values()}
    if all(name in by_name for name in wanted):
        return by_name
    from agent_lattice.pages import all_codes

    return {code.name: code.severity for code in all_codes()}


def _severity(level: str) -> Severity | None:
    return None if level == "off" else Severity[level.upper()]


def _choice(value: object, choices: tuple[str, ...]) -> str:
    listed = " or ".join(f'"{choice}"' for choice in choices)
    guess = nearest(value, choices) if isinstance(value, str) else None
    return f"is {listed}" + (f'; did you mean "{guess}"?' if guess else "")


def _unknown(said: str, word: str, known: Iterable[str]) -> str:
    guess = nearest(word, known)
    few = sorted(known)
    hint = f"did you mean `{guess}`?" if guess else f"there are {', '.join(few)}" if len(few) <= 6 else ""
    return f"{said}; {hint}" if hint else said


def _sort(value: object) -> str:
    """What a value of TOML is called."""
    sorts = {bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}
    return sorts.get(type(value), "a date or time")


def _told(source: Source, mistakes: Iterable[tuple[Key, str]]) -> str:
    """A line for each mistake, with its place."""
    found = places(source.text)
    placed = sorted((found.get(path, 0), said) for path, said in mistakes)
    lines = []
    for offset, said in placed:
        line, column = source.position(offset)
        lines.append(visible(f"{source.name}:{line}:{column}: {said}".replace("\n", "\\n")))
    return "\n       ".join(lines)
