"""Answers from a file or a list: the offline stand-in for a model. Same attempt, same answer, also after a resume."""

from __future__ import annotations

from ..errors import Failure
from ..models import Reply, ToolCall
from .replies import Replies, parse_replies, replies_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..models import Deps, Request


def complete(request: Request, deps: Deps) -> Reply:
    """The reply for this attempt of this step. Raises the scripted failure, timeout when the scripted delay is longer
    than the model's, validation when the script is not valid or holds no more replies."""
    step, _, attempt = request.step.rpartition("#")
    script = _script(request, deps)
    entry = script.at(step, int(attempt)) if attempt.isdecimal() else script.at(request.step, 1)
    if entry.delay:
        deps.sleep(min(entry.delay, request.model.timeout))
    if entry.delay >= request.model.timeout:
        raise Failure("timeout", f"no complete answer within {request.model.timeout:g} s")
    if entry.error is not None:
        code, message = entry.error
        raise Failure(code, message or f"scripted failure for step {step}")
    calls = [ToolCall(f"call_{index}", name, given) for index, (name, given) in enumerate(entry.calls)]
    if calls and request.offers is None:
        raise Failure(
            "validation", f"{script.source} lets step {step} call tools, and that is a question, not an agent"
        )
    return Reply(
        text="" if calls else entry.text,
        calls=calls,
        input_tokens=entry.usage.get("input_tokens", 0),
        output_tokens=entry.usage.get("output_tokens", 0),
        cached_tokens=entry.usage.get("cached_tokens", 0),
        model=request.model.model,
        response_id=f"scripted:{request.step}",
    )


def _script(request: Request, deps: Deps) -> Replies:
    """What the run was given in place of models, else the file that the model names; each is parsed once per run."""
    name = request.model.model
    if deps.scripted is None:
        return _cached(f"scripted:{name}", deps, lambda: _read(name, deps.folder))
    if isinstance(deps.scripted, Replies):
        return deps.scripted
    return _cached("scripted:", deps, lambda: replies_of(deps.scripted, "the scripted replies"))


def _read(name: str, folder: str) -> Replies:
    from os.path import abspath, join

    try:
        raw = _content(abspath(join(folder, name)))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Failure("validation", f"the scripted replies {name} cannot be read: {reason}") from None
    return parse_replies(raw, name)


def _content(path: str) -> bytes:
    """The bytes of a file; of one inside the archive when the package is in one file."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        loader: Any = globals().get("__loader__")
        if not hasattr(loader, "archive"):
            raise
        try:
            return bytes(loader.get_data(path))
        except OSError:
            raise error from None


def _cached(key: str, deps: Deps, load: Callable[[], Replies]) -> Replies:
    known = deps.shared.get(key)
    return known if isinstance(known, Replies) else deps.shared.setdefault(key, load())
