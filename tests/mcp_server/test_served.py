"""The generated module `served.py`: whatever stands in a source, it says the same, and formatters and linters leave it alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from agent_lattice.build import build
from agent_lattice.graph_renders import mermaid
from agent_lattice_runtime.served import Operation, Served
from agent_lattice_targets.python.modules import modules
from agent_lattice_targets.python.package_names import PackageNames
from hypothesis import given, settings
from hypothesis import strategies as st
from targets.python.programs import FILES, TOOLS, made

LONG = "a long sentence that goes on and on, " * 6
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=30)


def source(doc: str, text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("{{", "{ {").replace("{%", "{ %")
    return f"""{TOOLS}
/// {doc}
workflow main(n: int) -> string {{
  a = t.number(x: n)
  if string(a) == "{quoted}" {{ fail "{quoted}" }}
  b = t.text(x: "x", y: null)
  return b
}}
workflow other() -> int {{ return 1 }}
"""


def served(text: str) -> dict[str, Any]:
    """The names of the module, with stand-ins for what it imports."""
    lines = [line for line in text.splitlines() if not line.startswith("from .")]
    names: dict[str, Any] = {"Served": Served, "Operation": Operation, "checks": Any, "T_NUMBER": "a", "T_TEXT": "b"}
    names["checks"] = type("checks", (), {"__getattr__": lambda self, name: name})()
    names["check_string_or_null"] = names["check_optional_string"] = "check"
    exec("\n".join(lines), names)
    return names


@settings(max_examples=60, deadline=None)
@given(doc=WORDS, text=WORDS)
def test_doc_and_graph_come_back(doc: str, text: str) -> None:
    plan = made(source(doc, text), FILES)
    module = modules(plan, PackageNames(plan), serving=True)["served.py"]
    found = served(module)["SERVED"]
    main, *others = sorted(plan.workflows, key=lambda workflow: workflow.name != plan.main)
    assert found.doc == main.doc and main.doc.strip() == doc.strip()
    assert found.graph == mermaid.render(map(build, [main, *others]))
    assert [operation.op for operation in found.operations] == ["a", "b"]


@pytest.mark.parametrize(
    ("doc", "text"),
    [(LONG, LONG), ('quotes """ and \\ and \\n', 'quotes """" and \\ <b> #'), ("", ""), ("ünï \U0001f600", "ünï")],
)
def test_it_is_clean(tmp_path: Path, doc: str, text: str) -> None:
    plan = made(source(doc, text), FILES)
    (tmp_path / "served.py").write_text(modules(plan, PackageNames(plan), serving=True)["served.py"], encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.ruff]\nline-length = 120\ntarget-version = "py311"\n')
    for words in (["format", "--check"], ["check", "--select", "E,F,I,UP,B"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache", "."], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_only_a_server_needs_is_made_for_packages_only() -> None:
    plan = made(source("", ""), FILES)
    assert "served.py" not in modules(plan, PackageNames(plan))
