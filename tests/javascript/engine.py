"""JavaScript for the tests: one Node process that evaluates texts, and values of both languages in one form to compare."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_lattice.expr.fits import core
from agent_lattice.terms import Term, reads
from agent_lattice.types import ListType, MapType, Record, Type
from agent_lattice_clients.javascript.code import constant, js_name, key
from agent_lattice_clients.javascript.expressions import javascript
from agent_lattice_clients.javascript.prelude import helpers, prelude
from agent_lattice_runtime.canonical import number
from agent_lattice_runtime.cel import CelError, kind

EVERYTHING = prelude(" ".join(f"{helper.space}.{name}" for name, helper in helpers().items()))
SHOW = """
function show(value) {
  const sort = cel.kind(value);
  if (sort === "list") return [sort, value.map(show)];
  if (sort === "map") {
    const pairs = cel.entriesOf(value).map(([key, one]) => [show(key), show(one)]);
    const order = (pair) => JSON.stringify(pair[0]);
    return [sort, pairs.sort((a, b) => (order(a) < order(b) ? -1 : 1))];
  }
  if (sort === "bytes") return [sort, [...value]];
  if (sort === "optional_type") return [sort, value.isThere ? show(value.it) : null];
  if (sort === "double") return [sort, Object.is(value, -0) ? "-0" : String(value)];
  return sort === "string" || sort === "bool" || sort === "null" ? [sort, value] : [sort, String(value)];
}
function outcome(made) {
  try {
    return JSON.stringify(show(made()));
  } catch (error) {
    if (error instanceof cel.CelError) return JSON.stringify(["error", error.message]);
    throw error;
  }
}
"""


class Engine:
    """A Node process; close it by `close`."""

    def __init__(self) -> None:
        script = str(Path(__file__).with_name("engine.js"))
        self._process = subprocess.Popen(
            ["node", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self.run(EVERYTHING + SHOW + ";null")

    def run(self, text: str) -> Any:
        """The value of a script; it fails when the script does."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "broken" not in answer, f"{answer['broken']}\nin {text}"
        return answer.get("value")

    def value(self, term: Term, variables: Mapping[str, Any], types: Mapping[str, Type]) -> Any:
        """What the JavaScript of a term gives, in the form of `shown`."""
        names = sorted(reads(term))
        given = ", ".join(written(variables[name], types.get(name)) for name in names)
        params = ", ".join(map(js_name, names))
        return json.loads(self.run(f"outcome(() => (({params}) => {javascript(term).body})({given}))"))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


def written(value: Any, type: Type | None = None) -> str:
    """JavaScript that makes a value; dictionaries are maps unless the type is a record."""
    found = core(type) if type is not None else None
    if isinstance(value, list):
        return f"[{', '.join(written(item, found.item if isinstance(found, ListType) else None) for item in value)}]"
    if isinstance(value, dict) and isinstance(found, Record):
        fields = (f"{key(name)}: {written(item, found.fields[name].type)}" for name, item in value.items())
        return f"{{ {', '.join(fields)} }}"
    if isinstance(value, dict):
        inner = found.value if isinstance(found, MapType) else None
        return f"new Map([{', '.join(f'[{written(name)}, {written(item, inner)}]' for name, item in value.items())}])"
    if hasattr(value, "cel_text"):
        word = "timestampOf" if value.cel_kind.endswith("Timestamp") else "durationOf"
        return f"cel.{word}({value.nanos}n)"
    return constant(value).text


def shown(value: Any) -> Any:
    """A value of the Python form, with the name of its type at every level."""
    sort = kind(value)
    if isinstance(value, list):
        return [sort, [shown(item) for item in value]]
    if isinstance(value, dict):
        pairs = [[shown(name), shown(item)] for name, item in value.items()]
        return [
            sort,
            sorted(
                pairs,
                key=lambda pair: json.dumps(pair[0], ensure_ascii=False, separators=(",", ":")).encode("utf-16-be"),
            ),
        ]
    if isinstance(value, bytes):
        return [sort, list(value)]
    if sort == "optional_type":
        return [sort, shown(value.it) if value.is_there else None]
    if isinstance(value, float):
        return [sort, "-0" if repr(value) == "-0.0" else number(value).strip('"')]
    return [sort, value if value is None or isinstance(value, bool | str) else str(value)]


def outcome(made: Any) -> Any:
    """What a function gives, shown, or the message of its error."""
    try:
        return shown(made())
    except CelError as error:
        return ["error", str(error)]
