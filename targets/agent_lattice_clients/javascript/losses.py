"""What a script cannot carry of a plan: expressions that need more than it has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_lattice import plan
from agent_lattice.dataflow import after_terms, own_terms
from agent_lattice.target import Loss, Place, Strength
from agent_lattice.terms import Apply, Const, Template, Term, parts, template_terms

from agent_lattice_clients.capabilities import reached
from agent_lattice_clients.javascript.forms import LOST, ZONED

_OFFSET = re.compile(r"([+-]?([01]\d|2[0-3]):[0-5]\d)?|UTC", re.ASCII)
_NO_ZONES = "a script knows offsets such as `+05:30`, no other time zones"


MOST_BYTES = 512 * 1024
"""Of a script; the client does not run a larger one."""


def script_losses(made: plan.Plan, script: str) -> tuple[Loss, ...]:
    """What the script of a plan does not carry."""
    size = len(script.encode())
    if size <= MOST_BYTES:
        return losses(made)
    why = f"the script has {size:,} bytes, and the client runs none of more than {MOST_BYTES:,}"
    return (*losses(made), Loss("ends", Strength.UNSAFE, why))


def losses(made: plan.Plan) -> tuple[Loss, ...]:
    """What the main workflow of a plan, and those and the agents below it, say and a script cannot: by the reason, each with the places
    where it stands. Evaluating it fails, so a build stops."""
    found: dict[str, list[Place]] = {}
    for value in _values(made):
        for term in template_terms(value) if isinstance(value, Template) else (value,):
            for name, why in _of(term):
                found.setdefault(f"`{name}`: {why}", []).append(Place(name, term.span))
    return tuple(Loss("values", Strength.UNSAFE, why, tuple(places)) for why, places in sorted(found.items()))


def _values(made: plan.Plan) -> Iterator[Term | Template]:
    agents = {agent.name: agent for agent in made.agents}
    for workflow in reached(made):
        for op in plan.walk(workflow.body):
            yield from own_terms(op)
            yield from after_terms(op)
            if isinstance(op, plan.Run) and (agent := agents.pop(op.agent, None)):
                yield from (text for text in (agent.system, agent.prompt) if text is not None)
                yield from (check.condition for check in agent.checks)


def _of(term: Term) -> Iterator[tuple[str, str]]:
    """The names of what scripts do not carry of an expression, and why."""
    if isinstance(term, Apply):
        if term.function in LOST:
            yield term.function, LOST[term.function]
        if term.function in ZONED and not _is_offset(term.args[1]):
            yield term.function.removesuffix("_in"), _NO_ZONES
    for part in parts(term):
        yield from _of(part)


def _is_offset(zone: Term) -> bool:
    return isinstance(zone, Const) and _OFFSET.fullmatch(str(zone.value)) is not None
