"""`mcp`: serves a workflow, or its operations, to an MCP client on standard input and output."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager

from .errors import Failure
from .mcp_server_messages import Server
from .mcp_server_methods import Methods
from .mcp_server_runs import Runs
from .mcp_server_wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from .models import Workflow
    from .served import Served

PATIENCE = 5.0  # seconds for effects that go on when the client is gone


def serve_workflow(
    workflow: Workflow, served: Served, runs: Runs, wait: float, *, roles: Sequence[str] = (), by: str | None = None
) -> int:
    """Serve the workflow until the client is gone; a call takes at most `wait` seconds. The person at the client is `by`, and has
    the `roles`. The exit code."""
    from .mcp_server_due import DueWatch
    from .mcp_server_questions import Questions
    from .mcp_server_resources import Resources
    from .mcp_server_tools import WorkflowTools

    watch = DueWatch(workflow, runs)
    with _connected(runs) as wire:
        questions = Questions(wire, workflow, runs, roles, by)
        runs.listeners.append(questions.event)
        tools = WorkflowTools(workflow, served.doc, runs, wire, wait, questions)
        resources = Resources(workflow, served, runs)
        methods = Methods(wire, workflow, served.doc, tools, resources, questions.meet)
        watch.start()
        try:
            return _serve(wire, methods, Server(wire, methods, workflow, questions.answered), runs)
        finally:
            questions.close()
            watch.stop(PATIENCE)


def serve_operations(workflow: Workflow, served: Served, runs: Runs, only: Sequence[str] | None) -> int:
    """Serve the operations of the workflow, or only some, until the client is gone. The exit code."""
    from .mcp_server_operations import OperationTools

    with _connected(runs) as wire:
        tools = OperationTools(workflow, served.operations, only, runs, wire)
        methods = Methods(wire, workflow, f"The operations that the workflow {workflow.name} is made of.", tools)
        return _serve(wire, methods, Server(wire, methods, workflow), runs)


def _serve(wire: Wire, methods: Methods, server: Server, runs: Runs) -> int:
    runs.listeners.append(methods.log)
    try:
        for line in wire.lines():
            server.take(line)
    except KeyboardInterrupt:
        return 130
    finally:
        runs.close(PATIENCE)
        server.close(1.0)
    return 0


@contextmanager
def _connected(runs: Runs) -> Iterator[Wire]:
    """The client. SIGTERM ends the work with it as Ctrl-C does; runs that go on then can be resumed."""
    source, target = _private_streams()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    wire = Wire(source, target)
    try:
        yield wire
    finally:
        wire.close(PATIENCE)
        signal.signal(signal.SIGTERM, before)


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for the protocol alone: a tool that reads finds nothing, and what it prints goes to
    standard error, whoever prints, and in whatever way."""
    if sys.__stdin__ is None or sys.__stdout__ is None:  # what stands in their places since then leads nowhere
        raise Failure("validation", "standard input or output is closed")
    nothing = os.open(os.devnull, os.O_RDWR)  # takes the number of standard error if that is closed
    source, target = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    if nothing != 2:
        os.close(nothing)
    return source, target
