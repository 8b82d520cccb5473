"""What a row of the function table is: a name, documentation, overloads with their Python form.

In a Python form `_0`, `_1`, … stand for the arguments. An argument whose type only the run knows is checked by a cast
when one overload is left, and otherwise handled by the `dynamic` form.
"""

from __future__ import annotations

from collections.abc import Callable

from agent_lattice.records import record
from agent_lattice.types import DYN, STRING, ListType, MapType, Type

LIST, MAP, STRINGS = ListType(DYN), MapType(DYN, DYN), ListType(STRING)


@record
class Overload:
    """One typed form. `id` names it in terms and plans; `fails`: it may raise a CEL error."""

    id: str
    args: tuple[Type, ...]
    result: Type
    python: str
    fails: bool = False
    typed: Callable[[list[Type]], Type] | None = None
    """The type of the result where that follows from the types of the arguments."""


@record
class Function:
    """A function by its name in the source. `method`: written `x.name(…)`; `free`: written `name(x, …)`."""

    name: str
    doc: str
    overloads: tuple[Overload, ...]
    dynamic: Overload | None = None
    method: bool = False
    free: bool = False


def row(id: str, args: tuple[Type, ...], result: Type, python: str, fails: bool = False) -> Overload:
    return Overload(id, args, result, python, fails)


def dynamic(id: str, count: int, result: Type, python: str) -> Overload:
    return Overload(id, (DYN,) * count, result, python, fails=True)


def method(name: str, doc: str, *overloads: Overload, free: bool = False) -> Function:
    return Function(name, doc, overloads, method=True, free=free)
