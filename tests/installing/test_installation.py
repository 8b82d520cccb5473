"""Whole projects: installs, upgrades and uninstalls of several workflows for several targets, kills, links, force."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from agent_lattice.installing.installation import Installation
from agent_lattice.installing.record import FILE
from agent_lattice.reading import Unusable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from installing.projects import FORMATS, Killed, copied, fill, install, killed_at, tree, uninstall
from installing.texts import EMITTED, contents

CALM = settings(
    max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None
)

SERVER = {"mcpServers": {"refund": {"command": "sh", "args": ["-c", "x"]}}}
CLAUDE = {
    ".lattice/refund/__main__.py": "print(1)\n",
    ".lattice/refund/refund/steps.py": "one = 1\n",
    ".claude/skills/refund/SKILL.md": "---\nname: refund\n---\n",
    ".mcp.json": json.dumps(SERVER, indent=2) + "\n",
    ".claude/settings.json": json.dumps({"permissions": {"deny": ["Bash"]}}) + "\n",
    "AGENTS.md": "<!-- lattice:refund -->\n# Refunds\n<!-- /lattice:refund -->\n",
}
CODEX = {
    ".lattice/refund/__main__.py": "print(1)\n",
    ".lattice/refund/refund/steps.py": "one = 1\n",
    ".agents/skills/refund/SKILL.md": "---\nname: refund\n---\n",
    ".codex/config.toml": '[mcp_servers.refund]\ncommand = "sh"\n',
    "AGENTS.md": CLAUDE["AGENTS.md"],
}
OTHER = {
    ".lattice/other/__main__.py": "print(2)\n",
    ".mcp.json": json.dumps({"mcpServers": {"other": {"command": "sh"}}}) + "\n",
    "AGENTS.md": "<!-- lattice:other -->\n# Other\n<!-- /lattice:other -->\n",
}
UPGRADE = {
    **{name: text for name, text in CLAUDE.items() if name != ".claude/settings.json"},
    ".lattice/refund/__main__.py": "print(3)\n",
    ".lattice/refund/more.py": "more = 1\n",
    ".mcp.json": json.dumps({"mcpServers": {"refund": {"command": "sh", "args": ["-c", "new"]}}}) + "\n",
    "AGENTS.md": "<!-- lattice:refund -->\n# New\n<!-- /lattice:refund -->\n",
}
PEOPLE = {
    ".mcp.json": b'\xef\xbb\xbf{ "mcpServers" : {\r\n "mine": {"command": "x"}, // c\r\n} }',
    "AGENTS.md": b"# Rules",
    ".codex/config.toml": b'# c\nmodel="m"',
    "src/a.py": b"\xff",
}

own_files = st.dictionaries(
    st.sampled_from(["a.txt", "b/c.txt", "b/d/e.txt", ".lattice/refund/x.py"]), st.sampled_from(["1\n", "2\n", ""])
)


def people() -> st.SearchStrategy[dict[str, bytes | None]]:
    shared = {name: contents(format) for name, format in FORMATS.items()}
    own = st.one_of(st.none(), st.sampled_from([b"1\n", b"theirs", b"\xff\0"]))
    return st.fixed_dictionaries({**shared, "a.txt": own, "b/d/e.txt": own, "b/other": own})


def emitted() -> st.SearchStrategy[dict[str, str]]:
    shared = st.fixed_dictionaries({}, optional={name: EMITTED[format] for name, format in FORMATS.items()})
    return st.builds(lambda one, other: {**one, **other}, own_files, shared)


@CALM
@given(data=st.data())
def test_any_sequence_of_installs_ends_with_the_first_project(data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, {path: content for path, content in data.draw(people()).items() if content is not None})
        before = tree(folder)
        owners = ["claude/refund", "codex/refund", "claude/other"]
        steps = st.tuples(st.sampled_from(owners), st.one_of(st.none(), emitted(), emitted()), st.booleans())
        for owner, files, force in data.draw(st.lists(steps, max_size=5)):
            try:
                if files is None:
                    uninstall(folder, owner)
                elif not install(folder, owner, files, force=force).conflicts:
                    after = tree(folder)
                    assert not install(folder, owner, files, force=force).changes
                    assert tree(folder) == after
            except Unusable:
                continue
        for owner in data.draw(st.permutations(owners)):
            uninstall(folder, owner)
        assert tree(folder) == before


@pytest.mark.parametrize("there", [{}, PEOPLE], ids=["empty", "people"])
def test_several_targets_and_workflows_in_any_order(tmp_path: Path, there: dict[str, bytes]) -> None:
    fill(tmp_path, there)
    before = tree(tmp_path)
    install(tmp_path, "claude/refund", CLAUDE)
    install(tmp_path, "codex/refund", CODEX)
    install(tmp_path, "claude/other", OTHER)
    full = tree(tmp_path)
    assert full[".lattice/refund/__main__.py"] == b"print(1)\n"
    uninstall(tmp_path, "claude/refund")
    assert ".lattice/refund/__main__.py" in tree(tmp_path)
    assert b"# Refunds" in (tree(tmp_path)["AGENTS.md"] or b"")
    assert b"refund" not in (tree(tmp_path)[".mcp.json"] or b"")
    uninstall(tmp_path, "codex/refund")
    assert ".lattice/refund" not in tree(tmp_path)
    install(tmp_path, "codex/refund", CODEX)
    install(tmp_path, "claude/refund", CLAUDE)
    assert tree(tmp_path) == full
    uninstall(tmp_path)
    assert tree(tmp_path) == before


STEPS = {
    "first install": ([], lambda folder: install(folder, "claude/refund", CLAUDE)),
    "second target": (
        [lambda folder: install(folder, "codex/refund", CODEX)],
        lambda folder: install(folder, "claude/refund", CLAUDE),
    ),
    "upgrade": (
        [
            lambda folder: install(folder, "claude/refund", CLAUDE),
            lambda folder: install(folder, "claude/other", OTHER),
        ],
        lambda folder: install(folder, "claude/refund", UPGRADE),
    ),
    "uninstall": (
        [
            lambda folder: install(folder, "claude/refund", CLAUDE),
            lambda folder: install(folder, "codex/refund", CODEX),
        ],
        lambda folder: uninstall(folder, "claude/refund"),
    ),
    "last uninstall": ([lambda folder: install(folder, "claude/refund", CLAUDE)], lambda folder: uninstall(folder)),
    "by force": (
        [],
        lambda folder: install(
            folder,
            "claude/refund",
            {**CLAUDE, "src/a.py": "ours\n", ".mcp.json": '{"mcpServers": {"mine": 1}}'},
            force=True,
        ),
    ),
}


@pytest.mark.parametrize(
    ("step", "there"), [*((step, PEOPLE) for step in STEPS), ("first install", {}), ("last uninstall", {})]
)
def test_a_kill_at_any_change_can_be_repeated_and_undone(tmp_path: Path, step: str, there: dict[str, bytes]) -> None:
    earlier, change = STEPS[step]
    start = tmp_path / "start"
    start.mkdir()
    fill(start, there)
    before = tree(start)
    for one in earlier:
        one(start)
    change(copied(start, tmp_path / "done"))
    after = tree(tmp_path / "done")
    for number in count():
        folder = copied(start, tmp_path / "killed")
        try:
            with killed_at(number):
                change(folder)
            break
        except Killed:
            undone = copied(folder, tmp_path / "undone")
            change(folder)
            assert tree(folder) == after, number
            uninstall(undone)
            assert tree(undone) == before, number
            uninstall(folder)
            assert tree(folder) == before, number
    assert number > 5


def test_a_file_that_no_install_wrote_stops_everything(tmp_path: Path) -> None:
    fill(tmp_path, {".claude/skills/refund/SKILL.md": b"mine"})
    before = tree(tmp_path)
    planned = install(tmp_path, "claude/refund", CLAUDE)
    assert [conflict.why for conflict in planned.conflicts] == ["no install wrote it"]
    assert tree(tmp_path) == before
    install(tmp_path, "claude/refund", CLAUDE, force=True)
    assert (tmp_path / ".claude/skills/refund/SKILL.md").read_text() == CLAUDE[".claude/skills/refund/SKILL.md"]
    assert (tmp_path / ".lattice/installed/originals/.gitignore").read_text() == "*\n"
    uninstall(tmp_path)
    assert tree(tmp_path) == before


def test_a_file_that_is_already_as_ours_stays(tmp_path: Path) -> None:
    name = ".claude/skills/refund/SKILL.md"
    fill(tmp_path, {name: CLAUDE[name].encode()})
    before = tree(tmp_path)
    install(tmp_path, "claude/refund", CLAUDE)
    uninstall(tmp_path)
    assert tree(tmp_path) == before


def test_an_edited_file_of_ours_is_a_conflict_and_survives(tmp_path: Path) -> None:
    name = ".lattice/refund/__main__.py"
    install(tmp_path, "claude/refund", CLAUDE)
    (tmp_path / name).write_text("edited")
    assert [conflict.name for conflict in install(tmp_path, "claude/refund", UPGRADE).conflicts] == [name]
    assert uninstall(tmp_path).notes == [f"`{name}` was edited since it was installed: it stays"]
    assert {path: content for path, content in tree(tmp_path).items() if content is not None} == {name: b"edited"}


def test_line_ends_of_version_control_are_no_edit(tmp_path: Path) -> None:
    install(tmp_path, "claude/refund", CLAUDE)
    name = tmp_path / ".lattice/refund/__main__.py"
    name.write_bytes(name.read_bytes().replace(b"\n", b"\r\n"))
    assert not install(tmp_path, "claude/refund", CLAUDE).changes
    uninstall(tmp_path)
    assert tree(tmp_path) == {}


def test_what_python_and_runs_leave(tmp_path: Path) -> None:
    install(tmp_path, "claude/refund", CLAUDE)
    fill(tmp_path, {".lattice/refund/refund/__pycache__/steps.cpython-311.pyc": b"1", ".lattice/refund.db": b"runs"})
    uninstall(tmp_path)
    assert tree(tmp_path) == {".lattice": None, ".lattice/refund.db": b"runs"}


def test_empty_folders_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / ".claude/skills").mkdir(parents=True)
    before = tree(tmp_path)
    install(tmp_path, "claude/refund", CLAUDE)
    uninstall(tmp_path)
    assert tree(tmp_path) == before


def test_links_within_the_project_are_followed(tmp_path: Path) -> None:
    fill(tmp_path, {"CLAUDE.md": b"# Mine\n"})
    (tmp_path / "AGENTS.md").symlink_to("CLAUDE.md")
    (tmp_path / ".claude").mkdir()
    (tmp_path / "skills").mkdir()
    (tmp_path / ".claude/skills").symlink_to("../skills")
    before = tree(tmp_path)
    install(tmp_path, "claude/refund", CLAUDE)
    assert b"# Refunds" in (tmp_path / "CLAUDE.md").read_bytes()
    assert (tmp_path / "skills/refund/SKILL.md").is_file()
    assert not install(tmp_path, "claude/refund", CLAUDE).changes
    uninstall(tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "name", ["AGENTS.md", ".claude", ".claude/skills", ".lattice", ".mcp.json", ".lattice/installed"]
)
def test_links_out_of_the_project_are_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "project"
    (folder / name).parent.mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / name).symlink_to(outside, target_is_directory=True)
    before = tree(tmp_path)
    with pytest.raises(Unusable, match="link"):
        install(folder, "claude/refund", CLAUDE)
    assert tree(tmp_path) == before


def test_links_in_a_circle_and_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / ".claude").symlink_to(".claude")
    with pytest.raises(Unusable, match="cannot read"):
        install(tmp_path, "claude/refund", CLAUDE)
    (tmp_path / ".claude").unlink()
    (tmp_path / "AGENTS.md").symlink_to("docs/agents.md")
    before = tree(tmp_path)
    install(tmp_path, "claude/refund", CLAUDE)
    assert (tmp_path / "docs/agents.md").is_file()
    uninstall(tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{", "ends too early"), (b"\xff", "not UTF-8"), (b"\0", "binary"), (None, "is a folder, where a file belongs")],
)
def test_a_shared_file_that_cannot_be_read_stops_everything(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is None:
        (tmp_path / ".mcp.json").mkdir()
    else:
        fill(tmp_path, {".mcp.json": content})
    before = tree(tmp_path)
    with pytest.raises(Unusable, match=message):
        install(tmp_path, "claude/refund", CLAUDE)
    assert tree(tmp_path) == before


def test_an_edited_value_of_ours_stays_until_it_is_in_the_way(tmp_path: Path) -> None:
    install(tmp_path, "claude/refund", CLAUDE)
    path = tmp_path / ".mcp.json"
    path.write_text(path.read_text().replace('"x"', '"mine"'))
    edited = path.read_bytes()
    planned = install(tmp_path, "claude/refund", CLAUDE)
    assert (planned.changes, planned.conflicts) == ([], [])
    assert planned.notes == ["`mcpServers.refund.args` in `.mcp.json` was edited: it stays"]
    conflicts = install(tmp_path, "claude/refund", UPGRADE).conflicts
    assert [(one.name, one.why) for one in conflicts] == [(".mcp.json", "`mcpServers.refund.args` has another value")]
    assert path.read_bytes() == edited
    install(tmp_path, "claude/refund", UPGRADE, force=True)
    assert json.loads(path.read_text())["mcpServers"]["refund"]["args"] == ["-c", "new"]
    uninstall(tmp_path)
    assert tree(tmp_path) == {}


def test_what_an_upgrade_no_longer_has_goes(tmp_path: Path) -> None:
    fill(tmp_path, PEOPLE)
    before = tree(tmp_path)
    install(tmp_path, "claude/refund", CLAUDE)
    install(tmp_path, "claude/refund", UPGRADE)
    assert not (tmp_path / ".claude/settings.json").exists()
    assert b"# New" in (tmp_path / "AGENTS.md").read_bytes()
    assert b'"new"' in (tmp_path / ".mcp.json").read_bytes()
    uninstall(tmp_path)
    assert tree(tmp_path) == before


def test_the_same_workflow_for_two_targets_has_one_version(tmp_path: Path) -> None:
    install(tmp_path, "claude/refund", CLAUDE)
    newer = {**CODEX, "AGENTS.md": UPGRADE["AGENTS.md"], ".lattice/refund/__main__.py": "print(3)\n"}
    planned = install(tmp_path, "codex/refund", newer)
    assert planned.notes == ["`claude/refund` is of another version: install it again, too"]
    assert (tmp_path / "AGENTS.md").read_text() == UPGRADE["AGENTS.md"]
    uninstall(tmp_path, "codex/refund")
    assert (tmp_path / ".lattice/refund/__main__.py").read_text() == "print(3)\n"
    install(tmp_path, "claude/refund", CLAUDE)
    uninstall(tmp_path)
    assert tree(tmp_path) == {}


def test_workflows_that_want_different_things_do_not_meet(tmp_path: Path) -> None:
    install(tmp_path, "claude/refund", CLAUDE)
    rival = {**OTHER, ".mcp.json": json.dumps({"mcpServers": {"refund": {"command": "other"}}})}
    before = tree(tmp_path)
    conflicts = install(tmp_path, "claude/other", rival).conflicts
    assert [one.why for one in conflicts] == ["`claude/refund` has installed other values"]
    assert tree(tmp_path) == before


def test_the_record_holds_nothing_of_others(tmp_path: Path) -> None:
    token = "sk-secret-of-somebody"
    there = {"mcpServers": {"mine": {"env": {"TOKEN": token}}, "refund": {"command": token}}}
    fill(tmp_path, {".mcp.json": json.dumps(there).encode()})
    before = tree(tmp_path)
    install(tmp_path, "claude/refund", CLAUDE, force=True)
    record = (tmp_path / FILE).read_text()
    assert token not in record
    assert str(tmp_path) not in record
    again = copied(tmp_path, tmp_path.parent / "again")
    uninstall(again)
    install(again, "claude/refund", CLAUDE, force=True)
    assert (again / FILE).read_text() == record
    uninstall(tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("content", [b"", b"{}", b'{"format": 2}', b"[", b'{"format": 1, "owners": 3}', b"\xff"])
def test_a_damaged_record_is_refused(tmp_path: Path, content: bytes) -> None:
    fill(tmp_path, {FILE: content})
    with pytest.raises(Unusable, match="is damaged"):
        Installation(tmp_path)


@CALM
@given(data=st.data())
def test_any_record_is_read_or_refused(data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        install(Path(name), "claude/refund", CLAUDE)
        content = (Path(name) / FILE).read_bytes()
        start = data.draw(st.integers(0, len(content) - 1))
        cut = content[:start] + data.draw(st.binary(max_size=3)) + content[start + data.draw(st.integers(0, 5)) :]
        (Path(name) / FILE).write_bytes(cut)
        try:
            uninstall(Path(name))
        except Unusable as error:
            assert "\n" not in error.message


def test_modes_of_files_stay(tmp_path: Path) -> None:
    fill(tmp_path, PEOPLE)
    (tmp_path / ".mcp.json").chmod(0o600)
    install(tmp_path, "claude/refund", CLAUDE)
    assert (tmp_path / ".mcp.json").stat().st_mode & 0o777 == 0o600
    uninstall(tmp_path)
    assert (tmp_path / ".mcp.json").stat().st_mode & 0o777 == 0o600
