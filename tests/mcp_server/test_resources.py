"""What can be read, asked for and completed beside the tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agent_lattice.build import build
from agent_lattice.graph_renders import mermaid
from mcp_server.packages import Speaker, desk

Serve = Callable[..., Speaker]
TEMPLATE = "lattice://desk/runs/{run_id}"


@pytest.fixture
def speaker(serve: Serve) -> Speaker:
    made = serve()
    made.initialize()
    return made


def read(speaker: Speaker, uri: str) -> Any:
    content = speaker.ask("resources/read", {"uri": uri})["contents"]
    assert len(content) == 1 and content[0]["uri"] == uri
    return content[0]


def test_manifest_and_graph(speaker: Speaker, package: Path) -> None:
    listed = speaker.ask("resources/list")["resources"]
    assert [entry["uri"] for entry in listed] == ["lattice://desk/manifest", "lattice://desk/graph"]
    contents = [read(speaker, entry["uri"]) for entry in listed]
    assert [content["mimeType"] for content in contents] == [entry["mimeType"] for entry in listed]
    assert json.loads(contents[0]["text"]) == json.loads((package / "desk" / "manifest.json").read_text())
    assert contents[1]["text"] == mermaid.render([build(workflow) for workflow in desk().workflows])
    assert contents[1]["text"].startswith("flowchart TD\n") and "books.find" in contents[1]["text"]


def test_the_log_of_a_run(speaker: Speaker) -> None:
    assert speaker.ask("resources/templates/list")["resourceTemplates"][0]["uriTemplate"] == TEMPLATE
    speaker.call("desk", id="A1", way="pay", run_id_="r1")
    content = read(speaker, "lattice://desk/runs/r1")
    events = [json.loads(line) for line in content["text"].splitlines()]
    assert events == speaker.call("desk_events", run_id="r1")["structuredContent"]["events"]
    assert content["mimeType"] == "application/x-ndjson" and events[-1]["type"] == "run.completed"


@pytest.mark.parametrize(
    "uri",
    [
        "lattice://desk/runs/r7",
        "lattice://desk/runs/",
        "lattice://desk/x",
        "file:///etc/passwd",
        "",
        "lattice://desk/runs/../manifest",
    ],
)
def test_what_there_is_not(speaker: Speaker, uri: str) -> None:
    error = speaker.answer(speaker.send("resources/read", {"uri": uri}))["error"]
    assert (error["code"], error["data"]) == (-32002, {"uri": uri})


def test_the_prompt(speaker: Speaker) -> None:
    prompt = speaker.ask("prompts/list")["prompts"][0]
    assert (prompt["name"], prompt["description"]) == ("desk", "Settles an order, in its own time.")
    assert prompt["arguments"][0] == {"name": "id", "required": True}
    assert [argument["name"] for argument in prompt["arguments"] if argument["required"]] == ["id", "way"]
    given = {"id": "17", "way": "pay", "seconds": "1.5", "run_id": "many"}
    result = speaker.ask("prompts/get", {"name": "desk", "arguments": given})
    text = result["messages"][0]["content"]["text"]
    arguments = json.loads(text[text.index("{") : text.rindex("}") + 1])
    assert arguments == {"id": "17", "way": "pay", "seconds": 1.5, "run_id": "many"}, "typed where they can be"
    assert "Call the tool `desk`" in text


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"name": "lost"}, "there is no such prompt"),
        ({}, "there is no such prompt"),
        ({"name": "desk"}, "arguments missing: id, way"),
        ({"name": "desk", "arguments": {"id": "1", "way": "pay", "x": "y"}}, "arguments unknown: x"),
        ({"name": "desk", "arguments": {"id": 1}}, "arguments is an object of strings"),
    ],
)
def test_prompts_that_there_are_not(speaker: Speaker, params: dict[str, Any], words: str) -> None:
    error = speaker.answer(speaker.send("prompts/get", params))["error"]
    assert (error["code"], error["message"]) == (-32602, words)


def completed(speaker: Speaker, ref: dict[str, Any], name: str, begun: str) -> Any:
    params = {"ref": ref, "argument": {"name": name, "value": begun}}
    answer = speaker.answer(speaker.send("completion/complete", params))
    return answer["result"]["completion"]["values"] if "result" in answer else answer["error"]["code"]


def test_completions(speaker: Speaker) -> None:
    template, prompt = {"type": "ref/resource", "uri": TEMPLATE}, {"type": "ref/prompt", "name": "desk"}
    assert completed(speaker, template, "run_id", "") == []
    for run_id in ("r1", "r2", "x"):
        speaker.call("desk", id="A1", way="pay", run_id_=run_id)
    assert completed(speaker, template, "run_id", "r") == ["r2", "r1"]
    assert completed(speaker, prompt, "way", "") == ["pay", "fail", "tell", "big", "peek"]
    assert completed(speaker, prompt, "way", "t") == ["tell"]
    assert completed(speaker, prompt, "id", "") == []
    assert completed(speaker, {"type": "ref/prompt", "name": "lost"}, "id", "") == -32602
    assert completed(speaker, {"type": "ref/resource", "uri": "lattice://desk/graph"}, "id", "") == -32602


def test_log_messages_of_the_level_that_was_asked_for(speaker: Speaker) -> None:
    def logged() -> list[tuple[str, str]]:
        found = [message["params"] for message in speaker.seen if message.get("method") == "notifications/message"]
        speaker.seen.clear()
        return [(params["level"], params["data"]["type"]) for params in found]

    speaker.call("desk", id="A1", way="fail")
    assert logged() == []
    speaker.ask("logging/setLevel", {"level": "warning"})
    speaker.call("desk", id="A1", way="fail")
    assert logged() == [("error", "run.failed")]
    speaker.ask("logging/setLevel", {"level": "debug"})
    speaker.call("desk", id="A1", way="pay")
    assert [kind for _, kind in logged()][-2:] == ["custom.settled", "run.completed"]
