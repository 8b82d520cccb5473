"""The inspector of the protocol's makers, by its command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp_server.packages import command, environment
from node_packages import Missing, installed, node, offline

Inspect = Callable[..., Any]


@pytest.fixture
def inspect(package: Path, tmp_path: Path) -> Inspect:
    try:
        launcher = installed("@modelcontextprotocol/inspector") / "clients" / "launcher" / "build" / "index.js"
        program = [node(22), str(launcher), "--cli"]
    except Missing as missing:
        pytest.skip(str(missing))

    def ask(method: str, *words: str, serving: tuple[str, ...] = (), code: int = 0) -> Any:
        line = offline([*program, *command(package, *serving), "--method", method, *words])
        home = environment(HOME=str(tmp_path))
        done = subprocess.run(line, cwd=tmp_path, env=home, capture_output=True, text=True, timeout=120)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    return ask


def test_tools_and_calls(inspect: Inspect) -> None:
    names = [tool["name"] for tool in inspect("tools/list")["tools"]]
    assert names == ["desk", "desk_status", "desk_events", "desk_cancel"]
    given = ["--tool-name", "desk", "--tool-arg", "id=A1", "way=pay", "run_id_=r1"]
    done = inspect("tools/call", *given)
    assert done["structuredContent"]["result"] == {"id": "r-A1", "total": 12.5, "big": 1}
    assert inspect("tools/call", *given) == done, "the same run, from another server"
    found = inspect("tools/call", "--tool-name", "books_risk", "--tool-arg", "total=50", serving=("--operations",))
    assert found["structuredContent"] == {"result": 0.5}


def test_resources_and_prompts(inspect: Inspect) -> None:
    uris = [resource["uri"] for resource in inspect("resources/list")["resources"]]
    assert uris == ["lattice://desk/manifest", "lattice://desk/graph"]
    assert inspect("resources/read", "--uri", uris[1])["contents"][0]["text"].startswith("flowchart TD")
    assert inspect("prompts/list")["prompts"][0]["name"] == "desk"
    prompt = inspect("prompts/get", "--prompt-name", "desk", "--prompt-args", "id=A1", "way=pay")
    assert '"id": "A1"' in prompt["messages"][0]["content"]["text"]
