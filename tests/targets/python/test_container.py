"""The steps of a Dockerfile, done as they stand there, on a base of our own: Docker itself is not needed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_lattice_targets.python import deploy
from agent_lattice_targets.python.package import package_files
from targets.python.containers import Container, possible
from targets.python.programs import FILES, T_TOOLS, TOOLS, made

pytestmark = pytest.mark.skipif(not possible(), reason="namespaces can be made by root on Linux only")

WAIT = "\nimport time\n\n\ndef wait():\n    time.sleep(3)\n    return 7\n"
SLOW = (
    TOOLS.replace("{\n", "{\n  op wait() -> int { effect: read }\n", 1)
    + 'workflow main() -> string { s = t.store(key: "k", value: 1)\na = t.wait()\nreturn s + string(a) }'
)


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """The image of a workflow whose second step takes three seconds, with an empty volume."""
    compiled = made(SLOW, FILES | {"t_tools.py": T_TOOLS + WAIT})
    package, place = tmp_path_factory.mktemp("package"), tmp_path_factory.mktemp("place")
    texts = package_files(compiled)
    texts |= deploy(compiled, {path: text.encode() for path, text in texts.items()}, {"main.lat": "sha256:" + "0" * 64})
    for path, text in texts.items():
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text(text)
    yield Container(package, place)


def carried_out(container: Container, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(container.started(*words), capture_output=True, text=True, timeout=60)


def test_without_words_it_says_what_it_can_do(container: Container) -> None:
    done = carried_out(container)
    assert done.returncode == 0 and done.stdout.startswith("The workflow main."), done.stderr


def test_it_runs_with_a_read_only_root_and_keeps_its_runs_in_the_volume(container: Container) -> None:
    done = carried_out(container, "run", "--run-id", "r", "--quiet")
    assert (done.returncode, done.stdout) == (0, '"k=17"\n'), done.stderr
    assert (container.data / ".lattice" / "main.db").stat().st_uid == 10001
    done = carried_out(container, "verify", "r")  # another container, the same volume
    assert done.returncode == 0 and "intact" in done.stdout, done.stderr


def test_a_stop_reaches_python_as_the_first_process_and_the_run_goes_on_later(container: Container) -> None:
    process = subprocess.Popen(
        container.started("run", "--run-id", "s", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert "s" in process.stderr.readline()  # the first step has ended
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    (first,) = map(int, children)
    began = time.monotonic()
    os.kill(first, signal.Signals[container.signal])
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130 and "resume s" in said
    assert time.monotonic() - began < 2.5, "the step was not waited for"
    done = carried_out(container, "resume", "s", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["result"] == "k=17", done.stderr


def test_what_runs_is_nobody_and_can_install_nothing(container: Container) -> None:
    assert container.user == "10001:10001"
    probe = (
        "import os, importlib.util\n"
        "print(os.getuid(), os.getpid(), importlib.util.find_spec('pip'))\n"
        "try:\n    open('/app/x', 'w')\nexcept OSError as error:\n    print(error.strerror)\n"
        "print(os.path.exists('/app/main/__pycache__/workflow.cpython-%d%d.pyc' % __import__('sys').version_info[:2]))\n"
    )
    entry, container.entry = container.entry, ["python", "-I", "-c", probe]
    done = carried_out(container, "x")
    container.entry = entry
    assert done.stdout.splitlines() == ["10001 1 None", "Read-only file system", "True"], done.stderr
