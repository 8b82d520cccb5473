"""The tables of the documentation that are made from the code, and their places in its pages.

A table stands between `<!-- name -->` and `<!-- /name -->`, a line each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from agent_lattice_runtime.errors import CATALOGUE
from agent_lattice_runtime.events import EVENTS
from agent_lattice_runtime.journal import LIFECYCLE

from agent_lattice.declarations import declarations, model, operations
from agent_lattice.declarations.protocols import protocols
from agent_lattice.expr.extensions import EXTREMES
from agent_lattice.expr.functions import FUNCTIONS, MACROS, OPERATORS
from agent_lattice.expr.overload import LIST, MAP, Function, Overload
from agent_lattice.kinds import kinds
from agent_lattice.settings import Rule
from agent_lattice.types import DYN, Type

_SPOTS = re.compile(r"^(<!-- ([a-z]+) -->\n).*?^(<!-- /\2 -->)$", re.MULTILINE | re.DOTALL)


def tables() -> dict[str, str]:
    """Every table by its name."""
    return {
        "declarations": _table(("word", "what it is"), ((form.word, form.summary) for form in declarations())),
        "statements": _table(("word", "what it does"), ((kind.word, kind.summary) for kind in kinds())),
        "operators": _table(("operator", "types", "result"), map(_operator_row, OPERATORS)),
        "functions": _table(("function", "forms", "result"), [*map(_function_row, FUNCTIONS.values()), *_extremes()]),
        "macros": _table(("macro", "result"), ((f"`{name}`", doc) for name, doc in MACROS.items())),
        "models": _settings(model.RULES, model.DEFAULTS),
        "servers": _settings(protocols()["mcp"].settings, {"timeout": 30.0, "returns": "untrusted"}),
        "operations": _settings(operations.RULES | protocols()["python"].operation_settings, {}),
        "errors": _table(
            ("class", "tried again", "meaning"),
            ((f"`{name}`", "yes" if again else "", doc) for name, (again, doc) in CATALOGUE.items()),
        ),
        "lifecycle": _table(
            ("from", "event", "to"),
            ((status, f"`{kind}`", after) for status, moves in LIFECYCLE.items() for kind, after in moves.items()),
        ),
        "events": _table(("type", "when"), ((f"`{name}`", meaning) for name, (meaning, _) in EVENTS.items())),
    }


def filled(page: str) -> str:
    """The page with every table as the code makes it now; KeyError for a name of no table."""
    made = tables()
    return _SPOTS.sub(lambda spot: f"{spot[1]}{made[spot[2]]}{spot[3]}", page)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _operator_row(operator: Function) -> tuple[str, ...]:
    """Types that both operands have stand alone, other pairs with the sign between them."""
    sign = operator.name.strip("_")
    names = [list(map(_shown, row.args)) for row in operator.overloads]
    forms = [args[0] if len(set(args)) == 1 else f" {sign} ".join(args) for args in names]
    shown = f"{sign}a" if operator.name.endswith("_") else f"a {sign} b"
    return f"`{shown}`", ", ".join(f"`{form}`" for form in forms), operator.doc


def _function_row(function: Function) -> tuple[str, ...]:
    forms = [form for overload in function.overloads for form in _forms(function, overload)]
    return f"`{function.name}`", "<br>".join(forms), function.doc


def _forms(function: Function, overload: Overload) -> list[str]:
    args, result = [_shown(arg) for arg in overload.args], _shown(overload.result)
    forms = [f"`{function.name}({', '.join(args)}) -> {result}`"] if function.free else []
    if function.method:
        forms.append(f"`{args[0]}.{function.name}({', '.join(args[1:])}) -> {result}`")
    return forms


def _extremes() -> list[tuple[str, ...]]:
    return [(f"`{name}`", f"`{name}(number, …)`<br>`{name}(list)`", doc) for name, doc in EXTREMES.items()]


def _shown(type: Type) -> str:
    return "any" if type == DYN else "list" if type == LIST else "map" if type == MAP else str(type)


def _settings(rules: Mapping[str, Rule], defaults: Mapping[str, object]) -> str:
    rows = ((f"`{name}`", _value(rule), _default(defaults.get(name)), rule.doc) for name, rule in rules.items())
    return _table(("setting", "value", "without it", "meaning"), rows)


def _value(rule: Rule) -> str:
    if rule.sort == "list":
        return "list of strings" if rule.choices == ("text",) else "list of names"
    if "doubt" in rule.sort:
        return '`verify with OPERATION`, `ask "ROLE" within TIME`, `assume done`, `fail`'
    if rule.choices:
        return ", ".join(f"`{choice}`" for choice in rule.choices)
    if rule.sort in ("number", "duration"):
        unit = " s" if rule.sort == "duration" else ""
        return f"{rule.least:,} to {rule.most:,}{unit}"
    return {"text|env": "string or `env.NAME`", "word": "a name"}[rule.sort]


def _default(value: object) -> str:
    return "" if value is None else f"{value:g} s" if isinstance(value, float) else f"{value}"
