"""The rules of the grammar, and which kind or declaration each belongs to."""

from __future__ import annotations

from functools import cache
from typing import Any

from agent_lattice.declarations import declarations
from agent_lattice.documents.ebnf import Choice, Element, Ref, inlined, rules
from agent_lattice.kinds import kinds
from agent_lattice.parse import joined
from agent_lattice.records import record


@record
class Owner:
    """The kind or declaration that a rule belongs to, and what it says about documents."""

    kind: Any
    main: str

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """Names of the parts of its rules, in the order of the grammar; "" for the usual one."""
        found: dict[str, tuple[str, ...]] = getattr(self.kind, "keys", {})
        return found

    @property
    def about(self) -> dict[str, str]:
        """What its keys are for."""
        found: dict[str, str] = getattr(self.kind, "about", {})
        return found


@cache
def grammar() -> dict[str, Element]:
    return rules(joined()[0])


@cache
def owners() -> dict[str, Owner]:
    """Rules → the class whose fragment defines them."""
    found: dict[str, Owner] = {}
    forms: list[Any] = [*declarations(), *kinds()]
    for form in forms:
        own = rules("\n".join(line.strip() for line in form.syntax.split("\n")) + "\n")
        joins = own.get("statement") or own.get("declaration")
        main = joins.name if isinstance(joins, Ref) else ""
        found |= {name: Owner(form, main) for name in own if name not in ("statement", "declaration")}
    return found


def declared() -> tuple[str, ...]:
    """The rules of declarations, in the order of the grammar."""
    return alternatives(Ref("declaration"))


def alternatives(element: Element) -> tuple[str, ...]:
    """The rules that an element chooses from; empty when it is no choice of rules."""
    if isinstance(element, Choice):
        each = [alternatives(item) for item in element.items]
        return tuple(rule for found in each for rule in found) if all(each) else ()
    if not isinstance(element, Ref):
        return ()
    return alternatives(grammar()[element.name]) if element.name in inlined(joined()[0]) else (element.name,)


@cache
def setting_tables() -> dict[str, tuple[Any, dict[str, Any]]]:
    """Rules with settings → the table of what these may be, and what holds without them."""
    found: dict[str, tuple[Any, dict[str, Any]]] = {}
    for owner in {id(owner): owner for owner in owners().values()}.values():
        given = getattr(owner.kind, "settings_of", {})
        found |= given() if callable(given) else given
    return found
