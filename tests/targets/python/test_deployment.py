"""What `--deploy` adds, judged by a linter of Dockerfiles and by the official schema and models."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from agent_lattice import plan
from agent_lattice.records import replace
from agent_lattice_targets.python import TARGET, deploy, pyz
from agent_lattice_targets.python.package import package_files
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import resource_descriptor_pb2, statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from targets.python.programs import ECHO, ECHO_FILES, made
from targets.python.test_package import rich

SOURCES = {"main.lat": "sha256:" + "0" * 64, "../shared/types.lat": "sha256:" + "1" * 64}
HADOLINT = Path(sys.executable).parent / "hadolint"


def emitted(compiled: plan.Plan) -> dict[str, bytes]:
    """Everything that `--pyz --deploy` writes."""
    files = {path: text.encode() for path, text in package_files(compiled).items()}
    files[f"{compiled.name}.pyz"] = pyz(compiled)
    return files | {path: text.encode() for path, text in deploy(compiled, files, SOURCES).items()}


def served() -> plan.Plan:
    """A workflow that needs the SDK, for a server that it carries and one that it does not; it reads the environment."""
    source = """
        secret PAGES_KEY
        tool notes = mcp("python notes_server.py") { op find(word: string) -> string { effect: read } }
        tool web = mcp("npx -y pages") {
          env: ["HOME", "PAGES_URL"], secrets: [PAGES_KEY]
          op read(page: string) -> string { effect: read }
        }
        workflow main() -> string {
          a = notes.find(word: "x")
          b = web.read(page: a)
          return b
        }
    """
    return made(source, {"notes_server.py": "print()\n"})


def kept() -> plan.Plan:
    """A workflow whose runs can be kept in PostgreSQL, and that needs the SDK of MCP, too."""
    return replace(served(), stores=("postgres",))


PLANS = {"echo": lambda: made(ECHO, ECHO_FILES), "rich": rich, "served": served, "kept": kept}


@pytest.fixture(params=PLANS)
def files(request: pytest.FixtureRequest) -> dict[str, bytes]:
    return emitted(PLANS[request.param]())


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint has no package for this platform")
def test_the_linter_of_dockerfiles_has_nothing_to_say(files: dict[str, bytes]) -> None:
    words = [str(HADOLINT), "--no-color", "--failure-threshold", "style", "-"]
    done = subprocess.run(words, input=files["Dockerfile"], capture_output=True)
    assert (done.returncode, done.stdout) == (0, b""), done.stdout
    loose = files["Dockerfile"].replace(b"@${PYTHON_DIGEST}", b"").replace(b":3.13-slim", b"")
    assert subprocess.run(words, input=loose, capture_output=True).returncode == 1


def test_the_container_is_told_what_the_environment_must_give_and_what_it_lacks() -> None:
    found = emitted(served())["Dockerfile"].decode()
    assert "--env PAGES_KEY --env PAGES_URL main run" in found and "--env HOME" not in found
    assert "#   npx -y pages\n" in found and "notes_server" not in found
    assert '--prefix /libraries "mcp>=2.3,<3"' in found and "COPY --from=libraries" in found
    assert (
        '--prefix /libraries "mcp>=2.3,<3" "psycopg[binary]>=3.2,<4"\n\nFROM' in emitted(kept())["Dockerfile"].decode()
    )
    plain = emitted(made(ECHO, ECHO_FILES))["Dockerfile"].decode()
    assert "pip install" not in plain and "programs" not in plain


def test_the_bill_of_materials_is_valid_and_names_every_file(files: dict[str, bytes]) -> None:
    text = files["sbom.cdx.json"].decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.replace('"SHA-256"', '"SHA"')) is not None
    bill = json.loads(text)
    package, runtime = bill["metadata"]["component"], bill["components"][0]
    hashes = {file["name"]: file["hashes"][0]["content"] for file in [*package["components"], *runtime["components"]]}
    rest = {
        path: digest(content) for path, content in files.items() if path not in ("sbom.cdx.json", "provenance.json")
    }
    assert hashes == rest
    assert {file["name"] for file in runtime["components"]} == {path for path in rest if "/_runtime/" in path}
    assert runtime["licenses"] == [{"license": {"id": "Apache-2.0"}}] and "licenses" not in package


def test_the_bill_of_materials_names_what_has_to_be_installed() -> None:
    bill = json.loads(emitted(served())["sbom.cdx.json"])
    assert [component["name"] for component in bill["components"]] == ["agent-lattice-runtime", "mcp"]
    assert bill["components"][1]["purl"] == "pkg:pypi/mcp"
    assert bill["components"][1]["properties"][0]["value"] == "mcp>=2.3,<3"
    assert bill["dependencies"][0] == {"ref": "main", "dependsOn": ["agent-lattice-runtime", "mcp"]}
    assert len(json.loads(emitted(made(ECHO, ECHO_FILES))["sbom.cdx.json"])["components"]) == 1
    bill = json.loads(emitted(kept())["sbom.cdx.json"])
    assert [component["name"] for component in bill["components"]] == ["agent-lattice-runtime", "mcp", "psycopg"]
    assert bill["components"][2]["properties"][0]["value"] == "psycopg[binary]>=3.2,<4"


def test_the_serial_number_of_the_bill_is_made_of_what_it_says() -> None:
    def serial(compiled: plan.Plan) -> Any:
        return json.loads(emitted(compiled)["sbom.cdx.json"])["serialNumber"]

    assert (
        serial(made(ECHO, ECHO_FILES))
        == serial(made(ECHO, ECHO_FILES))
        != serial(made(ECHO + "\n", ECHO_FILES, "x.lat"))
    )
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", serial(rich()))


def test_the_provenance_is_a_statement_about_every_file(files: dict[str, bytes]) -> None:
    text = files["provenance.json"].decode()
    parsed = json_format.Parse(text, statement_pb2.Statement())  # refuses fields that it does not know
    Statement.copy_from_pb(parsed).validate()
    subjects = {subject.name: subject.digest["sha256"] for subject in parsed.subject}
    assert subjects == {path: digest(content) for path, content in files.items() if path != "provenance.json"}


def test_the_predicate_names_the_sources_and_no_time() -> None:
    statement = json.loads(emitted(rich())["provenance.json"])
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    predicate = json_format.ParseDict(statement["predicate"], provenance_pb2.Provenance())
    definition, run = predicate.build_definition, predicate.run_details
    assert definition.build_type and run.builder.id and not run.HasField("metadata")
    for descriptor in definition.resolved_dependencies:
        assert isinstance(descriptor, resource_descriptor_pb2.ResourceDescriptor)
        ResourceDescriptor.copy_from_pb(descriptor).validate()
    assert {d.name: d.digest["sha256"] for d in definition.resolved_dependencies} == {
        "main.lat": "0" * 64,
        "../shared/types.lat": "1" * 64,
    }
    given = {"source": "main.lat", "target": "python", "workflow": "rich"}
    assert json_format.MessageToDict(definition.external_parameters) == given
    inner = json_format.MessageToDict(definition.internal_parameters)
    assert inner == {"contract": TARGET.contract, "plan": rich().digest}


def test_the_notice_says_what_is_whose(files: dict[str, bytes]) -> None:
    notice = files["NOTICE"].decode()
    package = next(path.partition("/")[0] for path in files if path.endswith("/__main__.py"))
    licence = (Path(__file__).parents[3] / "LICENSE").read_bytes()
    assert files[f"{package}/_runtime/LICENSE"] == licence
    assert f"{package}/_runtime/LICENSE" in notice and "Apache" in notice
    assert ("_tools" in notice) is any("/_tools/" in path for path in files)


def test_docker_takes_only_the_package_along(files: dict[str, bytes]) -> None:
    package = next(path.partition("/")[0] for path in files if path.endswith("/__main__.py"))
    assert files[".dockerignore"].decode().splitlines() == ["*", f"!{package}", "**/__pycache__"]
