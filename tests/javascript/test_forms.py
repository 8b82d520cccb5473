"""The JavaScript of expressions as people read it, what scripts carry of the language, and the helpers that go into them."""

from __future__ import annotations

import re

import pytest
from agent_lattice.expr.functions import OVERLOADS
from agent_lattice.target import Strength
from agent_lattice.terms import Apply
from agent_lattice_clients.javascript.code import js_name
from agent_lattice_clients.javascript.expressions import javascript
from agent_lattice_clients.javascript.forms import CALLS, FORMS, LOST, SAME, ZONED
from agent_lattice_clients.javascript.layout import WIDTH, folded
from agent_lattice_clients.javascript.losses import MOST_BYTES, losses, script_losses
from agent_lattice_clients.javascript.prelude import helpers, prelude
from agent_lattice_clients.javascript.templates import template
from expr.conftest import Lab
from hypothesis import given
from hypothesis import strategies as st
from javascript.engine import Engine
from targets.python.programs import body, made

WRITTEN = [
    ("order.total > 100.0", "order.total > 100.0"),
    ("n + m", "cel.add(n, m)"),
    ("n + m + 1 - n - m", "cel.sub(cel.add(n, m, 1n), n, m)"),
    ("n * m / 2", "cel.div(cel.mul(n, m), 2n)"),
    ("-n", "cel.neg(n)"),
    ("x + 1.5 * x - x", "x + 1.5 * x - x"),
    ("x - (x - 1.0)", "x - (x - 1.0)"),
    ("(x + 1.0) * -x", "(x + 1.0) * -x"),
    ("2.0 / x", "2.0 / x"),
    ("s + 'a' + order.id", 's + "a" + order.id'),
    ("b && order.paid", "b && order.paid"),
    ("b || n > 1 && m > 1", "b || n > 1n && m > 1n"),
    ("(b || n > 1) && m > 1", "(b || n > 1n) && m > 1n"),
    ("b && ns[0] > 1", "b && cel.itemAt(ns, 0n) > 1n"),
    ("ns[0] > 1 && b", "cel.and(() => cel.itemAt(ns, 0n) > 1n, () => b)"),
    ("!b", "!b"),
    ("!(maybe == null)", "maybe !== null"),
    ("maybe == 1", "maybe === 1n"),
    ("b ? n : m", "b ? n : m"),
    ("(b ? n : m) > 1", "(b ? n : m) > 1n"),
    ("order.kind == 'toys'", 'order.kind === "toys"'),
    ("n == 1 && x == 2.0", "n === 1n && x === 2.0"),
    ("x == n", "x == n"),
    ("order == orders[0]", "cel.equals(order, cel.itemAt(orders, 0n))"),
    ("ns != [1]", "!cel.equals(ns, [1n])"),
    ("s < 'b'", 'cel.textOrder(s, "b") < 0'),
    ("n in [1, 2]", "[1n, 2n].includes(n)"),
    ("x in xs", "cel.contains(xs, x)"),
    ("'a' in stock", 'stock.has("a")'),
    ("stock.a", 'cel.entryAt(stock, "a")'),
    ("size(ns) + s.size()", "cel.add(BigInt(ns.length), cel.textSize(s))"),
    ("ns.all(i, i > 1)", "ns.every((i) => i > 1n)"),
    ("ns.all(i, 1 / i > 1)", "cel.every(ns, (i) => cel.div(1n, i) > 1n)"),
    ("ns.exists_one(i, i > 1)", "ns.filter((i) => i > 1n).length === 1"),
    ("ns.map(i, i > 1, i * 2)", "ns.flatMap((i) => i > 1n ? [cel.mul(i, 2n)] : [])"),
    ("orders.filter(o, o.paid).map(o, {'a': o.id})", 'orders.filter((o) => o.paid).map((o) => new Map([["a", o.id]]))'),
    ("orders.map(o, Customer { name: o.id })", "orders.map((o) => ({ name: o.id, email: null }))"),
    ("stock.map(k, k)", "cel.keysOf(stock).map((k) => k)"),
    ("ns.transformList(i, v, i + v)", "cel.pairsOf(ns).map(([i, v]) => cel.add(i, v))"),
    ("ns.map(n, ns.map(m, n + m))", "ns.map((n) => ns.map((m) => cel.add(n, m)))"),
    ("cel.bind(k, n + 1, k * k)", "((k) => cel.mul(k, k))(cel.add(n, 1n))"),
    ("{s: n}", "cel.mapping([s, n])"),
    ("Customer { name: s }", "{ name: s, email: null }"),
    ("s.matches('^a')", 'cel.finds({ start: 2, steps: [{}, { in: [[97, 97]], to: 0 }, { if: "start", to: [1] }] }, s)'),
    ("d.a[0] == 1", 'cel.equals(cel.itemOrEntry(cel.fieldOf(d, "a"), 0n), 1n)'),
    ("'${x} `\\n' + s", '"${x} `\\n" + s'),
]


@pytest.mark.parametrize(("text", "expected"), WRITTEN)
def test_an_expression(text: str, expected: str) -> None:
    term, report = Lab.typed(text)
    assert term is not None and not report.found, [found.message for found in report.found]
    assert javascript(term).text == expected


