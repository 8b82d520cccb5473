"""Keeping secrets out of everything that is stored, shown or raised."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Pattern

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")
_MIN_CORE = 8  # base64 characters; a shorter inner piece of a secret would match ordinary text


class Redactor:
    """Replaces registered secret values by `[secret NAME]`, in every spelling in which they usually travel."""

    __slots__ = ("_names", "_pattern", "_spellings", "active", "labelled")

    def __init__(self, labelled: bool = False) -> None:
        self._names: dict[str, str] = {}  # value -> name
        self._spellings: dict[str, str] = {}  # spelling -> name
        self._pattern: Pattern[str] | None = None
        self.labelled = labelled  # whether types hide values
        self.active = labelled  # whether there is anything to look for

    def register(self, name: str, value: str) -> None:
        """From here on `value` is a secret called `name`. Safe to call from any thread."""
        if not value or value in self._names:
            return
        from re import compile as compile_pattern
        from re import escape

        fresh = dict.fromkeys(_spellings(value), name) | self._spellings
        pattern = compile_pattern("|".join(escape(text) for text in sorted(fresh, key=len, reverse=True)))
        self._names = {**self._names, value: name}
        self._spellings, self._pattern = fresh, pattern
        self.active = True

    def found_in(self, text: str) -> bool:
        """Whether a secret occurs in `text`."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def text(self, text: str, found: set[str] | None = None) -> str:
        """`text` without secrets; the names of those that were in it are added to `found`."""
        if self._pattern is None or self._pattern.search(text) is None:
            return text
        spellings = self._spellings

        def replace(match: object) -> str:
            name = spellings[match.group()]  # type: ignore[attr-defined]
            if found is not None:
                found.add(name)
            return f"[secret {name}]"

        return self._pattern.sub(replace, text)

    def value(self, value: object, found: set[str] | None = None) -> object:
        """A JSON-like value with every string in it, keys included, cleared of secrets."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value, found)
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "surrogateescape"), found).encode("utf-8", "surrogateescape")
        if isinstance(value, dict):
            return {self.value(key, found): self.value(item, found) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item, found) for item in value]
        return value


def _spellings(value: str) -> set[str]:
    """The secret as it is, as JSON and URLs escape it, in hexadecimal, and in base64 at any offset of a longer text."""
    from json import dumps

    raw = value.encode("utf-8", "surrogateescape")
    escaped = "".join(chr(byte) if chr(byte) in _PLAIN else f"%{byte:02X}" for byte in raw)
    spellings = {value, dumps(value, ensure_ascii=False)[1:-1], dumps(value)[1:-1], repr(value)[1:-1], escaped}
    spellings |= {escaped.replace("%20", "+"), escaped.replace("%2F", "/")}
    lowered = "".join(chr(byte) if chr(byte) in _PLAIN else f"%{byte:02x}" for byte in raw)
    spellings |= {lowered, lowered.replace("%20", "+"), lowered.replace("%2f", "/")}
    if len(raw) > 3:
        spellings |= {raw.hex(), raw.hex().upper()}
    return spellings | _base64_cores(raw)


def _base64_cores(raw: bytes) -> set[str]:
    """The base64 characters that depend on the secret alone, for each of the three positions it can start at."""
    from binascii import b2a_base64

    cores = set()
    for offset in range(3):
        encoded = b2a_base64(b"\0" * offset + raw, newline=False).decode().rstrip("=")
        start = (0, 2, 3)[offset]
        end = (offset + len(raw)) * 8 // 6
        core = encoded[start:end]
        if len(core) >= _MIN_CORE:
            cores |= {core, core.replace("+", "-").replace("/", "_")}
    return cores
