"""action.yml, the pre-commit hooks and docs/ci.md: they can be read, and the commands in them do what they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml
from agent_lattice.cli import COMMANDS, main
from cli.running import HELLO, PROGRAM, ROOT, WRONG, lattice, surroundings

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BASH = shutil.which("bash")


def environment(here: Path) -> dict[str, str]:
    """An environment with a `lattice` of this checkout in front of all others."""
    folder = here / ".bin"
    folder.mkdir(exist_ok=True)
    script = folder / "lattice"
    script.write_text(f"#!{sys.executable}\n{PROGRAM}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    own = surroundings()
    return {**own, "PATH": f"{folder}{os.pathsep}{own['PATH']}"}


def filled(text: str, inputs: dict[str, str]) -> str:
    """A value of a step with the expressions of GitHub in it replaced."""
    context = {f"inputs.{name}": value for name, value in inputs.items()} | {"github.action_path": str(ROOT)}
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: context[found[1]], text)


def run_step(name: str, here: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the action as GitHub's runner does."""
    (step,) = (step for step in ACTION["runs"]["steps"] if step.get("name") == name)
    inputs = {key: str(spec.get("default", "")) for key, spec in ACTION["inputs"].items()}
    inputs |= {key.replace("_", "-"): value for key, value in given.items()}
    (here / ".step.sh").write_text(step["run"])
    assert "${{" not in step["run"], "texts of others come through the environment, not into the script"
    return subprocess.run(
        [BASH or "bash", "--noprofile", "--norc", "-eo", "pipefail", str(here / ".step.sh")],
        cwd=here / filled(step.get("working-directory", "."), inputs),
        env={**environment(here), **{key: filled(value, inputs) for key, value in step.get("env", {}).items()}},
        capture_output=True,
        encoding="utf-8",
    )


def test_every_input_is_described_and_used() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    used = set(re.findall(r"inputs\.([a-z-]+)", text))
    assert used == ACTION["inputs"].keys()
    assert all(spec["description"] for spec in ACTION["inputs"].values())
    assert ACTION["runs"]["using"] == "composite"
    assert all("shell" in step for step in ACTION["runs"]["steps"] if "run" in step)
    lowest = re.search(r"\d+\.\d+", tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"])
    assert lowest and lowest[0] in ACTION["inputs"]["python-version"]["description"]


@pytest.mark.skipif(BASH is None, reason="no bash")
def test_the_check_of_the_action(here: Path) -> None:
    (here / "flows").mkdir()
    (here / "flows" / "a b.lat").write_text(HELLO)
    (here / "flows" / "$(touch oops).lat").write_text(WRONG)
    ran = run_step("Check", here, files="a b.lat\n", working_directory="flows")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    ran = run_step("Check", here, files="flows/a*.lat\nflows/$*.lat\n")
    assert (ran.returncode, ran.stderr) == (1, "")
    assert ran.stdout.startswith("::error file=flows/$(touch oops).lat,line=2,")
    ran = run_step("Check", here, files="flows/none*.lat")
    assert ran.returncode == 2 and "there is no such file" in ran.stderr
    (here / "empty.lat").write_text("// nothing yet\n")
    assert run_step("Check", here, files="empty.lat").returncode == 0
    assert run_step("Check", here, files="empty.lat", fail_on="warning").returncode == 1
    assert run_step("Check", here, files="--fix\n").returncode == 2
    assert not list(here.rglob("oops"))


@pytest.mark.skipif(BASH is None, reason="no bash")
def test_the_drift_of_the_action(here: Path) -> None:
    (here / "hello.lat").write_text(HELLO)
    assert lattice("build", "hello.lat", "-o", "out").exit_code == 0
    assert run_step("Check", here, files="hello.lat", lock="true").returncode == 0
    assert run_step("Compare the build", here, files="hello.lat\n", build="out").returncode == 0
    (here / "hello.lat").write_text(HELLO.replace("hello ", "hi "))
    ran = run_step("Check", here, files="hello.lat", lock="true")
    assert (ran.returncode, ran.stdout) == (1, "::error file=lattice.lock,title=drift::source changed: `hello.lat`\n")
    assert run_step("Check", here, files="hello.lat", lock="false").returncode == 0
    ran = run_step("Compare the build", here, files="hello.lat", build="out")
    assert ran.returncode == 1 and "+++ out/hello/workflow.py" in ran.stdout


def test_the_installation_of_the_action_names_this_project() -> None:
    (step,) = (step for step in ACTION["runs"]["steps"] if step.get("name") == "Install Lattice")
    assert filled(step["env"]["LATTICE_ACTION"], {}) == str(ROOT)
    assert step["run"].endswith('pip install --quiet --disable-pip-version-check "$LATTICE_ACTION"')
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"]["lattice"] == "agent_lattice.cli:main"


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks(here: Path, hook: dict[str, Any]) -> None:
    assert hook.keys() == {"id", "name", "description", "entry", "language", "files"}
    assert hook["language"] == "python" and re.search(hook["files"], "flows/hello.lat")
    assert not re.search(hook["files"], "flows/hello.lattice")
    assert f"- id: {hook['id']}\n" in PAGE
    (here / "hello.lat").write_text(HELLO)
    (here / "wrong.lat").write_text("workflow hello( {\n")
    for files, code in (["hello.lat"], 0), (["hello.lat", "wrong.lat"], 1):
        ran = subprocess.run([*hook["entry"].split(), *files], cwd=here, env=environment(here), capture_output=True)
        assert ran.returncode == code, ran


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_page_run(here: Path) -> None:
    (here / "flows").mkdir()
    (here / "flows" / "refund.lat").write_text(HELLO.replace("hello(", "refund("))
    lattice("build", "flows/refund.lat", "-o", "dist")
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) == 7
    for line in lines:
        words = line.split(" > ")[0].replace("*", "refund").split()
        ran = lattice(*words[1:])
        assert ran.exit_code == 0, (line, ran.output)


