"""The real clients ask a person before a tool that speaks for one is called: where nobody is there the call is refused, whatever the model
says, and the run goes on waiting. Where a person's own setting lets it pass, it passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from agent_lattice_clients.exporting import DRIVEN, INSTRUCTED
from agent_lattice_runtime.stores.sqlite import SqliteStore
from clients.harness.choosing import DRIVERS, need
from clients.harness.dialogues import CASE
from clients.harness.drivers import Driver
from clients.harness.runs import Run, run
from clients.harness.scripts import Call, Rule
from examples.using import lattice

pytestmark = pytest.mark.clients
SOURCE = """
tool desk = python("sign_tools") {
  op look() -> string { effect: read }
  op note(order: string) -> string { effect: write, idempotent_by: order, files: ["book"] }
}

/// Notes an order when somebody in the role agrees.
workflow sign(order: string) -> string {
  decided = approve "ops" {
    ask "Note {{ order }}?"
    within 1d else reject
  }
  if !decided.approved {
    looked = desk.look()
    return looked
  }
  noted = desk.note(order: order)
  return noted
}
"""
TOOLS = """from pathlib import Path

def look():
    return "nothing yet"


def note(order):
    Path("book").write_text(order)
    return "noted " + order
"""


REFUSAL = {
    "claude": "Claude requested permissions to use mcp__sign__",
    "codex": "MCP tool call requires approval, but approval policy is never",
    "opencode": "permission requested: sign_",
    "copilot": "Permission denied because no interactive user response was available",
}
"""What a client says that would have asked a person; OpenCode to whoever reads its output, as its turn ends there."""
SOONER = {"codex": ("-c", "mcp_servers.sign.required=true")}
"""The client waits for the server before it asks its model."""
HOOK = {"hookSpecificOutput": {"hookEventName": "PermissionRequest", "decision": {"behavior": "allow"}}}
ALLOWED = "mcp__sign__sign_approve"


def hooked(home: Path) -> None:
    """A person's own hook answers Claude Code in their place."""
    command = {"type": "command", "command": f"echo '{json.dumps(HOOK)}'"}
    hooks = {"PermissionRequest": [{"matcher": ALLOWED, "hooks": [command]}]}
    (home / ".claude/settings.json").write_text(json.dumps({"hooks": hooks}))


def listed(home: Path) -> None:
    """A person's own list of what Claude Code may do unasked."""
    (home / ".claude/settings.json").write_text(json.dumps({"permissions": {"allow": [ALLOWED]}}))


def approved(home: Path) -> None:
    """A person's own settings of Codex for the tool."""
    with (home / ".codex/config.toml").open("a", encoding="utf-8") as file:
        file.write('[mcp_servers.sign.tools.sign_approve]\napproval_mode = "approve"\n')


def permitted(home: Path) -> None:
    """A person's own settings of OpenCode for the tool."""
    (home / ".config/opencode").mkdir(parents=True, exist_ok=True)
    (home / ".config/opencode/opencode.json").write_text(json.dumps({"permission": {"sign_sign_approve": "allow"}}))


@dataclass(frozen=True)
class Setting:
    """What a person sets: words of the command line, and what is written into their home."""

    client: str
    words: tuple[str, ...] = ()
    write: Callable[[Path], None] | None = None

    def __str__(self) -> str:
        written = [self.write.__name__] if self.write is not None else []
        return "-".join([self.client, *(word.strip("-") for word in self.words[:1]), *written])


STILL_ASKED = (
    *(Setting(name) for name in DRIVERS),
    Setting("claude", ("--dangerously-skip-permissions",), listed),
    Setting("codex", write=approved),
    Setting("opencode", write=permitted),
)
"""Settings of a person that are weaker than what the project asks about."""
PASSED = (
    Setting("claude", write=hooked),
    Setting("codex", ("-c", 'mcp_servers.sign.tools.sign_approve.approval_mode="approve"')),
    Setting("codex", ("--dangerously-bypass-approvals-and-sandbox",)),
    Setting("opencode", ("--auto",)),
    Setting("copilot", ("--allow-tool", "sign(sign_approve)")),
)


