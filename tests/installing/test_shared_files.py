"""Shared files of every format: whatever was there, and in whatever order installs come and go, the end is the beginning."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from agent_lattice.installing.documents import Unreadable, same
from agent_lattice.installing.merging import FORMATS, read
from agent_lattice.installing.shared_files import Outcome, Shared, SharedFile
from agent_lattice.installing.splices import digest
from agent_lattice.reading import Unusable
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from installing.texts import EMITTED, contents

CALM = settings(
    max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None
)
each_format = pytest.mark.parametrize("format", FORMATS)


class File:
    """A shared file through several changes, as an installation makes them."""

    def __init__(self, format: str, content: bytes | None) -> None:
        self.format, self.content = format, content
        self.state: Shared | None = None
        self.texts: dict[str, str] = {}
        self.originals: dict[str, str] = {}

    def change(self, after: Mapping[str, str], *, force: bool = False) -> Outcome:
        file = SharedFile("f", self.format, self.content, self.state, self.originals.get)
        outcome = file.settled(self.texts, after, force=force)
        if not outcome.conflicts or len(after) < len(self.texts):
            self.content, self.state, self.texts = outcome.content, outcome.state, dict(after)
            self.originals |= {digest(text): text for text in outcome.originals}
        return outcome

    def with_owner(self, owner: str, text: str | None) -> dict[str, str]:
        after = {key: value for key, value in self.texts.items() if key != owner}
        return dict(sorted({**after, **({owner: text} if text is not None else {})}.items()))


def value_of(format: str, content: bytes | None) -> dict[str, Any]:
    return read(format, (content or b"").decode("utf-8").removeprefix("\ufeff")).value


def readable(format: str, content: bytes | None) -> None:
    try:
        value_of(format, content)
    except Unreadable:
        assume(False)


@each_format
@CALM
@given(data=st.data())
def test_any_order_of_installs_and_uninstalls_ends_with_the_first_bytes(format: str, data: st.DataObject) -> None:
    before = data.draw(contents(format))
    readable(format, before)
    file = File(format, before)
    steps = st.tuples(st.sampled_from("abc"), st.one_of(st.none(), EMITTED[format], EMITTED[format]), st.booleans())
    for owner, text, force in data.draw(st.lists(steps, max_size=6)):
        try:
            outcome = file.change(file.with_owner(owner, text), force=force)
        except Unusable:
            continue
        if not outcome.conflicts:
            again = file.change(file.texts)
            assert (again.content, again.conflicts) == (outcome.content, ())
    for owner in data.draw(st.permutations(list(file.texts))):
        file.change(file.with_owner(owner, None))
    assert file.content == before
    assert file.state is None


@each_format
@CALM
@given(data=st.data())
def test_what_is_merged_is_what_both_say(format: str, data: st.DataObject) -> None:
    before = data.draw(contents(format))
    readable(format, before)
    text = data.draw(EMITTED[format])
    file = File(format, before)
    try:
        outcome = file.change({"a": text})
    except Unusable:
        return
    there, ours = value_of(format, before), value_of(format, text.encode())
    if not outcome.conflicts:
        assert same(value_of(format, file.content), joined(there, ours))
    assert bool(outcome.conflicts) == contradict(there, ours)


@each_format
@CALM
@given(data=st.data())
def test_the_order_of_installs_makes_no_difference(format: str, data: st.DataObject) -> None:
    before = data.draw(contents(format))
    readable(format, before)
    texts = data.draw(st.dictionaries(st.sampled_from("abc"), EMITTED[format], min_size=2))
    found = []
    for order in (list(texts), list(reversed(texts))):
        file = File(format, before)
        try:
            for owner in order:
                assume(not file.change(file.with_owner(owner, texts[owner])).conflicts)
        except Unusable:
            assume(False)
        found.append((file.content, file.state))
    assert found[0] == found[1]


COMMENTS = {"json": "// edited", "toml": "# edited", "yaml": "# edited", "markdown": "edited"}


@each_format
@CALM
@given(data=st.data())
def test_what_others_edit_in_the_meantime_stays_byte_for_byte(format: str, data: st.DataObject) -> None:
    before = data.draw(contents(format))
    assume(before is not None)
    readable(format, before)
    assume(format != "json" or b"{" in (before or b""))
    file = File(format, before)
    try:
        for owner in "ab":
            assume(not file.change(file.with_owner(owner, data.draw(EMITTED[format]))).conflicts)
    except Unusable:
        assume(False)
    word = f"user{data.draw(st.integers(0, 9))}".encode()
    end = b"\r\n" if b"\r\n" in (before or b"") else b"\n"
    comment = end + COMMENTS[format].encode()

    def edit(content: bytes | None) -> bytes:
        """Another value where there is one of others; else a comment at the end."""
        assert content is not None
        return content.replace(word, b"edited") if word in content else content + comment

    file.content = edit(file.content)
    readable(format, file.content)
    for owner, text in data.draw(st.lists(st.tuples(st.sampled_from("abc"), EMITTED[format]), max_size=3)):
        with suppress(Unusable):
            file.change(file.with_owner(owner, text))
            again = file.change(file.texts)
            assert (again.content, again.state) == (file.content, file.state)
    for owner in data.draw(st.permutations("abc")):
        file.change(file.with_owner(owner, None))
    assert file.content == edit(before)


@each_format
@CALM
@given(data=st.data())
def test_any_edit_is_survived_or_refused(format: str, data: st.DataObject) -> None:
    before = data.draw(contents(format))
    readable(format, before)
    file = File(format, before)
    with suppress(Unusable):
        file.change({"a": data.draw(EMITTED[format])})
        file.change(file.with_owner("b", data.draw(EMITTED[format])), force=True)
    if file.content is None:
        return
    start = data.draw(st.integers(0, len(file.content)))
    gone = data.draw(st.integers(0, 30))
    new = data.draw(
        st.one_of(st.binary(max_size=4), st.sampled_from([b"{", b'"a": 1,', b"\n", b"x: 1\n", b"[[x]]\n", b"# "]))
    )
    file.content = file.content[:start] + new + file.content[start + gone :]
    for after in (file.with_owner("a", data.draw(EMITTED[format])), {}):
        try:
            file.change(after, force=data.draw(st.booleans()))
        except Unusable as error:
            assert "\n" not in error.message


def joined(one: Any, other: Any) -> Any:
    """An oracle of merging without conflicts."""
    if isinstance(one, dict) and isinstance(other, dict):
        both = {key: joined(one[key], other[key]) for key in one.keys() & other.keys()}
        return {**one, **other, **both}
    if isinstance(one, list) and isinstance(other, list) and not same(one, other):
        found = list(one)
        for item in other:
            found += [] if any(same(item, known) for known in found) else [item]
        return found
    return one


def contradict(one: Any, other: Any, key: str = "") -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return any(contradict(one[key], other[key], key) for key in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list) and key not in ("args", "command"):
        return False
    return not same(one, other)
