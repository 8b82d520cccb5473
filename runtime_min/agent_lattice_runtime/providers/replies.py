"""The file of the scripted provider: what it may hold, its JSON Schema, and which reply a step's attempt gets."""

from __future__ import annotations

from ..errors import CATALOGUE, Failure
from ..json_reading import read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_TIMES = 1_000_000
MAX_DELAY = 3_600_000  # milliseconds
MAX_TOKENS = 2**53 - 1

_BODIES = ("reply", "text", "error", "calls")
_COUNTS = ("input_tokens", "output_tokens", "cached_tokens")


class ScriptedReply:
    """One entry: the answer `text`, the failure `error` (class, message) or the tool `calls` (name, JSON text of the
    arguments); token counts, a delay in seconds."""

    __slots__ = ("calls", "delay", "error", "step", "text", "times", "usage")

    def __init__(self, entry: dict[str, Any]) -> None:
        from json import dumps

        error = entry.get("error")
        self.step: str = entry["step"]
        self.text: str = entry["text"] if "text" in entry else dumps(entry.get("reply"), ensure_ascii=False)
        self.calls: list[tuple[str, str]] = []
        for call in entry.get("calls", ()):
            given = call.get("arguments", {})
            self.calls.append((call["tool"], given if isinstance(given, str) else dumps(given, ensure_ascii=False)))
        self.error: tuple[str, str] | None = (error["code"], error.get("message", "")) if error else None
        self.usage: dict[str, int] = {key: int(count) for key, count in entry.get("usage", {}).items()}
        self.delay: float = entry.get("delay_ms", 0) / 1000
        self.times: int = int(entry.get("times", 1))


class Replies:
    """The entries of one file (or list), `source` its name in messages."""

    __slots__ = ("entries", "source")

    def __init__(self, entries: list[ScriptedReply], source: str) -> None:
        self.entries = entries
        self.source = source

    def at(self, step: str, attempt: int) -> ScriptedReply:
        """What attempt 1, 2, … of a step path gets: the entries that name the step first, then the patterns that fit,
        each `times` times. Raises Failure validation when there are fewer than `attempt`."""
        held = 0
        for entry in self._for(step):
            held += entry.times
            if held >= attempt:
                return entry
        count = "no reply" if not held else "1 reply" if held == 1 else f"only {held} replies"
        raise Failure("validation", f"{self.source} holds {count} for step {step}, and this is attempt {attempt}")

    def _for(self, step: str) -> Iterator[ScriptedReply]:
        yield from (entry for entry in self.entries if entry.step == step)
        yield from (entry for entry in self.entries if entry.step != step and fits(entry.step, step))


def fits(pattern: str, step: str) -> bool:
    """Does `step` fit? `*` stands for any characters but a dot, `**` for any at all, everything else for itself."""
    reached = {0}  # where in `step` the part of the pattern read so far can end
    position = 0
    while position < len(pattern) and reached:
        if pattern[position] != "*":
            reached = {at + 1 for at in reached if at < len(step) and step[at] == pattern[position]}
            position += 1
            continue
        dots = pattern.startswith("**", position)
        reached = _stretched(step, reached, dots=dots)
        position += 2 if dots else 1
    return len(step) in reached


def _stretched(step: str, reached: set[int], *, dots: bool) -> set[int]:
    wider = set(reached)
    for at, char in enumerate(step):
        if at in wider and (dots or char != "."):
            wider.add(at + 1)
    return wider


def parse_replies(raw: bytes, source: str) -> Replies:
    """The replies in the bytes of a file. Raises Failure validation with `source` and the place of the mistake."""
    return replies_of(read_json(raw, source), source)


def replies_of(value: object, source: str) -> Replies:
    """The replies in a parsed file: `{"replies": […]}` or the list itself. Raises Failure validation, all problems in
    its details."""
    errors: list[str] = []
    entries = value
    if isinstance(value, dict):
        entries = value.get("replies")
        errors += [f"$.{key}: unknown field" for key in value if key not in ("replies", "$schema")]
    if not isinstance(entries, list):
        errors.append("$.replies: expected a list of replies")
        entries = []
    path = "$.replies" if isinstance(value, dict) else "$"
    for index, entry in enumerate(entries):
        errors += _problems(entry, f"{path}[{index}]")
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise Failure("validation", f"{source}: {errors[0]}{more}", details=errors)
    return Replies([ScriptedReply(entry) for entry in entries], source)


