"""What a call needs around it, made for tests: models, requests, and surroundings that record instead of waiting."""

from __future__ import annotations

from typing import Any

from agent_lattice_runtime.models import Deps, Model, Request
from agent_lattice_runtime.permissions import Grant
from agent_lattice_runtime.redaction import Redactor

KEY = "sk-test-0123456789abcdef"


class RecordingDeps(Deps):
    """Deps with an environment of its own whose pauses pass at once, on a clock that they move forward."""

    def __init__(self, *hosts: str, environ: dict[str, str] | None = None, **options: Any) -> None:
        self.environ = {"KEY": KEY} | (environ or {})
        names = tuple(self.environ)
        step = options.pop("step", "triage#1")
        super().__init__(step=step, grant=Grant(hosts=hosts, secrets=names, env=names), redactor=Redactor(), **options)
        self.pauses: list[float] = []
        self.asked_hosts: list[tuple[str, int]] = []

    def secret(self, name: str) -> str:
        self.grant.require("secrets", name, self.step)
        self.redactor.register(name, self.environ[name])
        return self.environ[name]

    def env(self, name: str) -> str:
        self.grant.require("env", name, self.step)
        return self.environ[name]

    def allow_host(self, host: str, port: int) -> None:
        self.asked_hosts.append((host, port))
        super().allow_host(host, port)

    def clock(self) -> float:
        return super().clock() + sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def deps_for(url: str, **options: Any) -> RecordingDeps:
    """Surroundings that allow the host and port of `url` alone."""
    return RecordingDeps(url.partition("://")[2].partition("/")[0], **options)


def model_at(base_url: Any, **options: Any) -> Model:
    """A model `fast` of any provider, at a base URL."""
    fields: dict[str, Any] = {"provider": "test", "model": "test-model", "key": "KEY", "timeout": 20.0, "retries": 2}
    return Model(name="fast", base_url=base_url, **(fields | options))


def request_to(model: Model, schema: dict[str, Any] | None = None, **options: Any) -> Request:
    """A request of one user message."""
    fields: dict[str, Any] = {
        "system": "You decide.",
        "messages": [{"role": "user", "content": "It broke."}],
        "schema_name": "Triage",
        "step": "triage#1",
        "idempotency_key": "run-1:triage#1",
    }
    return Request(model=model, schema=schema, **(fields | options))


TRIAGE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "verdict": {"enum": ["approve", "reject"]},
        "reason": {"type": "string", "maxLength": 400},
        "confidence": {"type": "number", "minimum": 0.0, "maximum": 1.0},
        "note": {"type": "string"},
    },
    "required": ["verdict", "reason", "confidence"],
    "additionalProperties": False,
}
