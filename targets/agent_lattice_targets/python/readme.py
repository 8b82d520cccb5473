"""README.md of a package: what it takes and gives, what it may touch and cost, and how it is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_lattice import __version__, plan, types
from agent_lattice.bounds import Bound, Bounds, bounds
from agent_lattice.records import fields
from agent_lattice.type_graph import Named, mentioned, parts
from agent_lattice_runtime.commands import COMMANDS

from agent_lattice_targets.python.api_module import run_parameters
from agent_lattice_targets.python.package_names import PackageNames
from agent_lattice_targets.python.people import budget_text, doubt_rows, reached, waiting_rows
from agent_lattice_targets.python.rendering import rendered
from agent_lattice_targets.python.runtime_files import requirements

Row = Sequence[str]


def readme(made: plan.Plan, names: PackageNames) -> str:
    """Its text."""
    main = next(workflow for workflow in made.workflows if workflow.name == made.main)
    grants, bound = dict(made.permissions), bounds(made)[made.main]
    params, options = run_parameters(main)
    called = sorted({child for granted in grants.values() for _, child in granted.calls})
    return rendered(
        "README.md",
        made=made,
        names=names,
        compiler=__version__,
        extras=requirements(made),
        inputs=[_parameter(param) for param in main.params],
        result=code(str(main.type)),
        declared="\n\n".join(_declared(main)),
        total=list(_total(made.grants.total)),
        steps=[(made.main, list(_steps(made.grants))), *((name, list(_steps(grants[name]))) for name in called)],
        costs=list(_costs(made, bound)),
        unpriced=_unpriced(made, bound),
        reading=_reading(made, bound),
        budget=budget_text(main),
        waiting=list(waiting_rows(reached(made), made.main)),
        doubts=list(doubt_rows(made)),
        variables=[(code(name), ", ".join(_users(made, name))) for name in _variables(made.grants.total)],
        secrets=made.grants.total.secrets,
        commands=[(command.usage(name), command.meaning) for name, command in COMMANDS.items()],
        call=", ".join([*(f"{name}=…" for name in params.values()), f'{options["store"]}="runs.db"']),
        row=row,
    )


def row(cells: Row) -> str:
    """A line of a table in Markdown."""
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


def code(text: str) -> str:
    """A text as code in Markdown, whatever backticks it holds."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _parameter(param: plan.Param) -> Row:
    optional = isinstance(param.type, types.Optional)
    doc = param.doc or next((named.doc for named in mentioned(param.type) if named.doc), "")
    return code(param.name), code(str(param.type)), "no" if optional else "yes", doc


def _declared(main: plan.Workflow) -> Iterator[str]:
    """The declarations of all types that input and result mention, by name."""
    found: dict[str, Named] = {}
    waiting = [named for type in (*(param.type for param in main.params), main.type) for named in mentioned(type)]
    while waiting:
        named = waiting.pop()
        if named.name not in found:
            found[named.name] = named
            waiting += parts(named)
    for _, named in sorted(found.items()):
        yield "\n".join(_declaration(named))


def _declaration(named: Named) -> Iterator[str]:
    yield from _doc(named.doc, "")
    if isinstance(named, types.Union):
        members = [str(member) for member in named.members] + (["null"] if named.nullable else [])
        yield f"type {named.name} = {' | '.join(members)}"
        return
    yield f"type {named.name} {{"
    for field in named.fields.values():
        yield from _doc(field.doc, "  ")
        yield f"  {field.name}: {field.type}"
    yield "}"


def _doc(doc: str, indent: str) -> list[str]:
    return [f"{indent}/// {line}".rstrip() for line in doc.splitlines()]


def _total(granted: plan.Permissions) -> Iterator[Row]:
    for field in fields(plan.Permissions):
        if items := getattr(granted, field.name):
            yield field.name, ", ".join(map(code, items))


def _steps(grants: plan.Grants) -> Iterator[Row]:
    for step, may in grants.steps:
        what = (may.operations + may.models, may.hosts, may.secrets, may.env, may.files, may.programs)
        yield code(step), *(", ".join(items) for items in what)
    for step, child in grants.calls:
        yield code(step), f"what {code(child)} may", "", "", "", "", ""


def _costs(made: plan.Plan, bound: Bounds) -> Iterator[Row]:
    """A row for each model, and the total where there are several."""
    models = {model.name: model for model in made.models}
    for name, each in bound.models:
        model = models[name]
        yield f"{code(name)}: {model.provider} {code(model.model)}", *_numbers(each)
    if len(bound.models) > 1:
        yield "all", *_numbers(bound.total)


def _numbers(bound: Bound) -> list[str]:
    usd = "unknown" if bound.output_usd is None else f"{bound.output_usd:,.6f}".rstrip("0").rstrip(".")
    return [f"{bound.calls:,}", f"{bound.requests:,}", f"{bound.output_tokens:,}", usd]


def _unpriced(made: plan.Plan, bound: Bounds) -> list[str]:
    """The models that may be asked and have no declared price."""
    return [code(name) for name, each in bound.models if each.output_usd is None]


def _reading(made: plan.Plan, bound: Bounds) -> list[str]:
    """What a million tokens of a prompt cost, for each model that may be asked and has a declared price."""
    prices = {model.name: model.input_price for model in made.models if model.input_price is not None}
    return [f"{prices[name]:g} USD for {code(name)}" for name, _ in bound.models if name in prices]


def _variables(total: plan.Permissions) -> list[str]:
    return sorted({*total.env, *total.secrets})


def _users(made: plan.Plan, name: str) -> Iterator[str]:
    """Who reads a variable of the environment."""
    for model in made.models:
        if name == model.key or (isinstance(model.base_url, plan.EnvRef) and name == model.base_url.name):
            yield f"model {code(model.name)}"
    for tool in made.tools:
        named = {*tool.env, *tool.secrets, *((tool.auth.secret,) if tool.auth else ())}
        named |= {tool.base.name} if isinstance(tool.base, plan.EnvRef) else set()
        named |= {variable for op in tool.operations for variable in (*op.env, *op.secrets)}
        if name in named:
            yield f"tool {code(tool.name)}"
