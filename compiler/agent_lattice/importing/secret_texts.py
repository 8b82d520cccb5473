"""What looks like a secret: such values are never printed, whatever file they stand in."""

from __future__ import annotations

import re

_NAME = re.compile(r"key|token|secret|passw|pwd|auth|credential|cookie|session|bearer|(?:^|_)pat(?:$|_)", re.IGNORECASE)
_PREFIXED = (
    r"(?:sk|pk|rk)[-_][A-Za-z0-9_-]{12,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{12,}|xox[a-z]-[\w-]{8,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{12,}|AIza[\w-]{20,}|npm_[A-Za-z0-9]{20,}|hf_[A-Za-z0-9]{16,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_KNOWN = re.compile(rf"(?<![A-Za-z0-9])(?:{_PREFIXED})")
_ASSIGNED = re.compile(r"(?i)(?:bearer|basic)\s+[\w.~+/=-]{8,}|://[^/\s:@]+:[^/\s@]+@")
_RANDOM = re.compile(
    r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{20,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
_OPTION = re.compile(r"--?([A-Za-z][\w-]*)(=.*)?", re.DOTALL)

HIDDEN = "[secret]"


def names_secret(name: str) -> bool:
    """Whether what has this name is probably to be kept secret."""
    return _NAME.search(name) is not None


def hidden(text: str) -> str:
    """The text without what looks like a secret."""
    return _ASSIGNED.sub(HIDDEN, _KNOWN.sub(HIDDEN, text))


def holds_secret(text: str) -> bool:
    """Whether a value looks like a secret or has one in it."""
    return hidden(text) != text or _RANDOM.search(text) is not None


def words_hold_secret(words: tuple[str, ...]) -> bool:
    """Whether one of the words of a command does, or follows an option that is named as a secret."""
    for word, following in zip(words, (*words[1:], ""), strict=True):
        option = _OPTION.fullmatch(word)
        given = option is not None and (option[2] is not None or (following != "" and not following.startswith("-")))
        if holds_secret(word) or (option is not None and given and names_secret(option[1])):
            return True
    return False