TEMPLATES = [
    ('"Dear {{ s }}, `{{ n }}` ${x}"', "`Dear ${s}, \\`${n}\\` \\${x}`"),
    ('"plain \\"text\\""', '"plain \\"text\\""'),
    ('"{% if b %}yes{% else %}no{% endif %}"', '`${b ? "yes" : "no"}`'),
    ('"{% for w in words %}{{ w }}, {% endfor %}"', '`${words.map((w) => `${w}, `).join("")}`'),
    ('"{{ ns }} {{ x }}"', "`${cel.textOf(ns)} ${x}`"),
]


@pytest.mark.parametrize(("raw", "expected"), TEMPLATES)
def test_a_template(raw: str, expected: str) -> None:
    made, report = Lab.template(raw)
    assert not report.found
    assert template(made).text == expected


def test_every_overload_is_carried_or_lost_by_name() -> None:
    by_hand = {"equal", "unequal", "in_plain", "matches_constant"}
    carried = [*CALLS, *SAME, *FORMS, *by_hand]
    assert len(carried) == len(set(carried))
    assert set(carried) | LOST.keys() == OVERLOADS.keys()
    assert FORMS.keys() >= ZONED and not LOST.keys() & set(carried)


def test_every_form_calls_helpers_that_there_are() -> None:
    called = {name for form, _ in FORMS.values() for name in re.findall(r"cel\.(\w+)", form)}
    called |= {form.removeprefix("cel.") for form in CALLS.values()}
    assert all(helpers()[name].space == "cel" for name in called)


def test_no_helper_is_called_like_a_variable_of_another() -> None:
    """So that what a helper uses can be read off the words in it."""
    params = re.compile(
        r"(?:function \w+|constructor|^  \w+)\(([^()]*)\) \{|\(([^()]*)\) =>|\b(?:const|let) ([^=;]+?)(?: =| of|;)",
        re.M,
    )
    for helper in helpers().values():
        code = re.sub(r"^ *//.*", "", helper.text, flags=re.M).lstrip().removeprefix(f"const {helper.name}")
        bound = {
            word
            for found in params.findall(code)
            for word in re.findall(r"\w+", re.sub(r"= [^,)]*", "", "".join(found)))
        }
        assert not bound & helpers().keys(), helper.name


@pytest.mark.parametrize("name", [name for name, helper in helpers().items() if helper.space == "cel"])
def test_a_script_gets_what_it_uses(engine: Engine, name: str) -> None:
    """A helper alone, with what it needs, defines itself in a strict engine."""
    text = prelude(f"cel.{name}")
    assert engine.run(f"(() => {{ {text} return typeof cel.{name} }})()") != "undefined"
    assert len(text) < len(prelude(" ".join(f"cel.{other}" for other in helpers()))) / 2


def test_what_is_not_used_is_not_there() -> None:
    assert len(re.findall(r"^  function", prelude("cel.add(1n, 2n)"), re.M)) == 2


@given(
    st.text(st.sampled_from(list("ab_")), min_size=1)
    | st.sampled_from(["class", "at", "cel", "await", "at_", "class__"])
)
def test_names_stay_different(name: str) -> None:
    assert js_name(name) not in ("class", "at", "cel", "await")
    assert js_name(name) != js_name(f"{name}_")


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("s.matches(s) ? 1 : 2", "matches"),
        ("timestamp(s).getHours('Europe/Paris')", "getHours"),
        ("timestamp(s).getDate(s)", "getDate"),
        ("[s].filter(x, x.matches(s)).size()", "matches"),
    ],
)
def test_what_scripts_do_not_carry_is_said_with_its_place(engine: Engine, expression: str, name: str) -> None:
    found = losses(made(body(f"return {expression}", params="s: string")))
    assert [(loss.feature, loss.strength) for loss in found] == [("values", Strength.UNSAFE)]
    assert found[0].why.startswith(f"`{name}`: ") and found[0].places[0].span.text in expression


@pytest.mark.parametrize("zone", ["+05:45", "-08:00", "02:00", "UTC", ""])
def test_offsets_are_carried(engine: Engine, zone: str) -> None:
    text = f"timestamp('2024-02-29T23:30:00Z').getDate('{zone}') + size(s)"
    assert not losses(made(body(f"return {text}", params="s: string")))


def test_an_expression_that_is_lost_fails(engine: Engine) -> None:
    term, _ = Lab.typed("s.matches(s)")
    assert isinstance(term, Apply)
    assert engine.value(term, {"s": "a"}, {}) == ["error", "a script cannot do `matches`"]


def test_a_script_that_is_too_large_is_lost() -> None:
    compiled = made(body("return n"))
    assert not script_losses(compiled, "x" * MOST_BYTES)
    assert script_losses(compiled, "é" * MOST_BYTES)[0].strength is Strength.UNSAFE


@given(st.lists(st.text(st.sampled_from(list("abc,()[]{}`'\"$\\ ")), max_size=40), max_size=12))
def test_folding_keeps_what_a_statement_means(engine: Engine, words: list[str]) -> None:
    from agent_lattice_clients.javascript.code import string, template_text

    items = [string(word) for word in words] + [f"`${{{string(word)}}}{template_text(word)}`" for word in words]
    text = f"const made = [[{', '.join(items)}], {{ a: [{', '.join(items)}], b: ({len(words)} + 1) }}];"
    lines = folded(text, 4)
    assert (len(lines.split("\n")) > 1) == (len(text) + 4 > WIDTH)
    found = [engine.run(f"(() => {{ {one} return JSON.stringify(made) }})()") for one in (text, lines)]
    assert found[0] == found[1]
