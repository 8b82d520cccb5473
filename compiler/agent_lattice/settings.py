"""Settings as written in `{ max_tokens: 800, timeout: 30s }`, and their check against a table of what may stand there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent_lattice.annotations import unquote
from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report, did_you_mean
from agent_lattice.layout import Doc, Listed
from agent_lattice.plan import EnvRef
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Parts, Reader

UNKNOWN_SETTING = Code("LAT2401", "unknown-setting")
WRONG_SETTING = Code("LAT2402", "wrong-setting")
MISSING_SETTING = Code("LAT2403", "missing-setting")

SYNTAX = """
settings: "{" (setting ","?)* "}"
setting: NAME ":" setting_value | junk
?setting_value: setting_text | setting_number | setting_duration | setting_env | setting_word | setting_doubt | setting_list
setting_text: STRING
setting_number: "-"? (INT | FLOAT)
setting_duration: DURATION
setting_env: "env" "." (NAME | TYPE_NAME)
setting_word: NAME | TYPE_NAME | "ask" | "verify" | "assume"
setting_doubt: "verify" "with" NAME | "assume" "done" | "ask" STRING ("within" DURATION)?
setting_list: "[" (setting_value ("," setting_value)* ","?)? "]"
"""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@record
class Value:
    """A value of a setting: `sort` is text, number, duration (seconds), env, word, list (of Values) or doubt: the first word
    with the name or string behind it and the DURATION behind that as `Name`s, or None."""

    sort: str
    value: Any
    raw: str
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def shown(self) -> Doc:
        if self.sort == "list":
            places = tuple(item.span for item in self.value)
            return Listed("[", tuple(item.shown for item in self.value), "]", places=places, span=self.span)
        return self.raw


@record
class Setting:
    """`name: value`."""

    name: Name
    value: Value
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def shown(self) -> Doc:
        return (f"{self.name}: ", self.value.shown)


@record
class Settings:
    """Settings in their order."""

    items: tuple[Setting, ...]
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def shown(self) -> Doc:
        if not self.items:
            return "{ }"
        places = tuple(item.span for item in self.items)
        return Listed("{", tuple(item.shown for item in self.items), "}", pad=" ", places=places, span=self.span)


def _number(parts: Parts) -> Value:
    token = parts.token("INT", "FLOAT")
    text = str(token).replace("_", "")
    number = float(text) if token is not None and token.type == "FLOAT" else int(text)
    sign = "-" if parts.has("-") else ""
    return Value("number", -number if sign else number, f"{sign}{token}", parts.span)


def seconds(raw: str) -> float:
    """The length of a DURATION token, in seconds."""
    digits = raw.rstrip("msdh")
    return int(digits) * _SECONDS[raw[len(digits) :]]


def _list(parts: Parts) -> Value:
    items = parts.all(Value)
    return Value("list", tuple(items), "", parts.span)


def _doubt(parts: Parts) -> Value:
    given = [parts.name(*kinds) if parts.token(*kinds) else None for kinds in (("NAME", "STRING"), ("DURATION",))]
    return Value("doubt", (str(parts.children[0]), *given), " ".join(map(str, parts)), parts.span)


def _setting(parts: Parts) -> Any:
    value = parts.maybe(Value)
    return Setting(parts.name(), value, parts.span) if value else parts.children[0]


def _env(parts: Parts) -> Value:
    name = parts.children[-1]
    return Value("env", str(name), f"env.{name}", parts.span)


READERS: dict[str, Reader] = {
    "settings": lambda parts: Settings(tuple(parts.all(Setting)), parts.span),
    "setting": _setting,
    "setting_text": lambda parts: Value("text", unquote(parts.span.text), parts.span.text, parts.span),
    "setting_number": _number,
    "setting_duration": lambda parts: Value("duration", seconds(parts.span.text), parts.span.text, parts.span),
    "setting_env": _env,
    "setting_word": lambda parts: Value("word", Name(parts.span.text, parts.span), parts.span.text, parts.span),
    "setting_doubt": _doubt,
    "setting_list": _list,
}


@record
class Rule:
    """What a setting takes: the sort of its value, and for words the choices, for numbers the bounds (whole numbers if both are int)."""

    sort: str
    choices: tuple[str, ...] = ()
    least: float = 0
    most: float = 2**53
    doc: str = ""

    @property
    def whole(self) -> bool:
        """Whether numbers must be whole."""
        return "number" in self.sort.split("|") and isinstance(self.least, int) and isinstance(self.most, int)

    def problem(self, value: Value) -> str:
        """What is wrong with a value; empty when nothing is."""
        strange = value.sort == "word" and self.choices and value.value.text not in self.choices
        if strange or value.sort not in self.sort.split("|"):
            return f"expected {self._expected}"
        if value.sort in ("number", "duration"):
            return self._number_problem(value.value)
        if value.sort == "list":
            return next(
                (f"expected a list of {self.choices[0]}s" for item in value.value if item.sort not in self.choices), ""
            )
        return ""

    def _number_problem(self, value: float) -> str:
        if self.whole and not isinstance(value, int):
            return "expected a whole number"
        return "" if self.least <= value <= self.most else f"expected a number from {self.least} to {self.most}"

    @property
    def _expected(self) -> str:
        if "doubt" in self.sort:
            return '`verify with OPERATION`, `ask "role" within TIME`, `assume done` or `fail`'
        if self.choices and "word" in self.sort:
            return " or ".join(f"`{choice}`" for choice in self.choices)
        names = {
            "text": "a string",
            "number": "a number",
            "duration": "a duration such as `30s`",
            "env": "`env.NAME`",
            "word": "a name",
            "list": "a list",
        }
        return " or ".join(names[sort] for sort in self.sort.split("|"))


def read(settings: Sequence[Setting], rules: dict[str, Rule], owner: str, report: Report) -> dict[str, Value]:
    """The settings by name, those that are wrong left out and reported."""
    found: dict[str, Value] = {}
    seen: dict[str, Setting] = {}
    for setting in settings:
        name = setting.name.text
        if name not in rules:
            _report_unknown(setting, rules, owner, report)
        elif name in seen:
            report.add(
                WRONG_SETTING, f"`{name}` stands twice", setting.span, related=(Label(seen[name].span, "first here"),)
            )
        elif problem := rules[name].problem(setting.value):
            report.add(
                WRONG_SETTING,
                f"`{name}` of {owner}: {problem}",
                setting.value.span,
                fix=_word_fix(setting, rules[name]),
            )
        else:
            found[name] = _plain(setting.value)
        seen.setdefault(name, setting)
    return found


def _plain(value: Value) -> Value:
    """`env.NAME` as the reference it is."""
    return Value("env", EnvRef(value.value), value.raw, value.span) if value.sort == "env" else value


def _word_fix(setting: Setting, rule: Rule) -> Fix | None:
    if setting.value.sort != "word" or not rule.choices:
        return None
    return did_you_mean(setting.value.value.text, rule.choices, setting.value.span)[1]


def _report_unknown(setting: Setting, rules: dict[str, Rule], owner: str, report: Report) -> None:
    help, fix = did_you_mean(setting.name.text, rules, setting.name.span)
    listed = ", ".join(f"`{name}`" for name in sorted(rules))
    report.add(
        UNKNOWN_SETTING,
        f"{owner} has no setting `{setting.name}`",
        setting.name.span,
        help=help,
        fix=fix,
        notes=(f"there are {listed}",),
    )


def add_setting(settings: Settings, text: str) -> Fix:
    """A fix that adds a setting to those that are there."""
    at = Span(settings.span.source, settings.span.end - 1, settings.span.end - 1)
    comma = ", " if settings.items else ""
    last = settings.items[-1].span.after() if settings.items else at
    return Fix(f"add `{text}`", (Edit(last, f"{comma}{text}" if comma else f" {text} "),))
