"""Uints, bytes, timestamps, durations and maps by numbers as fields, parameters, results, answers and in the log."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from agent_lattice.plan import Plan
from agent_lattice_runtime.canonical import canonical, recorded
from agent_lattice_runtime.cel_time import duration, timestamp
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.replay import replay
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.uint import Uint
from agent_lattice_targets.python.memory import load_all
from agent_lattice_targets.python.schemas import json_schema
from runtime.samples import Crash, CrashingStore
from targets.python.programs import made, python, write

HERE = Path(__file__).parent
INPUT: dict[str, Any] = {
    "parcel": {
        "id": "18446744073709551614",
        "label": "_w==",
        "sent": "2026-01-01T01:00:00+01:00",
        "rest": "1.5s",
        "weights": {"10": 1, "9": 2.5, "-1": 3},
        "seen": [],
        "by": {"10": "3s", "9": "-0.000000001s"},
    },
    "now": "2026-01-01T12:00:00Z",
}
RESULT = {
    "by": "39598.500s",
    "due": "2026-01-01T01:00:01.500Z",
    "id": "18446744073709551614",
    "label": "eDE4NDQ2NzQ0MDczNzA5NTUxNjE0",
    "note": None,
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    files = {name: (HERE / name).read_text() for name in ("post_tools.py", "exact_replies.json")}
    return made((HERE / "exact.lat").read_text(), files, "exact.lat")


@pytest.fixture(scope="module")
def folder(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("exact"), plan)


def events(folder: Path, run: str) -> list[dict[str, Any]]:
    shown = python("-I", "-S", "-c", _started("events", run, "--json"), cwd=folder).stdout
    return [json.loads(line) for line in shown.splitlines()]


def _started(*words: str) -> str:
    """Starts the package without anything else on the path."""
    return f"import sys, runpy; sys.path.insert(0, '.'); sys.argv = {['late', *words]!r}; runpy.run_module('late', run_name='__main__')"


def test_a_run_keeps_every_value_exactly(folder: Path) -> None:
    done = python("-I", "-S", "-c", _started("run", "--input", json.dumps(INPUT), "--run-id", "r"), cwd=folder)
    assert (done.returncode, json.loads(done.stdout)) == (0, RESULT), done.stderr
    log = events(folder, "r")
    assert [event["type"] for event in log].count("llm.invalid") == 1
    given = log[0]["payload"]["input"]
    assert given["parcel"]["sent"] == "2026-01-01T00:00:00Z" and given["parcel"]["label"] == "/w=="
    assert list(given["parcel"]["weights"]) == ["-1", "10", "9"] and given["limit"] is None
    scanned = log[1]["payload"]
    assert scanned["args"]["wait"] == "5400s" and scanned["args"]["n"] == 7
    assert scanned["result"]["seen"] == ["2026-01-01T13:30:00Z", "2026-01-01T00:00:00.123456789Z"]
    assert scanned["result"]["by"] == {"10": "3s", "9": "0s"}  # a tool's timedelta has microseconds
    for command in ("replay", "verify"):
        assert python("-I", "-S", "-c", _started(command, "r"), cwd=folder).returncode == 0


def test_a_crash_at_every_single_commit_changes_nothing(plan: Plan) -> None:
    late = load_all(plan)["late"]
    setting = Setting(scripted=json.loads((HERE / "exact_replies.json").read_text()), tools=str(HERE))
    crashes = 0
    for at in range(1, 30):
        store = MemoryStore()
        try:
            start(late, INPUT, CrashingStore(store, at, after=at % 2 == 0), "r1", setting)  # type: ignore[arg-type]
        except Crash:
            crashes += 1
        ended = start(late, INPUT, store, "r1", setting)
        assert json.loads(canonical(ended.result)) == RESULT
        assert replay(late, "r1", store).divergence is None
    assert crashes > 4


WRONG: list[tuple[str, Any, str]] = [
    ("id", -1, "$.parcel.id: the uint is negative"),
    ("id", 2**64, "$.parcel.id: the uint does not fit 64 bits"),
    ("id", "7", "$.parcel.id: expected uint, found string"),
    ("id", 1.0, "$.parcel.id: expected uint, found float"),
    ("id", True, "$.parcel.id: expected uint, found bool"),
    ("label", "a*b=", "$.parcel.label: expected bytes, the string is not base64"),
    ("label", [1], "$.parcel.label: expected bytes (a base64 string), found list"),
    ("label", "A" * 24, "$.parcel.label: expected at most 16 bytes, found 18"),
    ("sent", "2026-01-01", "$.parcel.sent: expected timestamp such as 2026-01-31T12:30:00Z: cannot convert"),
    ("sent", 5, "$.parcel.sent: expected timestamp, found int"),
    ("rest", "1h", "$.parcel.rest: expected duration in seconds such as 3.5s: cannot convert"),
    ("rest", "999999999999s", "$.parcel.rest: expected duration in seconds such as 3.5s: duration overflow"),
    ("rest", None, "$.parcel.rest: expected duration, found null"),
    ("weights", {"1.5": 1}, "$.parcel.weights: expected int keys, found '1.5'"),
    ("weights", {"01": 1}, "$.parcel.weights: expected int keys, found '01'"),
    ("weights", {"9223372036854775808": 1}, "$.parcel.weights: expected int keys, found '9223372036854775808'"),
    ("weights", {"1": "x"}, "$.parcel.weights.1: expected float, found string"),
    ("weights", [], "$.parcel.weights: expected object, found list"),
    ("by", {"-1": "1s"}, "$.parcel.by: expected uint keys, found '-1'"),
    ("flags", {"True": "x"}, "$.parcel.flags: expected bool keys, found 'True'"),
    ("seen", ["x"], "$.parcel.seen[0]: expected timestamp"),
]


@pytest.mark.parametrize(("field", "value", "message"), WRONG, ids=[f"{field}={str(v)[:20]}" for field, v, _ in WRONG])
def test_wrong_input_is_refused(plan: Plan, field: str, value: Any, message: str) -> None:
    check = load_all(plan)["late"].input
    given = copy.deepcopy(INPUT)
    given["parcel"][field] = value
    errors: list[str] = []
    check(given, "$", errors)
    assert any(error.startswith(message) for error in errors), errors


def test_decoding_the_canonical_form_gives_the_same_values(plan: Plan) -> None:
    check = load_all(plan)["late"].input
    errors: list[str] = []
    first = check(INPUT, "$", errors)
    again = check(recorded(canonical(first)), "$", errors)
    assert not errors and first == again and canonical(first) == canonical(again)
    assert list(first["parcel"]["weights"]) == [-1, 9, 10]
    assert type(again["parcel"]["id"]).__name__ == "Uint" and type(again["parcel"]["sent"]).__name__ == "Timestamp"


def test_schemas_say_the_form(plan: Plan) -> None:
    (parcel,) = [record for record in plan.records if record.name == "Parcel"]
    fields = json_schema(parcel)["properties"]
    assert fields["id"] == {"type": "integer", "minimum": 0, "format": "uint64"}
    assert fields["label"] == {"type": "string", "contentEncoding": "base64", "maxLength": 24}
    assert fields["sent"] == {"type": "string", "format": "date-time"}
    assert fields["weights"]["propertyNames"] == {"pattern": "^(0|-?[1-9][0-9]{0,18})$"}
    assert fields["flags"]["anyOf"][0]["propertyNames"] == {"enum": ["false", "true"]}


def test_canonical_text_sorts_keys_as_text() -> None:
    value = {10: 1, 9: b"\xff", -1: timestamp(0), 2**53: duration("1.5s"), 0: Uint(2**64 - 1)}
    text = '{"-1":"1970-01-01T00:00:00Z","0":"18446744073709551615","10":1,"9":"/w==","9007199254740992":"1.500s"}'
    assert canonical(value) == text
    assert canonical({True: 1, False: {2: 1, 10: 1}}) == '{"false":{"10":1,"2":1},"true":1}'


MERGED = """
type Ends { latest: timestamp  longest: duration  most: uint  raw: bytes }
workflow ends(moments: list<timestamp>, now: timestamp) -> Ends {
  var latest: timestamp merge max = timestamp(0)
  var longest: duration merge max = duration("0s")
  var most: uint merge max = 1
  var raw: bytes merge append = b"a"
  for moment in moments at most 5 parallel 2 {
    set latest = moment
    set longest = now - moment
    set most = uint(moment.getHours())
    set raw = raw + b"\\xff"
  }
  return Ends { latest: latest, longest: longest, most: most, raw: raw }
}
"""


def test_branches_merge_moments_spans_uints_and_bytes(tmp_path: Path) -> None:
    plan = made(MERGED)
    given = {"moments": ["2026-01-01T05:00:00Z", "2026-01-01T04:00:00Z"], "now": "2026-01-01T06:00:00Z"}
    done = start(load_all(plan)["ends"], given, MemoryStore(), "r1", Setting())
    assert done.failure is None
    assert canonical(done.result) == '{"latest":"2026-01-01T05:00:00Z","longest":"7200s","most":5,"raw":"Yf//"}'
    folder = write(tmp_path, plan)
    words = ("-m", "mypy", "--strict", f"--cache-dir={tmp_path / 'mypy'}", "ends")
    checked = python(*words, cwd=folder)
    assert checked.returncode == 0, checked.stdout
