"""How what is added looks in files of people, format by format; each is also taken out again after an edit elsewhere."""

from __future__ import annotations

from textwrap import dedent

import pytest
from agent_lattice.installing.merging import read
from agent_lattice.installing.shared_files import SharedFile
from agent_lattice.reading import Unusable

SERVER = '{"mcpServers": {"refund": {"command": "sh", "args": ["-c", "x"]}}}'
RULES = '{"permissions": {"allow": ["a", "b"], "deny": ["c"]}}'
TABLES = '[mcp_servers.refund]\ncommand = "sh"\n\n[mcp_servers.refund.tools.a]\nmode = "x"\n'
FEATURE = "[features]\nhooks = true\n"

CASES = [
    (
        "json",
        SERVER,
        """\
        {
            // ours
            "mcpServers": {
                "x": {"command": "y"} // why
            },
            "z": 1
        }
        """,
        """\
        {
            // ours
            "mcpServers": {
                "x": {"command": "y"}, // why
                "refund": {
                    "command": "sh",
                    "args": [
                        "-c",
                        "x"
                    ]
                }
            },
            "z": 1
        }
        """,
    ),
    ("json", SERVER, '{"mcpServers":{}}', '{"mcpServers":{"refund":{"command":"sh","args":["-c","x"]}}}'),
    (
        "json",
        RULES,
        """\
        {
        \t"permissions": { "allow": ["b"], /* all */ "deny": [
        \t\t"d", // d
        \t] }
        }""",
        """\
        {
        \t"permissions": { "allow": ["b", "a"], /* all */ "deny": [
        \t\t"d", // d
        \t\t"c",
        \t] }
        }""",
    ),
    (
        "toml",
        TABLES,
        """\
        # model
        model = "m"  # this one

        [mcp_servers.x] # mine
        command = "y"
        """,
        """\
        # model
        model = "m"  # this one

        [mcp_servers.x] # mine
        command = "y"

        [mcp_servers.refund]
        command = "sh"

        [mcp_servers.refund.tools.a]
        mode = "x"
        """,
    ),
    (
        "toml",
        TABLES,
        """\
        mcp_servers.x.command = "y"
        b = 2""",
        """\
        mcp_servers.x.command = "y"
        b = 2

        [mcp_servers.refund]
        command = "sh"

        [mcp_servers.refund.tools.a]
        mode = "x\"""",
    ),
    (
        "toml",
        FEATURE,
        """\
        features = { a = false } # few
        """,
        """\
        features = { a = false, hooks = true } # few
        """,
    ),
    (
        "toml",
        FEATURE,
        """\
        [features]
        a = false

        # others
        [z]
        """,
        """\
        [features]
        a = false
        hooks = true

        # others
        [z]
        """,
    ),
    (
        "yaml",
        "on:\n  push:\n    tags: [v]\njobs:\n  lattice:\n    steps:\n      - run: |\n          a\n          b\n",
        """\
        on: {pull: {}} # few

        jobs:
            # tests
            test:
                steps: []

        # the end
        """,
        """\
        on: {pull: {}, "push": {"tags": ["v"]}} # few

        jobs:
            # tests
            test:
                steps: []
            lattice:
              steps:
                - run: |
                    a
                    b

        # the end
        """,
    ),
    (
        "markdown",
        "<!-- lattice:refund -->\n# Refunds\n<!-- /lattice:refund -->\n",
        "# Rules\n\nBe kind.",
        "# Rules\n\nBe kind.\n\n<!-- lattice:refund -->\n# Refunds\n<!-- /lattice:refund -->",
    ),
]


@pytest.mark.parametrize(("format", "emitted", "before", "after"), CASES)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_look_of_what_is_added(format: str, emitted: str, before: str, after: str, line_end: str) -> None:
    before, after = (dedent(text).replace("\n", line_end) for text in (before, after))
    file = SharedFile("f", format, before.encode(), None, lambda digest: None)
    outcome = file.settled({}, {"a": emitted})
    assert outcome.content == after.encode()
    assert not outcome.conflicts
    edit = {"json": "// edited", "markdown": "edited"}.get(format, "# edited")
    edited = after + line_end + edit
    file = SharedFile("f", format, edited.encode(), outcome.state, lambda digest: None)
    assert file.settled({"a": emitted}, {}).content == (before + line_end + edit).encode()


