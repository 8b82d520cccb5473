"""Python tools: how they are found and called, what their exceptions mean, and what they may touch."""

from __future__ import annotations

import itertools
import os
import socket
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_lattice_runtime.canonical import recorded
from agent_lattice_runtime.context import Context
from agent_lattice_runtime.effects import PythonOp, copied, load_module, tool_failure
from agent_lattice_runtime.errors import Failure
from agent_lattice_runtime.replay import replay

from .samples import check_any, manifest, run, types, workflow

NUMBERS = itertools.count()


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "pkg" / "_tools"
    folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield folder
    for name in [name for name in sys.modules if name.startswith("tt_")]:
        del sys.modules[name]


def call(tools: Path | str, source: str, arguments: dict[str, Any] | None = None, **options: Any) -> Any:
    """Run a one-step workflow whose tool `f` is `source`: (run, store, workflow)."""
    name = options.pop("module", None) or f"tt_tool{next(NUMBERS)}"
    if isinstance(tools, Path):
        (tools / f"{name}.py").write_text(source)
    grant = {"operations": ["t.f"], **options.pop("grant", {})}
    output = options.pop("output", check_any)
    op = PythonOp(name="t.f", module=name, function="f", output=output, effect=options.pop("effect", "read"), **options)

    async def flow(ctx: Context) -> Any:
        return await ctx.tool("step", op, arguments or {})

    flow_ = workflow(flow, manifest(step=grant))
    outcome, store = run(flow_, tools=str(tools))
    return outcome, store, flow_


def test_a_function_is_called_with_its_arguments_by_name(tools: Path) -> None:
    outcome, _, _ = call(tools, "def f(a, *, b=2):\n    return [a, b]", {"a": 1, "b": 3})
    assert outcome.result == [1, 3]


def test_a_coroutine_function(tools: Path) -> None:
    source = "import asyncio\nasync def f(n):\n    await asyncio.sleep(0)\n    return n + 1"
    assert call(tools, source, {"n": 1})[0].result == 2


def test_a_tool_inside_an_archive(tools: Path) -> None:
    archive = tools.parent.parent / "app.pyz"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("pkg/_tools/tt_zipped.py", "import tt_other\ndef f():\n    return tt_other.VALUE")
        file.writestr("pkg/_tools/tt_other.py", "VALUE = 'zipped'")
    outcome, _, _ = call(f"{archive}/pkg/_tools", "", module="tt_zipped")
    assert outcome.result == "zipped"


def test_modules_of_the_same_name_in_two_folders_are_kept_apart(tools: Path) -> None:
    other = tools.parent / "other"
    other.mkdir()
    for _ in range(2):
        assert call(tools, "def f():\n    return 'one'", module="tt_same")[0].result == "one"
        assert call(other, "def f():\n    return 'two'", module="tt_same")[0].result == "two"


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        ("TimeoutError('late')", "timeout", "late"),
        ("PermissionError('no')", "permission_denied", "no"),
        ("FileNotFoundError('gone')", "not_found", "gone"),
        ("LookupError('no such order')", "not_found", "no such order"),
        ("ConnectionRefusedError('shut')", "unavailable", "shut"),
        ("ValueError('bad')", "validation", "bad"),
        ("KeyError('k')", "internal", "KeyError: 'k'"),
        ("ZeroDivisionError()", "internal", "ZeroDivisionError: ZeroDivisionError"),
        ("SystemExit(3)", "internal", "SystemExit: 3"),
        ("RuntimeError('\\ud800')", "internal", "RuntimeError: ?"),
    ],
)
def test_exceptions_are_typed(tools: Path, raised: str, code: str, message: str) -> None:
    outcome, store, flow = call(tools, f"def f():\n    raise {raised}")
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.message, outcome.failure.step) == (code, message, "step")
    assert types(store) == ["run.started", "step step.failed", "run.failed"]
    assert replay(flow, "r1", store).divergence is None
    assert "Traceback" not in str([event[4] for event in store.events(store.runs()[0])])


