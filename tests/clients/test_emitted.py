"""What client targets emit, for every program and mode: a function of the plan, in forms that clients read, no secrets, no places."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from agent_lattice import driver
from agent_lattice.target import Strength
from agent_lattice_clients.capabilities import FEATURES, features
from agent_lattice_clients.contracts import is_package, shape
from agent_lattice_clients.embedding import embedded
from agent_lattice_clients.exporting import Export
from agent_lattice_clients.target import ClientTarget
from agent_lattice_targets import targets
from clients.programs import ROOT, examples, programs
from ruamel.yaml import YAML

CLIENTS: dict[str, ClientTarget] = {
    name: made for name, load in targets().items() if isinstance(made := load().TARGET, ClientTarget)
}
WAYS = [(name, mode) for name, client in CLIENTS.items() for mode in client.modes]


def emitted(name: str, mode: str, program: str) -> dict[str, str]:
    """The files without the embedded package, which has tests of its own."""
    client, made = CLIENTS[name], programs()[program]
    return client.beside(Export(made, mode))


def test_there_are_clients() -> None:
    assert CLIENTS.keys() >= {"claude", "opencode"}


@pytest.mark.parametrize(("name", "mode"), WAYS)
def test_every_file_is_well_formed(name: str, mode: str) -> None:
    for program in programs():
        for path, text in emitted(name, mode, program).items():
            assert text.endswith("\n") and "\r" not in text, (program, path)
            assert not re.search(r"(?<![\w.\"'$}])/(home|root|tmp|usr|work|etc)/", text), (program, path)
            _parsed(path, text)


@pytest.mark.parametrize(("name", "mode"), WAYS)
def test_the_package_is_embedded_whole(name: str, mode: str) -> None:
    made = programs()["refund"]
    files = CLIENTS[name].emit(made, mode)
    assert files == {**embedded(made), **CLIENTS[name].beside(Export(made, mode))}
    assert [path for path in files if is_package(path)] == sorted(embedded(made))


@pytest.mark.parametrize(("name", "mode"), WAYS)
def test_variables_are_named_and_never_valued(name: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for made in programs().values():
        for variable in {*made.grants.total.secrets, *made.grants.total.env}:
            monkeypatch.setenv(variable, "planted-value")
    for program in programs():
        files = emitted(name, mode, program)
        assert not [path for path, text in files.items() if "planted-value" in text]


@pytest.mark.parametrize(("name", "mode"), WAYS)
def test_the_layout_of_the_source_does_not_count(name: str, mode: str) -> None:
    text = (ROOT / "examples/support/support.lat").read_text("utf-8")
    other = "\n\n" + text.replace("\n}\n", "\n}\n\n// a remark\n\n")
    folder = ROOT / "examples/support"

    def files(name: str) -> bytes | None:
        return (folder / name).read_bytes() if (folder / name).is_file() else None

    plans = [driver.plan_of(driver.compile_source("support.lat", one.encode(), files)) for one in (text, other)]
    assert plans[0] and plans[1] and plans[0].digest == plans[1].digest

    def told(made: Any) -> dict[str, str]:
        """Without comments about lines of the source: those of packages are tested there, scripts have them on lines of their own."""
        files = {path: text for path, text in CLIENTS[name].emit(made, mode).items() if "/support/support/" not in path}
        return {path: re.sub(r"^ *// \S+\.lat:\d+\n", "", text, flags=re.MULTILINE) for path, text in files.items()}

    assert told(plans[0]) == told(plans[1])


@pytest.mark.parametrize("name", CLIENTS)
def test_the_shape_is_that_of_the_contract(name: str) -> None:
    client = CLIENTS[name]
    frozen = client.frozen["contracts"][str(client.contract)]
    assert shape(client, examples().values()) == frozen, "another shape is another contract: give it the next number"


@pytest.mark.parametrize(("name", "mode"), WAYS)
def test_every_feature_is_judged_and_explained(name: str, mode: str) -> None:
    table = CLIENTS[name].table(mode)
    assert table.keys() == FEATURES.keys()
    assert all(bool(one.why) == (one.strength is not Strength.NATIVE) for one in table.values())


@pytest.mark.parametrize(("name", "mode"), WAYS)
def test_losses_are_of_what_is_used(name: str, mode: str) -> None:
    for program, made in programs().items():
        used = features(made)
        for loss in CLIENTS[name].losses(made, mode):
            assert loss.places == used[loss.feature] or loss.strength is Strength.UNSAFE, program
            assert loss.strength is not Strength.NATIVE


def _parsed(path: str, text: str) -> None:
    if path.endswith(".json"):
        assert isinstance(json.loads(text), dict)
    elif path.endswith(".toml"):
        assert tomllib.loads(text)
    elif text.startswith("---\n"):
        head = YAML(typ="safe").load(text.split("---\n")[1])
        assert isinstance(head["description"], str) and "\n" not in head["description"]
        assert Path(path).name != "SKILL.md" or _is_skill(head, path)


def _is_skill(head: dict[str, Any], path: str) -> bool:
    """As the strictest of the clients wants it."""
    name, description = head["name"], head["description"]
    plain = re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) is not None and len(name) <= 64
    return (
        plain and Path(path).parent.name == name and 0 < len(description) <= 1024 and not set("<>") & set(description)
    )
