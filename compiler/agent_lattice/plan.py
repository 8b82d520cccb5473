"""The plan: everything a target or the runtime needs to know of a program, as data.

The operations are part of it: `plan.Tool` is `ops.Tool`. `plan_data` makes it plain JSON data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_lattice import types
from agent_lattice.ops import *  # noqa: F403  (they are part of the plan)
from agent_lattice.ops import Args, Block, Check, Op
from agent_lattice.records import field, record
from agent_lattice.source import NOWHERE, Span
from agent_lattice.terms import Template, Term

if TYPE_CHECKING:
    from agent_lattice.nets.joins import Joins

FORMAT = 3
"""Version of the plan's shape; grows when the shape changes."""


@record
class EnvRef:
    """A value read from the environment when the run starts."""

    name: str


@record
class Model:
    """A model and how to ask it. Times in seconds, prices in USD per million tokens."""

    name: str
    provider: str
    model: str
    max_tokens: int
    temperature: float | None
    timeout: float
    retries: int
    base_url: str | EnvRef | None
    key: str | None
    fallback: str | None
    input_price: float | None
    output_price: float | None
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    """From the provider to its id."""


@record
class Param:
    """A parameter of a workflow or operation."""

    name: str
    type: types.Type
    doc: str = ""


@record
class Auth:
    """How an HTTP tool identifies itself: `header` with the value of `secret`; `bearer` means `Authorization: Bearer`."""

    header: str
    secret: str


@record
class HttpCall:
    """The HTTP side of an operation; `path` holds `{parameter}` places."""

    method: str
    path: str


@record
class Doubt:
    """What follows when nobody knows whether a write happened, and it may not be made twice: `verify` asks the reading
    `operation` (`tool.op`) of the same tool, with what the write was given for its parameters (its answer is the write's
    result, null when the write did not happen), `ask` waits at most `within` seconds for a person in `role`, `assume` takes
    it for done, `fail` ends the step with `in_doubt`."""

    sort: str
    operation: str | None = None
    role: str | None = None
    within: float | None = None


@record
class Operation:
    """An operation of a tool. `effect` is `pure`, `read` or `write`; `key` names the parameter that makes a repeated write harmless;
    `remote` is its name on the MCP server; `returns` says whether its results are `trusted` or `untrusted`."""

    name: str
    params: tuple[Param, ...]
    type: types.Type
    effect: str
    key: str | None = None
    http: HttpCall | None = None
    remote: str | None = None
    returns: str = "trusted"
    hosts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    doc: str = ""
    doubt: Doubt | None = None


@record
class ToolSet:
    """A declared tool: a Python module (`module`), an HTTP service (`base`), or an MCP server, which is a program (`command`, started
    with the variables `env` and `secrets` and nothing else of the environment) or is reached at an address (`base`). `scripts` are
    the words of the command that are files beside the source."""

    name: str
    protocol: str
    operations: tuple[Operation, ...]
    module: str | None = None
    base: str | EnvRef | None = None
    command: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    auth: Auth | None = None
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float = 30.0
    env: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    doc: str = ""


@record
class Offer:
    """An operation (`tool.op`) that an agent's model may call; the model knows it as `name`."""

    name: str
    operation: str


@record
class Agent:
    """A model that calls tools until it answers, in at most `max_turns` replies; checks see the answer as `answer`."""

    name: str
    params: tuple[Param, ...]
    type: types.Type
    model: str
    offers: tuple[Offer, ...]
    system: Template | None
    prompt: Template
    checks: tuple[Check, ...]
    max_turns: int
    repair: int
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)


@record
class Way:
    """A way out of a node of a `Flow`: to the nodes `targets` (several start side by side), or to the result or failure
    `leaf`. It is taken when the body fails with one of `codes`, else when `guard` holds (None: in any case) and it was
    taken less than `at_most` times in this run."""

    targets: tuple[str, ...]
    leaf: Op | None
    guard: Term | None
    at_most: int | None
    codes: tuple[str, ...] | None
    span: Span = field(default=NOWHERE, compare=False)