@pytest.mark.parametrize(
    ("format", "content", "message"),
    [
        ("json", b'{"a": 1', "not json: line 1: it ends too early"),
        ("json", b'{"a" 1}', "not json: line 1: a `:` belongs here"),
        ("json", b"{a: 1}", "not json: line 1: this is not JSON"),
        ("json", b'{"a": 1}\n2', "not json: line 2: more follows after the end"),
        ("json", b"[1]", "not json: it holds no object"),
        ("json", b'{"a": "\xff"}', "byte 0xff is not UTF-8"),
        ("json", b'{"a": "\0"}', "it is a binary file"),
        ("toml", b"a = ", "not toml: invalid value"),
        ("toml", b"a = 1\na = 2", "not toml: cannot overwrite a value"),
        ("yaml", b"a: [", "not yaml: line 1: "),
        ("yaml", b"- a", "not yaml: it holds no map"),
        ("yaml", b"a: 1\n---\nb: 1", "not yaml: it holds several documents"),
        ("markdown", b"<!-- lattice:x -->\n", "not markdown: the section `x` has no end"),
        ("markdown", b"<!-- /lattice:x -->\n", "not markdown: line 1: the mark"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(format: str, content: bytes, message: str) -> None:
    emitted = {
        "json": SERVER,
        "toml": TABLES,
        "yaml": "a: 2\n",
        "markdown": "<!-- lattice:y -->\n<!-- /lattice:y -->\n",
    }
    with pytest.raises(Unusable) as caught:
        SharedFile("f", format, content, None, lambda digest: None).settled({}, {"a": emitted[format]})
    assert message in caught.value.message
    assert caught.value.message.startswith("cannot merge into f: ")


def test_nesting_has_no_end() -> None:
    deep = "[" * 200_000 + "]" * 200_000
    with pytest.raises(Unusable, match="it nests too deeply"):
        SharedFile("f", "toml", f"a = {deep}".encode(), None, lambda digest: None).settled({}, {"a": TABLES})
    assert len(read("markdown", deep).value) == 0


def test_a_part_of_two_installs_may_be_left_empty() -> None:
    one, other = '"other":\n  "a": 1\n', '"other": {}\n'
    file = SharedFile("f", "yaml", b"x: 1\n", None, lambda digest: None)
    outcome = file.settled({}, {"a": one, "b": other})
    edited = (outcome.content or b"") + b"# edited\n"
    file = SharedFile("f", "yaml", edited, outcome.state, lambda digest: None)
    assert file.settled({"a": one, "b": other}, {"b": other}).content == b'x: 1\n"other": {}\n# edited\n'


def test_a_rule_that_somebody_removed_comes_back_in_its_place() -> None:
    rules = '{"permission": {"refund_*": "deny", "refund_run": "allow", "refund_read": "allow"}}'
    before = b'{"permission": {"*": "ask"}}'
    outcome = SharedFile("f", "json", before, None, lambda digest: None).settled({}, {"a": rules})
    edited = (outcome.content or b"").replace(b' "refund_*": "deny",', b"")
    file = SharedFile("f", "json", edited, outcome.state, lambda digest: None)
    again = file.settled({"a": rules}, {"a": rules})
    assert again.content == outcome.content
    assert (
        SharedFile("f", "json", again.content, again.state, lambda digest: None).settled({"a": rules}, {}).content
        == before
    )


def test_words_of_a_command_line_are_one_value() -> None:
    there = '{"mcpServers": {"refund": {"command": "sh", "args": ["-c", "other"]}}}'
    outcome = SharedFile("f", "json", there.encode(), None, lambda digest: None).settled({}, {"a": SERVER})
    assert outcome.conflicts == (("mcpServers", "refund", "args"),)
