"""Sources of any size: the workflows that the compiler is measured with."""

from __future__ import annotations

from collections.abc import Callable

_DECLARATIONS = """
type Item {
  id: string
  total: float @min(0)
  kind: "new" | "used" | "lost"
}
type Verdict {
  keep: bool
  reason: string @max(400)
  sure: float @range(0.0, 1.0)
}
model fast = anthropic("claude-haiku-4-5") { max_tokens: 800, temperature: 0.0 }
tool desk = http("https://desk.example/api") {
  op find(id: string) -> Item = GET "/items/{id}" { effect: read }
  op score(item: Item, factor: float) -> float = POST "/scores" { effect: read }
  op store(id: string, amount: float) -> Item = POST "/items" { effect: write, idempotent_by: id }
}
"""


def everyday(steps: int) -> str:
    """A workflow as people write them: groups of five steps (two reads side by side, a question, a score, a write)."""
    groups = "".join(_group(number) for number in range(steps // 5))
    return f"{_DECLARATIONS}\nworkflow main(id: string) -> float {{\n{groups}  return 1.0\n}}\n"


def _group(n: int) -> str:
    return f"""
  parallel {{
    left_{n} = desk.find(id: id + "-{n}")
    right_{n} = desk.find(id: id)
  }}
  let sum_{n} = left_{n}.total + right_{n}.total
  answer_{n} = ask fast -> Verdict {{
    prompt "Keep {{{{ left_{n}.id }}}} of {{{{ sum_{n} }}}}? {{% if left_{n}.kind == 'lost' %}}It is lost.{{% endif %}}"
    check answer_{n}.sure >= 0.5 || !answer_{n}.keep : "keeping needs to be sure"
    repair 1
  }}
  if answer_{n}.keep && sum_{n} > {n}.5 {{
    score_{n} = desk.score(left_{n}, factor: 2.0)
  }} else {{
    stored_{n} = desk.store(id: left_{n}.id, amount: sum_{n})
  }}
"""


def chain(steps: int) -> str:
    """Each step takes what the one before returned."""
    body = "".join(f"  s{n} = desk.find(id: s{n - 1}.id)\n" for n in range(1, steps))
    return f"{_DECLARATIONS}\nworkflow main(id: string) -> float {{\n  s0 = desk.find(id)\n{body}  return s{steps - 1}.total\n}}\n"


def wide(steps: int) -> str:
    """One `parallel` of that many branches."""
    body = "".join(f'    s{n} = desk.find(id: id + "-{n}")\n' for n in range(steps))
    return f"{_DECLARATIONS}\nworkflow main(id: string) -> float {{\n  parallel {{\n{body}  }}\n  return s0.total\n}}\n"


def typed(steps: int) -> str:
    """Every step has a type and an operation of its own."""
    types = "".join(f"type T{n} {{ id: string  size: int @min({n})  note: string? }}\n" for n in range(steps))
    ops = "".join(f'  op o{n}(id: string) -> T{n} = GET "/t{n}/{{id}}" {{ effect: read }}\n' for n in range(steps))
    body = "".join(f"  s{n} = many.o{n}(id)\n" for n in range(steps))
    tool = f'tool many = http("https://many.example") {{\n{ops}}}\n'
    return f"{types}{tool}\nworkflow main(id: string) -> int {{\n{body}  return s{steps - 1}.size\n}}\n"


def nested(steps: int) -> str:
    """A chain of types: each has one of the next, every fifth is a union of a record and text."""
    types: list[str] = []
    for n in range(steps):
        union = n % 5 == 4
        types.append(f"type {'R' if union else 'T'}{n} {{ id: string  next: T{n + 1}  more: list<T{n + 1}>? }}\n")
        types += [f"type T{n} = R{n} | string\n"] if union else []
    return f"{''.join(types)}type T{steps} {{ id: string }}\nworkflow main(first: T0) -> string {{\n  return first.id\n}}\n"


def graph(steps: int, edges: list[str], of: str = 'id: id + "-{n}"') -> str:
    """A graph whose nodes `n0`, `n1`, … are reads `of` something."""
    nodes = "".join(f"  n{n} = desk.find({of.format(n=n)})\n" for n in range(steps))
    body = "".join(f"  {edge}\n" for edge in ["start -> n0", *edges])
    return f"{_DECLARATIONS}\ngraph main(id: string) -> Item {{\n{nodes}\n{body}}}\n"


def fan(steps: int) -> str:
    """One node starts all others side by side, one waits for them."""
    last = steps - 1
    inner = [f"n0 -> n{n}" for n in range(1, last)] + [f"n{n} -> n{last}" for n in range(1, last)]
    return graph(steps, [*inner, f"n{last} -> end"])


def dense(steps: int) -> str:
    """Every node leads to one of several later ones, or ends the run."""
    edges = []
    for n in range(steps - 1):
        later = [m for m in (n + 1, n + 2, n + 9) if m < steps]
        edges += [f"n{n} -> n{m} when n{n}.total > {m - n}.0" for m in later[1:]]
        edges += [f'n{n} -> fail "lost" when id == ""', f"n{n} -> n{later[0]} otherwise"]
    return graph(steps, [*edges, f"n{steps - 1} -> end"], "id")


def cycles(steps: int) -> str:
    """Bounded cycles of three nodes, one behind the other, with a fork and a join in each."""
    edges = []
    for n in range(0, steps - 3, 4):
        edges += [f"n{n} -> n{n + 1}, n{n + 2}", f"n{n + 1}, n{n + 2} -> n{n + 3}"]
        following = f"n{n + 4}" if n + 7 < steps else "end"
        edges += [f"n{n + 3} -> n{n} when n{n + 3}.total > 1.0 at most 3", f"n{n + 3} -> {following} otherwise"]
    return graph(steps // 4 * 4, edges)


SHAPES: dict[str, Callable[[int], str]] = {
    "everyday": everyday,
    "chain": chain,
    "wide parallel": wide,
    "many types": typed,
    "nested types": nested,
    "graph, wide fan": fan,
    "graph, dense": dense,
    "graph, cycles and joins": cycles,
}
