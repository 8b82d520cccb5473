"""Secrets are planted wherever a run can come across them, and every byte that it leaves behind is searched for them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from behaviours.programs import built

TOKEN = "tok-9f8e/7d+6c=planted"  # in the environment, sent by an http tool, and given back by everybody
PLANTED = {
    "the e-mail of the input": "ann.planted@mail.example",
    "the e-mail of a result": "bob.planted@mail.example",
    "the key of a result": "key-planted-4711",
    "a phone in a list": "+49 30 planted",
    "what a model has read out": "cid.planted@mail.example",
    "what a model has read out wrongly": "dora-planted-without-at",
    "a signature that is no string of ours": "eve.planted@mail.example",
}
SOURCE = """
/// Sent to the service.
secret API_TOKEN

type Email = string @pattern("^[^@]+@[^@]+$") @pii

type Person {
  id: string
  email: Email
  key: string? @secret
  phones: list<string @pii>
}

type Read { email: Email }

tool people = http(env.PEOPLE_URL) {
  auth header "X-Token" API_TOKEN
  op find(id: string) -> Person = GET "/people/{id}" { effect: read }
  op echo(id: string, text: string) -> string = POST "/echo" { effect: write, idempotent_by: id }
}

tool desk = python("desk") {
  op slow(n: int) -> int { effect: read }
  op fail(text: string) -> int { effect: read, env: ["API_TOKEN"] }
}

model reader = scripted("replies.json")

workflow main(id: string, caller: Email, breaks: bool) -> Person {
  person = people.find(id)
  echoed = people.echo(id, text: person.email + caller)
  emit found(by: caller, person: person, echoed: echoed)
  read = ask reader -> Read { prompt "Whose is {{ person.email }}?"  repair 1 }
  waited = desk.slow(n: 1)
  if breaks {
    broken = desk.fail(text: read.email)
  }
  return person
}
"""
TOOLS = {
    "desk.py": """import os
import time


def slow(n):
    time.sleep(1.0)
    return n


def fail(text):
    raise ConnectionError("the service said: " + os.environ["API_TOKEN"])
