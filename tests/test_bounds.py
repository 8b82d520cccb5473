"""Bounds of cost against every way that small programs can go on the real runtime."""

from __future__ import annotations

import json
import random
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from time import monotonic

import pytest
from agent_lattice.bounds import Bounds, bounds
from agent_lattice_runtime.execute import start
from agent_lattice_runtime.run import Setting
from agent_lattice_runtime.stores.memory import MemoryStore
from agent_lattice_targets.python.memory import load_all
from hypothesis import given, settings
from hypothesis import strategies as st
from worst_runs import planned, some_ways

TOKENS = {"a": 10, "b": 300, "c": 70}
TRIES = {"a": 1, "b": 3, "c": 2}
PRICE = {"a": Decimal("3.0"), "b": Decimal("0.5"), "c": Decimal("2.0")}


def worst(found: list[Counter[str]]) -> dict[str, float]:
    """The worst of what was found, each number by itself."""
    sums = {
        "calls": lambda asked: sum(asked.values()),
        "requests": lambda asked: sum(TRIES[name] * count for name, count in asked.items()),
        "output_tokens": lambda asked: sum(TOKENS[name] * count for name, count in asked.items()),
        "output_usd": lambda asked: float(sum(TOKENS[n] * PRICE[n] * c for n, c in asked.items()) / 10**6),
    }
    each = {name: max(asked[name] for asked in found) for name in "abc"}
    most = {name: max(map(count, found)) for name, count in sums.items()}
    return most | {name: count for name, count in each.items() if count}


def said(bound: Bounds) -> dict[str, float]:
    total = bound.total
    names = ("calls", "requests", "output_tokens", "output_usd")
    return {name: getattr(total, name) for name in names} | {name: model.calls for name, model in bound.models}


def check(source: str) -> None:
    """The bound is what the worst run costs: not less, not more."""
    made = planned(source)
    found, are_all = some_ways(made, 30_000)
    assert are_all
    assert said(bounds(made)["main"]) == worst(found)


