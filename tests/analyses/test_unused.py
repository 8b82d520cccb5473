"""What is unused and what waits for nothing, in random programs: found as the words of the text say, mended without a change."""

from __future__ import annotations

import random
import re

from agent_lattice.diagnostics import Fix, apply
from agent_lattice.driver import Compilation, compile_source, plan_of
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_runtime.testing import Computed, Mocks
from agent_lattice_targets.python.memory import load_all
from hypothesis import given, settings
from hypothesis import strategies as st

HEAD = """\
tool t = http("https://t.example") {
  op look(x: int) -> int = GET "/look" { effect: read }
  op store(x: int) -> int = PUT "/store" { effect: write, on_doubt: fail }
}
model m = anthropic("x")
"""
FOUND = {"unused-value", "unused-variable", "unused-result", "unused-parameter"}


class Text:
    """A random program that compiles and runs."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.count = 0
        self.sorts: dict[str, str] = {"p1": "parameter", "p2": "parameter"}
        self.variables: set[str] = set()

    def name(self, sort: str) -> str:
        self.count += 1
        self.sorts[f"n{self.count}"] = sort
        return f"n{self.count}"

    def value(self, known: list[str]) -> str:
        return self.chance.choice([*known[-4:], *known[:2], "7", f"[1].map(m, m + {self.chance.choice(known)})[0]"])

    def block(self, depth: int, indent: str, known: list[str]) -> list[str]:
        known, lines = list(known), []
        for _ in range(self.chance.randint(1, 5)):
            sorts = ["let", "var", "set", "look", "look", "ask", "store"] + (["if", "parallel", "for"] if depth else [])
            lines += getattr(self, f"_{self.chance.choice(sorts)}")(depth, indent, known)
        return lines

    def _let(self, depth: int, indent: str, known: list[str]) -> list[str]:
        value, name = self.value(known), self.name("value")
        known.append(name)
        return [f"{indent}let {name} = {value}"]

    def _var(self, depth: int, indent: str, known: list[str]) -> list[str]:
        value, name = self.value(known), self.name("variable")
        known.append(name)
        self.variables.add(name)
        return [f"{indent}var {name}: int merge max = {value}"]

    def _set(self, depth: int, indent: str, known: list[str]) -> list[str]:
        names = [name for name in known if name in self.variables]
        return [f"{indent}set {self.chance.choice(names)} = {self.value(known)}"] if names else []

    def _look(self, depth: int, indent: str, known: list[str]) -> list[str]:
        value, name = self.value(known), self.name("look")
        known.append(name)
        return [f"{indent}{name} = t.look(x: {value})"]

    def _store(self, depth: int, indent: str, known: list[str]) -> list[str]:
        value, name = self.value(known), self.name("store")
        known.append(name)
        return [f"{indent}{name} = t.store(x: {value})"]

    def _ask(self, depth: int, indent: str, known: list[str]) -> list[str]:
        value, name = self.value(known), self.name("look")
        known.append(name)
        text = self.chance.choice(
            [f'"{{{{ {value} }}}}"', f'"""\n{indent}  about\n{indent}    {{{{ {value} }}}}\n{indent}"""']
        )
        return [f"{indent}{name} = ask m -> int {{ prompt {text} }}"]

    def _if(self, depth: int, indent: str, known: list[str]) -> list[str]:
        condition = f"{self.value(known)} > 3"
        return [f"{indent}if {condition} {{", *self.block(depth - 1, indent + "  ", known), indent + "}"]

    def _parallel(self, depth: int, indent: str, known: list[str]) -> list[str]:
        lines = [f"{indent}parallel {{"]
        for _ in range(2):
            lines += [f"{indent}  branch {self.name('branch')} {{", *self.block(depth - 1, indent + "    ", known)]
            lines.append(f"{indent}  }}")
        return [*lines, indent + "}"]

    def _for(self, depth: int, indent: str, known: list[str]) -> list[str]:
        loop, item = self.name("loop"), self.name("item")
        body = self.block(depth - 1, indent + "  ", [*known, item])
        given = f"{indent}  yield {self.value(known)}"
        return [f"{indent}{loop} = for {item} in [1, 2] at most 2 {{", *body, given, indent + "}"]

    def program(self) -> str:
        lines = self.block(2, "  ", ["p1", "p2"])
        top = [line for line in lines if re.match(r"  (let|var) ", line)]
        last = re.split(r"\W+", top[-1].strip())[1] if top else "p1"
        return HEAD + "workflow w(p1: int, p2: int) -> int {\n" + "\n".join(lines) + f"\n  return {last}\n}}\n"


def compiled(text: str) -> Compilation:
    return compile_source("w.lat", text.encode(), lambda path: None)


def unread(text: str, sorts: dict[str, str]) -> set[str]:
    """The names that stand nowhere but where they are defined, or where they are set, and in what they are set to."""
    found = set()
    for name, sort in sorts.items():
        rest = re.sub(rf"set {name} = .*", "", text)
        if sort in ("value", "variable", "look", "parameter") and len(re.findall(rf"\b{name}\b", rest)) == 1:
            found.add(name)
    return found


def ran(compilation: Compilation) -> tuple[object, set[str]]:
    """The result of a run, and the identities of its steps."""
    made = plan_of(compilation)
    assert made is not None
    store = MemoryStore()
    mocks = {"t.look": [Computed(lambda x: x % 11)], "t.store": [Computed(lambda x: x)]}
    asks = {f"ask {op}": [5] for op in re.findall(r"(n\d+) = ask", compilation.source.text)}
    done = start(load_all(made)["w"], {"p1": 1, "p2": 5}, store, "run", Setting(mocks=Mocks({**mocks, **asks})))
    assert done.failure is None, done.failure
    row = store.find("run")
    assert row is not None
    return done.result, {event[3] for event in store.events(row)}


@settings(max_examples=150)
@given(st.randoms(use_true_random=False))
def test_what_is_unused_stands_nowhere_else(chance: random.Random) -> None:
    made = Text(chance)
    text = made.program()
    compilation = compiled(text)
    assert not compilation.report.failed, text
    found = {d.span.text for d in compilation.report.sorted() if d.code.name in FOUND}
    assert found == unread(text, made.sorts), text


@settings(max_examples=80)
@given(st.randoms(use_true_random=False))
def test_fixes_remove_their_finding_and_change_nothing_else(chance: random.Random) -> None:
    text = Text(chance).program()
    compilation = compiled(text)
    result, steps = ran(compilation)
    for finding in compilation.report.sorted():
        fix: Fix | None = finding.fix
        if fix is None:
            continue
        mended = compiled(apply(compilation.source, [fix]))
        gone = {d.message for d in compilation.report.found} - {d.message for d in mended.report.found}
        assert finding.message in gone or finding.code.name == "could-run-side-by-side"
        assert not mended.report.failed
        after, left = ran(mended)
        assert after == result, mended.source.text
        assert left == steps if finding.code.name == "could-run-side-by-side" else left <= steps


@settings(max_examples=80)
@given(st.randoms(use_true_random=False))
def test_nothing_waits_for_nothing_after_the_fixes(chance: random.Random) -> None:
    compilation = compiled(Text(chance).program())
    before = ran(compilation)
    fixes = [d.fix for d in compilation.report.sorted() if d.fix and d.code.name == "could-run-side-by-side"]
    mended = compiled(apply(compilation.source, fixes))
    assert not [d for d in mended.report.found if d.code.name == "could-run-side-by-side"], mended.source.text
    assert ran(mended) == before
