"""Types as JavaScript validators: expressions over `check` and the table `types` of what has a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent_lattice import types, unions

from agent_lattice_clients.javascript.code import POSTFIX, Code, constant, key, member, string
from agent_lattice_clients.javascript.layout import folded
from agent_lattice_clients.javascript.patterns import program

_SCALARS = {
    types.Null: "check.nothing",
    types.Bool: "check.bool",
    types.Int: "check.int",
    types.Uint: "check.uint64",
    types.Float: "check.float",
    types.String: "check.string",
    types.AnyValue: "check.anything",
    types.Bytes: "check.binary",
    types.Timestamp: "check.moment",
    types.Duration: "check.span",
}
_KEYS = {types.Int: "int", types.Uint: "uint", types.Bool: "bool"}
_FORMS = {"a bool": "boolean", "a string": "string", "a list": "list", "an object": "object", "a number": "number"}
_ENCODED = types.Bytes | types.Timestamp | types.Duration
_LENGTHS = types.String | types.Bytes | types.ListType | types.MapType


def check(type: types.Type) -> str:
    """The expression of a type's validator."""
    match type:
        case types.Union(name=str() as name) if name:
            return member(Code("types", POSTFIX), name).text
        case types.Record(name=name):
            return member(Code("types", POSTFIX), name).text
        case types.Optional(inner=inner):
            return f"check.optional({check(inner)})"
        case types.ListType(item=item):
            return f"check.listOf({check(item)})"
        case types.MapType(value=value, key=by):
            sort = _KEYS.get(types.base(by).__class__)
            return f'check.mapOf({check(value)}, "{sort}")' if sort else f"check.mapOf({check(value)})"
        case types.Literal(values=values):
            return f"check.choice({', '.join(constant(value).text for value in values)})"
        case types.Refined(base=base, refinements=refinements):
            bounds = [bound for refinement in refinements for bound in _bounds(base, refinement)]
            return f"check.bounded({', '.join([check(base), *bounds])})"
        case types.Union():
            return _union(type)
    return _SCALARS[type.__class__]


def _bounds(base: types.Type, refinement: types.Refinement) -> Iterator[str]:
    if refinement.name in types.LABELS:  # scripts have no log of their own
        return
    least, most = ("longEnough", "shortEnough") if isinstance(base, _LENGTHS) else ("atLeast", "atMost")
    functions = {"min": (least,), "max": (most,), "range": (least, most), "pattern": ("fits",)}[refinement.name]
    for function, argument in zip(functions, refinement.arguments, strict=True):
        more = f", {program(str(argument))}" if function == "fits" else ""
        yield f"check.{function}({constant(argument).text}{more})"


def _union(union: types.Union) -> str:
    """The validators of the members by the JSON form of their values."""
    shapes = {unions.shape(one) for one in union.members}
    forms: dict[str, str] = {}
    for one in union.members:
        if isinstance(types.base(one), _ENCODED):
            forms["other"] = check(one)
            continue
        form = unions.shape(one)
        made = check(one)
        if form == "a number":
            made = f"check.lossless({made})" if "a string" in shapes else made
            if "a string" not in shapes and not isinstance(one, types.Literal):
                forms["digits"] = made
            if isinstance(types.base(one), types.Float):
                forms["fraction"] = made
        forms[_FORMS[form]] = made
    if len(several := unions.records(union.members)) > 1:
        forms["object"] = _records(several)
    names = [str(types.base(one)) for one in union.members]
    expected = f"{', '.join(names[:-1])} or {names[-1]}"
    return f"check.union({string(expected)}, {{ {', '.join(f'{form}: {made}' for form, made in forms.items())} }})"


def _records(several: list[types.Record]) -> str:
    told = unions.discriminator(several)
    if told is not None:
        pairs = [f"[{constant(value).text}, {check(one)}]" for value, one in told.records.items()]
        return f"check.byField({string(told.field)}, [{', '.join(pairs)}])"
    pairs = [f"[{string(mark) if mark else 'null'}, {check(one)}]" for one, mark in unions.marks(several)]
    return f"check.byMark([{', '.join(pairs)}])"


def table(records: Iterable[types.Record], named: Iterable[types.Union]) -> list[str]:
    """The lines that define `types`: the validators of what has a name. They may mention each other, so each is looked up late."""
    lines: list[str] = []
    for one in records:
        lines.append(f"  {key(one.name)}: check.recordOf({string(one.name)}, () => ({{")
        lines += [f"    {folded(f'{key(field.name)}: {check(field.type)}', 4)}," for field in one.fields.values()]
        lines.append("  })),")
    for union in named:
        lines.append(f"  {key(union.name)}: (...given) => {_union(union)}(...given),")
    return ["const types = {", *lines, "};"] if lines else []
