"""Every operation of a plan as Python: what it does when it runs, and for some how it reads."""

from __future__ import annotations

import pytest
from agent_lattice_runtime.testing import Fails
from targets.python.programs import body, function, made, module, run


def test_a_tool_step_binds_its_result() -> None:
    source = body("  a = t.number(x: n)\n  b = t.number(x: a + 1)\n  return b")
    ran = run(source, {"n": 4})
    assert (ran.result, ran.steps()) == (5, ["a", "b"])
    assert function(source) == (
        "async def main(ctx: Context, n: int) -> int:\n"
        "    # main.lat:9\n"
        '    a: int = await ctx.tool("a", T_NUMBER, {"x": n})\n'
        "    # main.lat:10\n"
        '    b: int = await ctx.tool("b", T_NUMBER, {"x": cel.add(a, 1)})\n'
        "    return b\n"
    )


def test_a_result_that_nobody_reads_is_not_bound() -> None:
    text = function(body("  a = t.number(x: n)\n  let spare = n\n  return n"))
    assert '    await ctx.tool("a", T_NUMBER, {"x": n})\n' in text
    assert "spare" not in text


def test_a_value_that_nobody_reads_is_still_computed_when_it_can_fail() -> None:
    source = body("  let spare = 1 / n\n  return n")
    assert "    _spare = cel.div(1, n)\n" in function(source)
    assert run(source, {"n": 0}).error == "validation"
    assert run(source, {"n": 1}).result == 1


def test_an_optional_argument_may_be_left_out() -> None:
    source = body('  a = t.text(x: "p")\n  b = t.text(x: a, y: "q")\n  return b', result="string")
    assert run(source, {"n": 0}).result == "pq"


@pytest.mark.parametrize(("n", "found"), [(-1, "negative"), (0, "none"), (1, "one"), (2, "many")])
def test_a_choice_of_several_ways(n: int, found: str) -> None:
    source = body(
        """
        if n < 0 { return "negative" }
        else if n == 0 { return "none" }
        else if n == 1 { return "one" }
        else { return "many" }
        """,
        result="string",
    )
    assert run(source, {"n": n}).result == found
    assert function(source).count("    elif ") == 2


def test_variables_are_changed_in_blocks_and_loops() -> None:
    source = body(
        """
        var total: int = 0
        for x in [1, 2, 3] at most 3 { if x != 2 { set total = total + x * n } }
        return total
        """
    )
    assert run(source, {"n": 10}).result == 40
    assert '    for x in ctx.bounded("for_x", [1, 2, 3], 3):\n' in function(source)


def test_values_of_one_name_in_two_blocks_may_have_two_types() -> None:
    source = body(
        """
        var out: string = ""
        if n > 0 { let a = n  set out = string(a) } else { let a = "x"  set out = a + a }
        return out
        """,
        result="string",
    )
    assert (run(source, {"n": 3}).result, run(source, {"n": 0}).result) == ("3", "xx")


@pytest.mark.parametrize(("verdict", "found"), [("yes", 1), ("no", 2), ("maybe", 2), (None, 3)])
def test_a_match_on_a_closed_choice(verdict: str | None, found: int) -> None:
    source = body(
        'match v { case "yes" { return 1 } case "no", "maybe" { return 2 } case null { return 3 } }',
        params='v: ("yes" | "no" | "maybe")?',
    )
    assert run(source, {"v": verdict}).result == found
    assert '        case "no" | "maybe":\n' in function(source)


@pytest.mark.parametrize(("flag", "found"), [(True, 1), (False, 2)])
def test_a_match_on_a_bool(flag: bool, found: int) -> None:
    assert (
        run(body("match v { case true { return 1 } case false { return 2 } }", "v: bool"), {"v": flag}).result == found
    )


def test_a_match_with_an_else_and_an_empty_case() -> None:
    source = body(
        "var a: int = 0\nmatch v { case 1 { } case 2 { set a = 20 } else { set a = 30 } }\nreturn a", "v: int"
    )
    assert [run(source, {"v": v}).result for v in (1, 2, 3)] == [0, 20, 30]


def test_branches_run_side_by_side_and_leave_their_names() -> None:
    source = body(
        """
        var seen: int = 0
        parallel {
          a = t.number(x: n)
          branch two { b = t.number(x: 20)  let c = b + 1  d = t.numbers(count: c - 18) }
          branch three { e = t.number(x: 5)  set seen = e }
        }
        return a + b + c + d.size() + seen
        """
    )
    ran = run(source, {"n": 1})
    assert ran.result == 1 + 20 + 21 + 3 + 5
    assert sorted(ran.steps()) == ["a", "b", "d", "e"]
    text = function(source)
    assert 'lambda ctx: ctx.tool("a", T_NUMBER, {"x": n})' in text
    assert "    a, (b, c, d), _ = await ctx.parallel(" in text
    assert "        nonlocal seen\n" in text