def built(driver: Driver, folder: Path, mode: str = DRIVEN) -> Path:
    """A project with the workflow."""
    need(driver)
    source = folder / "source"
    source.mkdir()
    (source / "sign.lat").write_text(SOURCE)
    (source / "sign_tools.py").write_text(TOOLS)
    accepted = ("--allow-loss", "approve") if mode == INSTRUCTED else ()
    words = ("build", "sign.lat", "--target", driver.target.name, "--mode", mode, *accepted)
    lattice(*words, "-o", str(folder / "project"), cwd=source)
    return folder / "project"


def session(project: Path, setting: Setting) -> Run:
    """A session in which the model starts a run, and then says yes for the person whom the run asks."""
    driver = DRIVERS[setting.client]
    begin = driver.call("sign", "sign", order="A1", run_id="r1")
    decide = driver.call("sign", "sign_approve", run_id="r1", by="ann")
    found = launched(project, setting, DRIVEN, begin=begin, decide=decide)
    assert '"status":"waiting"' in found.result("begin"), found.told
    return found


def launched(project: Path, setting: Setting, mode: str, **calls: Call) -> Run:
    """A session without a person in which the model makes these calls, by the names of their rules."""
    driver = DRIVERS[setting.client]
    rules = [Rule(name, calls=(call,), having=(CASE,), armed=True) for name, call in calls.items()]
    words = driver.words(driver.target.launch("sign", (CASE,), mode=mode, headless=True).words[1:])
    place = words.index("--") if "--" in words else len(words)
    more = [*setting.words, *SOONER.get(setting.client, ())]
    return run(driver, project, [*words[:place], *more, *words[place:]], rules, settle=setting.write, IS_SANDBOX="1")


def recorded(project: Path) -> list[str]:
    """The types of the events of the run."""
    store = SqliteStore(str(project / ".lattice/sign.db"), readonly=True)
    row = store.find("r1")
    assert row is not None
    kinds = [event[2] for event in store.events(row)]
    store.close()
    return kinds


@pytest.mark.parametrize("setting", STILL_ASKED, ids=str)
def test_nobody_decides_where_nobody_is_there(setting: Setting, tmp_path: Path) -> None:
    project = built(DRIVERS[setting.client], tmp_path)
    found = session(project, setting)
    assert REFUSAL[setting.client] in f"{found.text}\n{found.err}", found.told
    kinds = recorded(project)
    assert kinds[-1] == "run.waiting" and "approval.decided" not in kinds
    assert not (project / "book").exists()


@pytest.mark.parametrize("setting", PASSED, ids=str)
def test_a_setting_of_the_person_lets_it_pass(setting: Setting, tmp_path: Path) -> None:
    project = built(DRIVERS[setting.client], tmp_path)
    found = session(project, setting)
    assert '"status":"completed"' in found.result("decide"), found.told
    assert "approval.decided" in recorded(project) and (project / "book").read_text() == "A1"


@pytest.mark.parametrize("name", DRIVERS)
def test_a_write_behind_an_approval_that_no_person_gave(name: str, tmp_path: Path) -> None:
    """A model that follows the steps, and goes on without having asked, comes no further than to what changes something."""
    driver = DRIVERS[name]
    project = built(driver, tmp_path, INSTRUCTED)
    calls = {"read": driver.call("sign", "desk_look"), "write": driver.call("sign", "desk_note", order="A1")}
    found = launched(project, Setting(name), INSTRUCTED, **calls)
    assert "nothing yet" in found.result("read"), found.told
    assert REFUSAL[name] in f"{found.text}\n{found.err}", found.told
    assert not (project / "book").exists()
