"""What was done to an operation between two versions, in a sentence."""

from __future__ import annotations

from agent_lattice import plan
from agent_lattice.plan_steps import step_of
from agent_lattice.records import fields, replace
from agent_lattice.terms import Template, Text

_NAMES = {
    "args": "the arguments",
    "at_most": "the bound",
    "cases": "the cases",
    "checks": "the checks",
    "condition": "the condition",
    "escalate": "`escalate`",
    "handlers": "what is caught",
    "items": "the list",
    "message": "the message",
    "model": "the model",
    "operation": "the operation",
    "payload": "the values",
    "prompt": "the prompt",
    "question": "the question",
    "repair": "the number of repairs",
    "retry": "`retry`",
    "subject": "what is matched",
    "system": "the system prompt",
    "timeout": "the timeout",
    "type": "the type",
    "undo": "`compensate`",
    "until": "the condition",
    "value": "the expression",
    "width": "how many go on side by side",
    "within": "the deadline",
}
_SHOWN = 30  # characters of a prompt around the place where it parts


def named(op: plan.Op) -> str:
    """An operation as a reader finds it."""
    step = step_of(op)
    if step:
        return f"step {step}"
    name = getattr(op, "name", None)
    word = {"Let": "let", "Var": "var", "Set": "set", "Narrow": "let"}.get(type(op).__name__)
    return f"`{word} {name}`" if word else f"a `{type(op).__name__.lower()}`"


def added(op: plan.Op, before: plan.Block) -> str:
    """An operation stands before those of a block, or at the end, where none was."""
    following = next((named(other) for other in before if step_of(other)), "")
    return f"{named(op)} was added" + (f" before {following}" if following else "")


def removed(op: plan.Op) -> str:
    return f"{named(op)} was removed"


def changed(old: plan.Op, new: plan.Op, *, moved: bool) -> str:
    """One operation stands where another stood."""
    if moved:
        return f"{named(old)} was moved behind {named(new)}"
    if type(old) is not type(new):
        return f"{named(old)} became {named(new)}"
    if renamed := _renamed(old, new):
        return renamed
    differing = [f.name for f in fields(old.__class__) if f.compare and getattr(old, f.name) != getattr(new, f.name)]
    if step_of(old) != step_of(new):
        return f"{named(old)} became {named(new)}"
    words = [_NAMES.get(name, name) for name in differing if name not in ("name", "step")] or ["its name"]
    return f"{named(old)}: {' and '.join(words)} changed{_detail(old, new, differing)}"


def _renamed(old: plan.Op, new: plan.Op) -> str:
    if not step_of(old) or step_of(old) == step_of(new):
        return ""
    same = {name: getattr(new, name) for name in ("step", "name") if hasattr(old, name)}
    return f"{named(old)} was renamed to {step_of(new)}" if replace(old, **same) == new else ""


def _detail(old: plan.Op, new: plan.Op, differing: list[str]) -> str:
    """The part that differs, where a few words say it."""
    if "args" in differing or "payload" in differing:
        name = "args" if "args" in differing else "payload"
        one, other = dict(getattr(old, name)), dict(getattr(new, name))
        names = [arg for arg in {**one, **other} if one.get(arg) != other.get(arg)]
        return f": {', '.join(f'`{arg}`' for arg in names)}" if names else ""
    if "model" in differing:
        return f": {getattr(old, 'model')} became {getattr(new, 'model')}"  # noqa: B009
    if "operation" in differing:
        return f": {getattr(old, 'operation')} became {getattr(new, 'operation')}"  # noqa: B009
    for name in ("prompt", "system", "question"):
        if name in differing:
            return _parting(getattr(old, name), getattr(new, name))
    return ""


def _parting(one: Template | None, other: Template | None) -> str:
    texts = ["".join(_text(part) for part in template.parts) if template else "" for template in (one, other)]
    place = next((i for i, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), min(map(len, texts)))
    start = max(0, place - _SHOWN // 2)
    shown = [repr(text[start : start + _SHOWN]) for text in texts]
    return f": {shown[0]} became {shown[1]}"


def _text(part: object) -> str:
    return part.text if isinstance(part, Text) else "{{ … }}"
