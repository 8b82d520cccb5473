"""Any bytes as any file that a command takes: an exit code of 0, 1 or 2 and no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.running import HELLO, ROOT, lattice
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

REFUND = (ROOT / "examples" / "refund" / "refund.lat").read_bytes()
CALM = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real source with a stretch taken out, doubled or replaced."""
    start = draw(st.integers(0, len(REFUND)))
    end = draw(st.integers(start, min(len(REFUND), start + 200)))
    middle = draw(
        st.one_of(
            st.just(b""),
            st.just(REFUND[start:end] * 2),
            st.binary(max_size=20),
            st.sampled_from([b"{", b"}", b'"', b'"""', b"\n"]),
        )
    )
    return REFUND[:start] + middle + REFUND[end:]


sources = st.one_of(
    st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")), mutated()
)
COMMANDS = [
    ["check", "{}"],
    ["check", "--format", "json", "{}"],
    ["check", "--format", "sarif", "{}"],
    ["check", "--format", "github", "{}"],
    ["check", "--format", "junit", "{}"],
    ["test", "--format", "junit", "{}"],
    ["check", "--fix", "{}"],
    ["check", "--check", "{}"],
    ["build", "--check", "{}", "-o", "out"],
    ["fmt", "{}"],
    ["graph", "{}"],
    ["plan", "{}"],
    ["permissions", "{}"],
    ["test", "{}"],
    ["build", "{}", "-o", "out"],
    ["run", "{}", "--quiet"],
    ["replay", "{}", "r1"],
    ["resume", "{}", "r1"],
]


def accepted(*words: str, input: bytes | None = None) -> None:
    ran = lattice(*words, input=input)
    assert ran.exit_code in (0, 1, 2), ran.output
    assert "Traceback" not in ran.output
    assert ran.exception is None or isinstance(ran.exception, SystemExit)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:-1]))
@CALM
@given(content=sources)
def test_any_bytes_as_a_source(here: Path, words: list[str], content: bytes) -> None:
    (here / "main.lat").write_bytes(content)
    accepted(*(word.format("main.lat") for word in words))


@CALM
@given(content=sources)
def test_any_bytes_on_standard_input(content: bytes) -> None:
    accepted("check", "-", input=content)


@CALM
@given(content=st.one_of(st.binary(max_size=100), st.text(max_size=100).map(str.encode)))
def test_any_bytes_as_input_replies_bindings_and_store(here: Path, content: bytes) -> None:
    (here / "hello.lat").write_text(HELLO)
    (here / "any").write_bytes(content)
    accepted("run", "hello.lat", "--input", "any", "--quiet")
    accepted("run", "hello.lat", "--input", '{"name": "x"}', "--scripted", "any", "--quiet")
    accepted("eval", "x", "--bindings", "any")
    for words in (
        ["events", "r1"],
        ["verify"],
        ["verify", "r1"],
        ["runs"],
        ["replay", "hello.lat", "r1"],
        ["resume", "hello.lat", "r1"],
    ):
        (here / "any").write_bytes(content)
        accepted(*words, "--store", "any")


@CALM
@given(
    st.sampled_from(["run", "resume", "replay", "events", "verify", "explain", "new", "check", "build", "doctor"]),
    st.lists(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=8), max_size=4),
)
def test_any_words(here: Path, command: str, words: list[str]) -> None:
    accepted(command, *words)
