"""What the compiler has to say: codes, messages, places and fixes. Rendering is in `renders/`."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum

from agent_lattice.records import field, record
from agent_lattice.source import Source, Span


class Severity(IntEnum):
    """How much a finding weighs; `--fail-on` compares these."""

    HINT = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


CODES: dict[str, Code] = {}


@record
class Code:
    """A kind of finding: stable number (`LAT1203`), stable name, severity. Stands beside its check; its page is `docs/errors/<name>.md`."""

    number: str
    name: str
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        for known in CODES.values():
            if known.name == self.name or known.number == self.number:
                raise ValueError(f"diagnostic {self.number} {self.name} is already {known.number} {known.name}")
        CODES[self.number] = self


@record
class Edit:
    """Replace the text of `span` by `text`."""

    span: Span
    text: str


@record
class Fix:
    """A machine-applicable change: its edits do not overlap and leave a program without this finding.

    One that is not `safe` removes what somebody wrote or makes up a value: it is a suggestion, applied only when asked for.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True


@record
class Label:
    """A further place that explains the finding."""

    span: Span
    text: str


@record
class Diagnostic:
    """One finding. `message` is lower case, one sentence without full stop; `label` stands beside the carets."""

    code: Code
    message: str
    span: Span
    label: str = ""
    related: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""
    fix: Fix | None = None
    weight: Severity | None = None
    """The severity that a project gives it in place of that of its code."""

    @property
    def severity(self) -> Severity:
        return self.code.severity if self.weight is None else self.weight


@record(frozen=False)
class Report:
    """Collects findings in any order; gives them back by place, each once."""

    found: list[Diagnostic] = field(default_factory=list)

    def add(
        self,
        code: Code,
        message: str,
        span: Span,
        *,
        label: str = "",
        related: Iterable[Label] = (),
        notes: Iterable[str] = (),
        help: str = "",
        fix: Fix | None = None,
    ) -> None:
        self.found.append(Diagnostic(code, message, span, label, tuple(related), tuple(notes), help, fix))

    def sorted(self) -> list[Diagnostic]:
        """By file, place and code; equal code, place and message only once."""
        unique = {(d.span.source.name, d.span.start, d.span.end, d.code.number, d.message): d for d in self.found}
        return [unique[key] for key in sorted(unique)]

    @property
    def worst(self) -> Severity | None:
        return max((d.severity for d in self.found), default=None)

    @property
    def failed(self) -> bool:
        """Whether an error stands in the way of a plan."""
        return self.worst is Severity.ERROR


def replace(title: str, span: Span, text: str) -> Fix:
    """A fix of one edit."""
    return Fix(title, (Edit(span, text),))


_MANY = 200
"""Names that are compared one by one; of more, only those that begin alike and are about as long."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, or None."""
    candidates = set(known)
    if len(candidates) > _MANY:
        first, least, most = word[:1].lower(), len(word) - 2, len(word) + 2
        candidates = {name for name in candidates if least <= len(name) <= most and name[:1].lower() == first}
    ordered = sorted(candidates)
    folded = {name.lower(): name for name in reversed(ordered)}
    if word.lower() in folded:
        return folded[word.lower()]
    matches = get_close_matches(word, ordered[:_MANY], n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str], span: Span) -> tuple[str, Fix | None]:
    """`help` and fix for a word that is not known; ("", None) when nothing is near."""
    guess = nearest(word, known)
    if guess is None:
        return "", None
    return f"did you mean `{guess}`?", replace(f"change to `{guess}`", span, guess)


def compatible(source: Source, fixes: Iterable[Fix]) -> list[Fix]:
    """The fixes that lie in `source` as a whole, without those that overlap an earlier one."""
    taken: list[Fix] = []
    edits: list[Edit] = []
    for fix in fixes:
        inside = all(edit.span.source is source for edit in fix.edits)
        if inside and not any(_overlap(a, b) for a in fix.edits for b in edits):
            taken.append(fix)
            edits.extend(fix.edits)
    return taken


def apply(source: Source, fixes: Iterable[Fix]) -> str:
    """The text of `source` with the edits of the `compatible` ones of `fixes`."""
    edits = [edit for fix in compatible(source, fixes) for edit in fix.edits]
    text = source.text
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end), reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _overlap(a: Edit, b: Edit) -> bool:
    if a.span.start == a.span.end == b.span.start == b.span.end:
        return True
    return a.span.start < b.span.end and b.span.start < a.span.end
