"""Built packages: formatted, typed, tested and run as their users do it, with every Python that is there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from agent_lattice import plan
from agent_lattice.records import replace
from agent_lattice_targets import targets
from agent_lattice_targets.python import TARGET, pyz
from agent_lattice_targets.python.package import package_files
from targets.python.programs import ECHO, ECHO_FILES, FILES, body, interpreters, made, module, python, write

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SOURCES = [str(ROOT / folder) for folder in ("compiler", "runtime_min", "targets", "tests")]


def beside(name: str) -> plan.Plan:
    """The plan of a source in this folder."""
    files = {path.name: path.read_text() for path in HERE.iterdir() if path.suffix in (".py", ".json")}
    return made((HERE / f"{name}.lat").read_text(), files, f"{name}.lat")


def rich() -> plan.Plan:
    return beside("rich")


def awkward() -> plan.Plan:
    """Names that Python, its library or the package itself uses."""
    source = """
        type None { class: string  __x: int }
        type Literal { none: None? }
        type Context { a: "tab\\t" | "quote\\"" }
        tool _ = python("t_tools") { op number(x: int) -> int { effect: pure } }
        workflow json(store: int, run_id: int, ctx: int, result: Literal?) -> Context {
          let workflow = store + run_id
          x = _.number(x: workflow + ctx)
          if x > 0 && result != null { fail "positive" }
          let text = "a long text that does not fit on a line because it goes on and on, with one thought after the other, and then some"
          var found: string = text
          for l in [text] at most 1 { set found = l }
          if found == "" { fail "empty" }
          return Context { a: "tab\\t" }
        }
    """
    return made(source, FILES, "json.lat")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    plans = {
        "rich": rich(),
        "narrow": beside("narrow"),
        "exact": beside("exact"),
        "agents": beside("agents"),
        "alternatives": beside("alternatives"),
        "durable": beside("durable"),
        "awkward": awkward(),
        "echo": made(ECHO, ECHO_FILES),
        "empty": made(body("return 1")),
        "kept": replace(made(ECHO, ECHO_FILES), stores=("postgres",)),
    }
    return {name: write(tmp_path_factory.mktemp(name), compiled) for name, compiled in plans.items()}


@pytest.fixture
def echo(built: dict[str, Path]) -> Path:
    return built["echo"]


def _tool(*words: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, "-m", *words], cwd=cwd, capture_output=True, encoding="utf-8", timeout=300)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_formatters_linters_and_type_checkers_have_nothing_to_say(built: dict[str, Path], tmp_path: Path) -> None:
    for folder in built.values():
        assert _tool("ruff", "format", "--check", "--no-cache", ".", cwd=folder) == ""
        assert _tool("ruff", "check", "--no-cache", "--select", "E,F,I,UP,B", ".", cwd=folder) == ""
        package = next(path.parent.name for path in folder.glob("*/__main__.py"))
        tests = ["tests"] if (folder / "tests").exists() else []
        cache = f"--cache-dir={tmp_path / 'mypy'}"
        assert _tool("mypy", "--strict", cache, package, *tests, cwd=folder) == ""


def test_the_packages_own_tests_pass_without_anything_installed(built: dict[str, Path]) -> None:
    for interpreter in interpreters():
        for name, count in (("rich", 3), ("narrow", 2), ("exact", 1), ("agents", 2)):
            done = python("-S", "-m", "unittest", "-v", cwd=built[name], interpreter=interpreter)
            assert done.returncode == 0, done.stderr
            assert re.search(rf"^Ran {count} tests?\b", done.stderr, re.M)


def test_a_failing_expectation_fails_the_packages_tests(tmp_path: Path) -> None:
    source = (
        body("a = t.number(x: n)\nreturn a") + 'test "x" { given main(n: 1)  mock t.number = 2  expect result == 1 }'
    )
    folder = write(tmp_path, made(source))
    done = python("-m", "unittest", cwd=folder)
    assert done.returncode == 1 and "AssertionError: False is not true : result == 1" in done.stderr


def test_the_command_line_works_isolated_from_folder_and_archive(echo: Path, tmp_path: Path) -> None:
    archive = tmp_path / "main.pyz"
    archive.write_bytes(pyz(made(ECHO, ECHO_FILES)))
    for number, interpreter in enumerate(interpreters()):
        for way, target in (("folder", str(echo / "main")), ("archive", str(archive))):
            store = str(tmp_path / f"{way}{number}.db")
            words = ["-I", "-S", target]
            done = python(
                *words,
                "run",
                "--input",
                '{"n": 3}',
                "--store",
                store,
                "--run-id",
                "r",
                "--quiet",
                cwd=tmp_path,
                interpreter=interpreter,
            )
            assert (done.returncode, done.stdout) == (0, '"ho3"\n'), done.stderr
            done = python(*words, "replay", "r", "--store", store, cwd=tmp_path, interpreter=interpreter)
            assert (done.returncode, done.stderr) == (0, ""), done.stdout
            done = python(
                *words, "run", "--input", '{"m": "3"}', "--store", store, cwd=tmp_path, interpreter=interpreter
            )
            assert (
                done.returncode == 2
                and "$.n: missing, expected int" in done.stderr
                and "$.m: unknown field" in done.stderr
            )


def test_the_package_is_a_typed_library(echo: Path) -> None:
    program = (
        "import main, asyncio\n"
        "print(main.run(n=4), main.run(5, store='s.db', run_id='a'), main.resume('a', 's.db'))\n"
        "print(main.replay('a', 's.db').divergence, sorted(main.WORKFLOWS), main.WORKFLOW.name)\n"
        "try:\n    main.run(n='x')\nexcept main.Failure as failure:\n    print(failure.code, failure.details)\n"
        "print(main.run(n=1, scripted=[{'step': 'y', 'text': 'hi'}]))\n"
    )
    done = python("-S", "-c", program, cwd=echo)
    assert done.stdout.splitlines() == [
        "ho4 ho5 ho5",
        "None ['main'] main",
        "validation ('$.n: expected int, found string',)",
        "hi1",
    ], done.stderr


def test_awkward_names_run(built: dict[str, Path]) -> None:
    program = "import json_; print(json_.run(1, 2, -9, None, store_=None))"
    assert python("-c", program, cwd=built["awkward"]).stdout == "{'a': 'tab\\t'}\n"
    assert (built["awkward"] / "json_" / "manifest.json").exists()


def test_the_manifest_says_what_each_workflow_may_touch() -> None:
    compiled = rich()
    found = json.loads(package_files(compiled)["rich/manifest.json"])
    assert found["plan"] == compiled.digest and found["workflow"] == "rich"
    assert found["secrets"] == ["BANK_TOKEN", "OPENAI_API_KEY"] or found["secrets"] == ["BANK_TOKEN"]
    assert found["env"] == ["HOME", "JUDGE_URL", "LOCAL_URL"]
    assert found["permissions"]["calls"] == {"answer": "answer", "outer.inner.z": "answer"}
    assert found["permissions"]["steps"]["c"]["models"] == ["fast", "judge"]
    assert found["permissions"]["total"]["hosts"] == ["bank.internal", "env:JUDGE_URL", "env:LOCAL_URL"]
    assert found["workflows"]["answer"]["permissions"]["steps"]["x"]["operations"] == ["t.get"]
    assert found["input"]["required"] == ["len", "n"]
    assert list(found["workflows"]) == ["answer"]


def test_a_turn_may_ask_and_a_call_may_do_what_its_operation_may() -> None:
    found = json.loads(package_files(beside("agents"))["agents/manifest.json"])
    steps = found["permissions"]["steps"]
    assert steps["unread.turn"]["models"] == ["fast", "large"]
    assert steps["unread.turn"]["operations"] == steps["unread.turn.web_docs_find"]["models"] == []
    assert steps["unread.turn.web_docs_find"]["operations"] == ["web_docs.find"]
    assert steps["unread.turn.web_docs_find"]["secrets"] == ["WEB_TOKEN"]
    assert steps["unread.turn.web_docs_find_2"]["operations"] == ["web.docs_find"]
    assert steps["unread.turn.web_docs_find_2"]["secrets"] == []
    assert found["agents"]["ctx"] == {
        "model": "fast",
        "tools": {"web_docs_find": "web_docs.find", "web_docs_find_2": "web.docs_find", "web_count": "web.count"},
        "max_turns": 3,
        "repair": 2,
    }


def test_only_the_needed_parts_of_the_runtime_are_carried() -> None:
    plain = package_files(made(body("return 1").replace(body("").partition("workflow")[0], "")))
    assert not any("/providers/" in path or "http_tools" in path for path in plain)
    full = package_files(rich())
    assert {
        "rich/_runtime/providers/openai.py",
        "rich/_runtime/http_tools.py",
        "rich/_runtime/effects.py",
    } <= full.keys()
    assert "rich/_runtime/providers/anthropic.py" not in full
    assert not any("agent" in path for path in full), "only what runs agents carries their loop"
    assert {"agents/_runtime/agents.py", "agents/_runtime/agent_calls.py"} <= package_files(beside("agents")).keys()
    assert full["rich/_tools/rich_tools.py"] == (HERE / "rich_tools.py").read_text()


IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(sorted(module for module in sys.modules if module.startswith("agent_lattice")))
"""


def test_no_module_of_a_package_needs_more_than_it_carries(built: dict[str, Path]) -> None:
    for folder in built.values():
        package = next(path.parent for path in folder.glob("*/__main__.py"))
        names = [
            path.relative_to(folder).with_suffix("").as_posix().replace("/", ".")
            for path in package.rglob("*.py")
            if "_tools" not in path.parts
        ]
        done = python("-S", "-c", IMPORT_ALL, *names, cwd=folder)
        assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


PRINT_DIGEST = """
import hashlib
from targets.python.test_package import rich
from agent_lattice_targets.python import TARGET, deploy, pyz
made = rich()
files = {path: text.encode() for path, text in TARGET.emit(made).items()} | {"rich.pyz": pyz(made)}
sources = {"rich.lat": "sha256:" + "0" * 64}
files |= {path: text.encode() for path, text in deploy(made, files, sources).items()}
print(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())
"""


def test_builds_are_the_same_bytes_everywhere(tmp_path: Path) -> None:
    found = set()
    for seed, zone, locale in (("0", "UTC", "C"), ("1", "Asia/Tokyo", "C.UTF-8"), ("7", "America/Lima", "tr_TR.UTF-8")):
        folder = tmp_path / zone.replace("/", "-")
        folder.mkdir()
        done = python(
            "-c",
            PRINT_DIGEST,
            cwd=folder,
            PYTHONHASHSEED=seed,
            TZ=zone,
            LC_ALL=locale,
            PYTHONPATH=os.pathsep.join(SOURCES),
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1


def test_line_ends_and_layout_of_the_source_do_not_show() -> None:
    source = body("a = t.number(x: n)\nreturn a")
    assert module(made(source)) == module(made(source.replace("\n", "\r\n")))


def test_the_archive_starts_with_what_starts_it() -> None:
    content = pyz(rich())
    assert content.startswith(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist() == sorted(archive.namelist())


def test_scripted_replies_stay_in_their_folder() -> None:
    source = 'model m = scripted("../other/replies.json") {}\nworkflow w() -> string { y = ask m -> string { prompt "p" } return y }'
    files = package_files(made(source, {"../other/replies.json": '{"replies": []}'}, "w.lat"))
    assert "w/_data/up/other/replies.json" in files
    assert 'model="up/other/replies.json"' in files["w/declarations.py"]


def test_the_target_is_found_by_its_name() -> None:
    assert targets()["python"]().TARGET is TARGET
    assert (TARGET.name, TARGET.contract) == ("python", 4)


def test_what_people_read_first() -> None:
    readme = package_files(rich())["README.md"]
    assert readme.startswith("# rich\n\nUses everything.\n")
    assert "| `wf` | `string?` | no |" in readme and "| `paid` | bank.refund | bank.internal | BANK_TOKEN |" in readme


CRASHING = """\
a = t.number(x: n)
saved = t.store(key: "k", value: a)
return size(saved)"""
SAYS_ALWAYS = """
test "even" {
  given main(n: 1)
  mock t.store = "kept"
  expect result == 4
  always calls(t.store) <= 1
  always result > 0
}
test "odd" { given main(n: 1)  mock t.store fails refused "no"  expect error == "refused"  always result > 100 }
"""


def test_tests_of_a_package_die_at_every_commit_and_keep_what_is_always(tmp_path: Path) -> None:
    folder = write(tmp_path, made(body(CRASHING) + SAYS_ALWAYS))
    done = python("-S", "-m", "unittest", "-v", cwd=folder)
    assert done.returncode == 0, done.stderr
    test = (folder / "tests" / "test_main.py").read_text()
    assert test.count("self.assertEqual(tested.crashes(), [])") == 2
    assert 'self.assertTrue(tested.error is not None or result > 100, "result > 100")' in test
    path = folder / "main" / "_runtime" / "ledger.py"
    text = path.read_text()
    assert "call.intent = (" in text
    path.write_text(text.replace("call.intent = (", "_ = ("))
    broken = python("-S", "-m", "unittest", cwd=folder)
    assert broken.returncode == 1
    assert "tested.crashes()" in broken.stderr and "without a crash, its replay differs" in broken.stderr
