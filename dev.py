"""What developers do, as one command each: `python3 dev.py TASK`. Sets up `.venv` by itself; needs Python 3.11 or newer and nothing else.

demo       build, run, kill, resume and replay examples/refund
test       all tests (further arguments go to pytest)
check      formatting, lint, types, import contract
fix        format and apply safe lint fixes
generate   rewrite what is made from the code: schemas, the joined grammar, error index, snapshots
bench      the speed tables of bench/
faults     packages killed more than two thousand times (tests/kills); takes a quarter of an hour
journals   runs of the examples as this version writes them down, for every later one to replay (tests/journals)
clients    all examples in the real coding agents, which npm installs; LATEST=1 in the newest versions (docs/clients.md)
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

TASKS: dict[str, list[list[str]]] = {
    "demo": [["examples/refund/demo.py"]],
    "test": [["-m", "pytest", "-q", "-n", "auto"]],
    "check": [
        ["-m", "ruff", "format", "--check", "-q", "."],
        ["-m", "ruff", "check", "-q", "."],
        ["-m", "mypy"],
        ["-c", "from importlinter.cli import lint_imports_command as lint; lint()"],
    ],
    "fix": [["-m", "ruff", "check", "-q", "--fix", "."], ["-m", "ruff", "format", "-q", "."]],
    "generate": [
        ["-m", "agent_lattice.generate", "."],
        ["-m", "pytest", "-q", "tests/test_snapshots.py", "--snapshot-update"],
    ],
    "bench": [["bench/run.py"]],
    "faults": [["-m", "pytest", "-q", "-n", "auto", "tests/kills"]],
    "journals": [["tests/record_journals.py"]],
    "clients": [["-m", "pytest", "-q", "-n", "auto", "-m", "clients", "tests/clients"]],
}
WITH_SERVER = ("bench", "faults", "test")  # tasks that start PostgreSQL
VARIABLES = {
    "clients": {"LATTICE_CLIENTS": "latest" if os.environ.get("LATEST") else "required"},
    "faults": {"LATTICE_KILLS": os.environ.get("LATTICE_KILLS", "2200")},
}


def set_up() -> None:
    """Make `.venv` and install the project with its developers' tools, again only when `pyproject.toml` has changed."""
    mark = VENV / "installed"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    if mark.is_file() and mark.read_text() == wanted and PYTHON.exists():
        return
    print("setting up .venv", flush=True)
    venv.create(VENV, with_pip=True, clear=VENV.exists())
    subprocess.run(
        [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-e", f"{ROOT}[dev]"], check=True
    )
    mark.write_text(wanted)


def install_postgresql() -> None:
    """The server that tests of stores start, as the package of Debian, where that is missing and may be installed: as root,
    and in CI. Elsewhere these tests are skipped."""
    if any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or not shutil.which("apt-get"):
        return
    root = os.geteuid() == 0
    if not root and "CI" not in os.environ:
        print("PostgreSQL is not installed (apt-get install postgresql): its tests are skipped", file=sys.stderr)
        return
    apt = [*([] if root else ["sudo", "-n"]), "apt-get", "-qq"]
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*apt, "update"], check=True, env=quiet)
    subprocess.run([*apt, "install", "-y", "--no-install-recommends", "postgresql"], check=True, env=quiet)


def main(arguments: list[str]) -> int:
    """Run a task; its exit code is that of the first command that fails."""
    if sys.version_info < (3, 11):  # noqa: UP036  (this file is what an older Python runs first)
        print(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    if not arguments or arguments[0] not in TASKS:
        print(__doc__, file=sys.stderr)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    task, *rest = arguments
    try:
        set_up()
        if task in WITH_SERVER:
            install_postgresql()
    except subprocess.CalledProcessError as error:
        print(f"the set-up failed: {error}", file=sys.stderr)
        return 2
    for command in TASKS[task]:
        words = [str(PYTHON), *command, *(rest if command is TASKS[task][-1] else [])]
        done = subprocess.run(words, cwd=ROOT, env=os.environ | VARIABLES.get(task, {}))
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
