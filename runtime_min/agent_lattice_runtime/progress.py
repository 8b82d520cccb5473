"""Showing a run to a person while it goes on: one line per step, and on a terminal what is going on right now."""

from __future__ import annotations

from .canonical import recorded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TextIO

    from .journal import EventRow, RunRow

_COLOURS = {"good": "32", "bad": "31", "note": "33", "faint": "2"}
_MARKS = {"good": ("✓", "ok"), "bad": ("✗", "failed"), "note": ("!", "!"), "faint": ("·", ".")}

# event type -> (tone, words with {fields} of the payload)
_LINES = {
    "run.started": ("faint", "run {run} of {workflow}"),
    "run.resumed": ("faint", "run {run} goes on"),
    "run.cancelled": ("bad", "run {run} was cancelled: {message}"),
    "step.completed": ("good", "{step}  {op}{ms}"),
    "step.failed": ("bad", "{step}  {error}: {message}"),
    "effect.committed": ("good", "{step}{ms}"),
    "effect.failed": ("bad", "{step}  {error}: {message}"),
    "effect.in_doubt": ("bad", "{step}  {message}"),
    "llm.completed": ("good", "{step}  {gen_ai.response.model}{ms}{tokens}"),
    "llm.failed": ("note", "{step}  {error}: {message}"),
    "llm.invalid": ("note", "{step}  the answer is not valid: {errors}"),
    "llm.escalated": ("faint", "{step}  asks {model} instead of {from}"),
    "llm.fell_back": ("faint", "{step}  asks {model} instead of {from}"),
    "tool.rejected": ("note", "{step}  {tool} is not called: {errors}"),
    "client.called": ("good", "{step}  by {client}"),
    "client.failed": ("bad", "{step}  by {client}"),
    "client.denied": ("bad", "{step}  refused by {client}"),
    "policy.denied": ("bad", "{step}  {message}"),
    "run.cancelling": ("note", "run {run} is cancelled: {message}"),
    "step.retried": ("note", "{step}  {error}: {message}; it is tried again"),
    "timer.fired": ("faint", "{step}  the time is over"),
    "approval.requested": ("note", "{step}  asks {role}: {question}"),
    "step.withdrawn": ("note", "{step}  asks nobody any more"),
    "effect.verified": ("note", "{step}  {op} was asked whether it happened"),
    "compensation.started": ("note", "{step}  takes back what {of} did"),
    "compensation.failed": ("bad", "{step}  {error}: {message}"),
    "budget.warned": ("note", "{step}  most of {limit} {what} is used"),
    "budget.exceeded": ("bad", "{step}  the budget of {limit} {what} is used up"),
}


def wants_colour(stream: TextIO) -> bool:
    """Colour only on a terminal; NO_COLOR turns it off, else FORCE_COLOR on."""
    from os import environ

    if environ.get("NO_COLOR"):
        return False
    if forced := environ.get("FORCE_COLOR"):
        return forced != "0"
    return stream.isatty() and environ.get("TERM") != "dumb"


def put(stream: TextIO, text: str) -> None:
    """Write text to a stream of any encoding; what it cannot show is escaped."""
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


class Progress:
    """Writes the steps of a run to `stream`, as long as somebody reads there; `event` and `notice` are the run's listeners."""

    __slots__ = ("_colour", "_gone", "_live", "_plain", "_shown", "_stream")

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._colour = wants_colour(stream)
        self._live = stream.isatty()
        self._plain = not _can_show(stream, "✓✗·…")
        self._shown = False
        self._gone = False

    def notice(self, run_id: str, step: str, what: str) -> None:
        """An effect starts."""
        if self._live:
            self._write(f"  {'...' if self._plain else '…'} {printable(step)}  {printable(what)}"[:78])
            self._shown = True

    def event(self, row: RunRow, event: EventRow) -> None:
        """An event is durable."""
        tone, text = sentence(row, event)
        if tone:
            self._write(self.line(tone, text) + "\n")

    def line(self, tone: str, text: str) -> str:
        """A line with the mark of its tone, coloured if the stream wants that."""
        mark = _MARKS[tone][self._plain]
        return f"\x1b[{_COLOURS[tone]}m{mark}\x1b[0m {text}" if self._colour else f"{mark} {text}"

    def _write(self, text: str) -> None:
        if self._gone:
            return
        clear, self._shown = "\r\x1b[K" if self._shown else "", False
        try:
            put(self._stream, clear + text)
            self._stream.flush()
        except OSError:  # what the run does is worth more than showing it
            from .standard_streams import silence

            self._gone = True
            silence(self._stream)

    def close(self) -> None:
        """Leave no unfinished line behind."""
        self._write("")


def sentence(row: RunRow, event: EventRow) -> tuple[str, str]:
    """The tone of an event and a line about it; both empty for one that people need not see."""
    tone, words = _LINES.get(event[2], ("faint", "{step}  {kind}") if event[2][:7] == "custom." else ("", ""))
    return tone, _filled(words, row, event) if tone else ""


def _can_show(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _filled(words: str, row: RunRow, event: EventRow) -> str:
    """The words with the fields of the event, in one line without control characters."""
    payload = recorded(event[4])
    fields: dict[str, Any] = payload if isinstance(payload, dict) and event[2][:7] != "custom." else {}
    shown = {name: "; ".join(map(str, value)) if isinstance(value, list) else value for name, value in fields.items()}
    ms, used = fields.get("ms"), fields.get("gen_ai.usage.output_tokens")
    shown |= {
        "kind": event[2],
        "ms": f"  {ms} ms" if ms else "",
        "op": fields.get("op", ""),
        "run": row.run_id,
        "step": event[3],
        "tokens": f"  {fields.get('gen_ai.usage.input_tokens')}+{used} tokens" if used else "",
    }
    return printable(_replaced(words, shown)).rstrip()


def _replaced(words: str, fields: Mapping[str, Any]) -> str:
    from re import sub

    return sub(r"\{([^}]+)\}", lambda match: str(fields.get(match.group(1), "")), words)


def printable(text: str, limit: int = 400) -> str:
    """Text of others on a terminal: one line, no control characters, not endless."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"