def test_a_failing_branch_fails_the_run() -> None:
    source = body('parallel { a = t.number(x: n) branch b { if n > 0 { fail conflict "n is {{ n }}" } } }\nreturn a')
    ran = run(source, {"n": 2})
    assert (ran.error, str(ran.failure)) == ("conflict", "conflict: n is 2")
    assert run(source, {"n": 0}).result == 0


def test_a_map_keeps_the_order_of_its_items() -> None:
    source = body(
        "ys = for x in [3, 1, 2] at most 3 parallel 2 { y = t.number(x: x * n)  yield y + 1 }\nreturn ys",
        result="list<int>",
    )
    ran = run(source, {"n": 10})
    assert ran.result == [31, 11, 21]
    assert sorted(ran.steps()) == ["ys[0].y", "ys[1].y", "ys[2].y"]


def test_more_items_than_the_bound_fail_the_run() -> None:
    for width in ("", "parallel 2 "):
        source = body(
            f"ys = for x in t_items at most 2 {width}{{ yield x }}\nreturn ys", "t_items: list<int>", "list<int>"
        )
        assert run(source, {"t_items": [1, 2]}).result == [1, 2]
        assert run(source, {"t_items": [1, 2, 3]}).error == "validation"


def test_a_loop_over_items_may_return_and_collect() -> None:
    source = body(
        """
        ys = for x in xs at most 5 {
          y = t.number(x: x)
          if y < 0 { return ["found " + string(y)] }
          yield string(y)
        }
        return ys
        """,
        "xs: list<int>",
        "list<string>",
    )
    assert run(source, {"xs": [1, 2]}).result == ["1", "2"]
    ran = run(source, {"xs": [1, -2, 3]})
    assert (ran.result, ran.steps()) == (["found -2"], ["ys[0].y", "ys[1].y"])


def test_a_loop_ends_when_its_condition_holds_and_says_so() -> None:
    source = body(
        """
        var total: int = 0
        done = loop at most 4 { x = t.number(x: total + n)  set total = x  until total >= 6 }
        return string(total) + (done ? " done" : " given up")
        """,
        result="string",
    )
    ran = run(source, {"n": 2})
    assert (ran.result, ran.steps()) == ("6 done", ["done[0].x", "done[1].x", "done[2].x"])
    assert run(source, {"n": 1}).result == "4 given up"


def test_a_loop_without_steps_and_without_end() -> None:
    source = body("var a: int = n\nloop at most 3 { set a = a * 2 }\nreturn a")
    assert run(source, {"n": 1}).result == 8
    assert "    for _turn in range(3):\n" in function(source)


def test_loops_within_loops_have_scopes_of_their_own() -> None:
    source = body(
        """
        var total: int = 0
        outer = loop at most 2 {
          inner = loop at most 2 { x = t.number(x: 1)  set total = total + x  until false }
          until inner
        }
        rows = for row in [[1], [2, 3]] at most 2 {
          cells = for cell in row at most 3 { c = t.number(x: cell)  yield c }
          yield cells.size()
        }
        return total * 100 + rows[0] * 10 + rows[1]
        """
    )
    ran = run(source, {"n": 0})
    assert ran.result == 412
    assert [step for step in ran.steps() if step.startswith("outer")] == [
        f"outer[{i}].inner[{j}].x" for i in (0, 1) for j in (0, 1)
    ]
    assert sorted(step for step in ran.steps() if step.startswith("rows")) == [
        "rows[0].cells[0].c",
        "rows[1].cells[0].c",
        "rows[1].cells[1].c",
    ]


CHILD = """
workflow child(a: int, b: string?) -> string {
  x = t.number(x: a)
  return string(x) + (b == null ? "-" : b)
}
"""


def test_a_child_runs_in_the_scope_of_its_call() -> None:
    source = body(
        'child = call child(a: n)\nother = call child(a: n + 1, b: "!")\nreturn child + other', result="string"
    )
    ran = run(source + CHILD, {"n": 1})
    assert (ran.result, ran.steps()) == ("1-2!", ["child.x", "other.x"])
    assert 'child_ = await ctx.call("child", child, {"a": n, "b": None})' in function(source + CHILD)


def test_events_of_its_own() -> None:
    source = body("emit progress(done: n, of: 2)\nemit progress(done: 2)\nreturn n")
    ran = run(source, {"n": 1})
    assert [event for event in ran.events if event[0].startswith("custom.")] == [
        ("custom.progress", "progress"),
        ("custom.progress", "progress_2"),
    ]