@record
class FlowNode:
    """A node of a `Flow`: what it does, the names it defines with their types, and its ways in the order they are tried.

    `maybe` are the names of other nodes that it reads and that may not be there yet.
    """

    name: str
    body: Block
    defines: tuple[tuple[str, types.Type], ...]
    ways: tuple[Way, ...]
    maybe: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)


@record
class Flow:
    """The body of a graph as written, before it becomes operations in blocks. The first node is the start, the second the
    end; `joins` is what follows from their ways, its places are the nodes in this order."""

    variables: Block
    nodes: tuple[FlowNode, ...]
    joins: Joins


@record
class Budget:
    """The most a run of a workflow may use, its children included: money in USD, tokens of models, requests (calls of
    models and operations), and seconds from its start to its end."""

    usd: float | None = None
    tokens: int | None = None
    requests: int | None = None
    time: float | None = None


@record
class Workflow:
    """A workflow; `main` in the plan names the one that a run starts. Until it is lowered, a graph has its operations in
    `body` without an order, and the order in `flow`."""

    name: str
    params: tuple[Param, ...]
    type: types.Type
    body: Block
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
    flow: Flow | None = field(default=None, compare=False)
    budget: Budget | None = None


@record
class Use:
    """A call that the model of an agent asks for in a test; `tool` is the name that it knows."""

    tool: str
    args: Args


@record
class Mock:
    """What an operation (`tool.op`), an ask (`ask step`), an agent (`run step`) or its model (`turn step`), people (`approve
    step`) or somebody outside (`signal name`) answers in a test: values by call, or a failure, or for a model the calls it
    asks for side by side. A decision is a map with `approved`, perhaps `by` and `reason`, and the values that are changed.
    In a test time passes at once: what nobody answers meets its deadline."""

    target: str
    params: tuple[str, ...]
    values: tuple[Term, ...]
    failure: tuple[str, str] | None
    uses: tuple[Use, ...] = ()


@record
class Expectation:
    """A condition on `result`, `error` and calls; `calls` maps a variable of the condition to what it counts: a target as of a
    `Mock`, or `approve` for every question to people. One that holds `always` is about every run of the workflow; where it
    reads the result, about those that have one."""

    condition: Term
    calls: tuple[tuple[str, str], ...]
    text: str
    always: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@record
class Test:
    """A `test` block."""

    name: str
    workflow: str
    args: Args
    mocks: tuple[Mock, ...]
    expectations: tuple[Expectation, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class Permissions:
    """What may be touched, each sorted; everything else is refused."""

    tools: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


@record
class Grants:
    """What a run of a workflow may touch: in total with its children, and by static step id.

    `calls` are the steps that run other workflows: below such a step the grants of that workflow hold.
    """

    total: Permissions
    steps: tuple[tuple[str, Permissions], ...]
    calls: tuple[tuple[str, str], ...]


@record
class SourceFile:
    """A file that packages carry. Its path is relative: for Python to where modules are looked up, for replies to the source."""

    path: str
    text: str


@record
class Plan:
    """A whole program. Everything is in a fixed order that does not depend on the layout of the source."""

    format: int
    name: str
    main: str
    doc: str
    records: tuple[types.Record, ...]
    unions: tuple[types.Union, ...]
    """Those that have a name."""
    models: tuple[Model, ...]
    tools: tuple[ToolSet, ...]
    agents: tuple[Agent, ...]
    workflows: tuple[Workflow, ...]
    tests: tuple[Test, ...]
    permissions: tuple[tuple[str, Grants], ...]
    """By workflow; those of `main` are what a run gets."""
    files: tuple[SourceFile, ...]
    replies: tuple[SourceFile, ...]
    digest: str = ""
    stores: tuple[str, ...] = ()
    """What a package can keep runs in, besides files; how it is built, and no part of what it does."""

    @property
    def grants(self) -> Grants:
        """What a run may touch."""
        return dict(self.permissions)[self.main]
