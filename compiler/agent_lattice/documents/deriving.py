"""From the grammar to forms."""

from __future__ import annotations

from functools import cache
from typing import Any

from agent_lattice.documents import atoms
from agent_lattice.documents.ebnf import Choice, Element, Ref, Repeat, Sequence, Terminal, Word
from agent_lattice.documents.forms import (
    KEY,
    Choices,
    Clauses,
    Either,
    Entries,
    Flag,
    Form,
    Items,
    Mark,
    Maybe,
    Nest,
    Piece,
    Scalar,
    Skip,
    Slot,
    Sub,
    clauses_of,
    slots,
)
from agent_lattice.documents.owners import alternatives, declared, grammar, owners, setting_tables
from agent_lattice.records import fields

_NOT_PARTS = frozenset({"span", "braces", "doc"})
_USUAL = {"arguments": "args", "statement": "body", "block": "body"}


@cache
def forms() -> dict[str, Form]:
    """Every form that a document is made of, by rule."""
    made: dict[str, Form] = {}
    waiting = list(declared())
    while waiting:
        rule = waiting.pop()
        if rule not in made:
            made[rule] = form(rule)
            waiting += _named_in(made[rule])
    return made


def _named_in(made: Form) -> list[str]:
    found = list(made.clauses.rules.values()) if made.clauses else []
    for slot in [*made.slots.values(), *([made.unkeyed] if made.unkeyed else [])]:
        shape = slot.shape.item if isinstance(slot.shape, Items) else slot.shape
        if isinstance(shape, Entries | Sub):
            found.append(shape.rule)
        elif isinstance(shape, Choices):
            found += shape.rules
    return found


@cache
def form(rule: str) -> Form:
    """The form of a rule."""
    element, owner = grammar()[rule], owners().get(rule)
    unkeyed: Slot | None = None
    if isinstance(element, Choice) and _keyed(element.items[0]) and len(element.items) == 2:
        (unkeyed,) = _named(_pieces(element.items[1], ()), rule, None)
        element = element.items[0]
    pieces = _pieces(element, (rule,))
    found = _named(pieces, rule, element)
    if owner and owner.main == rule and rule in declared() and not _hint(rule):
        _first_is_key(found, element)
    keyed = next((part for part in found if isinstance(part, Slot) and part.key == KEY), None)
    key = keyed.shape if keyed and isinstance(keyed.shape, Scalar) else None
    own = {slot.key: slot for slot in slots(pieces) if slot.key != KEY}
    main = owner is not None and owner.main == rule
    word = owner.kind.word.replace(" ", "_") if owner and main else _leading(element) or rule
    summary = owner.kind.summary if owner and main else ""
    return Form(
        rule,
        word,
        word.replace("_", " "),
        summary,
        pieces,
        key,
        unkeyed,
        own,
        clauses_of(pieces),
        owner.about if owner else {},
    )


def _first_is_key(parts: list[Any], element: Element) -> None:
    """A declaration is known by the name behind its word."""
    second = element.items[1] if isinstance(element, Sequence) else None
    if isinstance(second, Terminal | Ref) and isinstance(parts[0], Slot) and isinstance(parts[0].shape, Scalar):
        parts[0].key = KEY


def _keyed(element: Element) -> bool:
    """`NAME ":" …` or `text ":" …`."""
    match element:
        case Sequence((Terminal("NAME" | "TYPE_NAME") | Ref("text"), Word(":"), *_)):
            return True
    return False


def _leading(element: Element) -> str:
    """The keyword that a rule begins with."""
    first = element.items[0] if isinstance(element, Sequence) else element
    return first.text if isinstance(first, Word) and first.is_keyword else ""


def _hint(rule: str) -> tuple[str, ...]:
    owner = owners().get(rule)
    return owner.keys.get(rule, ()) if owner else ()


def _named(pieces: tuple[Piece, ...], rule: str, element: Element | None) -> list[Any]:
    """The parts of a rule, each with its key."""
    parts, owner = _parts(pieces), owners().get(rule)
    hint = _hint(rule)
    if hint and len(hint) != len(parts):
        raise ValueError(f"`keys` of {rule} names {len(hint)} parts, there are {len(parts)}")
    names = [f.name for f in fields(owner.kind) if f.name not in _NOT_PARTS] if owner and owner.main == rule else []
    matched = names if len(names) == len(parts) else []
    if element is not None and _keyed(element) and not hint:
        parts[0].key = KEY
    for at, part in enumerate(parts):
        wish = hint[at] if hint else ""
        if not getattr(part, "key", ""):
            _name(part, wish or part.near or (matched[at] if matched else "") or part.usual)
    _distinct(pieces)
    return parts