def test_what_the_page_says_of_action_and_hooks() -> None:
    action, hooks = (yaml.safe_load(block) for block in blocks("yaml"))
    (step,) = (step for step in action["jobs"]["lattice"]["steps"] if "with" in step)
    assert step["with"].keys() <= ACTION["inputs"].keys()
    required = {name for name, spec in ACTION["inputs"].items() if spec.get("required")}
    assert required <= step["with"].keys()
    assert [hook["id"] for hook in hooks["repos"][0]["hooks"]] == [hook["id"] for hook in HOOKS]


def test_the_page_names_every_kind_of_drift() -> None:
    told = set(re.findall(r"^\| ([a-z ]+) \|", PAGE, re.MULTILINE)) - {"line"}
    code = (ROOT / "compiler" / "agent_lattice" / "drift.py").read_text(encoding="utf-8")
    kinds = set(
        re.findall(
            r'f?"((?:source|compiler|contract|server|workflow|lock|output) (?:changed|edited|of an earlier build))',
            code,
        )
    )
    assert told == kinds | {"lock edited"}


def test_the_settings_in_the_reference_are_all_there_are(here: Path) -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```$", (ROOT / "docs" / "cli.md").read_text(), re.MULTILINE | re.DOTALL)
    schema = json.loads((ROOT / "schemas" / "lattice-toml.schema.json").read_text())
    shown = tomllib.loads(block)
    jsonschema.validate(shown, schema)
    for table, spec in schema["properties"].items():
        assert table == "severity" or shown[table].keys() == spec["properties"].keys()
    (here / "lattice.toml").write_text(block)
    (here / "hello.lat").write_text(HELLO)
    assert lattice("check", "hello.lat").exit_code == 0


def test_commands_named_in_scripts_exist() -> None:
    assert isinstance(main, click.Group)
    scripts = " ".join([*(step.get("run", "") for step in ACTION["runs"]["steps"]), *(hook["entry"] for hook in HOOKS)])
    assert {*re.findall(r"\blattice ([a-z]+)", scripts)} == {"check", "build", "fmt"} <= COMMANDS.keys()