"""
}
REPLIES = {
    "replies": [
        {"step": "read", "text": json.dumps({"email": PLANTED["what a model has read out wrongly"]})},
        {"step": "read", "text": json.dumps({"email": PLANTED["what a model has read out"]})},
    ]
}

FILES = TOOLS | {"replies.json": json.dumps(REPLIES)}


class People(BaseHTTPRequestHandler):
    """Gives a person, and the token that it was shown, in whatever is free text."""

    def do_GET(self) -> None:
        person = {
            "id": f"{self.headers['X-Token']} of {self.path}",
            "email": PLANTED["the e-mail of a result"],
            "key": PLANTED["the key of a result"],
            "phones": [PLANTED["a phone in a list"]],
        }
        self._answer(person)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told = base64.b64encode(self.headers["X-Token"].encode()).decode()
        self._answer(f"{body['text']} {told} {self.headers['X-Token']}")

    def _answer(self, value: object) -> None:
        answer = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), People)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Planted:
    """The package in a folder of its own; `said` is all that its processes have printed."""

    def __init__(self, folder: Path, address: str) -> None:
        self.package = built(SOURCE, FILES, folder / "package")
        (self.package / "replies.json").write_text(json.dumps(REPLIES))
        self.folder = folder / "left"
        self.folder.mkdir()
        self.said = b""
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(self.package),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PEOPLE_URL": address,
            "API_TOKEN": TOKEN,
            "TMPDIR": str(self.folder),
        }

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        command = [sys.executable, *(words if words[0] == "-c" else ("-m", "main", *words))]
        return subprocess.Popen(command, cwd=self.folder, env=self._environment, stdout=pipe, stderr=pipe)

    def call(self, *words: str, code: int = 0) -> bytes:
        process = self.start(*words)
        out, err = process.communicate(timeout=60)
        assert process.returncode == code, (words, out, err)
        self.said += out + err
        return out + err

    def given(self, run: str, breaks: bool) -> list[str]:
        value = {"id": "7", "caller": PLANTED["the e-mail of the input"], "breaks": breaks}
        replies = str(self.package / "replies.json")
        return ["run", "--input", json.dumps(value), "--run-id", run, "--scripted", replies]

    def left_behind(self) -> dict[str, bytes]:
        """Every file of the folder, the write-ahead log among them, and what was printed."""
        files = {str(path): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        return files | {"what was printed": self.said}

    def search(self) -> None:
        for where, content in self.left_behind().items():
            for what, value in {**PLANTED, "the token": TOKEN}.items():
                assert value.encode() not in content, f"{what} is in {where}"
                assert json.dumps(value)[1:-1].encode() not in content, f"{what} is in {where}"
                assert base64.b64encode(value.encode())[:-4] not in content, f"{what} is in {where}, in base64"


@pytest.fixture
def planted(tmp_path: Path, address: str) -> Planted:
    return Planted(tmp_path, address)


def test_nothing_planted_is_left_anywhere(planted: Planted) -> None:
    """A run, one that fails, all that can be asked about them, and everything in the folder afterwards."""
    planted.call(*planted.given("good", False))
    planted.call(*planted.given("bad", True), "--json", code=1)
    for run in ("good", "bad"):
        planted.call("events", run)
        planted.call("events", run, "--json")
        planted.call("trace", run)
        planted.call("replay", run, "--json")
        planted.call("resume", run, "--scripted", str(planted.package / "replies.json"), code=int(run == "bad"))
    planted.call("runs", "--json")
    planted.call("verify")
    assert b"[pii email]" in planted.said and b"[secret key]" in planted.said and b"[secret API_TOKEN]" in planted.said
    assert b"[withheld]" in planted.said, "the answer that was not valid"
    planted.search()


def test_a_killed_run_leaves_nothing_either(planted: Planted) -> None:
    """SIGKILL leaves the write-ahead log and the shared memory of the store as they are."""
    process = planted.start(*planted.given("r1", False))
    store = planted.folder / ".lattice" / "main.db"
    deadline = time.monotonic() + 30
    while not (store.exists() and b"found" in planted.call("events", "r1", code=0 if _has(planted, "r1") else 2)):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.kill()
    planted.said += b"".join(process.communicate())
    assert (planted.folder / ".lattice" / "main.db-wal").stat().st_size > 0
    planted.search()
    planted.call("resume", "r1", "--scripted", str(planted.package / "replies.json"))
    planted.search()


def _has(planted: Planted, run: str) -> bool:
    return run.encode() in planted.call("runs")


def test_events_say_what_was_hidden_in_them(planted: Planted) -> None:
    planted.call(*planted.given("r1", False))
    events = [json.loads(line) for line in planted.call("events", "r1", "--json").splitlines()]
    hidden = {event["type"]: event["redaction"] for event in events}
    assert hidden["run.started"] == {"labels": ["pii caller"]}
    assert hidden["llm.completed"] == {"labels": ["pii email"]}
    assert hidden["run.completed"] == {
        "labels": ["pii email", "pii phones", "secret key"], "secrets": ["API_TOKEN"],
    } or hidden["run.completed"] == {"labels": ["pii email", "pii phones", "secret key"]}  # fmt: skip


def test_a_report_of_a_defect_has_no_secrets(planted: Planted) -> None:
    """The traceback of an internal error is written to a file that people send around."""
    script = f"""
import sys
import main._runtime.commands.driving as driving
from main import WORKFLOW
from main._runtime.cli import main


def broken(*given, **named):
    raise RuntimeError("while holding " + {TOKEN!r})


driving.run_command = broken
import main._runtime.commands as commands
commands.run_command = broken
sys.exit(main(WORKFLOW, {planted.given("r1", False)!r}))
"""
    shown = planted.call("-c", script, code=3)
    reports = list(planted.folder.glob("lattice-*.txt"))
    assert len(reports) == 1 and reports[0].name.encode() in shown
    assert "[secret API_TOKEN]" in reports[0].read_text() and "Traceback" in reports[0].read_text()
    planted.search()


def test_a_write_whose_key_is_hidden_is_refused(tmp_path: Path, address: str) -> None:
    """All hidden values look the same, so they would all have one key: the second person would never be written to."""
    planted = Planted(tmp_path, address)
    value = {"id": "7", "caller": PLANTED["the e-mail of the input"], "breaks": False}
    source = SOURCE.replace("people.echo(id,", "people.echo(id: caller,")
    planted.package = built(source, FILES, tmp_path / "other")
    planted._environment["PYTHONPATH"] = str(planted.package)
    shown = planted.call("run", "--input", json.dumps(value), "--run-id", "r1", "--json", code=1)
    assert b"the key of people.echo is hidden" in shown
    planted.search()
