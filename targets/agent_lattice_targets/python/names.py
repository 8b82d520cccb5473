"""Python names: of what the source names, and of what only the generated code needs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from keyword import kwlist

from agent_lattice import plan
from agent_lattice.dataflow import defined
from agent_lattice.expr.python import RUNTIME_MODULES

_USED = (
    "Any Context False Failure Literal None Retry True TYPE_CHECKING TypedDict Undo all any bool ctx dict enumerate "
    "float int l len list max merges min object range sorted str sum tuple"
)
RESERVED = frozenset([*kwlist, *RUNTIME_MODULES, *_USED.split()])
"""What generated code calls by these names."""

_FORMER_MODULES = (
    "aifc asynchat asyncore audioop cgi cgitb chunk crypt distutils imghdr imp lib2to3 mailcap msilib nis nntplib "
    "ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib test tests uu xdrlib"
)
_MODULES = frozenset([*sys.stdlib_module_names, *_FORMER_MODULES.split()])


def python_name(name: str, taken: Iterable[str] = ()) -> str:
    """The name itself, with `_` behind one that is reserved or taken; different names stay different."""
    plain = name.rstrip("_")
    return f"{name}_" if not plain or plain in RESERVED or plain in taken else name


def package_name(name: str) -> str:
    """The name of the generated package: never that of a module of Python."""
    return f"{name}_" if name.rstrip("_") in RESERVED | _MODULES or not name.strip("_") else name


def identifier(name: str) -> str:
    """The name of a declaration in ASCII; those of other files carry their file's name, whatever is in that."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"


def constant_name(*parts: str) -> str:
    """`SHOP_GET_ORDER` for the parts `shop`, `getOrder`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", "_".join(part.strip("_") for part in parts))
    return identifier(words).upper().strip("_") or "NAME"


def snake(name: str) -> str:
    """`http_reply` for `HTTPReply`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class Namespace:
    """Names of one package, each given out once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(RESERVED) | set(taken)
        self._counts: dict[str, int] = {}

    def fresh(self, wanted: str) -> str:
        """`wanted`, or with a number behind it."""
        name, count = wanted, self._counts.get(wanted, 1)
        if count > 1:
            name = f"{wanted}_{count}"
        while name in self._taken:
            count += 1
            name = f"{wanted}_{count}"
        self._taken.add(name)
        self._counts[wanted] = count
        return name


def source_names(made: plan.Plan) -> set[str]:
    """Every name of a body that the source gives: parameters, steps, values, variables, loop items."""
    found: set[str] = set()
    for agent in made.agents:
        found.update(("answer", *(param.name for param in agent.params)))
    for workflow in made.workflows:
        found.update(param.name for param in workflow.params)
        for op in plan.walk(workflow.body):
            found.update(defined(op))
            if isinstance(op, plan.Each):
                found.add(op.item)
    return found
