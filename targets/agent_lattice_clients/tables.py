"""What each mode gives in every client. A client's own table starts from here and says what differs."""

from __future__ import annotations

from agent_lattice.target import Strength

Entries = dict[str, tuple[Strength, str]]

DRIVEN: Entries = {}
"""The package does everything: nothing is lost."""

NATIVE: Entries = {
    "read": (Strength.EMULATED, "a sub-agent with that tool alone makes the call"),
    "write": (
        Strength.DEGRADED,
        "a sub-agent with that tool alone makes the call; that it makes it once is only said to it",
    ),
    "ask": (Strength.EMULATED, "a sub-agent of the role answers, held to the schema by the client"),
    "checks": (Strength.EMULATED, "a new sub-agent is told the answer and what is wrong with it"),
    "run": (Strength.EMULATED, "a sub-agent with the agent's tools and as many turns"),
    "parallel": (Strength.EMULATED, "a branch that fails does not stop the others"),
    "race": (Strength.DEGRADED, "nobody is stopped: the others go on to their end, and only then the script does"),
    "try": (Strength.EMULATED, "a sub-agent that fails is `unavailable`, whatever was the matter"),
    "wait": (Strength.LOST, "a script has no clock: it ends there with `unavailable`"),
    "signal": (Strength.LOST, "nothing can be sent to a script: it ends there with `unavailable`"),
    "approve": (Strength.LOST, "a script cannot ask people: it ends there with `permission_denied`"),
    "retry": (Strength.DEGRADED, "without the pauses between: a script has no clock"),
    "timeout": (Strength.LOST, "a script has no clock"),
    "compensate": (
        Strength.DEGRADED,
        "a script that is stopped, or whose sub-agent gives no answer, takes nothing back",
    ),
    "budget": (Strength.LOST, "nothing is counted, and a script has no clock"),
    "emit": (Strength.EMULATED, "a line in the client's progress"),
    "types": (Strength.EMULATED, "a JSON number without a fraction is an int, also `1.0`"),
    "models": (
        Strength.EMULATED,
        "asked by the client, under its settings: no temperature, prices or retries of the workflow",
    ),
    "permissions": (Strength.EMULATED, "a sub-agent for each step, with that step's tools"),
    "log": (Strength.LOST, "the client keeps what it keeps"),
    "once": (
        Strength.DEGRADED,
        "a run that was stopped starts anew; an operation with a key of its own is still made once",
    ),
    "doubt": (Strength.LOST, "nobody looks what became of a write that was interrupted"),
    "replay": (Strength.LOST, "there is no log to replay"),
}

INSTRUCTED: Entries = {
    "ask": (Strength.EMULATED, "a sub-agent of the role answers"),
    "checks": (Strength.DEGRADED, "the client's model checks the answer itself"),
    "run": (Strength.EMULATED, "a sub-agent with the agent's tools"),
    "call": (Strength.DEGRADED, "the client's model follows the other workflow's steps"),
    "values": (Strength.DEGRADED, "the client's model works expressions out in its head"),
    "narrow": (Strength.DEGRADED, "the client's model looks at the value"),
    "branches": (Strength.DEGRADED, "the client's model decides by the condition's text"),
    "parallel": (Strength.DEGRADED, "the client's model may do one after the other"),
    "each": (Strength.DEGRADED, "the client's model counts"),
    "loop": (Strength.DEGRADED, "the client's model counts"),
    "race": (Strength.DEGRADED, "the client's model may do one after the other, and stops nobody"),
    "try": (Strength.DEGRADED, "the client's model reads the failure"),
    "wait": (Strength.LOST, "a session does not wait: it says when to go on, and ends there"),
    "signal": (Strength.DEGRADED, "the person of the session is asked for what was sent; nobody looks at the time"),
    "approve": (
        Strength.UNSAFE,
        "a model may go on without having asked; the client asks before each write behind it, and nobody knows whom, or what they saw",
    ),
    "retry": (Strength.DEGRADED, "the client's model counts, and makes no pauses"),
    "timeout": (Strength.LOST, "the client's model has no clock"),
    "compensate": (Strength.DEGRADED, "the client's model takes things back, if it gets there"),
    "budget": (Strength.LOST, "nothing is counted"),
    "ends": (Strength.DEGRADED, "the client's model stops when it is told to"),
    "emit": (Strength.DEGRADED, "a line of text"),
    "types": (Strength.DEGRADED, "arguments of tools are checked, the result is not"),
    "models": (
        Strength.EMULATED,
        "asked by the client, under its settings: no temperature, prices or retries of the workflow",
    ),
    "permissions": (Strength.DEGRADED, "a step may call what any step of the workflow may; roles only what is theirs"),
    "log": (Strength.DEGRADED, "hooks write down what was called; a run that was stopped is not resumed"),
    "once": (
        Strength.DEGRADED,
        "an operation with a key of its own is made once; of others it is only said to the client's model",
    ),
    "doubt": (Strength.LOST, "nobody looks what became of a write that was interrupted"),
    "replay": (Strength.LOST, "what a model did in place of code cannot be replayed"),
}