def _name(part: Any, wish: str) -> None:
    """Give a part its key; of a nested rule with one slot that is the slot's, with more they have their own."""
    if not isinstance(part, Nest):
        part.key = wish
    elif len(found := slots(part.pieces)) == 1:
        found[0].key = wish


def _distinct(pieces: tuple[Piece, ...]) -> None:
    """No two slots of a form share a key."""
    taken: set[str] = set()
    for slot in slots(pieces):
        name, number = slot.key, 2
        while slot.key in taken and slot.key != KEY:
            slot.key, number = f"{name}_{number}", number + 1
        taken.add(slot.key)


def _parts(pieces: tuple[Piece, ...]) -> list[Any]:
    """Slots, clauses and nested rules, in the order of the text."""
    found: list[Any] = []
    for piece in pieces:
        match piece:
            case Slot() | Clauses() | Nest():
                found.append(piece)
            case Maybe(pieces=inner):
                found += _parts(inner)
            case Either(ways):
                found += [part for inner in ways for part in _parts(inner)]
    return found


def _pieces(element: Element, above: tuple[str, ...], near: str = "") -> tuple[Piece, ...]:
    """An element as pieces. `above`: the rules it is in; `near`: the keyword right before it."""
    match element:
        case Sequence(items):
            return _sequence(items, above)
        case Word(text):
            return (Mark(text),)
        case Repeat(item, _, True):
            return _maybe(item, above, near)
        case Repeat(item, least):
            return (_repeated(item, least, above, near),)
        case Choice(items):
            scalar = atoms.scalar(element, grammar())
            return (Slot(scalar, near, atoms.usual(element)),) if scalar else (_either(items, above),)
    return (_single(element, above, near),)


def _maybe(item: Element, above: tuple[str, ...], near: str) -> tuple[Piece, ...]:
    if isinstance(item, Word):
        return (Maybe((Slot(Flag(item.text), item.text, item.text),)) if item.is_keyword else Skip(item.text),)
    inner = _pieces(item, above, near)
    containers = [piece for piece in inner if not isinstance(piece, Skip)]
    if len(containers) == 1 and (empty := _may_be_empty(containers[0])):
        return (empty, *[piece for piece in inner if isinstance(piece, Skip)])
    return (Maybe(inner),)


def _may_be_empty(piece: Piece) -> Piece | None:
    """A list that is there or not at all, as one that may be empty."""
    if isinstance(piece, Nest) and len(piece.pieces) - sum(isinstance(p, Skip) for p in piece.pieces) == 1:
        inner = _may_be_empty(next(p for p in piece.pieces if not isinstance(p, Skip)))
        return (
            Maybe(
                (
                    Nest(
                        piece.rule,
                        tuple(inner if isinstance(p, Slot) else p for p in piece.pieces),
                        piece.near,
                        piece.usual,
                    ),
                )
            )
            if inner
            else None
        )
    if not isinstance(piece, Slot):
        return None
    shape = piece.shape
    if isinstance(shape, Items):
        return Slot(Items(shape.item, 0, shape.sign, shape.before), piece.near, piece.usual)
    if isinstance(shape, Entries):
        return Slot(Entries(shape.rule, 0, shape.sign, shape.settings), piece.near, piece.usual)
    return None


def _either(items: tuple[Element, ...], above: tuple[str, ...]) -> Either:
    ways = []
    for item in items:
        own = _pieces(item, above)
        if all(isinstance(piece, Mark) for piece in own):
            word = next(piece.text for piece in own if isinstance(piece, Mark))
            own = (Slot(Flag(word, needed=True), word, word),)
        ways.append(own)
    return Either(tuple(ways))


