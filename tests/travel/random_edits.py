"""Random programs that compile and run, and random edits of them: what `lattice compat` is asked about."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import Any

Block = list[Any]
"""Statements: a dictionary each, with its `kind`, its numbers, and blocks inside."""

LEAVES = ("number", "text", "pay", "ask", "emit", "let", "wait", "signal", "approve")
NESTED = ("if", "parallel", "for", "loop", "call", "try", "race")
HEAD = "workflow main(n: int, s: string) -> string {"


class Programs:
    """Makes statements; every step gets a name of its own."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"s{self.count}"

    def block(self, depth: int, least: int = 1) -> Block:
        return [self.statement(depth) for _ in range(self.chance.randint(least, 3))]

    def statement(self, depth: int) -> dict[str, Any]:
        kind = self.chance.choice(LEAVES if depth == 0 or self.chance.random() < 0.6 else NESTED)
        made: dict[str, Any] = {"kind": kind, "name": self.name(), "k": self.chance.randint(0, 3), "model": "fast"}
        if kind in NESTED:
            made["body"] = self.block(depth - 1)
        if kind in ("if", "parallel", "try", "race"):
            made["other"] = self.block(depth - 1)
        if kind == "for":
            made["width"] = self.chance.randint(1, 2)
        return made


def program(chance: random.Random) -> Block:
    """A random body of `main`."""
    return Programs(chance).block(2, 2)


def text_of(block: Block) -> str:
    """The source of a program with that body, children of calls included."""
    children: list[str] = []
    body = _lines(block, 1, children)
    return "\n".join([*children, HEAD, *body, "  return s", "}", ""])


def _lines(block: Block, depth: int, children: list[str]) -> list[str]:
    found: list[str] = []
    for one in block:
        found += ["  " * depth + line for line in _statement(one, children)]
    return found


def _statement(one: dict[str, Any], children: list[str]) -> list[str]:
    name, k = one["name"], one["k"]
    match one["kind"]:
        case "number":
            return [f"{name} = t.number(x: n + {k})"]
        case "text":
            return [f'{name} = t.text(x: s + "{k}")']
        case "pay":
            return [f'{name} = t.pay(key: s + "{name}{k}", amount: n)']
        case "ask":
            return [
                f'{name} = ask {one["model"]} -> int {{ prompt "Number {k} of {{{{ n }}}}" check {name} > 0 : "no" repair 1 }}'
            ]
        case "emit":
            return [f"emit {name}(k: n + {k})"]
        case "let":
            return [f"let {name} = n + {k}", f"emit e{name}(k: {name})"]
        case "wait":
            return [f"wait {k + 1}h"]
        case "signal":
            return [f"{name} = signal p{k}: int within {k + 1}h else {k}"]
        case "approve":
            return [f'_{name} = approve "ops" {{ ask "Go {k}?" within 1h else approve }}']
        case "try":
            inner, other = (_lines(one[part], 1, children) for part in ("body", "other"))
            final = [] if k == 0 else ["} finally {", f"  emit f{name}(k: n)"]
            return ["try {", *inner, f"}} catch {'unavailable' if k < 2 else 'timeout'} {{", *other, *final, "}"]
        case "race":
            inner, other = (_lines(one[part], 2, children) for part in ("body", "other"))
            left = [f"  branch l{name} {{", *inner, f"    yield {k}", "  }"]
            return [f"{name} = parallel first {{", *left, f"  branch r{name} {{", *other, "    yield n", "  }", "}"]
        case "if":
            inner, other = (_lines(one[part], 1, children) for part in ("body", "other"))
            return [f"if n > {k} {{", *inner, "} else {", *other, "}"]
        case "parallel":
            inner, other = (_lines(one[part], 2, children) for part in ("body", "other"))
            return ["parallel {", f"  branch l{name} {{", *inner, "  }", f"  branch r{name} {{", *other, "  }", "}"]
        case "for":
            inner = _lines(one["body"], 1, children)
            return [
                f"l{name} = for i{name} in [1, 2, 3] at most 3 parallel {one['width']} {{",
                *inner,
                f"  yield i{name}",
                "}",
            ]
        case "loop":
            return [f"o{name} = loop at most {k + 1} {{", *_lines(one["body"], 1, children), "}"]
    body = _lines(one["body"], 1, children)
    children.append("\n".join([f"workflow c{name}(n: int, s: string) -> string {{", *body, "  return s", "}", ""]))
    return [f"{name} = call c{name}(n: n + {k}, s: s)"]


def edited(block: Block, chance: random.Random) -> Block:
    """The body after one to three random edits."""
    made = deepcopy(block)
    maker = Programs(chance)
    maker.count = 100
    for _ in range(chance.randint(1, 2)):
        _edit(chance.choice(list(_blocks(made))), maker)
    return made


def _blocks(block: Block) -> Any:
    yield block
    for one in block:
        for part in ("body", "other"):
            if part in one:
                yield from _blocks(one[part])


def _edit(block: Block, maker: Programs) -> None:
    chance = maker.chance
    place = chance.randrange(len(block) + 1)
    sort = chance.choice(
        ("insert", "append", "remove", "swap", "constant", "constant", "rename", "model", "width", "kind")
    )
    if sort == "insert":
        block.insert(place, maker.statement(1))
    elif sort == "append":
        block.append(maker.statement(0))
    if not block or sort in ("insert", "append"):
        return
    one = block[min(place, len(block) - 1)]
    if sort == "remove" and len(block) > 1:
        block.remove(one)
    elif sort == "swap":
        chance.shuffle(block)
    elif sort == "constant":
        one["k"] = (one["k"] + 1) % 4
    elif sort == "rename":
        one["name"] = maker.name()
    elif sort == "model":
        one["model"] = "other"
    elif sort == "width" and "width" in one:
        one["width"] = 3 - one["width"]
    elif sort == "kind" and one["kind"] in LEAVES:
        one["kind"] = chance.choice(LEAVES)
