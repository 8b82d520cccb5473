"""What clients call models, as a provider and its name for one."""

from __future__ import annotations

import re

ALIASES = {
    "haiku": "claude-haiku-5-5",
    "sonnet": "claude-sonnet-5-5",
    "opus": "claude-opus-5-5",
    "fable": "claude-fable-5-2",
}
"""Families of models, and the member that Claude Code 2.1.329 asks: a client takes the newest that it knows, a program names one."""

USUAL = {"anthropic": "claude-sonnet-5-5", "openai": "gpt-5.5"}
"""What is asked where a project names no model."""

_PROVIDERS = ("anthropic", "openai", "ollama")
_OPENAI = re.compile(r"(?:gpt|o|codex|chatgpt)-?[0-9][\w.-]*|gpt-oss[\w.:-]*")
_CLAUDE = re.compile(r"claude-[\w.@-]+")


def model_of(word: str) -> tuple[str, str] | None:
    """Provider and model, from a family, an id, `provider/id`, or a name as people are shown it; None for an unknown one."""
    provider, slash, rest = word.partition("/")
    if slash:
        return (provider, rest) if provider in _PROVIDERS and rest else None
    plain = re.sub(r"\s*[\[(].*", "", word).strip().lower().replace(" ", "-")
    if plain in ALIASES:
        return "anthropic", ALIASES[plain]
    if _CLAUDE.fullmatch(plain):
        return "anthropic", plain.replace(".", "-")
    return ("openai", plain) if _OPENAI.fullmatch(plain) else None