def test_a_failure_passes_and_an_exception_that_cannot_be_shown_is_named() -> None:
    class Nasty(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    failure = Failure("refused", "no")
    assert tool_failure(failure) is failure
    assert tool_failure(Nasty()).message == "Nasty: Nasty"


def test_missing_modules_and_functions(tools: Path) -> None:
    for source in ("x = 1", "import tt_nowhere\ndef f(): pass", "def f(:"):
        outcome, _, _ = call(tools, source)
        assert outcome.failure is not None
        assert outcome.failure.code == "internal"
    with pytest.raises(Failure):
        load_module("tt_never", str(tools))


def test_wrong_arguments_are_the_tools_defect(tools: Path) -> None:
    outcome, _, _ = call(tools, "def f(a): return a", {"b": 1})
    assert outcome.failure is not None
    assert outcome.failure.message.startswith("TypeError: ")


def test_the_idempotency_key_goes_to_functions_that_take_it(tools: Path) -> None:
    source = "def f(order, idempotency_key=None):\n    return idempotency_key"
    first = call(tools, source, {"order": "A"}, effect="write", key="order")[0].result
    again = call(tools, source, {"order": "A"}, effect="write", key="order")[0].result
    other = call(tools, source, {"order": "B"}, effect="write", key="order")[0].result
    assert first == again != other
    assert call(tools, source, {"order": "A"}, effect="write")[0].result is None


@pytest.mark.parametrize("result", ["object()", "{1, 2}", "{b'x': 1}", "'\\ud800'", "{1: 2, 'a': 3}", "f"])
def test_a_result_that_cannot_be_stored_is_a_clear_error(tools: Path, result: str) -> None:
    outcome, store, _ = call(tools, f"def f():\n    return {result}")
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.step) == ("validation", "step")
    assert "cannot be stored" in outcome.failure.message
    assert types(store)[1] == "step step.failed"


def test_a_tool_that_changes_its_arguments_or_its_result_later_changes_nothing(tools: Path) -> None:
    source = "KEPT = []\ndef f(items):\n    items.append(9)\n    KEPT.append(1)\n    return KEPT"
    items = [1, 2]
    (tools / "tt_tool.py").write_text(source)
    op = PythonOp(name="t.f", module="tt_tool", function="f", output=check_any, effect="read")

    async def flow(ctx: Context) -> Any:
        return [await ctx.tool("a", op, {"items": items}), await ctx.tool("b", op, {"items": items}), items]

    grant = {"operations": ["t.f"]}
    outcome, _ = run(workflow(flow, manifest(a=grant, b=grant)), tools=str(tools))
    assert outcome.result == [[1], [1, 1], [1, 2]]
    nested: dict[str, Any] = {"a": [{"b": 1}], "c": (1, [2])}
    twin = copied(nested)
    assert twin == {"a": [{"b": 1}], "c": [1, [2]]}
    assert twin["a"][0] is not nested["a"][0]


def denied(tools: Path, body: str, **grant: list[str]) -> Any:
    outcome, store, _ = call(
        tools, f"import os, socket, subprocess, threading, sqlite3\ndef f():\n    {body}", grant=grant
    )
    assert outcome.failure is not None, f"{body} was allowed"
    assert outcome.failure.code == "permission_denied", outcome.failure
    assert types(store)[1:3] == ["step policy.denied", "step step.failed"]
    return recorded(list(store.events(store.runs()[0]))[1][4])


def allowed(tools: Path, body: str, **grant: list[str]) -> Any:
    outcome, _, _ = call(tools, f"import os, socket, subprocess, threading, sqlite3\ndef f():\n    {body}", grant=grant)
    assert outcome.failure is None, outcome.failure
    return outcome.result


@pytest.mark.parametrize(
    "body",
    [
        "open('secret.txt')", "open('secret.txt', 'w')", "os.open('x', os.O_CREAT | os.O_WRONLY)", "os.listdir('.')",
        "os.remove('secret.txt')", "os.rename('secret.txt', 'b')", "os.mkdir('d')", "os.symlink('a', 'b')",
        "os.chmod('secret.txt', 0)", "os.truncate('secret.txt', 0)", "sqlite3.connect('x.db')", "open('/etc/passwd')",
        "open('data/../secret.txt')", "open('data/link')", "list(os.scandir('/'))", "open(b'secret.txt')",
    ],
)  # fmt: skip
def test_files_that_are_not_declared_are_out_of_reach(tools: Path, body: str) -> None:
    Path("secret.txt").write_text("hidden")
    Path("data").mkdir()
    Path("data/link").symlink_to(Path("secret.txt").resolve())
    assert denied(tools, body, files=["data/**"])["kind"] == "files"
    assert Path("secret.txt").read_text() == "hidden"
    assert not Path("b").exists()


def test_declared_files_can_be_read_written_and_removed(tools: Path) -> None:
    Path("data/deep").mkdir(parents=True)
    Path("data/deep/a.txt").write_text("A")
    Path("one.txt").write_text("1")
    assert allowed(tools, "return open('data/deep/a.txt').read()", files=["data/**"]) == "A"
    assert allowed(tools, "return sorted(os.listdir('data'))", files=["data/**"]) == ["deep"]
    allowed(tools, "open('data/new.txt', 'w').write('n')", files=["data/**"])
    allowed(tools, "os.remove('data/new.txt')", files=["data/**"])
    assert allowed(tools, "return open('one.txt').read()", files=["*.txt"]) == "1"
    denied(tools, "open('data/deep/a.txt')", files=["data/*"])
    denied(tools, "open('data/deep/a.txt')", files=["*.txt"])


