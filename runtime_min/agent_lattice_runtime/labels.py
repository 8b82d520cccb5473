"""Values that their type labels as secret or personal: validators put `[pii email]` in the place of what comes in, so the
run, its log and all that is shown have only that."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Pattern

LABELS = ("secret", "pii")
_pattern: Pattern[str] | None = None


def hidden(label: str, path: str) -> str:
    """What stands in the place of a value: its label, and the name of its field (`value` when it has none)."""
    name = path.rpartition(".")[2].partition("[")[0]
    return f"[{label} {name if name.isidentifier() else 'value'}]"


def found(value: object, label: str) -> str | None:
    """The value when it has been hidden already, as in a log or where it is passed on."""
    if isinstance(value, str) and value.startswith(f"[{label} ") and value.endswith("]"):
        return value if value[len(label) + 2 : -1].isidentifier() else None
    return None


def labels_in(text: str) -> list[str]:
    """The labels and fields of what was hidden in a text: `pii email`, each once, sorted."""
    global _pattern
    if not any(f"[{label} " in text for label in LABELS):
        return []
    if _pattern is None:
        from re import compile as compile_pattern

        _pattern = compile_pattern(rf"\[({'|'.join(LABELS)}) ([a-z_]\w*)\]")
    return sorted({" ".join(match) for match in _pattern.findall(text)})