def test_an_ask_with_everything() -> None:
    source = body(
        '''
        a = ask m -> Answer {
          system "You judge."
          prompt """
            Number {{ n }}
            {% for w in words %}{% if w.size() > 1 %}- {{ w }}{% else %}* {{ w }}{% endif %}
            {% endfor %}
          """
          check a.score > n : "more than n"
          repair 1
        }
        return a.score
        ''',
        "n: int, words: list<string>",
    )
    source += "\ntype Answer { score: int }\n"
    ran = run(source, {"n": 3, "words": ["ab", "c"]}, {"ask a": [{"score": 1}, {"score": 9}]})
    assert ran.result == 9
    namespace: dict[str, object] = {}
    prompt = function(source, "main_a_prompt").replace("async ", "")
    exec(prompt, namespace)
    assert namespace["main_a_prompt"](3, ["ab", "c"]) == "Number 3\n- ab\n* c\n"  # type: ignore[operator]


def test_a_prompt_with_plain_holes_reads_as_it_is_sent() -> None:
    source = body(
        '''
        a = ask m -> string { prompt """
          Dear {{ name }},
          we have {{ n }} of "them" {braces}.
        """ }
        return a
        ''',
        "n: int, name: string",
        "string",
    )
    assert function(source, "main_a_prompt") == (
        "def main_a_prompt(n: int, name: str) -> str:\n"
        '    return f"""\\\n'
        "Dear {name},\n"
        'we have {n} of "them" {{braces}}.\n'
        '"""\n'
    )
    assert run(source, {"n": 1, "name": "A"}, {"ask a": ["ok"]}).result == "ok"


def test_a_long_fixed_prompt_is_a_constant() -> None:
    text = 'say \\"x\\"\\nand \\\\ and \\u0007\\n' + "long " * 40
    source = body(f'a = ask m -> string {{ prompt "{text}" }}\nreturn a', result="string")
    namespace: dict[str, object] = {}
    emitted = module(source)
    start = emitted.index("MAIN_A_PROMPT")
    exec(emitted[start : emitted.index("\n\n\n", start)], namespace)
    assert namespace["MAIN_A_PROMPT"] == 'say "x"\nand \\ and \x07\n' + "long " * 40


def test_a_failure_of_a_tool_fails_the_run() -> None:
    ran = run(body("a = t.number(x: n)\nreturn a"), {"n": 1}, {"t.number": [Fails("not_found", "no such number")]})
    assert (ran.error, str(ran.failure)) == ("not_found", "not_found: no such number")


def test_a_workflow_without_result() -> None:
    assert run(body("emit note(n: n)", result="null"), {"n": 1}).result is None


def test_names_that_python_needs_get_an_underscore() -> None:
    source = body(
        """
        let cel = class + 1
        let l = [1, 2].map(lambda, lambda + cel)
        await = t.number(x: l.size())
        return await + len + _ + ctx_
        """,
        "class: int, len: int, ctx: int, ctx_: int, _: int",
    )
    text = function(source)
    assert "async def main(ctx: Context, class_: int, len_: int, ctx_: int, ctx__: int, __: int) -> int:" in text
    assert run(source, {"class": 1, "len": 10, "ctx": 0, "ctx_": 1000, "_": 100}).result == 2 + 10 + 100 + 1000


def test_workflows_and_helpers_never_share_a_name() -> None:
    source = body(
        "let turn = 1\nlet at = 2\ndone = loop at most 2 { index = t.number(x: at + turn) until index > 2 }\nreturn at"
    )
    assert run(source, {"n": 1}).result == 2
    assert "for turn_2 in range(2):" in function(source)


@pytest.mark.parametrize("condition", ["v == null", "!(v != null)", "null == v"])
def test_null_is_compared_as_people_do(condition: str) -> None:
    source = body(f"if {condition} {{ return 1 }}\nreturn 2", "v: string?")
    assert "    if v is None:\n" in function(source) or "    if not v is not None:\n" not in function(source)
    assert [run(source, {"v": v}).result for v in (None, "x")] == [1, 2]


def test_the_same_plan_gives_the_same_text() -> None:
    source = body("a = t.number(x: n)\nreturn a")
    assert module(made(source)) == module(made(source))


def test_a_result_that_may_be_null_may_be_left_out() -> None:
    source = body("if n > 0 { return n }", result="int?")
    assert [run(source, {"n": n}).result for n in (1, 0)] == [1, None]
    assert function(source).endswith("        return n\n    return None\n")


def test_values_that_a_loop_gives_to_nobody_are_still_computed() -> None:
    source = body("var a: int = 0\nys = for x in [0, 1] at most 2 { set a = a + 1  yield 1 / (x - n) }\nreturn a")
    assert (run(source, {"n": 5}).result, run(source, {"n": 1}).error) == (2, "validation")
    source = body("ys = for x in [0, 1] at most 2 { yield 1 / (x - n) }\nreturn n")
    assert (run(source, {"n": 5}).result, run(source, {"n": 1}).error) == (5, "validation")
