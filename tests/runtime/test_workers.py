"""Threads for calls: few for those that end at once, one for each that takes its time."""

from __future__ import annotations

from threading import Barrier
from time import sleep
from types import SimpleNamespace
from typing import Any

import pytest
from agent_lattice_runtime.workers import LIMIT, Workers


def calls(workers: Workers, function: Any, count: int, fetched: bool = False) -> list[Any]:
    """What so many calls come to, all of them submitted at once, or each `fetched` before the next."""
    found = []
    for number in range(count):
        workers.submit(number, SimpleNamespace(function=function, arguments=(number,)))  # type: ignore[arg-type]
        found += [workers.outcome(True)] if fetched else []
    return found or [workers.outcome(True) for _ in range(count)]


def test_calls_that_wait_for_each_other_all_have_a_thread() -> None:
    together, workers = Barrier(LIMIT), Workers()
    found = calls(workers, lambda number: together.wait(timeout=60), LIMIT)
    assert sorted(outcome[0] for outcome in found) == list(range(LIMIT))
    assert all(error is None for *_, error in found)
    workers.close()


@pytest.mark.parametrize("seconds", [0.003, 0.05])
def test_calls_that_take_long_do_not_wait_for_each_other(seconds: float) -> None:
    """Also where one of them comes to its end every now and then."""
    workers = Workers()
    calls(workers, lambda number: sleep(seconds), 5 * LIMIT)
    assert workers._threads == LIMIT
    workers.close()


def test_one_call_after_the_other_needs_one_thread() -> None:
    workers = Workers()
    found = calls(workers, lambda number: -number, 100, fetched=True)
    assert [value for _, _, value, _ in found] == [-number for number in range(100)]
    assert workers._threads == 1
    workers.close()


def test_whatever_a_call_raises_is_its_outcome() -> None:
    workers = Workers()

    def leaves(number: int) -> None:
        raise (SystemExit if number % 2 else ValueError)(number)

    errors = [error for *_, error in calls(workers, leaves, 10)]
    assert sorted(map(repr, errors)) == sorted(
        [*(f"ValueError({n})" for n in range(0, 10, 2)), *(f"RuntimeError('SystemExit({n})')" for n in range(1, 10, 2))]
    )
    assert workers.outcome(False) is None and workers.outcome(True, 0.01) is None
    workers.wake()
    assert workers.outcome(True) is None
    workers.close()
