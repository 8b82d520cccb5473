"""`model fast = anthropic("claude-haiku-4-5") { max_tokens: 800, timeout: 30s }`: a model and how to ask it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from agent_lattice import plan
from agent_lattice.annotations import unquote
from agent_lattice.diagnostics import Code, Report, did_you_mean
from agent_lattice.kind import Declaration
from agent_lattice.layout import Doc
from agent_lattice.printer import Printer
from agent_lattice.program import Module, Symbol
from agent_lattice.records import field, record
from agent_lattice.settings import MISSING_SETTING, WRONG_SETTING, Rule, Settings, Value, read
from agent_lattice.source import NOWHERE, Span
from agent_lattice.tree import Name, Parts, Reader, Text

UNKNOWN_PROVIDER = Code("LAT2410", "unknown-provider")
MISSING_REPLIES = Code("LAT2411", "replies-not-found")

KEYS = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY", "ollama": None, "scripted": None}
"""The providers, each with the environment variable of its key."""

RULES = {
    "max_tokens": Rule("number", least=1, most=10_000_000, doc="most tokens of an answer"),
    "temperature": Rule("number", least=0.0, most=2.0, doc="0 is the most predictable"),
    "timeout": Rule("duration", least=0.001, most=86400.0, doc="of one attempt, with everything in it"),
    "retries": Rule("number", least=0, most=10, doc="further attempts after timeout, rate_limited or unavailable"),
    "base_url": Rule("text|env", doc="of a compatible service"),
    "key": Rule("word", doc="the secret with the key; needed beside `base_url` if that service wants one"),
    "fallback": Rule("word", doc="the model to ask when this one fails"),
    "input_price": Rule("number", least=0.0, most=1e6, doc="USD per million tokens read"),
    "output_price": Rule("number", least=0.0, most=1e6, doc="USD per million tokens written"),
}
DEFAULTS: dict[str, Any] = {"max_tokens": 1024, "timeout": 60.0, "retries": 2}


@record
class Model:
    word: ClassVar[str] = "model"
    summary: ClassVar[str] = "a model of a provider and how to ask it"
    syntax: ClassVar[str] = """
        %extend declaration: model
        model: "model" NAME "=" NAME "(" text ")" settings?
    """
    settings_of: ClassVar[dict[str, tuple[dict[str, Rule], dict[str, Any]]]] = {"model": (RULES, DEFAULTS)}
    readers: ClassVar[dict[str, Reader]] = {"model": lambda parts: Model.read(parts)}
    sort: ClassVar[str] = "model"

    name: Name
    provider: Name
    model: Text
    settings: Settings | None
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)

    @classmethod
    def read(cls, parts: Parts) -> Model:
        name, provider = parts.names()
        return cls(name, provider, parts.one(Text), parts.maybe(Settings), span=parts.span)

    def show(self, out: Printer) -> None:
        out.doc(self.doc)
        settings: Doc = (" ", self.settings.shown) if self.settings else ""
        out.line(f"model {self.name} = {self.provider}({self.model.raw})", settings)

    def names(self) -> Iterable[Name]:
        return (self.name,)

    def signature(self, symbol: Symbol, report: Report) -> Any:
        self._check_provider(report)
        values = read(self.settings.items if self.settings else (), RULES, f"model `{self.name}`", report)

        def value(name: str) -> Any:
            found: Value | None = values.get(name)
            return found.value if found else DEFAULTS.get(name)

        model = plan.Model(
            name=symbol.unique,
            provider=self.provider.text,
            model=unquote(self.model.raw),
            max_tokens=value("max_tokens"),
            temperature=_number(value("temperature")),
            timeout=value("timeout"),
            retries=value("retries"),
            base_url=value("base_url"),
            key=self._key(values, symbol.module, report),
            fallback=self._fallback(values.get("fallback"), symbol, report),
            input_price=_number(value("input_price")),
            output_price=_number(value("output_price")),
            doc=self.doc,
            span=self.provider.span.to(self.model.span),
        )
        self._check_prices(values, report)
        return model

    def check(self, module: Module, report: Report) -> Any:
        model = module.symbols[self.name.text].value
        if self.provider.text == "scripted":
            path = str(module.folder / unquote(self.model.raw))
            if module.files(path) is None:
                report.add(
                    MISSING_REPLIES,
                    f"no file `{path}` with the replies of `{self.name}`",
                    self.model.span,
                    help="the path is relative to this source",
                )
        return model

    def _check_provider(self, report: Report) -> None:
        if self.provider.text not in KEYS:
            help, fix = did_you_mean(self.provider.text, KEYS, self.provider.span)
            listed = ", ".join(f"`{provider}`" for provider in KEYS)
            report.add(
                UNKNOWN_PROVIDER,
                f"unknown provider `{self.provider}`",
                self.provider.span,
                help=help or f"there are {listed}",
                fix=fix,
            )

    def _check_prices(self, values: dict[str, Value], report: Report) -> None:
        if ("input_price" in values) != ("output_price" in values):
            given = values.get("input_price") or values["output_price"]
            report.add(MISSING_SETTING, "a cost needs both `input_price` and `output_price`", given.span)

    def _key(self, values: dict[str, Value], module: Module, report: Report) -> str | None:
        value = values.get("key")
        if value is None:  # the usual key is for the provider's own service, never for another host
            return None if "base_url" in values else KEYS.get(self.provider.text)
        secret = module.find(value.value, "secret", report)
        return secret if isinstance(secret, str) else None

    def _fallback(self, value: Value | None, symbol: Symbol, report: Report) -> str | None:
        if value is None:
            return None
        other = symbol.module.symbols.get(value.value.text)
        if other is symbol:
            report.add(WRONG_SETTING, f"`{self.name}` falls back to itself", value.span)
            return None
        model = symbol.module.find(value.value, "model", report)
        return model.name if isinstance(model, plan.Model) else None


def _number(value: int | float | None) -> float | None:
    return None if value is None else float(value)


DECLARATION: type[Declaration] = Model
