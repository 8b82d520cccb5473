"""What a plan carries of other files: their texts, whatever their line ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from agent_lattice.driver import compile_source, plan_of

TRIAGE = Path(__file__).parents[1] / "examples" / "triage" / "triage.lat"


def digest(change: Callable[[bytes], bytes]) -> str:
    """The digest of the example's plan with every file changed."""

    def files(name: str) -> bytes | None:
        file = TRIAGE.parent / name
        return change(file.read_bytes()) if file.is_file() else None

    plan = plan_of(compile_source(TRIAGE.name, change(TRIAGE.read_bytes()), files))
    assert plan is not None and plan.files and plan.replies
    return plan.digest


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_the_digest_does_not_depend_on_line_ends_and_byte_order_marks(end: bytes) -> None:
    same = digest(lambda content: content)
    assert digest(lambda content: content.replace(b"\n", end)) == same
    assert digest(lambda content: b"\xef\xbb\xbf" + content) == same
    assert digest(lambda content: content.replace(b"/// ", b"/// now ")) != same
