"""The schemas of the project with a program of others: they are schemas, and documents of programs are of theirs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from agent_lattice.documents.schema import document_schema
from documents.turning import PROGRAMS, ROOT, document, program, tree

SCHEMAS = sorted((ROOT / "schemas").rglob("*.schema.json"))
EXAMPLES = [path for path in PROGRAMS if path.is_relative_to(ROOT / "examples")]
pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")


def checked(*words: str) -> subprocess.CompletedProcess[str]:
    words = (sys.executable, "-m", "check_jsonschema", *words)
    return subprocess.run(words, capture_output=True, text=True, timeout=300)


def test_every_schema_is_one() -> None:
    done = checked("--check-metaschema", *map(str, SCHEMAS))
    assert done.returncode == 0, done.stdout


@pytest.fixture
def schema(tmp_path: Path) -> str:
    path = tmp_path / "document.schema.json"
    path.write_text(json.dumps(document_schema()), encoding="utf-8")
    return str(path)


def test_examples_as_documents_are_of_the_schema(tmp_path: Path, schema: str) -> None:
    written = []
    for number, path in enumerate(EXAMPLES):
        if tree(program(path)) is not None:
            for form in ("yaml", "json"):
                written.append(tmp_path / f"{number}.{form}")
                written[-1].write_text(document(program(path), form), encoding="utf-8")
    done = checked("--schemafile", schema, *map(str, written))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "text", ["workflow: {}\n", "types: 3\n", "workflows: {main: {result: int, stepps: []}}\n", "- 1\n"]
)
def test_what_is_no_document_is_refused(tmp_path: Path, schema: str, text: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    done = checked("--schemafile", schema, str(path))
    assert done.returncode == 1, done.stdout
