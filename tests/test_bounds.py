"""Bounds of cost against every way that small programs can go on the real runtime."""

from __future__ import annotations

import json
import random
import re
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
from worst_runs import Spent, planned, some_ways

TRIES = {"a": 1, "b": 3, "c": 2}
PRICE = {"a": Decimal("3.0"), "b": Decimal("0.5"), "c": Decimal("2.0")}


def worst(found: list[Spent]) -> dict[str, float]:
    """The worst of what was found, each number by itself."""
    sums = {
        "calls": lambda spent: spent.asked.total(),
        "requests": lambda spent: sum(TRIES[name] * count for name, count in spent.asked.items()),
        "output_tokens": lambda spent: spent.tokens.total(),
        "output_usd": lambda spent: float(sum(PRICE[name] * count for name, count in spent.tokens.items()) / 10**6),
    }
    each = {name: max(spent.asked[name] for spent in found) for name in "abc"}
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
    """Random bodies; of what runs side by side nothing ends the workflow with a result. What is tried may fail at its end."""

    def __init__(self, chance: random.Random, durable: bool = False) -> None:
        self.chance = chance
        self.count = 0
        self.nested = (
            [self.race, self.attempt, self.choice]
            if durable
            else [self.choice, self.each, self.loop, self.parallel, self.call]
        )
        self.leaves = [self.ask, self.ask, self.booked, self.waiting, self.asked_people] if durable else [self.ask]

    def step(self) -> str:
        self.count += 1
        return f"s{self.count}"

    def body(self, depth: int, alone: bool) -> str:
        return "\n".join(self.statement(depth, alone) for _ in range(self.chance.choice((1, 1, 2))))

    def statement(self, depth: int, alone: bool) -> str:
        chosen = self.leaves if depth == 0 else [*self.leaves, *self.nested]
        if depth == 1:
            chosen = [*chosen, self.run]
        return self.chance.choice(chosen)(depth - 1, alone)

    def limit(self) -> str:
        return " timeout 5s" if self.chance.random() < 0.2 else ""

    def ask(self, depth: int, alone: bool) -> str:
        more = f" repair {self.chance.choice((1, 2))}" if self.chance.random() < 0.2 else ""
        more += f" escalate {self.chance.choice('abc')}" if self.chance.random() < 0.2 else ""
        return f'{self.step()} = ask {self.chance.choice("abccc")} -> int {{ prompt "p"{more}{self.limit()} }}'

    def run(self, depth: int, alone: bool) -> str:
        return f"{self.step()} = run worker(){self.limits()}"

    def limits(self) -> str:
        return f" {{{limit} }}" if (limit := self.limit()) else ""

    def call(self, depth: int, alone: bool) -> str:
        return f"{self.step()} = call {self.chance.choice(('child', 'calm'))}(){self.limits()}"

    def booked(self, depth: int, alone: bool) -> str:
        step = self.step()
        tries = self.chance.choice(("", " retry 1 on conflict"))
        return f'{step} = t.book(key: "{step}") {{{tries}{self.limit()} compensate t.free(key: {step}) }}'

    def waiting(self, depth: int, alone: bool) -> str:
        step = self.step()
        return self.chance.choice(("wait 2h", f"{step} = signal {step}: int within 1d else 0"))

    def asked_people(self, depth: int, alone: bool) -> str:
        missing = self.chance.choice(("reject", "fail"))
        return f'_{self.step()} = approve "boss" {{ ask "p" within 1d else {missing} }}'

    def race(self, depth: int, alone: bool) -> str:
        bodies = [self.body(depth, False) for _ in range(self.chance.choice((2, 2, 3)))]
        need = self.chance.choice(("first", f"any {self.chance.randrange(1, len(bodies))}"))
        return f"{self.step()} = parallel {need} {{\n{''.join(map(self.branch, bodies))}}}"

    def branch(self, body: str) -> str:
        return f"branch {self.step()} {{\n{body}\nyield 1\n}}\n"

    def attempt(self, depth: int, alone: bool) -> str:
        last = f" finally {{\n{self.body(depth, False)}\n}}" if self.chance.random() < 0.4 else ""
        caught = self.chance.choice(("malformed_output, timeout, validation, conflict", ""))
        fails = self.booked(depth, alone)
        handler = f" catch {caught} {{\n{self.body(depth, alone)}\n}}" if not last or self.chance.random() < 0.7 else ""
        return f"try {{\n{self.body(depth, alone)}\n{fails}\n}}{handler}{last}"

    def choice(self, depth: int, alone: bool) -> str:
        flip = self.step()
        end = self.chance.choice(("", "", '\nfail "x"', *(["\nreturn 1"] if alone else [])))
        rest = f" else {{\n{self.body(depth, alone)}\n}}" if self.chance.random() < 0.5 else ""
        return f"{flip} = t.flip()\nif {flip} {{\n{self.body(depth, alone)}{end}\n}}{rest}"

    def each(self, depth: int, alone: bool) -> str:
        some, most = self.step(), self.chance.choice((1, 2))
        width = "" if alone else f" parallel {self.chance.choice((1, 2))}"
        body = self.body(depth, alone)
        made = f"{self.step()} = for x{some} in {some} at most {most}{width} {{\n{body}\nyield 1\n}}"
        return f"{some} = t.list(most: {most})\n{made}"

    def loop(self, depth: int, alone: bool) -> str:
        flip = self.step()
        body = self.body(depth, alone)
        return (
            f"{self.step()} = loop at most {self.chance.choice((1, 2))} {{\n{body}\n{flip} = t.flip()\nuntil {flip}\n}}"
        )

    def parallel(self, depth: int, alone: bool) -> str:
        one, other = self.step(), self.step()
        return f"parallel {{\nbranch {one} {{\n{self.body(depth, False)}\n}}\nbranch {other} {{\n{self.body(depth, False)}\n}}\n}}"

    def budget(self) -> str:
        limits = {"calls": (1, 2, 5), "tokens": (80, 400, 700), "usd": (0.00001, 0.0002, 0.0004)}
        names = self.chance.sample(sorted(limits), self.chance.choice((1, 1, 2)))
        return "budget { " + ", ".join(f"{name}: {self.chance.choice(limits[name])}" for name in names) + " }\n"

    def source(self, depth: int, budget: bool = False) -> str:
        own, inner = (self.budget() if budget and self.chance.random() < 0.7 else "" for _ in range(2))
        child = f'workflow child() -> int {{\n{inner}f = t.flip()\nif f {{\nx = ask c -> int {{ prompt "p" }}\nfail "x"\n}}\nreturn 1\n}}\n'
        calm = 'workflow calm() -> int {\ny = ask b -> int { prompt "p" }\nreturn y\n}\n'
        return f"{child}{calm}workflow main() -> int {{\n{own}{self.body(depth, True)}\nreturn 0\n}}\n"


