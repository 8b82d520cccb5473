"""Contests: every contestant is a process of its own, with its own libraries, that times what it is told to do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from threading import Timer

from measuring import ROOTS

HERE = Path(__file__).resolve().parent
LONG = 10.0  # seconds
LONGEST = 300.0  # seconds


class Contestant:
    """The process of `contestants/NAME.py`, started with `words`. It is asked for one measurement after another."""

    def __init__(self, name: str, *words: str, interpreter: str = sys.executable) -> None:
        self.name = name
        command = [interpreter, str(HERE / "contestants" / f"{name}.py"), *words]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            text=True,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        self.scenarios: list[str] = []
        self.scenarios += self._answer()

    def seconds(self, scenario: str, size: int) -> float:
        """How long the scenario takes with this many steps, branches or runs. Whoever takes too long is ended."""
        assert self._process.stdin is not None
        print(scenario, size, file=self._process.stdin, flush=True)
        patience = Timer(LONGEST, self._kill)
        patience.start()
        try:
            return float(self._answer())
        finally:
            patience.cancel()

    def _answer(self) -> object:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.scenarios.clear()
            raise RuntimeError(f"{self.name} has come to its end, exit code {self._process.wait()}")
        answer = json.loads(line)
        if isinstance(answer, dict):
            raise RuntimeError(f"{self.name}: {answer['error']}")
        return answer

    def close(self) -> None:
        """Let the process come to its end."""
        try:
            self._process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self._kill()

    def _kill(self) -> None:
        """End it, and the servers that it has started."""
        os.killpg(self._process.pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([*ROOTS, str(HERE)])}


def medians(contestants: Sequence[Contestant], scenario: str, size: int, rounds: int) -> dict[str, float]:
    """The median seconds of each contestant that knows the scenario, by name, taken in turns after a small warm-up; who
    takes long has one turn, who fails or is ended is left out from then on, which is said on standard error."""
    taking_part = [one for one in contestants if scenario in one.scenarios]
    taken: dict[str, list[float]] = {one.name: [] for one in taking_part}
    for round in range(rounds + 1):
        for one in taking_part.copy():
            if len(taken[one.name]) > 1 and taken[one.name][1] >= LONG:
                continue
            try:
                taken[one.name].append(one.seconds(scenario, size if round else max(10, size // 10)))
            except RuntimeError as error:
                print(error, file=sys.stderr)
                taking_part.remove(one)
    return {one.name: median(taken[one.name][1:]) for one in taking_part}


def serve(scenarios: Mapping[str, Callable[[int], float]]) -> None:
    """The contestant's side: say what can be measured, then answer `SCENARIO SIZE` with seconds, a line each."""
    out, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps(list(scenarios)), file=out, flush=True)
    for line in sys.stdin:
        scenario, size = line.split()
        try:
            answer: object = scenarios[scenario](int(size))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=out, flush=True)
