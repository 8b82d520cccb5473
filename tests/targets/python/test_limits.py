"""Programs at the edge of what Python takes: many steps, deep blocks, long chains."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from targets.python.programs import body, made, module, run

DEPTH = 45


def _nested(opening: Callable[[int], str], inside: str, closing: Callable[[int], str] = lambda level: "}") -> str:
    levels = range(DEPTH)
    return "\n".join([*map(opening, levels), inside, *map(closing, reversed(levels))])


def _most_indented(text: str) -> int:
    return max(len(line) - len(line.lstrip()) for line in text.splitlines())


def test_deep_choices_return_and_set_from_the_inside() -> None:
    inside = f"set v = a{DEPTH - 1} + a0\nif n > 90 {{ return a3 }}"
    source = body(
        "var v: int = 0\n" + _nested(lambda i: f"if n > {i} {{ a{i} = t.number(x: n + {i})", inside) + "\nreturn v"
    )
    compiled = made(source)
    assert _most_indented(module(compiled)) <= 48
    assert run(compiled, {"n": 3}).result == 0
    assert run(compiled, {"n": 80}).result == 80 + (DEPTH - 1) + 80
    ran = run(compiled, {"n": 91})
    assert (ran.result, len(ran.steps())) == (94, DEPTH)


def test_deep_choices_that_all_return_or_fail() -> None:
    source = body(_nested(lambda i: f"if n > {i} {{", "return 1", lambda i: f'}} else {{ fail not_found "{i}" }}'))
    compiled = made(source)
    assert _most_indented(module(compiled)) <= 48
    assert run(compiled, {"n": 99}).result == 1
    assert str(run(compiled, {"n": 40}).failure) == "not_found: 40"


def test_deep_loops_break_by_what_their_bodies_define() -> None:
    source = body(
        "var v: int = 0\n"
        + _nested(
            lambda i: f"l{i} = loop at most 2 {{ a{i} = t.number(x: {i})",
            "set v = v + 1\nif n > 5 { return 1000 + a3 }",
            lambda i: f"until a{i} + v > 0 }}",
        )
        + "\nreturn v"
    )
    compiled = made(source)
    assert _most_indented(module(compiled)) <= 56
    ran = run(compiled, {"n": 0})
    assert (ran.result, len(ran.steps())) == (1, DEPTH)
    assert run(compiled, {"n": 6}).result == 1003


def test_deep_maps_give_their_values_outwards() -> None:
    last = DEPTH - 1
    source = body(
        _nested(
            lambda i: f"y{i} = for x{i} in [n] at most 1 parallel 2 {{ a{i} = t.number(x: x{i})",
            "let z = n",
            lambda i: f"yield a{i} + a0 + {'z' if i == last else f'y{i + 1}[0]'} }}",
        )
        + "\nreturn y0[0]"
    )
    compiled = made(source)
    assert _most_indented(module(compiled)) <= 48
    assert run(compiled, {"n": 1}).result == DEPTH * 2 + 1


def test_deep_branches_leave_their_names() -> None:
    source = body(
        _nested(
            lambda i: f"parallel {{ b{i} = t.number(x: n) branch c{i} {{ a{i} = t.number(x: {i})",
            "let z = 1",
            lambda i: "} }",
        )
        + "\nreturn a0 + b0"
    )
    compiled = made(source)
    assert _most_indented(module(compiled)) <= 48
    ran = run(compiled, {"n": 7})
    assert (ran.result, len(ran.steps())) == (7, 2 * DEPTH)


def test_a_long_chain_of_choices() -> None:
    chain = "if n == 0 { return 0 }" + "".join(f" else if n == {i} {{ return {i * i} }}" for i in range(1, 120))
    compiled = made(body(f'{chain} else {{ fail not_found "{{{{ n }}}}" }}'))
    assert [run(compiled, {"n": n}).result for n in (0, 49, 50, 51, 119)] == [0, 2401, 2500, 2601, 119 * 119]
    assert run(compiled, {"n": 120}).error == "not_found"


def test_a_join_of_many_branches() -> None:
    branches = "\n".join(f"p{i} = t.number(x: {i})" for i in range(400))
    total = " + ".join(f"p{i}" for i in range(400))
    assert run(body(f"parallel {{\n{branches}\n}}\nreturn {total}"), {"n": 1}).result == sum(range(400))


def test_a_match_of_many_cases() -> None:
    cases = " ".join(f"case {i} {{ return {i + 1} }}" for i in range(500))
    compiled = made(body(f"match n {{ {cases} else {{ return 0 }} }}"))
    assert [run(compiled, {"n": n}).result for n in (0, 499, 500)] == [1, 500, 0]


@pytest.mark.parametrize(
    "step",
    [
        "a{i} = t.number(x: a{p})",
        "if a0 > {i} {{ b{i} = t.number(x: {i})  set v = b{i} }}",
        "l{i} = loop at most 2 {{ b = t.number(x: {i})  until b > v }}",
        "y{i} = for x in [v] at most 1 parallel 2 {{ b = t.number(x: x)  yield b }}",
    ],
)
def test_thousands_of_steps_are_emitted_and_compiled(step: str) -> None:
    count = 3000
    steps = "\n".join(step.format(i=i, p=i - 1) for i in range(1, count))
    text = module(body(f"var v: int = 0\na0 = t.number(x: n)\n{steps}\nreturn v + a0"))
    compile(text, "workflow.py", "exec")
    assert text.count("T_NUMBER, ") == count
    assert len(text.splitlines()) < count * 9