class Programs:
    """Random bodies. What leaves a body early stands in no branch that runs beside others: when one fails, how far its
    siblings are is a matter of timing, and the runs of a test have only one."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.count = 0

    def step(self) -> str:
        self.count += 1
        return f"s{self.count}"

    def body(self, depth: int, leaving: bool) -> str:
        return "\n".join(self.statement(depth, leaving) for _ in range(self.chance.choice((1, 1, 2))))

    def statement(self, depth: int, leaving: bool) -> str:
        chosen = [self.ask] if depth == 0 else [self.ask, self.choice, self.each, self.loop, self.parallel, self.call]
        if depth == 1:
            chosen.append(self.run)
        return self.chance.choice(chosen)(depth - 1, leaving)

    def ask(self, depth: int, leaving: bool) -> str:
        more = f" repair {self.chance.choice((1, 2))}" if self.chance.random() < 0.2 else ""
        more += f" escalate {self.chance.choice('abc')}" if self.chance.random() < 0.2 else ""
        return f'{self.step()} = ask {self.chance.choice("abccc")} -> int {{ prompt "p"{more} }}'

    def run(self, depth: int, leaving: bool) -> str:
        return f"{self.step()} = run worker()"

    def call(self, depth: int, leaving: bool) -> str:
        return f"{self.step()} = call {'child' if leaving else 'calm'}()"

    def choice(self, depth: int, leaving: bool) -> str:
        flip = self.step()
        end = self.chance.choice(("", "", '\nfail "x"', "\nreturn 1")) if leaving else ""
        rest = f" else {{\n{self.body(depth, leaving)}\n}}" if self.chance.random() < 0.5 else ""
        return f"{flip} = t.flip()\nif {flip} {{\n{self.body(depth, leaving)}{end}\n}}{rest}"

    def each(self, depth: int, leaving: bool) -> str:
        some, most = self.step(), self.chance.choice((1, 2))
        width = "" if leaving else f" parallel {self.chance.choice((1, 2))}"
        body = self.body(depth, leaving)
        made = f"{self.step()} = for x{some} in {some} at most {most}{width} {{\n{body}\nyield 1\n}}"
        return f"{some} = t.list(most: {most})\n{made}"

    def loop(self, depth: int, leaving: bool) -> str:
        flip = self.step()
        body = self.body(depth, leaving)
        return (
            f"{self.step()} = loop at most {self.chance.choice((1, 2))} {{\n{body}\n{flip} = t.flip()\nuntil {flip}\n}}"
        )

    def parallel(self, depth: int, leaving: bool) -> str:
        one, other = self.step(), self.step()
        return f"parallel {{\nbranch {one} {{\n{self.body(depth, False)}\n}}\nbranch {other} {{\n{self.body(depth, False)}\n}}\n}}"

    def source(self, depth: int) -> str:
        child = 'workflow child() -> int {\nf = t.flip()\nif f {\nx = ask c -> int { prompt "p" }\nfail "x"\n}\nreturn 1\n}\n'
        calm = 'workflow calm() -> int {\ny = ask b -> int { prompt "p" }\nreturn y\n}\n'
        return f"{child}{calm}workflow main() -> int {{\n{self.body(depth, True)}\nreturn 0\n}}\n"


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 2))
def test_the_bound_is_what_the_worst_way_costs(chance: random.Random, depth: int) -> None:
    made = planned(Programs(chance).source(depth))
    found, are_all = some_ways(made, 400)
    bound, cost = said(bounds(made)["main"]), worst(found)
    if are_all:
        assert bound == cost
    else:
        assert all(cost[name] <= bound[name] for name in cost)


def main(body: str) -> str:
    return f"workflow main() -> int {{\n{body}\nreturn 1\n}}\n"


@pytest.mark.parametrize(
    "body",
    [
        'x = ask a -> int { prompt "p" repair 2 escalate a }',
        'x = ask a -> int { prompt "p" repair 1 escalate c }',
        "x = run worker()",
        'f = t.flip()\nif f {\nx = ask c -> int { prompt "p" }\nreturn x\n}\ny = ask b -> int { prompt "p" }',
        's = t.list(most: 2)\nfor i in s at most 2 {\nf = t.flip()\nif f {\nx = ask b -> int { prompt "p" }\nreturn x\n}\n'
        'y = ask c -> int { prompt "p" }\n}',
        'f = t.flip()\ntry {\nx = ask c -> int { prompt "p" }\nif f {\nfail "x"\n}\n} catch validation {\n'
        'y = ask b -> int { prompt "p" }\n} finally {\nz = ask a -> int { prompt "p" repair 1 }\n}',
        'f = t.flip()\ntry {\nif f {\nx = ask b -> int { prompt "p" }\nreturn x\n}\n} finally {\n'
        'z = ask c -> int { prompt "p" }\n}\ny = ask c -> int { prompt "p" }',
    ],
)
def test_the_bound_of_one_thing(body: str) -> None:
    check(main(body))


HANDLED = """
graph main() -> int {
  x = ask c -> int { prompt "p" }
  y = ask b -> int { prompt "p" }
  z = ask a -> int { prompt "p" }
  start -> x
  x -> y on error
  x -> z otherwise
  y -> end
  z -> end
}
"""
CYCLE = """
graph main() -> int {
  x = ask c -> int { prompt "p" }
  y = ask b -> int { prompt "p" }
  start -> x
  x -> y
  y -> x when y == 1 at most 2
  y -> end otherwise
}
"""


@pytest.mark.parametrize("source", [HANDLED, CYCLE], ids=["handled", "cycle"])
def test_the_bound_of_a_graph(source: str) -> None:
    check(source)


def graph(chance: random.Random, size: int) -> str:
    """A graph of nodes that ask a model each and then choose between two ways, of which those back are bounded."""
    nodes, edges = [], ["start -> n0"]
    for at in range(size):
        model = chance.choice("cb")
        nodes.append(f'node n{at} {{\na{at} = ask {model} -> int {{ prompt "p" }}\nf{at} = t.flip()\n}}')
        to, on = chance.randrange(size), chance.randrange(at + 1, size + 1)
        bound = f" at most {chance.choice((1, 1, 2))}" if to <= at else ""
        edges += [f"n{at} -> n{to} when f{at}{bound}"] if chance.random() < 0.8 else []
        edges += [f"n{at} -> n{on} on error"] if chance.random() < 0.3 and on < size else []
        edges.append(f"n{at} -> {f'n{at + 1}' if at + 1 < size else 'last'} otherwise" if len(edges) else "")
    return "graph main() -> int {\n" + "\n".join([*nodes, "let last = 1", *edges, "last -> end"]) + "\n}\n"


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_graphs_are_bounded_by_what_their_worst_way_costs(chance: random.Random, size: int) -> None:
    made = planned(graph(chance, size))
    found, are_all = some_ways(made, 400)
    bound, cost = said(bounds(made)["main"]), worst(found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agent_lattice.bounds.PATIENCE", 0)
        rough = said(bounds(made)["main"])
    assert all(cost[name] <= bound[name] <= rough[name] for name in cost)
    assert not are_all or bound == cost


def test_what_takes_too_long_to_tell_apart_is_bounded_roughly() -> None:
    """Twenty counters of independent loops side by side in one: more states than there is patience for."""
    steps = "\n".join(f"f{n} = t.flip()\nif f{n} && v{n} < 9 {{\nset v{n} = v{n} + 1\n}}" for n in range(20))
    counters = "\n".join(f"var v{n}: int = 0" for n in range(20))
    made = planned(main(f'{counters}\nl = loop at most 1000 {{\n{steps}\nx = ask c -> int {{ prompt "p" }}\n}}'))
    began = monotonic()
    assert bounds(made)["main"].total.calls == 1000
    assert monotonic() - began < 20


class Unavailable(BaseHTTPRequestHandler):
    """A service that counts requests and is never ready."""

    asked = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked += 1
        self.send_error(503)

    def log_message(self, *_: object) -> None:
        pass


def test_requests_are_those_that_reach_a_service_which_always_fails() -> None:
    with HTTPServer(("127.0.0.1", 0), Unavailable) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f'base_url: "http://127.0.0.1:{server.server_port}", timeout: 5s'
        source = f"""
            model other = openai("x") {{ {address}, retries: 0 }}
            model first = openai("x") {{ {address}, retries: 1, fallback: other }}
            workflow main() -> int {{ x = ask first -> int {{ prompt "p" }} return x }}
        """
        made = planned(source)
        ran = start(load_all(made)["main"], {}, MemoryStore(), "run", Setting())
        server.shutdown()
    assert ran.failure is not None and ran.failure.code == "unavailable"
    assert Unavailable.asked == bounds(made)["main"].total.requests == 3


def test_bounds_beyond_all_measure_are_numbers_of_json() -> None:
    most = 2**63 - 1
    loops = "".join(f"l{n} = loop at most {most} {{\n" for n in range(18))
    made = planned(main(f'{loops}x = ask a -> int {{ prompt "p" }}\n{"}" * 18}'))
    total = bounds(made)["main"].total
    assert total.calls == 2 * most**18 and isinstance(total.output_usd, int)
    exact = (10 * Fraction(3) + 300 * Fraction("0.5")) * most**18 / 10**6
    assert exact <= total.output_usd < exact + 2
    assert json.loads(json.dumps(total.output_usd)) == total.output_usd


@pytest.mark.parametrize(("price", "usd"), [("0.0000001", 1e-06), ("0.0", 0.0), ("1e6", 10.0), ("0.1", 1e-06)])
def test_prices_are_rounded_up_to_a_millionth(price: str, usd: float) -> None:
    source = f'model m = scripted("r.json") {{ max_tokens: 10, input_price: 0.0, output_price: {price} }}\n'
    made = planned(source + main('x = ask m -> int { prompt "p" }'))
    assert bounds(made)["main"].total.output_usd == usd


def test_long_chains_and_many_steps_are_bounded_quickly() -> None:
    steps = "\n".join(f'x{n} = ask c -> int {{ prompt "p" }}' for n in range(2_000))
    assert bounds(planned(main(steps)))["main"].total.calls == 2_000
    chain = " else ".join(f'if f == {n} {{\ny{n} = ask c -> int {{ prompt "p" }}\n}}' for n in range(60))
    assert bounds(planned(main(f"let f = 1\n{chain}")))["main"].total.calls == 1
