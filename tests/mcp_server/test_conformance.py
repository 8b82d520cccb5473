"""The public conformance suite of the protocol. It speaks HTTP only, so a bridge stands in between; and it wants tools and
prompts of certain names, which the workflows in `conformance/` have."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from agent_lattice import driver
from mcp_server.packages import built, environment
from node_packages import Missing, installed, node, offline

HERE = Path(__file__).parent

SCENARIOS = {
    "server-initialize": "test_simple_text",
    "ping": "test_simple_text",
    "logging-set-level": "test_simple_text",
    "completion-complete": "test_prompt_with_arguments",
    "tools-list": "test_simple_text",
    "tools-call-simple-text": "test_simple_text",
    "tools-call-error": "test_error_handling",
    "tools-call-with-progress": "test_tool_with_progress",
    "tools-call-with-logging": "test_tool_with_logging",
    "resources-list": "test_simple_text",
    "prompts-list": "test_simple_prompt",
    "prompts-get-simple": "test_simple_prompt",
    "prompts-get-with-args": "test_prompt_with_arguments",
    "server-sse-multiple-streams": "test_simple_text",
}
"""What applies, and the workflow that is served for it."""

_TEXT = "results of workflows are text and data"
_ASKS = "a workflow asks nothing of its client"
_URIS = "wants resources of its own at `test://`; ours are at `lattice://`, see test_resources.py"
_HTTP = "is about HTTP alone, which a package does not speak"
_SUBSCRIBE = "subscribing is optional, and not offered"
LEFT_OUT = {
    "tools-call-image": _TEXT,
    "tools-call-audio": _TEXT,
    "tools-call-embedded-resource": _TEXT,
    "tools-call-mixed-content": _TEXT,
    "tools-call-sampling": _ASKS,
    "tools-call-elicitation": _ASKS,
    "elicitation-sep1034-defaults": _ASKS,
    "elicitation-sep1330-enums": _ASKS,
    "json-schema-2020-12": "wants the type `address` in lower case; types of the language begin with a capital",
    "server-sse-polling": _HTTP,
    "dns-rebinding-protection": _HTTP,
    "resources-read-text": _URIS,
    "resources-read-binary": _URIS,
    "resources-templates-read": _URIS,
    "resources-subscribe": _SUBSCRIBE,
    "resources-unsubscribe": _SUBSCRIBE,
    "prompts-get-embedded-resource": "prompts of workflows are text",
    "prompts-get-with-image": "prompts of workflows are text",
}


@pytest.fixture(scope="module")
def suite() -> list[str]:
    try:
        return [node(22), str(installed("@modelcontextprotocol/conformance") / "dist" / "index.js")]
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    return cache(lambda workflow: packaged(tmp_path_factory.mktemp(workflow), workflow))


def packaged(folder: Path, workflow: str) -> Path:
    def read(name: str) -> bytes | None:
        path = HERE / "conformance" / name
        return path.read_bytes() if path.is_file() else None

    compilation = driver.compile_source("conformance.lat", read("conformance.lat") or b"", read)
    made = driver.plan_of(compilation, workflow)
    assert made is not None
    return built(folder, made) / workflow


def test_every_scenario_is_tried_or_left_out_for_a_reason(suite: list[str]) -> None:
    listed = subprocess.run([*suite, "list"], capture_output=True, text=True, timeout=120).stdout
    names = re.findall(r"^  - (\S+)", listed.partition("Client scenarios")[0], re.M)
    assert sorted(names) == sorted([*SCENARIOS, *LEFT_OUT])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(suite: list[str], packages: Callable[[str], Path], scenario: str, tmp_path: Path) -> None:
    package = packages(SCENARIOS[scenario])
    server = [sys.executable, "-I", "-S", str(package), "mcp"]
    client = [*suite, "server", "--url", "{url}", "--scenario", scenario]
    words = offline([sys.executable, str(HERE / "http_bridge.py"), *server, "--", *client])
    home = environment(HOME=str(tmp_path))
    done = subprocess.run(words, cwd=tmp_path, env=home, capture_output=True, text=True, timeout=120)
    passed = re.search(r"Passed: (\d+)/(\d+), (\d+) failed, (\d+) warnings", done.stdout)
    assert done.returncode == 0 and passed, done.stdout + done.stderr
    assert passed[1] == passed[2] != "0" and passed[3] == passed[4] == "0", done.stdout
