"""Builds the refund workflow, runs it, kills it twice half-way, approves, resumes, replays it. `python examples/refund/demo.py`

Everything happens in a temporary folder, offline, with scripted answers of the model. Exit code 0 only if all held.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
REPLIES = HERE / "replies" / "large.json"
RUN = "demo"
THINKING = 60_000  # milliseconds that a model takes for each answer that is not to be waited for: there is time to kill the run
WAITS = 4  # the exit code of a command whose run waits
PATIENCE = 60.0  # seconds until something that does not happen counts as a failure

Event = dict[str, Any]


def main() -> None:
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory(prefix="refund-") as folder:
        package = Package(Path(folder) / "out")
        say("Build refund.lat: a package that needs nothing but Python.")
        package.build()

        say("Run it as a process of its own, and kill it while the model is thinking.")
        start = ["run", "--input", str(HERE / "inputs" / "large.json"), "--run-id", RUN]
        package.kill_when(asked("triage"), *start)
        require(len(package.committed()) >= 2, "at least two steps are in the log")

        say(
            "Resume it. No step of the log is done again. The sum is large, so it waits for a person: without a process."
        )
        package.finish("resume", RUN, code=WAITS)
        say("A person agrees to 600 EUR.")
        print(indented(package.call("approve", RUN, "--set", "amount=600", "--by", "ann")))

        say("Resume it. Kill it once more, right after the money has moved.")
        package.kill_when(asked("letter"), "resume", RUN)
        require(package.ledger() == 1, "the ledger holds the payment")
        say("Resume it again. This time it may finish.")
        package.finish("resume", RUN)
        package.show_events()

        say("Replay it: the code runs against the log and performs nothing.")
        print(indented(package.call("replay", RUN)))
        say("Verify it: every event is chained to the one before by its hash.")
        print(indented(package.call("verify", RUN)))

        say("Look into the bank's ledger.")
        once = [event["step"] for event in package.committed()]
        require(len(once) == len(set(once)), "no step was committed twice")
        require(package.ledger() == 1, "the ledger holds the payment exactly once")
        print(indented((package.folder / "ledger.jsonl").read_text(encoding="utf-8")))
        say("Killed twice, approved, finished, and paid once.")


class Package:
    """The built package in `folder`, which is also where its runs and the bank's ledger are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.slow = folder / "slow.json"

    def build(self) -> None:
        """Build, and write the scripted replies of a model that takes its time."""
        command = ["-m", "agent_lattice.cli", "build", str(HERE / "refund.lat"), "--no-lock", "-o", str(self.folder)]
        print(indented(finished(subprocess.run([sys.executable, *command], capture_output=True, encoding="utf-8"))))
        script = json.loads(REPLIES.read_text(encoding="utf-8"))
        for reply in script["replies"]:
            reply["delay_ms"] = THINKING
        self.slow.write_text(json.dumps(script), encoding="utf-8")

    def start(self, *words: str, replies: Path) -> subprocess.Popen[str]:
        """Start `python -m refund run|resume …` with these answers of the model."""
        words = (*words, "--scripted", str(replies))
        print(f"    $ python -m refund {words[0]} …")
        return subprocess.Popen(
            [sys.executable, "-m", "refund", *words],
            cwd=self.folder,
            env=plain_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def call(self, *words: str) -> str:
        """The output of another command of the package."""
        print(f"    $ python -m refund {' '.join(words)}")
        return finished(self._run(*words))

    def kill_when(self, holds: Callable[[list[Event]], bool], *words: str) -> None:
        """Start a command with the slow model, and SIGKILL it as soon as the log says so."""
        process = self.start(*words, replies=self.slow)
        deadline = time.monotonic() + PATIENCE
        try:
            while not holds(self.events()):
                require(process.poll() is None, "the run is still going on")
                require(time.monotonic() < deadline, "the run gets on")
                time.sleep(0.02)
        finally:
            process.kill()
        print(indented(process.communicate()[0]))
        print(f"    $ kill -9 {process.pid}")
        require(process.returncode != 0, "the process was killed")

    def finish(self, *words: str, code: int = 0) -> None:
        """A command that must end by itself, with this exit code."""
        process = self.start(*words, replies=REPLIES)
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        process.kill()  # which does nothing to a process that has ended
        print(indented(process.communicate()[0]))
        require(process.returncode == code, f"the exit code is {code}")

    def events(self) -> list[Event]:
        """The log of the run, none before it has begun."""
        shown = self._run("events", RUN, "--json")
        return [json.loads(line) for line in shown.stdout.splitlines()] if shown.returncode == 0 else []

    def committed(self) -> list[Event]:
        """The events that say that a step is done."""
        return [event for event in self.events() if event["type"] in ("step.completed", "effect.committed")]

    def show_events(self) -> None:
        print("    The log:")
        for event in self.events():
            print(f"    {event['seq']:>4}  {event['type']:<18} {event['step']}".rstrip())

    def ledger(self) -> int:
        """How many refunds the bank has made."""
        ledger = self.folder / "ledger.jsonl"
        return len(ledger.read_text(encoding="utf-8").splitlines()) if ledger.exists() else 0

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "refund", *words]
        return subprocess.run(command, cwd=self.folder, env=plain_environment(), capture_output=True, encoding="utf-8")


def asked(step: str) -> Callable[[list[Event]], bool]:
    """Whether a log says that the model is being asked in that step."""
    return lambda events: any(event["type"] == "llm.requested" and event["step"] == f"{step}#1" for event in events)


def plain_environment() -> dict[str, str]:
    """The package has to manage without the compiler: no search path leads there."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PYTHONIOENCODING": "utf-8"}


def finished(process: subprocess.CompletedProcess[str]) -> str:
    require(process.returncode == 0, f"{' '.join(process.args[1:4])} succeeds: {process.stderr.strip()}")
    return process.stdout.strip() or process.stderr.strip()


def say(text: str) -> None:
    print(f"\n{text}", flush=True)


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def require(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"\nThis did not hold: {what}")


if __name__ == "__main__":
    main()
