"""`lattice test`: test blocks in memory, a line each."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli.running import HELLO, ROOT, WRONG, lattice

DESK = """\
tool desk = python("desk_tools") {
  op twice(n: int) -> int { effect: pure }
  op get(id: string) -> string { effect: read }
}
type Verdict { good: bool }
model fast = ollama("llama3.2")

workflow judge(id: string) -> int {
  text = desk.get(id: id)
  verdict = ask fast -> Verdict { prompt "{{ text }}" }
  n = desk.twice(n: size(text))
  if !verdict.good { fail refused "not good" }
  return n
}

workflow other(n: int) -> int { return n + 1 }

test "a pure operation needs no mock" {
  given judge(id: "a")
  mock desk.get(id) = "text of " + id
  mock ask verdict = Verdict { good: true }
  expect result == 18 && error == null
  expect calls(desk.get) == 1 && calls(verdict) == 1 && calls(desk.twice) == 1
}

test "what fails is told" {
  given judge(id: "a")
  mock desk.get = "abc"
  mock ask verdict = Verdict { good: false }
  expect result == 6
  expect calls(desk.get) == 2
}

test "an unmocked read fails" {
  given judge(id: "a")
  mock ask verdict = Verdict { good: true }
  expect error == "validation"
}

test "a failure nobody expects" {
  given judge(id: "a")
  mock desk.get fails unavailable "gone"
}

test "another workflow" {
  given other(n: 9223372036854775807)
  expect error != null
}
"""


@pytest.fixture
def desk(here: Path) -> Path:
    (here / "desk.lat").write_text(DESK)
    (here / "desk_tools.py").write_text("def twice(n):\n    return 2 * n\n\n\ndef get(id):\n    raise RuntimeError\n")
    return here


def test_a_line_for_each_test_and_what_does_not_hold(desk: Path) -> None:
    ran = lattice("test", "desk.lat")
    assert (ran.exit_code, ran.stderr) == (1, "")
    assert ran.stdout == (
        "ok      desk.lat  a pure operation needs no mock\n"
        "FAILED  desk.lat  what fails is told\n"
        "        desk.lat:30: result == 6 does not hold\n"
        "        desk.lat:31: calls(desk.get) == 2 does not hold (desk.get was called 1×)\n"
        "        the run failed: refused: not good\n"
        "ok      desk.lat  an unmocked read fails\n"
        "FAILED  desk.lat  a failure nobody expects\n"
        "        the run failed, which nothing expects: step text: unavailable: gone\n"
        "ok      desk.lat  another workflow\n"
        "3 passed, 2 failed\n"
    )


def test_json_and_a_choice(desk: Path) -> None:
    ran = lattice("test", "desk.lat", "-k", "PURE", "--json")
    assert ran.exit_code == 0
    assert json.loads(ran.stdout) == {
        "tests": [{"file": "desk.lat", "test": "a pure operation needs no mock", "passed": True, "problems": []}],
        "summary": {"passed": 1, "failed": 0},
    }
    assert json.loads(lattice("test", "desk.lat", "--json").stdout)["summary"] == {"passed": 3, "failed": 2}
    ran = lattice("test", "desk.lat", "-k", "nothing of that kind")
    assert (ran.exit_code, ran.stdout) == (0, "no tests\n")


def test_the_examples_pass() -> None:
    for source in ("refund/refund.lat", "triage/triage.lat"):
        path = ROOT / "examples" / source
        ran = lattice("test", str(path))
        assert ran.exit_code == 0, ran.output
        assert " passed, 0 failed\n" in ran.stdout


def test_sources_without_tests_and_with_errors(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    assert lattice("test", "hello.lat").stdout == "no tests\n"
    (here / "wrong.lat").write_text(WRONG)
    ran = lattice("test", "hello.lat", "wrong.lat")
    assert (ran.exit_code, "error[LAT2101]" in ran.stderr) == (1, True)


def test_nothing_is_stored(desk: Path) -> None:
    lattice("test", "desk.lat")
    assert not (desk / ".lattice").exists()


def test_junit_has_a_case_for_each_test(desk: Path) -> None:
    ran = lattice("test", "desk.lat", "--format", "junit")
    assert ran.exit_code == 1
    root = ElementTree.fromstring(ran.stdout)
    assert [suite.attrib["name"] for suite in root] == ["desk.lat"]
    told = {case.attrib["name"]: case.find("failure") for case in root.iter("testcase")}
    plain = {
        test["test"]: test["problems"] for test in json.loads(lattice("test", "desk.lat", "--json").stdout)["tests"]
    }
    assert {name: [] if failure is None else str(failure.text).split("\n") for name, failure in told.items()} == plain
    assert json.loads(lattice("test", "desk.lat", "--format", "json").stdout)["summary"]["failed"] == sum(
        map(bool, plain.values())
    )


ALWAYS = """\
workflow half(n: int) -> int {
  if n % 2 != 0 { fail validation "odd" }
  return n / 2
}
test "even" { given half(n: 4)  always result <= 2 }
test "too small" { given half(n: 4)  always result < 2 }
test "without a result" { given half(n: 3)  expect error == "validation"  always result > 100 }
test "without either" { given half(n: 3)  always error == "validation" }
"""


def test_always_says_nothing_of_a_result_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "half.lat").write_text(ALWAYS)
    outcome = lattice("test", str(tmp_path / "half.lat"))
    assert [line[:6] for line in outcome.stdout.splitlines() if "half.lat  " in line] == [
        "ok    ",
        "FAILED",
        "ok    ",
        "FAILED",
    ]
    assert "result < 2 does not hold" in outcome.stdout
    assert "which nothing expects" in outcome.stdout