def _sequence(items: tuple[Element, ...], above: tuple[str, ...]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    at, near = 0, ""
    own = next((item.text for item in items if isinstance(item, Word) and item.is_keyword), "")
    while at < len(items):
        item = items[at]
        following = items[at + 1] if at + 1 < len(items) else None
        if sign := _separator(item, following):
            found.append(_list(item, 1, sign, above, near))
            at += 2
            continue
        found += _pieces(item, above, near)
        keyword = item.text if isinstance(item, Word) and item.is_keyword else ""
        main = keyword == own and len(above) == 1 and above[0] in owners() and len(items) > 2
        near = "" if main else f"{near}_{keyword}" if keyword and near else keyword
        at += 1
    return tuple(found)


def _separator(item: Element, following: Element | None) -> str:
    """The sign of `item (sign item)*`."""
    match following:
        case Repeat(Sequence((Word(sign), again)), _, False) if again == item and not sign.isidentifier():
            return sign
    return ""


def _repeated(item: Element, least: int, above: tuple[str, ...], near: str) -> Piece:
    sign = ""
    if isinstance(item, Sequence) and isinstance(item.items[-1], Repeat) and item.items[-1].item == Word(","):
        sign, item = ",?", item.items[0]
    words = {_clause_word(rule): rule for rule in alternatives(item)}
    if isinstance(item, Choice | Ref) and len(words) > 1 and "" not in words and len(words) == len(alternatives(item)):
        return Clauses(words, near, "items")
    before: tuple[str, ...] = ()
    while isinstance(item, Sequence) and isinstance(item.items[0], Word):
        before += (item.items[0].text,)
        item = item.items[1] if len(item.items) == 2 else Sequence(item.items[1:])
    made = _list(item, least, sign, above, near or "_".join(word for word in before if word.isidentifier()))
    if before and isinstance(made.shape, Items):
        made.shape = Items(made.shape.item, least, sign, before)
    return made


def _clause_word(rule: str) -> str:
    """The key of the clauses of a rule: its keyword, or what its entries are."""
    element = grammar()[rule]
    return _leading(element) or (f"{rule.rsplit('_', 1)[-1]}s" if _keyed(element) else "")


def clause_entries(form: Form) -> Entries:
    """All clauses of a form with keys, as a map."""
    is_setting = form.only is not None and isinstance(form.only.shape, Scalar) and form.only.shape.sort == "value"
    return Entries(form.rule, 1, "", form.rule if is_setting and form.rule in setting_tables() else "")


def _list(item: Element, least: int, sign: str, above: tuple[str, ...], near: str) -> Slot:
    """A list of what the element is."""
    usual = atoms.usual(item)
    if scalar := atoms.scalar(item, grammar()):
        return Slot(Items(scalar, least, sign), near, usual)
    found = alternatives(item)
    if len(found) == 1 and form(found[0]).key is not None:
        table = next((rule for rule in above if rule in setting_tables()), "") if found[0] == "setting" else ""
        return Slot(Entries(found[0], least, sign, table), near, f"{usual}s")
    if len(found) == 1:
        return Slot(Items(Sub(found[0]), least, sign), near, f"{usual}s")
    if not found:
        raise ValueError(f"no document form for a list of {item}")
    plain = [made for rule in found if (made := atoms.scalar(Ref(rule), grammar()))]
    if len(plain) == 1 and plain[0].rule:
        choices = Choices(tuple(rule for rule in found if rule != plain[0].rule), plain[0])
    else:
        choices = Choices(found)
    return Slot(Items(choices, least, sign), near, _USUAL.get(usual, usual))


def _single(element: Element, above: tuple[str, ...], near: str) -> Piece:
    usual = atoms.usual(element)
    if scalar := atoms.scalar(element, grammar()):
        return Slot(scalar, near, usual)
    assert isinstance(element, Ref)
    found = alternatives(element)
    if len(found) > 1:
        return Slot(Choices(found), near, usual)
    rule = found[0]
    if rule in above:
        return Slot(Sub(rule), near, usual)
    inner = _pieces(grammar()[rule], (*above, rule))
    _named(inner, rule, None)
    own = "_".join(w for w in _words(grammar()[rule]))
    return Nest(rule, inner, near or (own if len(slots(inner)) == 1 else ""), _USUAL.get(rule, usual))


def _words(element: Element) -> list[str]:
    """The keywords that a rule begins with: `at most`."""
    found: list[str] = []
    for item in element.items if isinstance(element, Sequence) else ():
        if not (isinstance(item, Word) and item.is_keyword):
            break
        found.append(item.text)
    return found
