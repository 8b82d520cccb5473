"""Patterns: RE2's syntax and meaning, in linear time."""

from __future__ import annotations

import time
from typing import Any

import pytest
from agent_lattice_runtime import cel_strings
from agent_lattice_runtime.cel import CelError
from agent_lattice_runtime.patterns import PatternError, compiled
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

MATCHES = [
    ("a.c", "xabcx", "a\nc"),
    ("^ab$", "ab", "ab\n"),
    ("(?m)^b$", "a\nb\nc", "a\nbc"),
    ("(?s)a.c", "a\nc", "ac"),
    ("(?i)straße", "STRAßE", "strase"),
    ("(?i:a)b", "Ab", "AB"),
    ("[^a-c]", "d", "abc"),
    ("[]a]+$", "]a]", "b"),
    (r"[\w.-]+@[\w-]+\.[a-z]{2,}", "x.y@z-1.org", "x@y.z"),
    (r"\d{3}-?\d{2}", "12345", "12-345"),
    (r"\bfoo\b", "a foo!", "afoo"),
    (r"\Bo", "foo", "o f"),
    (r"\Aa\z", "a", "ba"),
    ("[[:alpha:]][[:^alpha:]]", "a1", "ab"),
    (r"\pL\p{Nd}\P{L}", "é1!", "é!1"),
    (r"[\p{Lu}x]$", "É", "é"),
    (r"\Qa.b*\E+c", "a.b**c", "axbc"),
    (r"\x41\x{e9}\101", "AéA", "AeA"),
    ("a|b|", "zzz", None),
    ("(a|b)*c", "ababc", "abab"),
    ("(?P<year>[0-9]{4})", "in 1999", "199"),
    ("a{,2}", "a{,2}", "aa"),
    ("x*", "", None),
    (r"\s\S", "\n.", "\x0b."),
    ("😀+", "😀😀", "🙂"),
]


@pytest.mark.parametrize(("pattern", "hit", "miss"), MATCHES)
def test_matches(pattern: str, hit: str, miss: str | None) -> None:
    assert cel_strings.matches(hit, pattern)
    assert miss is None or not cel_strings.matches(miss, pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "(",
            ")",
            "a)",
            "[",
            "[a",
            "[b-a]",
            "*",
            "+a",
            "a**",
            "a{2}{3}",
            "a{1001}",
            "a{2,1}",
            "(?=a)",
            "(?!a)",
            "(?<=a)",
        ),
        *(
            r"(a)\1",
            "(?P=n)",
            "(?#c)",
            "(?>a)",
            r"\Z",
            r"\C",
            r"\8",
            "\\",
            r"\x{110000}",
            r"\xg",
            r"\p{Greek}",
            "[[:foo:]]",
        ),
        *("(" * 101 + ")" * 101, "((a{1000}){1000}){1000}", "(?i", "(?P<n", "(?P<>a)", "{2}", "(?i)*"),
    ],
)
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(PatternError):
        compiled(pattern)
    with pytest.raises(CelError, match="invalid regular expression"):
        cel_strings.matches("a", pattern)


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|aa)+b", "(a|a)*b", "a*a*a*a*a*b", "((a?){50}){20}b", "(x+x+)+y|(a+)+b"]
)
def test_no_pattern_hangs(pattern: str) -> None:
    started = time.process_time()
    assert not cel_strings.matches("a" * 20_000, pattern)
    assert time.process_time() - started < 5


def test_empty_repeats_end() -> None:
    assert cel_strings.matches("", "(((){1000}){1000}){1000}$")


WORDS = r"""a b é K \d \w \W \S . [ab] [^a] [a-c\d] [[:^digit:]x] [^\s-z] ^ $ \b \B \A \z ( (?: (?i: (?s: (?m: ) | * + ? {2} {1,2}
{0,} { } ] [ - \. \x41 \012 \1 \n (?P<n> \pL \p{Lu} \PL \Q.\E *?"""
PIECES = st.sampled_from(WORDS.split())
TEXTS = st.text(st.sampled_from(list("abAéÉkK1_ .-\n")), max_size=6)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pattern=st.lists(PIECES, max_size=7).map("".join), text=TEXTS)
def test_patterns_agree_with_the_reference_implementation(pattern: str, text: str) -> None:
    # the reference looks for `\\B` between the bytes of a letter, too; the specification speaks of characters
    assume(text.isascii() or "\\B" not in pattern)
    reference: Any = pytest.importorskip("cel_expr_python.cel")
    environment = reference.NewEnv(variables={"s": reference.Type.STRING, "p": reference.Type.STRING})
    found = environment.compile("s.matches(p)").eval(data={"s": text, "p": pattern})
    try:
        mine: object = cel_strings.matches(text, pattern)
    except CelError:
        mine = "error"
    assert mine == ("error" if found.type().name() == "ERROR" else found.plain_value())