def test_other_programs_threads_and_native_code_are_out_of_reach(tools: Path) -> None:
    for body in (
        "subprocess.run(['true'])", "os.system('true')", "os.fork()", "os.kill(0, 0)", "os.chdir('/')",
        "os.putenv('A', 'b')", "threading.Thread(target=print).start()", "import ctypes; ctypes.CDLL(None)",
        "__import__('sys').addaudithook(print)",
    ):  # fmt: skip
        denied(tools, body)


def test_a_denial_that_the_tool_swallows_still_fails_the_step(tools: Path) -> None:
    denied(tools, "\n    ".join(("try:", "    open('x')", "except Exception:", "    return 'fine'")))


@pytest.fixture
def server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_only_declared_hosts_can_be_reached(tools: Path, server: int) -> None:
    connect = f"socket.create_connection(('127.0.0.1', {server})).close()"
    assert denied(tools, connect)["kind"] == "hosts"
    denied(tools, connect, hosts=["127.0.0.1"])
    denied(tools, connect, hosts=[f"127.0.0.1:{server + 1}", "example.org"])
    allowed(tools, connect, hosts=[f"127.0.0.1:{server}"])
    allowed(tools, connect.replace("127.0.0.1", "localhost"), hosts=[f"localhost:{server}"])
    denied(tools, "socket.getaddrinfo('example.org', 80)", hosts=["localhost"])
    denied(tools, "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))")
    denied(tools, "socket.socket(socket.AF_UNIX).connect('/nowhere')")


def test_only_declared_variables_of_the_environment_are_visible(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TT_OPEN", "o")
    monkeypatch.setenv("TT_HIDDEN", "h")
    hidden = "os.environ.get('TT_HIDDEN'), os.getenv('TT_HIDDEN'), 'TT_HIDDEN' in os.environ, 'TT_HIDDEN' in dict(os.environ)"
    body = f"return [os.environ.get('TT_OPEN'), {hidden}, 'PATH' in os.environ]"
    assert allowed(tools, body, env=["TT_OPEN"]) == ["o", None, None, False, False, True]
    assert os.environ["TT_HIDDEN"] == "h", "hidden only while a tool runs, in its thread"
    assert len(os.environ) == len(dict(os.environ))


def test_importing_is_allowed_and_outside_of_tools_nothing_is_watched(tools: Path) -> None:
    (tools / "tt_help.py").write_text("import decimal\nVALUE = str(decimal.Decimal('1.5'))")
    assert allowed(tools, "import tt_help, colorsys; return tt_help.VALUE") == "1.5"
    Path("free.txt").write_text("free")
    assert Path("free.txt").read_text() == "free"


def test_importing_looks_into_folders_that_have_changed(tools: Path, tmp_path: Path) -> None:
    """A run's store is a new file beside a package: looking for a module there is no reading of that folder."""
    beside = tmp_path / "beside"
    beside.mkdir()
    sys.path.insert(0, str(beside))
    looked = "try: import tt_nowhere\n    except ImportError: return True"
    assert allowed(tools, looked) is True
    assert denied(tools, f"return os.listdir({str(beside)!r})")


def test_byte_code_may_be_kept_elsewhere(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tools.parent / "kept"
    monkeypatch.setattr(sys, "pycache_prefix", str(kept))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for _ in range(2):
        outcome, _, _ = call(tools, "def f():\n    return 1", module="tt_kept")
        assert outcome.result == 1
        del sys.modules["tt_kept"]
    assert list(kept.rglob("tt_kept.*.pyc"))


def test_of_the_tools_folder_only_modules_can_be_read(tools: Path) -> None:
    """A run from source has the author's folder for a tools folder: what else is there is not the tools' to read."""
    (tools / "keys.env").write_text("hidden")
    (tools / "lib").mkdir()
    (tools / "lib/keys.json").write_text("hidden")
    for body in (
        "open('pkg/_tools/keys.env')",
        "open('pkg/_tools/lib/keys.json')",
        "open('pkg/_tools/tt_new.py', 'w')",
    ):
        assert denied(tools, body)["kind"] == "files"
    assert allowed(tools, "return open('pkg/_tools/keys.env').read()", files=["pkg/_tools/*.env"]) == "hidden"


def test_an_operation_that_the_manifest_does_not_list(tools: Path) -> None:
    (tools / "tt_tool.py").write_text("def f():\n    raise SystemError")
    op = PythonOp(name="t.f", module="tt_tool", function="f", output=check_any, effect="write")

    async def flow(ctx: Context) -> Any:
        return await ctx.at("loop", 3).tool("step", op, {})

    flow_ = workflow(flow, manifest(loop__other={"operations": ["t.f"]}))
    outcome, store = run(flow_, tools=str(tools))
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.step) == ("permission_denied", "loop[3].step")
    assert types(store) == ["run.started", "loop[3].step policy.denied", "run.failed"]
    assert replay(flow_, "r1", store).divergence is None
