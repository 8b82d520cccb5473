"""What of a project is looked at before a client is started in a workflow of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from agent_lattice_clients.trust import Home, Trust, Unreadable
from agent_lattice_runtime.redaction import Redactor

from agent_lattice.reading import Unusable

from .files import look_at_files
from .findings import BAD, GOOD, ODD, Finding
from .registrations import registered
from .starting import NotServing, tools_of

if TYPE_CHECKING:
    from agent_lattice_clients.target import ClientTarget

    from .workflows import Installed


def diagnosis(
    target: ClientTarget, workflow: Installed, environ: Mapping[str, str], *, asks: bool = False
) -> list[Finding]:
    """What is found. `asks`: the client is about to be started before a person, and asks for the trust that it lacks."""
    trust = _trust(target, workflow, environ)
    return [
        _judged(trust, asks),
        *_files(workflow, target),
        *_instructions(workflow, target),
        _server(workflow, target, trust, environ),
        *_variables(workflow, environ),
    ]


def _trust(target: ClientTarget, workflow: Installed, environ: Mapping[str, str]) -> Trust:
    try:
        return target.trusted(workflow.project.root, workflow.mode, Home(environ))
    except Unreadable as error:
        return Trust(None, str(error))


def _judged(trust: Trust, asks: bool) -> Finding:
    if trust.given is None:
        return Finding("trust", ODD, f"it cannot be told whether the project is trusted: {trust.why}")
    return Finding("trust", GOOD if trust.given else ODD if asks else BAD, trust.why)


def _files(workflow: Installed, target: ClientTarget) -> list[Finding]:
    try:
        return look_at_files(workflow, target)
    except Unusable as error:
        return [Finding("files", BAD, error.message)]


def _instructions(workflow: Installed, target: ClientTarget) -> Iterator[Finding]:
    """Whether the client reads the project's AGENTS.md."""
    for name in target.hiding:
        if (workflow.project.root / name).is_file():
            yield Finding("instructions", ODD, f"{target.title} does not read AGENTS.md where there is {name}")


def _server(workflow: Installed, target: ClientTarget, trust: Trust, environ: Mapping[str, str]) -> Finding:
    """Start it as the client would, but in a folder below, unless that would run what nobody has accepted."""
    try:
        words = registered(workflow, target)
    except Unusable as error:
        return Finding("server", BAD, error.message)
    if not trust.given:
        return Finding(
            "server", ODD, "was not started: that would run code of a project that nobody is known to have accepted"
        )
    try:
        missing = workflow.tools - tools_of(words, workflow.project.root / workflow.folder)
    except NotServing as error:
        said = [line.strip() for line in error.said.splitlines() if line.strip()]
        told = f"; it says: {_redacted(said[-1], workflow, environ)[:200]}" if said else ""
        return Finding("server", BAD, f"{_redacted(str(error), workflow, environ)}{told}")
    if missing:
        return Finding(
            "server", BAD, f"does not offer {', '.join(sorted(missing))}: build or install the workflow again"
        )
    return Finding("server", GOOD, f"starts and offers {', '.join(sorted(workflow.tools))}")


def _redacted(text: str, workflow: Installed, environ: Mapping[str, str]) -> str:
    """A text without the values of the variables that the server reads."""
    redactor = Redactor()
    for name in workflow.variables:
        redactor.register(name, environ.get(name, ""))
    return redactor.text(text)


def _variables(workflow: Installed, environ: Mapping[str, str]) -> Iterator[Finding]:
    """A client may have values of its own for its servers, so that one is not set here is no error."""
    for name in workflow.variables:
        state, text = (GOOD, "is set") if environ.get(name) else (ODD, "is not set: what needs it fails")
        yield Finding(name, state, text)
