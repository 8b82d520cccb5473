"""What simulation has found in the runtime, each as the decisions of the smallest run; and programs that use all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_lattice.compiling import compile_file
from agent_lattice.simulating.choices import Choices
from agent_lattice.simulating.scenarios import Subject, subject_of
from agent_lattice.simulating.simulation import simulated, tried
from agent_lattice_targets.python.memory import load_all

HERE = Path(__file__).parent
EVERYTHING = "simulating/everything.lat"
PAYMENT = "workflows/vendor_payment/vendor_payment.lat"
DURABLE = "targets/python/durable.lat"

FOUND = {
    "a verification that waits for its next try is not given up with its branch": (
        EVERYTHING,
        {"crash 6": 2, "fault done[0].w": 1, "fault done[2].one": 1, "input.ids#": 3},
    ),
    "an answer of a verifying operation that is of another type leaves its failure in the log": (
        PAYMENT,
        {"crash 4": 1, "fault paid": 4},
    ),
    "in a replay no budget of time is used up but where the log says so": (
        DURABLE,
        {"answer settled": 2, "cancelled": 11, "fault a": 1},
    ),
    "what a failure ends is told before other branches go on": (
        "../examples/research/research.lat",
        {
            "crash 13": 1,
            "fault plan#1": 1,
            "fault sections[1].section.exact[0].misquoted[0].text": 1,
            "plan#2": 1,
            "sections[1].section.exact[0].finding.turn[0]#1 uses": 1,
            "sections[1].section.exact[0].finding.turn[1]#1.quotes#": 3,
            "sections[1].section.exact[0].finding.turn[1]#1=": 3,
        },
    ),
}


def subject(path: str) -> Subject:
    compiled = compile_file((HERE.parent / path).resolve().as_posix())
    plan = compiled.plan()
    return subject_of(plan, plan.main, load_all(plan)[plan.main], compiled.opened.root.as_posix())


@pytest.mark.parametrize("what", FOUND)
def test_what_was_found(what: str) -> None:
    path, decisions = FOUND[what]
    made = tried(subject(path), Choices(given=decisions))
    assert made.problems == ()
    assert made.life.world.story


@pytest.mark.parametrize("path", [EVERYTHING, PAYMENT, DURABLE, "workflows/refund_desk/refund_desk.lat"])
def test_programs_that_wait_and_are_in_doubt_keep_every_law(path: str) -> None:
    summary = simulated(subject(path), 80, 4)
    assert summary.broken == []
    assert summary.crashes > 5
