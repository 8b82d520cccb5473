"""Races that the compiler finds, against all pairs of accesses of the unrolled program that nothing puts in an order."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import combinations

from agent_lattice.driver import compile_source
from hypothesis import given, settings
from hypothesis import strategies as st

HEAD = """\
tool t1 = http("https://a.example") {
  op read(k: string) -> null = GET "/r" { effect: read }
  op write(k: string, v: string) -> null = PUT "/w" { effect: write, idempotent_by: k }
  op log(v: string) -> null = POST "/l" { effect: write, on_doubt: fail }
}
tool t2 = http("https://b.example") {
  op read(k: string) -> null = GET "/r" { effect: read }
  op write(k: string, v: string) -> null = PUT "/w" { effect: write, idempotent_by: k }
  op log(v: string) -> null = POST "/l" { effect: write, on_doubt: fail }
}
"""


@dataclass
class Event:
    """An access of a run: what is touched, how, and the place in the nest of branches and items where it happens."""

    what: str
    sort: str
    place: tuple[tuple[int, int], ...]
    key: str = ""


@dataclass
class Program:
    """Random statements, their text, and the events of a run of them."""

    chance: random.Random
    count: int = 0
    events: list[Event] = field(default_factory=list)

    def fresh(self, word: str) -> str:
        self.count += 1
        return f"{word}{self.count}"

    def block(self, depth: int, variables: tuple[str, ...], items: tuple[str, ...]) -> list[object]:
        made: list[object] = []
        for _ in range(self.chance.randint(1, 3)):
            sorts = ["set", "read", "write", "log", "look", "var"] + (
                ["parallel", "parallel", "items", "if"] if depth else []
            )
            sort = self.chance.choice(sorts)
            if sort == "var":
                variables = (*variables, self.fresh("v"))
                made.append(("var", variables[-1]))
            elif sort in ("set", "read"):
                made.append((sort, self.chance.choice(variables)))
            elif sort in ("write", "log", "look"):
                key = self.chance.choice(['"a"', '"b"', "p", *items[-1:], *items[:1]])
                made.append((sort, self.chance.choice(["t1", "t2"]), key, self.fresh("s")))
            elif sort == "parallel":
                branches = [self.block(depth - 1, variables, items) for _ in range(self.chance.randint(2, 3))]
                made.append(("parallel", branches, [self.fresh("b") for _ in branches]))
            elif sort == "items":
                item = self.fresh("i")
                made.append(("items", item, self.block(depth - 1, variables, (*items, item))))
            else:
                made.append(("if", self.block(depth - 1, variables, items)))
        return made


def shown(block: list[object], indent: str = "  ") -> list[str]:
    lines: list[str] = []
    for statement in block:
        match statement:
            case ("var", name):
                lines.append(f"{indent}var {name}: int = 0")
            case ("set", name):
                lines.append(f"{indent}set {name} = 1")
            case ("read", name):
                lines.append(f"{indent}emit seen(value: {name})")
            case ("write", tool, key, step):
                lines.append(f'{indent}{step} = {tool}.write(k: {key}, v: "x")')
            case ("log", tool, key, step):
                lines.append(f"{indent}{step} = {tool}.log(v: {key})")
            case ("look", tool, key, step):
                lines.append(f"{indent}{step} = {tool}.read(k: {key})")
            case ("parallel", branches, names):
                lines.append(f"{indent}parallel {{")
                for name, inner in zip(names, branches, strict=True):
                    lines += [f"{indent}  branch {name} {{", *shown(inner, indent + "    "), f"{indent}  }}"]
                lines.append(indent + "}")
            case ("items", item, inner):
                lines += [
                    f"{indent}for {item} in [p, p] at most 2 parallel 2 {{",
                    *shown(inner, indent + "  "),
                    indent + "}",
                ]
            case ("if", inner):
                lines += [f'{indent}if p == "" {{', *shown(inner, indent + "  "), indent + "}"]
    return lines


def unroll(
    block: list[object],
    place: tuple[tuple[int, int], ...],
    names: dict[str, str],
    items: dict[str, str],
    events: list[Event],
) -> None:
    """Every access of a run in which each `for` has two items and each condition holds. `names` gives each variable the
    instance that is meant; `items` what each item is."""
    for statement in block:
        match statement:
            case ("var", name):
                names[name] = f"{name}@{place}"
            case ("set" | "read" as sort, name):
                events.append(Event(names[name], sort, place))
            case ("write" | "log" | "look" as sort, tool, key, _):
                events.append(Event(tool, sort, place, items.get(key, key)))
            case ("parallel", branches, _):
                for number, inner in enumerate(branches):
                    unroll(inner, (*place, (id(statement), number)), names, items, events)
            case ("items", item, inner):
                for number in range(2):
                    here = (*place, (id(statement), number))
                    unroll(inner, here, names, items | {item: f"{item}@{here}"}, events)
            case ("if", inner):
                unroll(inner, place, names, items, events)


def unordered(left: Event, right: Event) -> bool:
    """Whether two events are in different branches, or items, of one statement: all others come one after the other."""
    for (owner, number), (other, second) in zip(left.place, right.place, strict=False):
        if owner != other:
            return False
        if number != second:
            return True
    return False


def races(events: list[Event]) -> tuple[set[str], set[str], set[str]]:
    """Variables that are set side by side, those only read beside a set, and tools written to side by side."""
    writes, reads, tools = set(), set(), set()
    for left, right in combinations(events, 2):
        if left.what != right.what or not unordered(left, right):
            continue
        sorts = {left.sort, right.sort}
        if sorts == {"set"}:
            writes.add(left.what.partition("@")[0])
        elif sorts == {"set", "read"}:
            reads.add(left.what.partition("@")[0])
        elif "look" not in sorts and sorts <= {"write", "log"} and not told_apart(left, right):
            tools.add(left.what)
    return writes, reads - writes, tools


def told_apart(left: Event, right: Event) -> bool:
    """Different constants of keys; or the same statement for two items, with arguments that come from the items."""
    if {left.sort, right.sort} == {"write"} and '"' in left.key and '"' in right.key:
        return left.key != right.key
    return differs_by_item(left, right)


def differs_by_item(left: Event, right: Event) -> bool:
    parted = next(n for n, (a, b) in enumerate(zip(left.place, right.place, strict=False)) if a != b)
    owner = left.place[: parted + 1]
    mine = [f"@{owner}", f"@{right.place[: parted + 1]}"]
    return all(side.key.endswith(end) for side, end in zip((left, right), mine, strict=True))


@settings(max_examples=300)
@given(st.randoms(use_true_random=False))
def test_races_are_those_of_all_pairs(chance: random.Random) -> None:
    made = Program(chance)
    block: list[object] = [("var", "v0"), *made.block(3, ("v0",), ())]
    text = HEAD + "workflow w(p: string) -> null {\n" + "\n".join(shown(block)) + "\n}\n"
    events: list[Event] = []
    unroll(block, (), {}, {}, events)
    writes, reads, tools = races(events)
    found = compile_source("w.lat", text.encode(), lambda path: None).report.sorted()
    named: dict[str, set[str]] = {}
    for finding in found:
        if "`" not in finding.message:
            continue
        named.setdefault(finding.code.name, set()).add(finding.message.split("`")[1])
    assert named.get("concurrent-writes", set()) == writes, text
    assert named.get("racing-read", set()) == reads, text
    assert named.get("unordered-tool-writes", set()) == tools, text
