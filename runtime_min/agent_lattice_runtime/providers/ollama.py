"""Ollama, through the chat completions that it offers in OpenAI's form."""

from __future__ import annotations

from .openai import chat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models import Deps, Reply, Request

BASE_URL = "http://localhost:11434/v1"


def complete(request: Request, deps: Deps) -> Reply:
    """One answer of a local model; a `base_url` without a path gets `/v1`. Raises Failure as `openai` does."""
    model = request.model
    base_url = BASE_URL if model.base_url is None else full_url(deps.text(model.base_url))
    return chat(request, deps, base_url, deps.secret(model.key).strip() if model.key is not None else None)


def full_url(address: str) -> str:
    """The URL that Ollama's own short forms mean: `box`, `127.0.0.1:11434`, `http://box:11434`."""
    scheme, separator, rest = address.rpartition("://")
    host, _, path = rest.partition("/")
    if not separator and not host.rpartition(":")[2].isdecimal():
        host += ":11434"
    return f"{scheme or 'http'}://{host}/{path or 'v1'}"
