"""The schema of documents in an editor: yaml-language-server completes keys, explains them, and shows errors where they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from agent_lattice.documents.deriving import forms
from agent_lattice.documents.schema import document_schema
from documents.language_server import Server
from documents.turning import document
from node_packages import Missing

PROGRAM = """\
type Order {
  id: string
}

tool shop = python("shop") {
  op find(id: string) -> Order { effect: read }
}

workflow main(id: string) -> string {
  order = shop.find(id: id)
  if id == "x" {
    fail gone "no such order"
  }
  return order.id
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    schema = tmp_path_factory.mktemp("schema") / "document.schema.json"
    schema.write_text(json.dumps(document_schema()), encoding="utf-8")
    try:
        running = Server(schema)
    except Missing as reason:
        pytest.skip(str(reason))
    yield running
    running.close()


def place(text: str, part: str) -> tuple[int, int]:
    """Line and column of a part that is there once, from 0."""
    before = text.partition(part)[0]
    return before.count("\n"), len(before) - before.rfind("\n") - 1


def labels(answer: Any) -> set[str]:
    items = answer["items"] if isinstance(answer, dict) else answer or []
    return {item["label"] for item in items}


def test_a_right_document_is_right(server: Server) -> None:
    assert server.open("right.yaml", document(PROGRAM, "yaml")) == []


def test_a_wrong_key_is_shown_on_its_line(server: Server) -> None:
    text = document(PROGRAM, "yaml").replace("effect:", "efect:")
    (found, *_) = server.open("wrong.yaml", text)
    assert found["range"]["start"]["line"] == place(text, "efect:")[0], found
    assert "efect" in found["message"]


def test_sections_are_completed(server: Server) -> None:
    server.open("sections.yaml", "")
    found = labels(server.at("completion", "sections.yaml", 0, 0))
    assert set(document_schema()["properties"]) <= found


def test_a_key_is_explained(server: Server) -> None:
    text = document(PROGRAM, "yaml")
    server.open("hover.yaml", text)
    line, column = place(text, "fail:")
    shown = json.dumps(server.at("hover", "hover.yaml", line, column + 1))
    assert forms()["fail"].summary.split(".")[0] in shown, shown


def test_keys_of_a_statement_are_completed(server: Server) -> None:
    text = document(PROGRAM, "yaml")
    line, column = place(text, "if:")
    lines = text.splitlines()
    lines.insert(line + 1, " " * (column + 2))
    server.open("keys.yaml", "\n".join(lines) + "\n")
    found = labels(server.at("completion", "keys.yaml", line + 1, column + 2))
    assert found == {"else", "else_if"}, lines  # `condition` and `then` are there
