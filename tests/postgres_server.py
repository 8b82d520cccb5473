"""A PostgreSQL server of the Debian package, on the loopback interface and in a temporary folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

PASSWORD = "pw-of-the-test-server"
_OPTIONS = {
    "fsync": "off",  # a process that is killed loses nothing by that, only a machine does
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
    "max_connections": "60",
    "unix_socket_directories": "",
}


def programs() -> Path:
    """The folder of the newest server that is installed. Raises FileNotFoundError."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


def _fast_folder() -> str | None:
    """The memory's file system where there is room: what is in it need not outlive the machine."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2**30 else None


class PostgresServer:
    """A server that runs until `close`. It refuses to run as root: then it is another user's process."""

    def __init__(self, **options: str) -> None:
        self._programs = programs()
        self._user: dict[str, Any] = (
            {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
        )
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=_fast_folder()))
        self._options = _OPTIONS | options
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            shutil.chown(self.folder, "nobody", "nogroup")
        password = self.folder / "password"
        password.write_text(PASSWORD)
        self._run(
            "initdb", "--no-sync", "-U", "tester", "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8",
            "--no-locale", "-D", str(self.folder / "data"),
        )  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, *words], cwd=self.folder, capture_output=True, text=True, **self._user
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def dsn(self, password: str = PASSWORD) -> str:
        return f"postgresql://tester:{password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [word for name, value in self._options.items() for word in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self.folder / "data", "-p", str(self.port), *options],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
            **self._user,
        )
        end = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.dsn(), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None and time.monotonic() < end, (self.folder / "log").read_text()
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT breaks off what goes on, SIGQUIT is a crash."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(60)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def empty(self) -> str:
        """The DSN of its database, without a store in it."""
        self.execute("DROP SCHEMA IF EXISTS agent_lattice CASCADE")
        return self.dsn()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)