def _problems(entry: object, path: str) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"{path}: expected an object"
        return
    if not isinstance(entry.get("step"), str) or not entry["step"]:
        yield f"{path}.step: expected the path of a step"
    if sum(key in entry for key in _BODIES) != 1:
        yield f"{path}: expected exactly one of reply, text, error and calls"
    if not isinstance(entry.get("text", ""), str):
        yield f"{path}.text: expected a string"
    if "error" in entry:
        yield from _error_problems(entry["error"], f"{path}.error")
    if "calls" in entry:
        yield from _calls_problems(entry["calls"], f"{path}.calls")
    yield from _usage_problems(entry.get("usage", {}), f"{path}.usage")
    yield from _count_problems(entry, "times", 1, MAX_TIMES, path)
    yield from _count_problems(entry, "delay_ms", 0, MAX_DELAY, path)
    yield from _unknown(entry, ("step", "usage", "times", "delay_ms", *_BODIES), path)


def _error_problems(error: object, path: str) -> Iterator[str]:
    if not isinstance(error, dict):
        yield f"{path}: expected an object"
        return
    if not isinstance(error.get("code"), str) or error["code"] not in CATALOGUE:
        yield f"{path}.code: expected one of {', '.join(CATALOGUE)}"
    if not isinstance(error.get("message", ""), str):
        yield f"{path}.message: expected a string"
    yield from _unknown(error, ("code", "message"), path)


def _calls_problems(calls: object, path: str) -> Iterator[str]:
    if not isinstance(calls, list) or not calls:
        yield f"{path}: expected a list of at least one call"
        return
    for index, call in enumerate(calls):
        if not isinstance(call, dict):
            yield f"{path}[{index}]: expected an object"
            continue
        if not isinstance(call.get("tool"), str):
            yield f"{path}[{index}].tool: expected the name of a tool"
        yield from _unknown(call, ("tool", "arguments"), f"{path}[{index}]")


def _usage_problems(usage: object, path: str) -> Iterator[str]:
    if not isinstance(usage, dict):
        yield f"{path}: expected an object"
        return
    for key in _COUNTS:
        yield from _count_problems(usage, key, 0, MAX_TOKENS, path)
    yield from _unknown(usage, _COUNTS, path)


def _count_problems(owner: dict[str, Any], key: str, least: int, most: int, path: str) -> Iterator[str]:
    value = owner.get(key, least)
    whole = isinstance(value, int) if not isinstance(value, float) else value.is_integer()  # 2.0 is 2 in JSON Schema
    if not whole or isinstance(value, bool) or not least <= value <= most:
        yield f"{path}.{key}: expected a whole number from {least} to {most}"


def _unknown(owner: dict[str, Any], known: tuple[str, ...], path: str) -> Iterator[str]:
    yield from (f"{path}.{key}: unknown field" for key in owner if key not in known)


def replies_schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of such a file; `python -m agent_lattice_runtime.providers.replies` prints it."""
    usage: dict[str, object] = {key: _count(0, MAX_TOKENS) for key in _COUNTS}
    error = {"code": {"enum": list(CATALOGUE)}, "message": {"type": "string"}}
    call = {
        "tool": {"type": "string", "description": "The tool as the model sees it: docs_search for docs.search."},
        "arguments": {
            "description": "An object by parameter; a string stands for the raw text that a model would write.",
            "default": {},
        },
    }
    fields = {
        "step": {
            "type": "string",
            "minLength": 1,
            "description": "The path of a step without its attempt, like answers[3].draft, or a pattern: * stands for "
            "any characters but a dot, ** for any at all. The turns of an agent are finding.turn[0], finding.turn[1], …",
        },
        "reply": {"description": "The answer as JSON."},
        "text": {"type": "string", "description": "The answer as the raw text that a model would give."},
        "error": {**_record(error, "code"), "description": "A failure instead of an answer."},
        "calls": {
            "type": "array",
            "items": _record(call, "tool"),
            "minItems": 1,
            "description": "The tools that the model of an agent wants called in this turn, side by side.",
        },
        "usage": _record(usage),
        "delay_ms": {**_count(0, MAX_DELAY), "default": 0},
        "times": {**_count(1, MAX_TIMES), "default": 1, "description": "For how many attempts of a step this is."},
    }
    entry = {**_record(fields, "step"), "oneOf": [{"required": [key]} for key in _BODIES]}
    entries = {"type": "array", "items": {"$ref": "#/$defs/reply"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scripted replies",
        "description": "Answers for the asks and the agents of a workflow, taken in order per step.",
        "anyOf": [_record({"$schema": {}, "replies": entries}, "replies"), entries],
        "$defs": {"reply": entry},
    }


def _record(fields: dict[str, Any], *required: str) -> dict[str, object]:
    record: dict[str, object] = {"type": "object", "properties": fields, "additionalProperties": False}
    return {**record, "required": list(required)} if required else record


def _count(least: int, most: int) -> dict[str, object]:
    return {"type": "integer", "minimum": least, "maximum": most}


if __name__ == "__main__":
    from json import dumps

    print(dumps(replies_schema(), indent=2))
