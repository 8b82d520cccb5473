"""The tools by which a client tells a run what it waits for: signal, approve, reject, resolve; those that the workflow has a
use for."""

from __future__ import annotations

from .checks import ABSENT
from .deliveries import decide, resolve, signal
from .errors import Failure
from .mcp_server_results import RUN_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from .mcp_server_methods import Result
    from .models import Workflow
    from .stores import Store

    Deliver = Callable[[Store, Mapping[str, Any]], bool]

HINTS = {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": True, "openWorldHint": False}
_TEXT: Result = {"type": "string"}
_STEP = _TEXT | {"description": "The step that asks, as the status of the run names it; needed where several ask."}
_ABOUT = {
    "reason": _TEXT,
    "shown": _TEXT | {"description": "The digest of what was decided on, as the status of the run names it."},
}
_EVERY = {
    "by": _TEXT | {"description": "Who says so."},
    "delivery": _TEXT | {"description": "The id of the delivery; the second one with the same id changes nothing."},
}
_BY = "an MCP client"


class Delivery:
    """A tool: its name behind that of the workflow, what it says of itself, the schemas of its arguments, and what it does."""

    __slots__ = ("about", "defs", "deliver", "properties", "required", "word")

    def __init__(
        self, word: str, about: str, required: tuple[str, ...], properties: Mapping[str, Any], defs: Result, do: Deliver
    ) -> None:
        self.word = word
        self.about = about
        self.required = ("run_id", *required)
        self.properties = {"run_id": RUN_ID, **properties, **_EVERY}
        self.defs = defs
        self.deliver = do

    def schema(self, more: Mapping[str, Any]) -> Result:
        """The schema of all arguments."""
        properties = {**self.properties, **more}
        required = list(self.required)
        made = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
        return made | ({"$defs": self.defs} if self.defs else {})

    def check(self, arguments: Mapping[str, Any]) -> None:
        """Raises Failure validation unless all names are known, the required ones are there, and texts are texts."""
        for name, value in arguments.items():
            if name not in self.properties:
                raise Failure("validation", f"{name}: unknown argument")
            if self.properties[name].get("type") == "string" and not isinstance(value, str):
                raise Failure("validation", f"{name}: expected string")
        for name in self.required:
            if name not in arguments:
                raise Failure("validation", f"{name}: missing")


def deliveries(workflow: Workflow) -> Iterator[Delivery]:
    """The tools of a workflow."""
    waits = list(_waits(workflow.manifest, workflow.manifest))
    name = workflow.name
    signals = {wait["name"]: wait["value"] for wait in waits if wait["kind"] == "signal"}
    if signals:
        defs: Result = {}
        value = _any_of([_hoisted(schema, defs) for schema in signals.values()])
        properties = {"name": {"enum": sorted(signals)}, "value": value}
        about = f"Send a run of {name} a value that it waits for, or will wait for."
        yield Delivery("signal", about, ("name", "value"), properties, defs, _Signal(workflow))
    approvals = [wait["values"] for wait in waits if wait["kind"] == "approval"]
    if approvals:
        defs = {}
        values = _changes([_hoisted(schema, defs) for schema in approvals])
        about = f"Say yes to what a run of {name} asks people, on behalf of a person who was shown it."
        properties = {"step": _STEP, "values": values, **_ABOUT}
        yield Delivery("approve", about, (), properties, defs, _Decide(workflow, True))
        about = f"Say no to what a run of {name} asks people, on behalf of a person who was shown it."
        yield Delivery("reject", about, (), {"step": _STEP, **_ABOUT}, {}, _Decide(workflow, False))
    if any(_is_asked(manifest) for manifest in _writes(workflow.manifest)):
        about = f"Say of a write of {name}, of which nobody knows whether it happened, what became of it."
        value = {"description": "The result of a write that was done."}
        properties = {"step": _TEXT, "as": {"enum": ["done", "redo", "fail"]}, "value": value}
        yield Delivery("resolve", about, ("step", "as"), properties, {}, _Resolve(workflow))


def roles_of(workflow: Workflow) -> list[str]:
    """Whom a workflow, or one that it calls, asks for approval."""
    waits = _waits(workflow.manifest, workflow.manifest)
    return sorted({wait["role"] for wait in waits if wait["kind"] == "approval"})


def waits_of(manifest: Mapping[str, Any], step: str) -> Mapping[str, Any]:
    """What the manifest says of the step with this static id that waits, also in a workflow that is called."""
    own, rest = manifest, step
    while rest not in own.get("waits", {}):
        calls = own["permissions"]["calls"]
        called = next(name for name in calls if rest.startswith(f"{name}."))
        own, rest = manifest["workflows"][calls[called]], rest[len(called) + 1 :]
    found: Mapping[str, Any] = own["waits"][rest]
    return found


def _waits(whole: Mapping[str, Any], own: Mapping[str, Any], seen: tuple[str, ...] = ()) -> Iterator[Mapping[str, Any]]:
    """What a workflow and those that it calls wait for, as the manifest has it."""
    yield from own.get("waits", {}).values()
    for child in own["permissions"].get("calls", {}).values():
        if child not in seen and child in whole.get("workflows", {}):
            yield from _waits(whole, whole["workflows"][child], (*seen, child))


def _writes(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name in manifest["permissions"]["total"]["operations"]:
        tool, _, operation = name.partition(".")
        yield manifest["tools"][tool]["operations"][operation]


def _is_asked(operation: Mapping[str, Any]) -> bool:
    return bool(operation.get("on_doubt", {}).get("policy") == "ask")


def _hoisted(schema: Mapping[str, Any], defs: Result) -> Result:
    """A schema whose definitions are put where references look for them."""
    defs |= schema.get("$defs", {})
    return {key: value for key, value in schema.items() if key != "$defs"}


def _any_of(schemas: list[Result]) -> Result:
    """One schema for what fits any of them."""
    different = [schema for place, schema in enumerate(schemas) if schema not in schemas[:place]]
    return different[0] if len(different) == 1 else {"anyOf": different}


def _changes(schemas: list[Result]) -> Result:
    """The schema of values that are changed: any of those that are shown, by name."""
    named: dict[str, list[Result]] = {}
    for schema in schemas:
        for name, value in schema["properties"].items():
            named.setdefault(name, []).append(value)
    properties = {name: _any_of(values) for name, values in named.items()}
    about = "Values that are to be others than shown."
    return {"type": "object", "properties": properties, "additionalProperties": False, "description": about}


class _Signal:
    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow

    def __call__(self, store: Store, given: Mapping[str, Any]) -> bool:
        by, name, delivery = given.get("by", _BY), given["name"], given.get("delivery")
        if not isinstance(name, str):
            raise Failure("validation", "name: expected string")
        return signal(self._workflow, store, given["run_id"], name, given["value"], by=by, delivery=delivery)


class _Decide:
    def __init__(self, workflow: Workflow, approved: bool) -> None:
        self._workflow = workflow
        self._approved = approved

    def __call__(self, store: Store, given: Mapping[str, Any]) -> bool:
        values = given.get("values")
        if values is not None and not isinstance(values, dict):
            raise Failure("validation", "values: expected object")
        about = {name: given[name] for name in ("reason", "shown", "delivery") if name in given}
        step, by = given.get("step"), given.get("by", _BY)
        return decide(self._workflow, store, given["run_id"], step, self._approved, by=by, values=values, **about)


class _Resolve:
    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow

    def __call__(self, store: Store, given: Mapping[str, Any]) -> bool:
        how, value = given["as"], given.get("value", ABSENT)
        by, delivery = given.get("by", _BY), given.get("delivery")
        return resolve(
            self._workflow, store, given["run_id"], given["step"], how, by=by, value=value, delivery=delivery
        )
