"""Expressions over values whose types only the run knows: a value or a CelError, never anything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from agent_lattice.expr.evaluate import WrongExpression, evaluate
from agent_lattice_runtime.cel import CelError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63), 2**64]),
        st.floats(),
        st.text(st.characters(), max_size=5),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)
FORMS = """
x + y ; x - y ; x * y ; x / y ; x % y ; -x ; !x ; x + y - x * y ; x == y ; x != y ; x < y ; x <= y ; x > y ;
x >= y ; x in y ; x[y] ; x.a ; has(x.a) ; x && y ; x || y ; x ? y : x ; size(x) ; x.size() ; int(x) ;
double(x) ; string(x) ; bool(x) ; x.contains(y) ; x.matches(y) ; x.startsWith(y) ; x.endsWith(y) ; x.charAt(y) ;
x.indexOf(y) ; x.indexOf(y, y) ; x.lastIndexOf(y) ; x.lastIndexOf(x, y) ; x.trim() ; x.lowerAscii() ;
x.upperAscii() ; x.replace(x, y) ; x.replace(x, x, y) ; x.split(y) ; x.split(x, y) ; x.join() ; x.join(y) ;
x.substring(y) ; x.substring(y, y) ; x.reverse() ; strings.quote(x) ; x.all(i, i == y) ; x.exists(i, i) ;
x.exists_one(i, y) ; x.map(i, i + y) ; x.map(i, y, i) ; x.filter(i, i in y) ; [x, y] ; {x: y} ; {x: 1, y: 2} ;
[x] + y ; x == y && y == x ; x + 1 ; x + 1.0 ; x < 1 ; 1 in x ; x[0] ; x['a'] ; x.a.b || x.c == y ;
!(x == y) ? x : y ; string(x) + string(y) ; int(x) + int(y) ; x + 'a' ;
timestamp(x) ; duration(x) ; timestamp('2023-01-02T03:04:05Z').getHours(x) ; x.getHours() ; x + duration('1s') ;
timestamp(x) - duration(y) ; dyn(timestamp('2023-01-02T03:04:05Z')) - x ; x < duration('1s') ; [x, duration('1s')].sort() ;
bytes(x) + bytes(y) ; base64.decode(x) ; base64.encode(x) ; type(x) == type(y) ; type(x) in [y, int] ; x + b'a' ;
x.all(i, v, i == v) ; x.exists(i, v, v) ; x.existsOne(i, v, v == y) ; x.transformList(i, v, i in y, v) ;
x.transformMap(k, v, v) ; x.transformMapEntry(k, v, {k: v}) ; x.transformMapEntry(k, v, v) ; x.distinct() ;
x.flatten() ; x.flatten(y) ; x.reverse() ; x.slice(y, y) ; x.sort() ; x.sortBy(i, i) ; sets.contains(x, y) ;
sets.equivalent(x, y) ; sets.intersects(x, y) ; math.greatest(x) ; math.least(x, y) ; math.abs(x) ; math.sign(x) ;
math.sqrt(x) ; math.ceil(x) ; math.round(x) ; math.isNaN(x) ; math.bitAnd(x, y) ; math.bitShiftLeft(x, y) ;
math.bitShiftRight(x, y) ; lists.range(x) ; x.format(y) ; '%s %d'.format([x, y]) ; '%f'.format([x]) ; '%e'.format(x) ;
'%x'.format([x]) ; '%b'.format([x])
"""


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([form.strip() for form in FORMS.split(";") if form.strip()]), JSON, JSON)
def test_only_cel_errors_come_out(form: str, x: Any, y: Any) -> None:
    try:
        evaluate(form, {"x": x, "y": y})
    except (CelError, WrongExpression) as problem:
        assert str(problem)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20), st.dictionaries(st.text(max_size=3), JSON, max_size=3))
def test_any_text_is_evaluated_or_refused(text: str, bindings: dict[str, Any]) -> None:
    try:
        evaluate(text, bindings)
    except (CelError, WrongExpression) as problem:
        assert str(problem)


@pytest.mark.parametrize("value", [[[]], {"a": {}}])
def test_values_nested_beyond_all_measure(value: Any) -> None:
    for _ in range(50_000):
        value = [value]
    assert evaluate("x == x && x in [x] && size(x) == 1", {"x": value}) is True


def test_the_runtime_module_imports_nothing_by_itself() -> None:
    """Every start of a generated package pays for it."""
    folder = Path(sys.modules["agent_lattice_runtime.cel"].__file__ or "").parent
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); before = set(sys.modules); import cel; "
        "print(sorted(set(sys.modules) - before - {'__future__'}))"
    )
    shown = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "['cel']"
