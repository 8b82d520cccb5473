"""What the answer of an MCP tool means as a value of a declared type."""

from __future__ import annotations

from .errors import Failure
from .json_reading import read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from mcp_types import CallToolResult

    from .models import Check

MOST_WORDS = 1_000  # characters of a server's own words in a message


def value_of(answer: CallToolResult, result: str, check: Check, what: str) -> object:
    """The decoded value. Structured content counts first, as it is or as the `result` it wraps; then the text, as JSON
    or as it is; for "text" the text counts. Raises Failure."""
    texts = list(_texts(answer, what))
    if answer.is_error:
        said = "\n".join(texts).strip()[:MOST_WORDS] or "without a word"
        raise Failure("refused", f"{what} is an error: {said}")
    if result == "none":
        return None
    problems: list[str] = []
    for candidate in _candidates(answer, texts, result == "text", what):
        errors: list[str] = []
        decoded = check(candidate, "$", errors)
        if not errors:
            return decoded
        problems = problems or errors
    if not problems:
        raise Failure("malformed_output", f"{what} holds no value: neither structured content nor JSON")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    raise Failure("malformed_output", f"{what} is not valid: {problems[0]}{more}", details=problems)


def _candidates(answer: CallToolResult, texts: list[str], as_text: bool, what: str) -> Iterator[object]:
    """What may be meant, the likeliest first."""
    structured: Any = answer.structured_content
    wrapped = isinstance(structured, dict) and list(structured) == ["result"]
    if structured is not None and not as_text:
        yield structured
    if wrapped:
        yield structured["result"]
    if as_text:
        yield "\n".join(texts)
        return
    if structured is None and not texts:
        yield None
    parsed = [_parsed(text, what) for text in texts]
    if len(parsed) == 1 and parsed[0] is not None:
        yield parsed[0][0]
    if all(item is not None for item in parsed):
        yield [item[0] for item in parsed if item is not None]
    yield from (texts[0], texts) if len(texts) == 1 else (texts,)


def _parsed(text: str, what: str) -> tuple[object] | None:
    try:
        return (read_json(text.encode("utf-8", "surrogatepass"), what, "malformed_output"),)
    except Failure:
        return None


def _texts(answer: CallToolResult, what: str) -> Iterator[str]:
    """The text of every part; what holds none, such as a picture, is a Failure unless there is structured content."""
    for part in answer.content:
        resource = getattr(part, "resource", None)
        text = getattr(part if resource is None else resource, "text", None)
        if isinstance(text, str):
            yield text
        elif answer.structured_content is None and not answer.is_error:
            raise Failure("malformed_output", f"{what} holds a part of the kind {part.type}, which is no text")
