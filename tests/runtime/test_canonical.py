"""Canonical JSON agrees with the reference package, through the fast path and through the exact walk."""

from __future__ import annotations

import math

import pytest
import rfc8785
from agent_lattice_runtime import canonical as module
from agent_lattice_runtime.canonical import MAX_SAFE, canonical, number, parse, recorded
from agent_lattice_runtime.errors import Failure
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["1.0", "2e+1", "NaN", "Infinity", "1234567890123456", "\u20ac", "\ufb33", "\U0001f600", '\x7f\x1f\\"/']
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_SAFE, MAX_SAFE)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-5, 5).map(float)
    | st.integers(-330, 300).map(lambda e: float(f"1.5e{e}"))
    | TEXT
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)


@given(VALUES)
def test_agrees_with_the_reference(value: object) -> None:
    assert canonical(value).encode() == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(VALUES)
def test_the_exact_walk_alone_agrees_too(value: object) -> None:
    parts: list[str] = []
    module._walk(value, parts.append)
    assert "".join(parts) == canonical(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_their_value(value: float) -> None:
    assert float(number(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"), (-0.0, "0"), (1e21, "1e+21"), (1e20, "100000000000000000000"), (1e-6, "0.000001"), (1e-7, "1e-7"),
        (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"), 
        (333333333.33333329, "333333333.3333333"),
        (MAX_SAFE, "9007199254740991"), (MAX_SAFE + 1, '"9007199254740992"'), (-(2**63), '"-9223372036854775808"'),
        (math.nan, '"NaN"'), (math.inf, '"Infinity"'), (-math.inf, '"-Infinity"'), (True, "true"), ((1, 2), "[1,2]"),
        ({"\ufb33": 1, "\U0001f600": 2, "a": 3}, '{"a":3,"\U0001f600":2,"\ufb33":1}'), ([], "[]"), ({}, "{}"),
    ],
)  # fmt: skip
def test_known_forms(value: object, text: str) -> None:
    assert canonical(value) == text
    assert canonical([value]) == f"[{text}]"
    assert canonical({"k": value}) == f'{{"k":{text}}}'


def _endless() -> list[object]:
    loop: list[object] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    "value", ["\ud800", {"\udfff": 1}, ["ok", "a\ud800"], object(), {1, 2}, {b"x": 1}, _endless(), {"a": {(): 1}}]
)
def test_what_json_cannot_hold_is_a_typed_error(value: object) -> None:
    with pytest.raises(Failure) as caught:
        canonical(value)
    assert caught.value.code == "validation"


@given(st.binary(max_size=40) | st.text(max_size=40))
def test_parse_never_raises_anything_but_failure(text: str | bytes) -> None:
    try:
        value = parse(text)
    except Failure as failure:
        assert failure.code == "validation"
    else:
        canonical(value) if "\\ud" not in str(text).lower() else None


def test_an_endless_int_is_refused() -> None:
    with pytest.raises(Failure):
        canonical([10**5000])


def test_parse_refuses_deep_nesting_and_huge_numbers() -> None:
    for text in ("[" * 100_000, "1" * 5000):
        with pytest.raises(Failure):
            parse(text)


@given(VALUES)
def test_canonical_text_is_a_fixed_point(value: object) -> None:
    text = canonical(value)
    assert canonical(recorded(text)) == text
