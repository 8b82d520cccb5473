"""The text of expressions: Python reads back what was meant, and a formatter leaves it as it is."""

from __future__ import annotations

import ast
import random
import subprocess
import sys

from agent_lattice_targets.python.layout import WIDTH, flat, statement
from agent_lattice_targets.python.literals import block_string, string
from hypothesis import given, settings
from hypothesis import strategies as st

_NAMES = ("order", "triage", "message", "confirmed_receipt", "a")
_FIELDS = ("total", "currency", "customer_name")


def _tree(choose: random.Random, depth: int) -> ast.expr:
    kind = choose.randrange(15 if depth else 4)
    down = depth - 1
    match kind:
        case 0:
            return ast.Name(choose.choice(_NAMES))
        case 1:
            texts = ["approve", "a somewhat longer text with 'quotes'", 'say "x"', "tab\t", "ünï ✓", ""]
            return ast.Constant(choose.choice([1, -2, 2.5, True, None, *texts]))
        case 2:
            return ast.Subscript(ast.Name(choose.choice(_NAMES)), ast.Constant(choose.choice(_FIELDS)))
        case 3:
            return ast.Attribute(ast.Name("cel"), "MAX")
        case 4 | 5:
            args = [_tree(choose, down) for _ in range(choose.randrange(1, 5))]
            named = [ast.keyword("key", _tree(choose, down))] if choose.random() < 0.3 else []
            return ast.Call(ast.Attribute(ast.Name("cel"), choose.choice(["add", "text"])), args, named)
        case 6:
            values = [_tree(choose, down) for _ in range(choose.randrange(2, 5))]
            return ast.BoolOp(choose.choice([ast.And(), ast.Or()]), values)
        case 7:
            return ast.BinOp(
                _tree(choose, down), choose.choice([ast.Add(), ast.Mult(), ast.Sub()]), _tree(choose, down)
            )
        case 8:
            sign = choose.choice([ast.Lt(), ast.Eq(), ast.IsNot(), ast.In()])
            return ast.Compare(_tree(choose, down), [sign], [_tree(choose, down)])
        case 9:
            return ast.IfExp(_tree(choose, down), _tree(choose, down), _tree(choose, down))
        case 10:
            return ast.Dict([ast.Constant(name) for name in _FIELDS], [_tree(choose, down) for _ in _FIELDS])
        case 11:
            return ast.List([_tree(choose, down) for _ in range(choose.randrange(4))])
        case 12:
            args = ast.arguments([], [ast.arg("x")], None, [], [], None, [])
            return ast.Call(ast.Name("defer"), [ast.Lambda(args, _tree(choose, down))], [])
        case 13:
            clause = ast.comprehension(ast.Name("i"), _tree(choose, down), [_tree(choose, 0)][: choose.randrange(2)], 0)
            made: ast.expr = choose.choice([ast.ListComp, ast.GeneratorExp])(_tree(choose, down), [clause])
            return made if isinstance(made, ast.ListComp) else ast.Call(ast.Name("any"), [made], [])
    return ast.UnaryOp(ast.Not(), _tree(choose, down))


def _meaning(text: str) -> str:
    """The syntax tree of an expression, with nested sums of equal operators in one form."""
    return ast.dump(ast.parse(text, mode="eval"))


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_text_means_the_tree(choose: random.Random) -> None:
    tree = _tree(choose, 4)
    assert _meaning(flat(tree)) == _meaning(ast.unparse(ast.fix_missing_locations(ast.Expression(tree))))
    assert _meaning(statement(0, "(", tree, ")")) == _meaning(flat(tree))


def test_a_formatter_leaves_the_text_as_it_is() -> None:
    choose = random.Random(20)
    found: list[str] = []
    for number in range(600):
        tree = _tree(choose, choose.choice([1, 2, 3]))
        indent = choose.choice([4, 8])
        step = ast.Call(ast.Attribute(ast.Name("ctx"), "tool"), [ast.Constant("policy"), tree], [])
        shapes = [
            statement(indent, "result = ", tree),
            statement(indent, "return ", tree),
            statement(indent, "if ", tree, ":") + "\n" + " " * (indent + 4) + "pass",
            statement(indent, "policy: Policy = ", ast.Await(step)),
        ]
        inside = "    while True:\n" if indent == 8 else ""
        found.append(f"async def f{number}():\n{inside}{choose.choice(shapes)}\n")
    text = "\n\n".join(found)
    ruff = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--isolated",
        f"--line-length={WIDTH}",
        "--target-version=py311",
        "-",
    ]
    formatted = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout
    assert sum("\n" in one.rstrip("\n").partition(":\n")[2].strip() for one in found) > 200, "most fit on one line"
    assert formatted == text


@given(st.text())
def test_strings_are_read_back(text: str) -> None:
    assert ast.literal_eval(string(text)) == text
    assert ast.literal_eval(block_string(text)) == text
    assert "\n" not in string(text)


def test_hidden_characters_are_shown() -> None:
    assert string("a\u202eb\ud800\u00a0") == '"a\\u202eb\\ud800\\xa0"'
    assert string("it's") == '"it\'s"'
    assert string('"x"') == "'\"x\"'"
