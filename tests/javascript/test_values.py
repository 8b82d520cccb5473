"""What the examples of the other tests leave out: values as JSON and as text, records, and the edges of functions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agent_lattice_runtime.canonical import canonical
from agent_lattice_runtime.cel import CelError
from agent_lattice_runtime.cel_convert import text
from agent_lattice_runtime.cel_time import Duration, Timestamp
from agent_lattice_runtime.uint import Uint
from expr.conftest import VARIABLES, Lab
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from javascript.engine import Engine, outcome, written

SETTINGS = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 2**64 - 1).map(Uint),
    st.floats(),
    st.text(max_size=6),
    st.binary(max_size=7),
    st.integers(-(10**19), 10**19).map(Timestamp),
    st.integers(-(10**19), 10**19).map(Duration),
)
KEYS = (st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**64 - 1).map(Uint), st.booleans())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@SETTINGS
@given(VALUES)
def test_values_as_json(engine: Engine, value: Any) -> None:
    assert engine.run(f"cel.json({written(value)})") == canonical(value)
    assert json.loads(engine.run(f"JSON.stringify(cel.wire({written(value)}))")) == json.loads(canonical(value))


@SETTINGS
@given(st.one_of(*(st.dictionaries(keys, SCALARS, max_size=4) for keys in KEYS)))
def test_maps_by_any_key_as_json(engine: Engine, value: Any) -> None:
    assert engine.run(f"cel.json({written(value)})") == canonical(value)


@SETTINGS
@given(VALUES)
def test_values_as_text(engine: Engine, value: Any) -> None:
    try:
        expected = text(value)
    except CelError as error:
        assert json.loads(engine.run(f"outcome(() => cel.textOf({written(value)}))")) == ["error", str(error)]
    else:
        assert engine.run(f"cel.textOf({written(value)})") == expected


@SETTINGS
@given(st.binary(max_size=8), st.text(max_size=8))
def test_bytes_and_text(engine: Engine, data: bytes, words: str) -> None:
    bytes_ = f"cel.bytes({', '.join(map(str, data))})"
    assert engine.run(f"JSON.stringify([...cel.bytesOfBase64(cel.base64({bytes_}))])") == json.dumps(
        list(data)
    ).replace(" ", "")
    assert engine.run(f"cel.textOfBytes(cel.bytesOfText({json.dumps(words)}))") == words
    try:
        expected = data.decode()
    except UnicodeDecodeError:
        expected = None
    found = json.loads(engine.run(f"outcome(() => cel.textOfBytes({bytes_}))"))
    assert found == ["string", expected] if expected is not None else found[0] == "error"


RECORDS = [
    "order.?note.hasValue()",
    "order.?customer.?email.orValue('none')",
    "order.?total.value() + x",
    "orders[0].customer == null && order.note == null",
    "order == orders[0] && dyn(order) == dyn(orders[0])",
    "dyn(order) == dyn(stock) || dyn(order).id == 'A1'",
    "has(order.note) || has(dyn(order).id) && !has(dyn(order).nothing)",
    "dyn(order).nothing",
    "dyn(order)['id'] + dyn(order).kind",
    "'id' in dyn(order) && !('ID' in dyn(order))",
    "size(dyn(order)) + size(dyn(order).tags)",
    "dyn(order).map(k, k)",
    "dyn(order).transformList(k, v, k)",
    "Customer { name: s, email: 'e' } == Customer { name: s }",
    "[order, orders[0]].distinct().size()",
    "orders.map(o, o.stock).exists(m, m == stock)",
    "sets.contains(orders, [order])",
    "type(order) == map && type(stock) == map",
    "maybe == null ? n : maybe",
    "maybe.orValue(7) + maybe.optMap(v, v + 1).orValue(0)",
    "[?maybe, n].size()",
    "{'a': 1, ?'b': maybe}.size()",
    "order.tags.join(', ') + order.kind",
    "math.round(x - 1.9) * -1.0",
    "string(math.round(-0.4)) + string(1.0 / math.round(-0.4))",
    "{true: n, 1: m}",
    "{dyn(true): n, dyn(1): m}",
    "{dyn(0u): n, dyn(false): m}",
    "timestamp('2000-02-29T00:00:00Z').getDayOfYear() + timestamp('1900-03-01T00:00:00Z').getDayOfYear()",
    "timestamp('9999-12-31T23:30:00Z').getHours('-01:00') + timestamp('9999-12-31T23:30:00Z').getHours('+01:00')",
    "timestamp('0001-01-01T00:30:00Z').getHours('-01:00')",
    "timestamp('2024-01-01T00:00:00Z').getDate('-00:30')",
    "timestamp(timestamp(s == '' ? 0 : 1)) == timestamp(dyn(timestamp(1)))",
    "duration(dyn(duration('1s'))) == duration(duration('1s'))",
    "int(dyn(n)) + int(uint(n)) + int(dyn(uint(n)))",
    "uint(dyn(uint(n))) + uint(dyn(n))",
    "double(dyn(x)) + double(dyn(n)) + double(uint(n))",
    "double('inf') + double(s == '' ? '-Infinity' : 'Infinity')",
    "bool(dyn(b)) && bool(dyn(!b))",
    "math.bitShiftRight(uint(n), 64) + math.bitShiftLeft(uint(n), 64)",
    "optional.ofNonZeroValue(optional.none()).hasValue()",
    "optional.of(dyn([1, 2]))[?0].orValue(0)",
    "dyn([1, 2])[?1.5].hasValue() || dyn([1, 2])[?1.0].hasValue()",
    "int('x' + s + s + s + s + s + s + s + s + s + s + s + s + s)",
    "(s + '\\u0007\\v').replace('', '-', 3) + ''.replace('', 'x', 0)",
    "[1.5, 2.5, 1.5].distinct() == [1.5, 2.5]",
    "d.list == [1, 'a'] && d.list != [1]",
    "strings.quote('\\a\\b\\f\\n\\r\\t\\v\\\\\"\\'`')",
    "base64.encode(bytes('ÿ😀')) + string(bytes('ÿ😀€'))",
    "dyn(x) - dyn(x) + dyn(2.0) * dyn(x) / dyn(0.0)",
]


@pytest.mark.parametrize("expression", RECORDS)
@pytest.mark.parametrize("folds", [True, False], ids=["", "unfolded"])
def test_records_and_edges(engine: Engine, monkeypatch: pytest.MonkeyPatch, expression: str, folds: bool) -> None:
    if not folds:
        for module in ("check", "operators"):
            monkeypatch.setattr(f"agent_lattice.expr.{module}.folded", lambda term: term)
    term, report = Lab.typed(expression)
    assert term is not None and not report.failed, [found.message for found in report.found]
    expected = outcome(lambda: Lab.run(term))
    assert engine.value(term, Lab.values, VARIABLES) == expected