def checked(source: str) -> None:
    """The bound is the worst of all ways, or not less than that of some. It may be more where a failure is caught, since nobody asks
    whether all that comes before can fail as the handler wants, and where branches wait, since nobody asks who waits longer."""
    made = planned(source)
    found, are_all = some_ways(made, 300)
    bound, cost = said(bounds(made)["main"]), worst(found)
    if are_all and not re.search(r"\b(try|wait|within)\b", source):
        assert bound == cost
    else:
        assert all(cost[name] <= bound[name] for name in cost)


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 2))
def test_the_bound_is_what_the_worst_way_costs(chance: random.Random, depth: int) -> None:
    checked(Programs(chance).source(depth))


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 2))
def test_the_bound_of_races_attempts_and_steps_that_wait(chance: random.Random, depth: int) -> None:
    checked(Programs(chance, durable=True).source(depth))


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 2), st.booleans())
def test_budgets_lower_bounds_and_no_run_goes_beyond(chance: random.Random, depth: int, durable: bool) -> None:
    source = Programs(chance, durable).source(depth, budget=True)
    made = planned(source)
    found, _ = some_ways(made, 200, brief=True)
    bound, cost = said(bounds(made)["main"]), worst(found)
    assert all(cost[name] <= bound[name] for name in cost)
    free = said(bounds(planned(re.sub("budget .*\n", "", source)))["main"])
    assert all(bound[name] <= free[name] for name in bound)


def main(body: str) -> str:
    return f"workflow main() -> int {{\n{body}\nreturn 1\n}}\n"


LOOPED = 'l = loop at most 3 {\nx = ask c -> int { prompt "p" }\ny = ask b -> int { prompt "p" }\n}'


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
        "r = parallel any 2 {\n"
        'one = ask c -> int { prompt "p" repair 1 }\ntwo = ask b -> int { prompt "p" }\nthree = ask c -> int { prompt "p" }\n}\n'
        'y = ask b -> int { prompt "p" }',
        "r = parallel first {\nbranch p {\nwait 1h\nyield 0\n}\n"
        'branch q {\nf = t.flip()\nif f {\nx = ask c -> int { prompt "p" }\nfail "x"\n}\nyield 1\n}\n'
        'branch r {\ng = t.flip()\nif g {\nz = ask c -> int { prompt "p" }\nfail "x"\n}\nyield 2\n}\n}\ny = ask b -> int { prompt "p" }',
        'r = parallel first {\nbranch q {\nf = t.flip()\nif f {\nx = ask c -> int { prompt "p" }\nfail "x"\n}\nyield 1\n}\n'
        'branch r {\ng = t.flip()\nif g {\nz = ask c -> int { prompt "p" }\nfail "x"\n}\nyield 2\n}\n}\ny = ask b -> int { prompt "p" }',
        'try {\nx = run worker() { timeout 5s }\n} catch timeout {\ny = ask b -> int { prompt "p" }\n}',
        'try {\na1 = t.book(key: "k") { compensate t.free(key: a1) }\nx = ask c -> int { prompt "p" }\nfail "x"\n} catch validation {\n'
        '_d = approve "boss" { ask "p" within 1d else fail }\ny = ask b -> int { prompt "p" }\n}',
    ],
)
def test_the_bound_of_one_thing(body: str) -> None:
    check(main(body))


@pytest.mark.parametrize(
    ("limits", "least"),
    [
        ("calls: 2", {"calls": 2, "requests": 6, "output_tokens": 600, "output_usd": 0.0003}),
        ("tokens: 400", {"calls": 6, "requests": 15, "output_tokens": 400, "output_usd": 0.000515}),
        ("usd: 0.0002", {"calls": 6, "requests": 15, "output_tokens": 1110, "output_usd": 0.0002}),
        ("usd: 5, calls: 50", {"calls": 6, "requests": 15, "output_tokens": 1110, "output_usd": 0.00087}),
    ],
)
def test_what_a_budget_leaves(limits: str, least: dict[str, float]) -> None:
    """Of the calls that are left the dearest are made."""
    made = planned(main(f"budget {{ {limits} }}\n{LOOPED}"))
    bound = said(bounds(made)["main"])
    assert {name: bound[name] for name in least} == least
    found, are_all = some_ways(made, 4_000, brief=True)
    cost = worst(found)
    assert all(cost[name] <= bound[name] for name in cost)
    assert not are_all or "calls" not in limits or cost["calls"] == bound["calls"]


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
    found, are_all = some_ways(made, 200)
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
