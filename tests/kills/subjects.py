"""What is killed: programs of this folder and the examples, each built once, with what its runs are given."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from examples.using import copy_of, lattice

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Subject:
    """A workflow and one input. `scripted` is the file of replies in the built folder, `slow` says that a start takes
    seconds. `answers` are the commands that people give, in this order, each when the run waits: words behind the
    name of the command and the run; a run that waits without any is resumed."""

    name: str
    source: str
    value: dict[str, object] | str
    example: bool = False
    scripted: str = ""
    answers: tuple[tuple[str, ...], ...] = ()
    slow: bool = False
    fails: bool = False

    def build(self, folder: Path) -> Package:
        """The package, and what else is beside its source, in `folder`."""
        if self.example:
            made = copy_of(self.source.partition("/")[0], folder)
        else:
            made = folder / "program"
            made.mkdir()
            for file in HERE.joinpath("programs").iterdir():
                made.joinpath(file.name).write_bytes(file.read_bytes())
        lattice("build", self.source.rpartition("/")[2], "-o", "out", "--no-lock", cwd=made)
        return Package(self, made)


@dataclass(frozen=True)
class Package:
    """A built subject: `folder` holds its sources, `folder/out` the package."""

    subject: Subject
    folder: Path

    @property
    def name(self) -> str:
        return Path(self.subject.source).stem

    def given(self) -> list[str]:
        """The words of `run` that say what the run is about."""
        value = self.subject.value
        words = ["--input", str(self.folder / value) if isinstance(value, str) else json.dumps(value)]
        if self.subject.scripted:
            words += ["--scripted", str(self.folder / self.subject.scripted)]
        return words


_ANSWERS = (
    ("approve", "--by", "ann", "--id", "a1"),
    ("signal", "payment", "--value", '{"id": "p1", "amount": 1.0}', "--id", "s1"),
)
SUBJECTS = (
    Subject("settlement", "settlement.lat", {"fails": False}, answers=_ANSWERS),
    Subject("undone", "settlement.lat", {"fails": True}, answers=_ANSWERS, fails=True),
    Subject("payroll", "payroll.lat", {"count": 3}),
    Subject("refund", "refund/refund.lat", "inputs/small.json", example=True, scripted="replies/small.json"),
    Subject(
        "signed",
        "refund/refund.lat",
        "inputs/large.json",
        example=True,
        scripted="replies/large.json",
        answers=(("approve", "--by", "ann", "--id", "a1", "--set", "amount=600"),),
    ),
    Subject("repaired", "refund/refund.lat", "inputs/repaired.json", example=True, scripted="replies/repaired.json"),
    Subject("support", "support/support.lat", "inputs/reworked.json", example=True, scripted="replies/reworked.json"),
    Subject("rejected", "support/support.lat", "inputs/rejected.json", example=True, scripted="replies/rejected.json"),
    Subject("triage", "triage/triage.lat", "inputs/short.json", example=True, scripted="replies.json"),
    Subject(
        "research",
        "research/research.lat",
        "inputs/skerra.json",
        example=True,
        scripted="replies/skerra.json",
        slow=True,
    ),
)
