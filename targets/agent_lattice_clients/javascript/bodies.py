"""Workflows as JavaScript functions: one statement per operation, in the order of the source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from agent_lattice import plan
from agent_lattice.dataflow import defined, leaves, span_of
from agent_lattice.source import NOWHERE
from agent_lattice.terms import Term

from agent_lattice_clients.javascript.checks import check
from agent_lattice_clients.javascript.code import constant, js_name, string
from agent_lattice_clients.javascript.expressions import javascript
from agent_lattice_clients.javascript.layout import folded
from agent_lattice_clients.javascript.matches import any_test, of_any, type_tests
from agent_lattice_clients.javascript.merges import combined, copied_names, given_back
from agent_lattice_clients.javascript.scopes import Place, Shared
from agent_lattice_clients.javascript.steps import Steps
from agent_lattice_clients.javascript.templates import template

_MARKED = (
    plan.Tool
    | plan.Ask
    | plan.Call
    | plan.Run
    | plan.Emit
    | plan.Parallel
    | plan.Each
    | plan.Loop
    | plan.Race
    | plan.Try
    | plan.Wait
    | plan.Signal
    | plan.Approve
    | plan.Fail
)
"""Operations with a comment that says where they stand in the source."""


class Body:
    """Writes the function of a workflow; `phases` are the titles of phases by the place of the operation in its body."""

    def __init__(self, workflow: plan.Workflow, name: str, steps: Steps, phases: Mapping[int, str]) -> None:
        self._workflow = workflow
        self._name = name
        self._steps = steps
        self._phases = phases
        self._lines: list[str] = []

    def write(self) -> list[str]:
        """The lines of the function."""
        place = Place(Shared())
        for at, op in enumerate(self._workflow.body):
            if at in self._phases:
                self._put(place, f"phase({string(self._phases[at])});")
            self._operation(op, place)
        if not leaves(self._workflow.body):
            self._put(place, "return null;")
        doc = [f"// {line}".rstrip() for line in self._workflow.doc.splitlines()]
        return [*doc, f"async function {self._name}(at, {parameters(self._workflow.params)}) {{", *self._lines, "}"]

    def _put(self, place: Place, text: str) -> None:
        self._lines.append(" " * place.indent + folded(text, place.indent))

    def _value(self, term: Term, place: Place) -> str:
        return javascript(term, place.names).text

    def _block(self, block: plan.Block, place: Place) -> None:
        for op in block:
            self._operation(op, place)

    def _assign(self, name: str, value: str, place: Place, word: str = "const") -> None:
        """Gives a name its value, which declares it unless it is declared around here."""
        target = place.name(name)
        self._put(place, f"{target} = {value};" if name in place.declared else f"{word} {target} = {value};")

    def _declare(self, names: Sequence[str], place: Place) -> None:
        """Declare what blocks inside this one define for it."""
        fresh = [name for name in dict.fromkeys(names) if name not in place.declared]
        if fresh:
            self._put(place, f"let {', '.join(map(place.name, fresh))};")
            place.declared.update(fresh)

    def _operation(self, op: plan.Op, place: Place) -> None:
        span = span_of(op)
        if isinstance(op, _MARKED) and span.source is not NOWHERE.source:
            line = span.source.position(span.start)[0]
            self._put(place, f"// {PurePosixPath(span.source.name).name}:{line}")
        match op:
            case plan.Tool():
                self._assign(op.name, f"await {self._steps.tool(op, place)}", place)
            case plan.Ask():
                self._assign(op.name, f"await {self._steps.ask(op, self._workflow.name, place)}", place)
            case plan.Call() | plan.Run():
                self._assign(op.name, f"await {self._steps.call(op, place)}", place)
            case plan.Emit():
                self._put(place, f"{self._steps.emit(op, place)};")
            case plan.Let(name=name, value=value):
                self._assign(name, self._value(value, place), place)
            case plan.Narrow(name=name, value=value, type=type):
                self._assign(name, f"check.narrowed({self._value(value, place)}, {check(type)}, {string(name)})", place)
            case plan.Var():
                place.shared.variables[op.name] = (op.type, op.merge)
                self._assign(op.name, self._value(op.value, place), place, "let")
            case plan.Set(name=name, value=value):
                self._put(place, f"{place.name(name)} = {self._value(value, place)};")
                if name in place.lists:
                    self._put(place, f"{place.lists[name]}.push({place.name(name)});")
            case plan.Return(value=value):
                self._put(place, f"return {self._value(value, place)};")
            case plan.Fail(code=code, message=message):
                self._put(place, f"run.fail({string(code)}, {template(message, place.names).text});")
            case _:
                self._control(op, place)

    def _control(self, op: plan.Op, place: Place) -> None:
        match op:
            case plan.If():
                self._choice(op, place)
            case plan.Match():
                self._match(op, place)
            case plan.Parallel():
                self._parallel(op, place)
            case plan.Each(width=1):
                self._each(op, place)
            case plan.Each():
                self._wide_each(op, place)
            case plan.Loop():
                self._loop(op, place)
            case plan.Race():
                self._race(op, place)
            case plan.Try():
                self._try(op, place)
            case plan.Wait() | plan.Signal() | plan.Approve():
                self._put(place, f"run.fail({', '.join(map(string, _unable(op)))});")
                self._declare(defined(op), place)

    def _choice(self, op: plan.If, place: Place) -> None:
        word = "if"
        while True:
            self._put(place, f"{word} ({self._value(op.condition, place)}) {{")
            self._block(op.then, place.inner())
            word = "} else if"
            if len(op.otherwise) != 1 or not isinstance(op.otherwise[0], plan.If):
                break
            op = op.otherwise[0]
        self._otherwise(op.otherwise, place)

    def _otherwise(self, block: plan.Block | None, place: Place) -> None:
        if block:
            self._put(place, "} else {")
            self._block(block, place.inner())
        self._put(place, "}")

    def _match(self, op: plan.Match, place: Place) -> None:
        if not op.cases:
            self._block(op.otherwise or (), place)
        elif of_any(op):
            self._any_match(op, place)
        elif op.cases[0].types:
            self._type_match(op, place)
        else:
            self._value_match(op, place)

    def _value_match(self, op: plan.Match, place: Place) -> None:
        self._put(place, f"switch ({self._value(op.subject, place)}) {{")
        inner = place.inner()
        for case in op.cases:
            labels = " ".join(f"case {constant(value).text}:" for value in case.values)
            self._case(labels, case.body, inner)
        if op.otherwise:
            self._case("default:", op.otherwise, inner)
        self._put(place, "}")

    def _case(self, labels: str, body: plan.Block, place: Place) -> None:
        self._put(place, f"{labels} {{")
        self._block(body, place.inner())
        if not leaves(body):
            self._put(place.inner(), "break;")
        self._put(place, "}")

    def _type_match(self, op: plan.Match, place: Place) -> None:
        """A test for the members that each case is for; the last case of all needs none."""
        subject = place.shared.fresh("subject")
        self._put(place, f"const {subject} = {self._value(op.subject, place)};")
        for at, case in enumerate(op.cases):
            word = "} else if" if at else "if"
            if at and at == len(op.cases) - 1 and op.otherwise is None:
                self._put(place, "} else {")
            else:
                self._put(place, f"{word} ({type_tests(subject, case.types, op.subject.type)}) {{")
            self._block(case.body, place.inner())
        self._otherwise(op.otherwise, place)

    def _any_match(self, op: plan.Match, place: Place) -> None:
        """A value is decoded as the type of each case in turn until it fits one: inside that, the subject is what was made."""
        fitting = place.shared.fresh("fitting")
        self._put(place, f"let {fitting};")
        for at, case in enumerate(op.cases):
            word = "} else if" if at else "if"
            self._put(place, f"{word} (({fitting} = {any_test(op, case, place)})) {{")
            inner = place.inner()
            narrowed = place.shared.fresh("narrowed")
            self._put(inner, f"const {narrowed} = {fitting}[0];")
            inner.names[of_any(op)] = narrowed
            self._block(case.body, inner)
        self._otherwise(op.otherwise, place)

    def _parallel(self, op: plan.Parallel, place: Place) -> None:
        self._declare(defined(op), place)
        copies = {branch.name: copied_names(branch.body, place) for branch in op.branches}
        results = place.shared.fresh("branches") if any(copies.values()) else ""
        self._put(place, f"{f'const {results} = ' if results else ''}await run.branches(")
        inner = place.inner()
        for branch in op.branches:
            self._put(inner, "async () => {")
            self._copying(copies[branch.name], branch.name, branch.body, None, inner.inner())
            self._put(inner, "},")
        self._put(place, ");")
        for name in sorted({name for names in copies.values() for name in names}):
            with_it = [at for at, branch in enumerate(op.branches) if name in copies[branch.name]]
            made = ", ".join(f"{results}[{at}].{js_name(name)}" for at in with_it)
            self._combine(name, f"[{made}]", place)

    def _copying(self, names: Sequence[str], word: str, body: plan.Block, value: Term | None, place: Place) -> None:
        """A body that works on copies of variables and gives them back, and perhaps a value."""
        for name in names:
            copy = f"{place.name(name)}${word}"
            self._put(place, f"let {copy} = {place.name(name)};")
            place.names[name] = copy
            place.declared.add(name)
            if place.shared.variables[name][1] in ("last_by_branch", "reject"):
                place.lists[name] = f"{copy}$set"
                self._put(place, f"const {copy}$set = [];")
        self._block(body, place)
        if leaves(body):
            return
        parts = [*([f"$value: {self._value(value, place)}"] if value is not None else []), *given_back(names, place)]
        if names:
            self._put(place, f"return {{ {', '.join(parts)} }};")
        elif value is not None:
            self._put(place, f"return {self._value(value, place)};")

    def _combine(self, name: str, copies: str, place: Place) -> None:
        self._put(place, f"{place.name(name)} = {combined(name, copies, place)};")
        if name in place.lists:
            self._put(place, f"{place.lists[name]}.push(...{copies}.flat());")

    def _each(self, op: plan.Each, place: Place) -> None:
        """One item after the other: a plain loop."""
        if op.name is not None:
            self._assign(op.name, "[]", place)
        index, at = place.shared.fresh("index"), place.shared.fresh("at")
        items = f"run.within({place.label(op.step)}, {self._value(op.items, place)}, {op.at_most})"
        inner = place.inner(at)
        inner.names.pop(op.item, None)
        self._put(place, f"for (const [{index}, {js_name(op.item)}] of {items}.entries()) {{")
        self._put(inner, f"const {at} = `{place.label(op.step)[1:-1]}[${{{index}}}].`;")
        self._block(op.body, inner)
        if op.value is not None and not leaves(op.body):
            value = self._value(op.value, inner)
            self._put(inner, f"{place.name(op.name)}.push({value});" if op.name is not None else f"{value};")
        self._put(place, "}")

    def _wide_each(self, op: plan.Each, place: Place) -> None:
        at = place.shared.fresh("at")
        copies = copied_names(op.body, place)
        inner = place.inner(at)
        inner.names.pop(op.item, None)
        items = f"{place.label(op.step)}, {self._value(op.items, place)}, {op.at_most}, {op.width}"
        call = f"await run.each({items}, async ({js_name(op.item)}, {at}) => {{"
        results = place.shared.fresh("items") if copies else ""
        if copies:
            self._put(place, f"const {results} = {call}")
        elif op.name is not None:
            self._put(place, f"{'' if op.name in place.declared else 'const '}{place.name(op.name)} = {call}")
        else:
            self._put(place, call)
        self._copying(copies, js_name(op.item), op.body, op.value, inner)
        self._put(place, "});")
        if copies and op.name is not None:
            self._assign(op.name, f"{results}.map((one) => one.$value)", place)
        for name in copies:
            self._combine(name, f"{results}.map((one) => one.{js_name(name)})", place)

    def _loop(self, op: plan.Loop, place: Place) -> None:
        self._declare(op.exports, place)
        if op.name:
            self._assign(op.name, "false", place, "let")
        turn, at = place.shared.fresh("turn"), place.shared.fresh("at")
        inner = place.inner(at)
        self._put(place, f"for (let {turn} = 0; {turn} < {op.at_most}; {turn} += 1) {{")
        self._put(inner, f"const {at} = `{place.label(op.step)[1:-1]}[${{{turn}}}].`;")
        self._block(op.body, inner)
        if op.until is not None and not leaves(op.body):
            self._put(inner, f"if ({self._value(op.until, inner)}) {{")
            if op.name:
                self._put(inner.inner(), f"{place.name(op.name)} = true;")
            self._put(inner.inner(), "break;")
            self._put(inner, "}")
        self._put(place, "}")

    def _race(self, op: plan.Race, place: Place) -> None:
        """Every branch gives its value; those of the first that end well count."""
        values = f"await run.race({op.need},"
        word = "" if op.name in place.declared else "const "
        target = place.name(op.name)
        self._put(place, f"{word}{target if op.many else f'[{target}]'} = {values}")
        inner = place.inner()
        for branch, value in zip(op.branches, op.values, strict=True):
            self._put(inner, "async () => {")
            within = inner.inner()
            self._block(branch.body, within)
            if not leaves(branch.body):
                self._put(within, f"return {self._value(value, within)};")
            self._put(inner, "},")
        self._put(place, ");")

    def _try(self, op: plan.Try, place: Place) -> None:
        self._declare(defined(op), place)
        if not op.finish:
            self._guarded(op, place)
            return
        self._put(place, "try {")
        if op.handlers:
            self._guarded(op, place.inner())
        else:
            self._block((*op.body, *op.otherwise), place.inner())
        self._put(place, "} finally {")
        self._block(op.finish, place.inner())
        self._put(place, "}")

    def _guarded(self, op: plan.Try, place: Place) -> None:
        failed = place.shared.fresh("failed")
        codes = [string(code) for handler in op.handlers for code in handler.codes or ("",)]
        self._put(place, f'let {failed} = "";')
        named = dict.fromkeys(handler.name for handler in op.handlers if handler.name)
        self._declare(list(named), place)
        self._put(place, "try {")
        self._block(op.body, place.inner())
        self._put(place, "} catch ($failure) {")
        self._put(place.inner(), f"{failed} = run.caught({', '.join(['$failure', *codes])});")
        for name in named:
            self._put(place.inner(), f"{place.name(name)} = run.told($failure);")
        self._put(place, "}")
        for at, handler in enumerate(op.handlers):
            tests = " || ".join(f"{failed} === {string(code)}" for code in handler.codes) or f'{failed} !== ""'
            self._put(place, f"{'} else if' if at else 'if'} ({tests}) {{")
            self._block(handler.body, place.inner())
        if op.handlers:
            self._otherwise(op.otherwise, place)
        else:
            self._block(op.otherwise, place)


def _unable(op: plan.Wait | plan.Signal | plan.Approve) -> tuple[str, str]:
    """How a script fails where it would have to wait for somebody."""
    match op:
        case plan.Wait(step=step):
            return "unavailable", f"{step}: a script cannot wait"
        case plan.Signal(step=step, signal=signal):
            return "unavailable", f"{step}: nobody can send a script the signal {signal}"
    return "permission_denied", f"{op.step}: a script cannot ask anybody in the role {op.role}"


def parameters(params: Sequence[plan.Param]) -> str:
    """The parameters of a workflow or agent, taken out of one object."""
    names = [
        param.name if js_name(param.name) == param.name else f"{param.name}: {js_name(param.name)}" for param in params
    ]
    return f"{{ {', '.join(names)} }}" if names else "{}"
