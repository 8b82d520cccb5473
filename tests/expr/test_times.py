"""Timestamps and durations: literals by constructor, arithmetic, order, parts in time zones, limits, JSON forms."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from agent_lattice.expr.evaluate import evaluate, wire
from agent_lattice.expr.times import TIMES
from agent_lattice_runtime import cel_time
from agent_lattice_runtime.cel import CelError

E = CelError
T = "timestamp('2023-01-02T03:04:05.678Z')"
BINDINGS = {"start": "2023-01-02T03:04:05Z", "zone": "America/New_York", "n": 5}

TABLE: list[tuple[str, Any]] = [
    ("timestamp('2023-01-02T03:04:05.123456789Z')", "2023-01-02T03:04:05.123456789Z"),
    ("timestamp('2023-01-02t03:04:05.1200z')", "2023-01-02T03:04:05.120Z"),
    ("string(timestamp('2023-01-02T03:04:05.123450Z'))", "2023-01-02T03:04:05.123450Z"),
    ("timestamp('2023-01-02T03:04:05+05:30')", "2023-01-01T21:34:05Z"),
    ("timestamp(timestamp(1))", "1970-01-01T00:00:01Z"),
    ("int(timestamp('1960-01-02T03:04:05.9Z'))", -315521755),
    ("int(dyn(timestamp(start)))", 1672628645),
    ("timestamp('0001-01-01T00:00:00Z')", "0001-01-01T00:00:00Z"),
    ("timestamp('9999-12-31T23:59:59.999999999Z')", "9999-12-31T23:59:59.999999999Z"),
    ("timestamp('2023-01-02 03:04:05Z')", E('cannot convert string to timestamp: "2023-01-02 03:04:05Z"')),
    ("timestamp('2023-02-30T03:04:05Z')", E('cannot convert string to timestamp: "2023-02-30T03:04:05Z"')),
    ("timestamp('2023-01-02T03:04:05')", E('cannot convert string to timestamp: "2023-01-02T03:04:05"')),
    ("timestamp(-62135596801)", E("timestamp overflow")),
    ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", E("timestamp overflow")),
    ("timestamp('0001-01-01T00:00:00Z') - duration('1ns')", E("timestamp overflow")),
    ("timestamp('0001-01-01T00:00:00+00:01')", E("timestamp overflow")),
    ("timestamp(dyn(1.5))", E("no such overload: timestamp(double)")),
    ("duration('1h30m1.5s')", "5401.500s"),
    ("duration('-1.5s')", "-1.500s"),
    ("duration('1us1ns')", "0.000001001s"),
    ("duration('+250ms')", "0.250s"),
    ("duration('.5s') + duration('0') - duration(duration('1s'))", "-0.500s"),
    ("duration('1d')", E('cannot convert string to duration: "1d"')),
    ("duration('')", E('cannot convert string to duration: ""')),
    ("duration('-')", E('cannot convert string to duration: "-"')),
    ("duration('1')", E('cannot convert string to duration: "1"')),
    ("duration('.s')", E('cannot convert string to duration: ".s"')),
    ("duration('315576000001s')", E("duration overflow")),
    ("duration('315576000000s') + duration('1s')", E("duration overflow")),
    ("duration(dyn(1))", E("no such overload: duration(int)")),
    ("timestamp('2023-01-01T00:00:00Z') - timestamp('2022-01-01T00:00:00Z')", "31536000s"),
    ("duration('1h') + timestamp(start) - duration('30m')", "2023-01-02T03:34:05Z"),
    ("timestamp(start) < timestamp(start) + duration('1ns') && duration('60s') >= duration('1m')", True),
    ("duration('60s') == duration('1m') && timestamp(0) != timestamp(1) && dyn(timestamp(0)) != duration('0')", True),
    ("dyn(timestamp(start)) + duration('1s') - duration('1s') == timestamp(start)", True),
    ("dyn(duration('1s')) < duration('2s')", True),
    ("dyn(timestamp(1)) < dyn(duration('2s'))", None),
    ("dyn(timestamp(1)) + 1", E("no such overload: _+_(google.protobuf.Timestamp, int)")),
    ("dyn(1) + timestamp(1)", None),
    ("dyn(timestamp(1)) + timestamp(1)", None),
    ("dyn(duration('1s')) - timestamp(1)", None),
    ("[timestamp(2), timestamp(1)].sort()", ["1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z"]),
    ("[duration('2s'), duration('1s'), duration('2s')].distinct().sortBy(d, d)", ["1s", "2s"]),
    ("'%s after %s'.format([duration('90m'), timestamp(0)])", "5400s after 1970-01-01T00:00:00Z"),
    (f"{T}.getFullYear() + {T}.getMonth() + {T}.getDate() + {T}.getDayOfMonth()", 2026),
    (f"[{T}.getDayOfWeek(), {T}.getDayOfYear(), {T}.getHours(), {T}.getMinutes()]", [1, 1, 3, 4]),
    (f"[{T}.getSeconds(), {T}.getMilliseconds()]", [5, 678]),
    (f"[{T}.getHours(zone), {T}.getDate(zone), {T}.getDayOfWeek(zone)]", [22, 1, 0]),
    (f"[{T}.getHours('-05:30'), {T}.getMinutes('05:30'), {T}.getHours('+05:30')]", [21, 34, 8]),
    (f"{T}.getHours('Nowhere')", E('invalid time zone: "Nowhere"')),
    (f"{T}.getHours('../x')", E('invalid time zone: "../x"')),
    ("timestamp('9999-12-31T23:59:59Z').getHours('+05:00')", E("timestamp overflow")),
    ("duration('3730.25s').getHours() + duration('3730.25s').getMinutes()", 63),
    ("duration('-3730.25s').getSeconds() + duration('3730.25s').getMilliseconds()", -3480),
    ("dyn(duration('1h')).getHours() + dyn(timestamp(3600)).getHours()", 2),
    ("dyn(duration('1h')).getDate()", E("no such overload: getDate(google.protobuf.Duration)")),
    ("dyn(1).getHours()", E("expected timestamp or duration, found int")),
    ("string(type(timestamp(0)) == type(timestamp(1)))", "true"),
]


@pytest.mark.parametrize(("text", "value"), TABLE, ids=[text for text, _ in TABLE])
def test_values_and_errors(lab: Any, text: str, value: Any) -> None:
    if value is None or isinstance(value, CelError):
        with pytest.raises(CelError) as raised:
            evaluate(text, BINDINGS)
        assert str(raised.value) == str(value) or (value is None and "no such overload" in str(raised.value))
    else:
        assert lab.same(wire(evaluate(text, BINDINGS)), value)


@pytest.mark.parametrize("name", [row.name for row in TIMES])
def test_every_function_is_in_the_table(name: str) -> None:
    assert any(f"{name}(" in text for text, _ in TABLE)


OTHERWISE = ("sort", "distinct", "string(type", "('+05:00')")
"""What the reference implementation has no function for, and a local time in the year 10000, which it gives."""


@pytest.mark.parametrize("text", [text for text, _ in TABLE if not any(word in text for word in OTHERWISE)])
def test_the_reference_implementation_agrees(text: str) -> None:
    reference = pytest.importorskip("cel_expr_python")
    from cel_expr_python.ext import ext_strings

    cel = reference.cel
    variables = {"start": cel.Type.STRING, "zone": cel.Type.STRING, "n": cel.Type.INT}
    environment = cel.NewEnv(variables=variables, extensions=[ext_strings.ExtStrings()])
    try:
        ours = wire(evaluate(text, BINDINGS))
    except CelError:
        assert environment.compile(text).eval(data=BINDINGS).type().name() == "ERROR"
        return
    shown = text if not isinstance(ours, str) else f"string({text})"
    assert environment.compile(shown).eval(data=BINDINGS).plain_value() == ours


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("timestamp(x)", [("LAT2132", "timestamp(x)")]),
        ("timestamp(n) + 1", [("LAT2121", "timestamp(n) + 1")]),
        ("timestamp(n) + timestamp(n)", [("LAT2121", "timestamp(n) + timestamp(n)")]),
        ("duration(s) - timestamp(n)", [("LAT2121", "duration(s) - timestamp(n)")]),
        ("timestamp(n) < duration(s)", [("LAT2121", "timestamp(n) < duration(s)")]),
        ("timestamp(n) == duration(s)", [("LAT2122", "timestamp(n) == duration(s)")]),
        ("duration(s).getDate()", [("LAT2132", "duration(s).getDate()")]),
        ("timestamp(n)", []),
        ("[type(timestamp(n))]", [("LAT1102", "[type(timestamp(n))]")]),
    ],
)
def test_what_is_wrong(lab: Any, text: str, findings: list[tuple[str, str]]) -> None:
    assert lab.findings(text) == findings


def test_time_zones_are_imported_only_when_used() -> None:
    runtime = Path(cel_time.__file__).parent.parent
    code = f"import sys; sys.path.insert(0, {str(runtime)!r}); "
    code += "from agent_lattice_runtime import cel_time as t; t.get(t.timestamp(0), 'getHours'); "
    code += "print('zoneinfo' in sys.modules); t.get(t.timestamp(0), 'getHours', 'Europe/Paris'); "
    code += "print('zoneinfo' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "True"]
