"""What a client can read of a workflow: its manifest, its graph, the logs of its runs; and the prompt that starts it."""

from __future__ import annotations

import json

from .errors import Failure
from .execute import find_run
from .mcp_server_wire import INVALID_PARAMS, NOT_FOUND, RpcError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .mcp_server_methods import Result
    from .mcp_server_runs import Runs
    from .models import Workflow
    from .served import Served

_MOST = 100  # completions that may be offered at once


class Resources:
    """Resources, prompts and completions of one workflow."""

    def __init__(self, workflow: Workflow, served: Served, runs: Runs) -> None:
        self._workflow = workflow
        self._served = served
        self._runs = runs
        self._root = f"lattice://{workflow.name}"
        self._template = f"{self._root}/runs/{{run_id}}"

    def listed(self) -> list[Result]:
        name = self._workflow.name
        return [
            _entry(
                f"{self._root}/manifest", "manifest", f"What {name} takes, gives and may touch.", "application/json"
            ),
            _entry(f"{self._root}/graph", "graph", f"The steps of {name} as a Mermaid flowchart.", "text/vnd.mermaid"),
        ]

    def templates(self) -> list[Result]:
        about = f"The log of a run of {self._workflow.name}, an event a line."
        return [
            {"uriTemplate": self._template, "name": "run", "title": "run", "description": about, "mimeType": _EVENTS}
        ]

    def read(self, params: Mapping[str, Any]) -> Result:
        uri = params.get("uri")
        if not isinstance(uri, str):
            raise RpcError(INVALID_PARAMS, "uri is missing or not a string")
        kind, text = self._content(uri)
        return {"contents": [{"uri": uri, "mimeType": kind, "text": text}]}

    def _content(self, uri: str) -> tuple[str, str]:
        """Type and text of a resource; raises RpcError when there is no such one."""
        if uri == f"{self._root}/manifest":
            return "application/json", json.dumps(self._workflow.manifest, ensure_ascii=False, indent=2)
        if uri == f"{self._root}/graph":
            return "text/vnd.mermaid", self._served.graph
        place, _, run_id = uri.rpartition("/")
        if place == f"{self._root}/runs":
            try:
                return _EVENTS, self._log(run_id)
            except Failure as failure:
                if failure.code not in ("not_found", "validation"):
                    raise
        raise RpcError(NOT_FOUND, "there is no such resource", {"uri": uri})

    def _log(self, run_id: str) -> str:
        from .verify import exported

        with self._runs.store(readonly=True) as store:
            row = find_run(store, run_id)
            if row.workflow != self._workflow.name:
                raise Failure("not_found", f"run {run_id} is a run of {row.workflow}")
            return "".join(exported(row, event) + "\n" for event in store.events(row))

    def prompts(self) -> list[Result]:
        about = self._served.doc or f"Run the workflow {self._workflow.name}."
        schema = self._workflow.manifest["input"]
        arguments = [{"name": name, "required": name in schema["required"]} for name in schema["properties"]]
        return [
            {"name": self._workflow.name, "title": self._workflow.name, "description": about, "arguments": arguments}
        ]

    def prompt(self, params: Mapping[str, Any]) -> Result:
        """A message that asks the model to call the workflow with the given arguments."""
        name, given = self._workflow.name, params.get("arguments") or {}
        schema = self._workflow.manifest["input"]
        if params.get("name") != name:
            raise RpcError(INVALID_PARAMS, "there is no such prompt")
        if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
            raise RpcError(INVALID_PARAMS, "arguments is an object of strings")
        missing = [wanted for wanted in schema["required"] if wanted not in given]
        strange = [text for text in given if text not in schema["properties"]]
        if missing or strange:
            what = f"missing: {', '.join(missing)}" if missing else f"unknown: {', '.join(strange)}"
            raise RpcError(INVALID_PARAMS, f"arguments {what}")
        arguments = {key: _typed(text, schema["properties"][key]) for key, text in given.items()}
        text = (
            f"Call the tool `{name}` with these arguments, as they are, and report its result:\n\n"
            f"{json.dumps(arguments, ensure_ascii=False, indent=2)}\n\n"
            f"While its status is `running`, ask `{name}_status` about the run until it is another one."
        )
        message = {"role": "user", "content": {"type": "text", "text": text}}
        return {"description": self.prompts()[0]["description"], "messages": [message]}

    def completion(self, params: Mapping[str, Any]) -> Result:
        """Names of runs for the template, and the values of arguments of the prompt that has only a few."""
        about, argument = params.get("ref"), params.get("argument")
        if not isinstance(about, dict) or not isinstance(argument, dict):
            raise RpcError(INVALID_PARAMS, "ref and argument are objects")
        name, begun = argument.get("name"), argument.get("value")
        if not isinstance(name, str) or not isinstance(begun, str):
            raise RpcError(INVALID_PARAMS, "an argument has a name and a value, both strings")
        found = [value for value in self._choices(about, name) if value.startswith(begun)]
        return {"completion": {"values": found[:_MOST], "total": len(found), "hasMore": len(found) > _MOST}}

    def _choices(self, about: Mapping[str, Any], name: str) -> list[str]:
        if about.get("type") == "ref/resource" and about.get("uri") == self._template:
            return self._known_runs() if name == "run_id" else []
        if about.get("type") == "ref/prompt" and about.get("name") == self._workflow.name:
            schema = self._workflow.manifest["input"]["properties"].get(name, {})
            choices = (True, False) if schema.get("type") == "boolean" else schema.get("enum", ())
            return [value if isinstance(value, str) else json.dumps(value) for value in choices]
        raise RpcError(INVALID_PARAMS, "there is nothing of that name to complete")

    def _known_runs(self) -> list[str]:
        """The latest first."""
        try:
            with self._runs.store(readonly=True) as store:
                return [row.run_id for row in reversed(store.runs()) if row.workflow == self._workflow.name]
        except Failure:
            return []


_EVENTS = "application/x-ndjson"


def _entry(uri: str, name: str, about: str, kind: str) -> Result:
    return {"uri": uri, "name": name, "title": name, "description": about, "mimeType": kind}


def _typed(text: str, schema: Mapping[str, Any]) -> object:
    """An argument of a prompt, which is always text, as the workflow wants it."""
    if schema.get("type") == "string":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
