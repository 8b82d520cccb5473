"""README.md of a package says what the plan says, in Markdown that holds together."""

from __future__ import annotations

import ast
import json
import re

import pytest
from agent_lattice import plan
from agent_lattice_runtime.commands import COMMANDS
from agent_lattice_targets.python.package import package_files
from targets.python.programs import ECHO, ECHO_FILES, body, made
from targets.python.test_package import awkward, beside, rich

PRICED = """
model big = openai("gpt") { max_tokens: 1000, retries: 1, input_price: 1.25, output_price: 10.0 }
model small = anthropic("haiku") { max_tokens: 100, retries: 0, fallback: big }
/// Keep it short,
/// whatever they write | say.
type Note {
  /// In the words of the customer.
  text: string @max(10)
  kind: "a" | "b"
  more: Note?
}
type Either = Note | int
workflow main(note: Note, tries: int?, either: Either) -> list<Note> {
  x = ask small -> Note { prompt "p" repair 1 }
  return [x]
}
"""


def text(compiled: plan.Plan) -> str:
    return package_files(compiled)["README.md"]


def tables(markdown: str) -> list[list[list[str]]]:
    """The cells of every table, row by row, without the line below the head."""
    found = re.findall(r"(?:^\|.*\|\n)+", markdown, re.M)
    return [
        [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in table.splitlines()
            if line[:4] != "|---"
        ]
        for table in found
    ]


@pytest.mark.parametrize(
    "compiled",
    [rich(), awkward(), beside("agents"), beside("alternatives"), made(ECHO, ECHO_FILES), made(body("return 1"))],
    ids=lambda compiled: str(compiled.name),
)
def test_every_row_of_a_table_has_the_cells_of_its_head_and_no_paragraph_is_torn(compiled: plan.Plan) -> None:
    markdown = text(compiled)
    assert tables(markdown)
    for table in tables(markdown):
        assert {len(row) for row in table} == {len(table[0])}
    assert "\n\n\n" not in markdown and markdown.endswith("\n") and not markdown.endswith("\n\n")
    assert not re.search(r"[ \t]$", markdown, re.M)


def test_inputs_have_types_and_meanings() -> None:
    markdown = text(made(PRICED))
    assert tables(markdown)[0][1:] == [
        ["`note`", "`Note`", "yes", "Keep it short, whatever they write \\| say."],
        ["`tries`", "`int?`", "no", ""],
        ["`either`", "`Either`", "yes", ""],
    ]
    assert "The result is `list<Note>`." in markdown
    declared = markdown.partition("```lattice\n")[2].partition("```")[0]
    assert made(declared + body("return 1"))  # it can be read
    assert "type Either = Note | int\n" in declared and "  /// In the words of the customer.\n" in declared


def test_costs_are_those_of_the_manifest() -> None:
    files = package_files(made(PRICED))
    bounds = json.loads(files["main/manifest.json"])["bounds"]
    assert bounds["models"]["big"] == {"calls": 2, "requests": 4, "output_tokens": 2000, "output_usd": 0.02}
    assert (bounds["calls"], bounds["output_usd"]) == (3, None)
    costs = next(table for table in tables(files["README.md"]) if table[0][0] == "model")
    assert costs[1:] == [
        ["`big`: openai `gpt`", "2", "4", "2,000", "0.02"],
        ["`small`: anthropic `haiku`", "2", "2", "200", "unknown"],
        ["all", "3", "5", "2,100", "unknown"],
    ]
    assert "No price is declared for `small`." in files["README.md"]
    assert "for each million tokens 1.25 USD for `big`" in files["README.md"]
    assert "No model is asked." in text(made(body("return 1")))


def test_commands_are_those_that_there_are() -> None:
    listed = next(table for table in tables(text(rich())) if table[1][0].startswith("`run"))
    assert [row[0].strip("`").replace("\\|", "|") for row in listed[1:]] == [c.usage(n) for n, c in COMMANDS.items()]


def test_variables_of_the_environment_say_who_reads_them() -> None:
    found = next(table for table in tables(text(rich())) if table[0][1] == "read for")
    assert ["`BANK_TOKEN`", "tool `bank`"] in found and ["`JUDGE_URL`", "model `judge`"] in found
    assert "variable of the environment" not in text(made(ECHO, ECHO_FILES))


@pytest.mark.parametrize("compiled", [rich(), awkward()], ids=["rich", "awkward"])
def test_the_example_calls_the_function_that_there_is(compiled: plan.Plan) -> None:
    files = package_files(compiled)
    program = files["README.md"].partition("```python\n")[2].partition("```")[0].replace("…", "None")
    call = next(node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Call))
    package = next(path.partition("/")[0] for path in files if path.endswith("/__main__.py"))
    functions = ast.parse(files[f"{package}/__init__.py"]).body
    run = next(node for node in functions if isinstance(node, ast.FunctionDef) and node.name == "run")
    names = [keyword.arg for keyword in call.keywords]
    assert names[:-1] == [argument.arg for argument in run.args.args]
    assert names[-1] == run.args.kwonlyargs[0].arg
