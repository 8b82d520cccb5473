"""Python text of expressions, in the layout of the usual formatters: on one line if it fits, else one part per line.

A bracket that does not fit on its line is opened with one item per line and a comma behind the last. Operators that do
not fit stand at the start of lines in parentheses. So formatters leave the text as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from unicodedata import combining, east_asian_width

from agent_lattice_targets.python.literals import constant, escaped

WIDTH = 120

_NAMED, _LAMBDA, _IF, _OR, _AND, _NOT, _COMPARE, _BITS = range(8)
_SUM, _PRODUCT, _SIGN, _POWER, _AWAIT, _ATOM = range(10, 16)

_BINARY: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", _SUM),
    ast.Sub: ("-", _SUM),
    ast.Mult: ("*", _PRODUCT),
    ast.Div: ("/", _PRODUCT),
    ast.FloorDiv: ("//", _PRODUCT),
    ast.Mod: ("%", _PRODUCT),
    ast.BitOr: ("|", _BITS),
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_SIGNS: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Not: "not ", ast.Invert: "~"}

_SQUARE, _ROUND, _CURLY = ("[", "]"), ("(", ")"), ("{", "}")
_BRACKETS: dict[type[ast.expr], tuple[str, str]] = {
    ast.List: _SQUARE,
    ast.ListComp: _SQUARE,
    ast.Tuple: _ROUND,
    ast.GeneratorExp: _ROUND,
    ast.Set: _CURLY,
    ast.SetComp: _CURLY,
    ast.Dict: _CURLY,
    ast.DictComp: _CURLY,
}


def width(text: str) -> int:
    """Columns of a text in a fixed-width font."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def flat(node: ast.expr, level: int = 0) -> str:
    """An expression on one line; in parentheses where it binds weaker than `level`."""
    own, text = _flat(node)
    return f"({text})" if own < level else text


def _flat(node: ast.expr) -> tuple[int, str]:
    """How tightly an expression binds, and its text; kept with it, as every bracket around it asks again."""
    known: tuple[int, str] | None = node.__dict__.get("flat")
    if known is None:
        known = node.__dict__["flat"] = _rendered(node)
    return known


def _rendered(node: ast.expr) -> tuple[int, str]:
    match node:
        case ast.Constant(value=value):
            text = constant(value)
            return (_SIGN if text.startswith("-") else _ATOM), text
        case ast.Name(id=name):
            return _ATOM, name
        case ast.JoinedStr(values=pieces):
            return _ATOM, 'f"' + "".join(map(_format_part, pieces)) + '"'
        case ast.Attribute(value=value, attr=name):
            text = flat(value, _ATOM)
            return _ATOM, f"({text}).{name}" if text.isdecimal() else f"{text}.{name}"
        case ast.Subscript(value=value, slice=index):
            return _ATOM, f"{flat(value, _ATOM)}[{_index(index)}]"
        case ast.Call():
            return _ATOM, _flat_call(node)
        case ast.Await(value=value):
            return _AWAIT, f"await {flat(value, _ATOM)}"
        case ast.Starred(value=value):
            return _ATOM, f"*{flat(value, _BITS)}"
        case ast.Lambda(args=args, body=body):
            return _LAMBDA, f"{_lambda_head(args)} {flat(body, _LAMBDA)}"
        case ast.NamedExpr(target=target, value=value):
            return _NAMED, f"{target.id} := {flat(value, _LAMBDA)}"
        case ast.UnaryOp(op=op, operand=operand):
            level = _NOT if isinstance(op, ast.Not) else _SIGN
            return level, _SIGNS[type(op)] + flat(operand, level)
    if parts := list(_chain(node)):
        return _level(node), " ".join(f"{word} {flat(operand, level)}".lstrip() for word, operand, level in parts)
    return _ATOM, _flat_display(node)


def _format_part(part: ast.expr) -> str:
    """A part of an f-string in double quotes; its text has none, its values only plain strings."""
    if isinstance(part, ast.FormattedValue):
        return "{" + flat(part.value).replace('"', "'") + "}"
    text = part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""
    return "".join(char * 2 if char in "{}" else escaped(char) for char in text)


def _index(node: ast.expr) -> str:
    if isinstance(node, ast.Slice):
        ends = [flat(end, _IF) if end else "" for end in (node.lower, node.upper)]
        return ":".join([*ends, flat(node.step, _IF)] if node.step else ends)
    if isinstance(node, ast.Tuple) and node.elts:
        return ", ".join(flat(item, _LAMBDA) for item in node.elts)
    return flat(node)


def _flat_call(node: ast.Call) -> str:
    if len(node.args) == 1 and not node.keywords and isinstance(node.args[0], ast.GeneratorExp):
        return flat(node.func, _ATOM) + flat(node.args[0])
    inside = ", ".join(before + flat(value, _LAMBDA if before else _NAMED) for before, value in _arguments(node))
    return f"{flat(node.func, _ATOM)}({inside})"


def _flat_display(node: ast.expr) -> str:
    if isinstance(node, ast.Dict | ast.DictComp):
        inside = ", ".join(before + flat(item, _LAMBDA) for before, item in _items(node))
        return "{" + inside + _clauses(node) + "}"
    if isinstance(node, ast.List | ast.Set | ast.Tuple | ast.ListComp | ast.SetComp | ast.GeneratorExp):
        opening, closing = _BRACKETS[type(node)]
        inside = ", ".join(flat(item, _LAMBDA) for _, item in _items(node)) + _clauses(node)
        lone = "," if isinstance(node, ast.Tuple) and len(node.elts) == 1 else ""
        return opening + inside + lone + closing
    raise TypeError(f"no text for a {type(node).__name__}")


def _clauses(node: ast.expr) -> str:
    return "".join(f" {word} {flat(value, _OR)}" for word, value in _comprehension(node))


def _comprehension(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The `for` and `if` parts of a comprehension."""
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        for clause in node.generators:
            target = flat(clause.target).strip("()") if isinstance(clause.target, ast.Tuple) else flat(clause.target)
            yield f"for {target} in", clause.iter
            yield from (("if", condition) for condition in clause.ifs)


def _lambda_head(args: ast.arguments) -> str:
    places = [
        *(arg.arg for arg in args.posonlyargs),
        *(["/"] if args.posonlyargs else []),
        *(arg.arg for arg in args.args),
    ]
    values = [flat(value, _LAMBDA) for value in args.defaults]
    plain = len(places) - len(values)
    shown = places[:plain] + [f"{name}={value}" for name, value in zip(places[plain:], values, strict=True)]
    shown += [f"**{args.kwarg.arg}"] if args.kwarg else []
    return f"lambda {', '.join(shown)}:" if shown else "lambda:"


def _arguments(node: ast.Call) -> list[tuple[str, ast.expr]]:
    named = [(f"{keyword.arg}=" if keyword.arg else "**", keyword.value) for keyword in node.keywords]
    return [("", value) for value in node.args] + named


def _items(node: ast.expr) -> list[tuple[str, ast.expr]]:
    match node:
        case ast.Dict(keys=keys, values=values):
            return [
                (f"{flat(key, _LAMBDA)}: " if key else "**", value) for key, value in zip(keys, values, strict=True)
            ]
        case ast.List(elts=items) | ast.Set(elts=items) | ast.Tuple(elts=items):
            return [("", item) for item in items]
        case ast.DictComp(key=key, value=value):
            return [(f"{flat(key, _LAMBDA)}: ", value)]
        case ast.ListComp(elt=item) | ast.SetComp(elt=item) | ast.GeneratorExp(elt=item):
            return [("", item)]
    return []


def _level(node: ast.expr) -> int:
    match node:
        case ast.BoolOp(op=op):
            return _AND if isinstance(op, ast.And) else _OR
        case ast.BinOp(op=op):
            return _BINARY[type(op)][1]
        case ast.IfExp():
            return _IF
    return _COMPARE


def _chain(node: ast.expr) -> Iterator[tuple[str, ast.expr, int]]:
    """The operands of an operator, each with the word before it and how tightly it must bind."""
    match node:
        case ast.BoolOp(op=op, values=values):
            word, level = "and" if isinstance(op, ast.And) else "or", _AND + 1
            yield from ((word if place else "", value, level) for place, value in enumerate(values))
        case ast.Compare(left=left, ops=ops, comparators=values):
            yield "", left, _COMPARE + 1
            yield from ((_COMPARISONS[type(op)], value, _COMPARE + 1) for op, value in zip(ops, values, strict=True))
        case ast.BinOp():
            yield from _sum(node)
        case ast.IfExp():
            before = ""
            while isinstance(node, ast.IfExp):
                yield before, node.body, _IF + 1
                yield "if", node.test, _IF + 1
                before, node = "else", node.orelse
            yield before, node, _IF


def _sum(node: ast.BinOp) -> Iterator[tuple[str, ast.expr, int]]:
    links: list[tuple[str, ast.expr, int]] = []
    level = _BINARY[type(node.op)][1]
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and _BINARY[type(left.op)][1] == level:
        links.append((_BINARY[type(left.op)][0], left.right, level + 1))
        left = left.left
    yield "", left, level
    yield from reversed(links)


def statement(indent: int, before: str, node: ast.expr, after: str = "") -> str:
    """A statement whose last part is an expression: `before` and `after` are the text around it, `indent` in columns."""
    return _laid_out(indent, before, node, after, 0, implied=True)


def _laid_out(indent: int, before: str, node: ast.expr, after: str, level: int, *, implied: bool = False) -> str:
    """`implied`: parentheses around the whole are added only when it takes several lines."""
    text = flat(node, level)
    line = " " * indent + before + text + after
    if width(line) <= WIDTH:
        return line
    own = _own_level(node)
    opened = None if own < level else _opened(indent, before, node, after)
    if opened is not None:
        return opened
    parts = list(_chain(node))
    if implied and len(parts) == 2:
        if (opened := _opened_last(indent, before, parts, after)) is not None:
            return opened
        if any(flat(operand, bound)[-1] in ")]}" for _, operand, bound in parts):
            after += "  # fmt: skip"  # formatters disagree on which of the brackets to open
    if (
        indent + 4 + width(flat(node)) <= WIDTH
        and not isinstance(node, ast.Lambda)
        and (implied or parts or own < level)
    ):
        return "\n".join([f"{' ' * indent}{before}(", " " * (indent + 4) + flat(node), f"{' ' * indent}){after}"])
    if parts or own < level or isinstance(node, ast.UnaryOp | ast.NamedExpr):
        return _in_parentheses(indent, before, node, after)
    return line


def _opened_last(indent: int, before: str, parts: list[tuple[str, ast.expr, int]], after: str) -> str | None:
    """Two operands with the bracket of the second opened; None when it has none, or a bracket of the first would do."""
    (_, left, left_level), (word, right, _) = parts
    if _own_level(right) < _AWAIT or isinstance(right, ast.GeneratorExp):
        return None
    first = f"{before}{flat(left, left_level)} {word} "
    opened = _opened(indent, first, right, after)
    if opened is None or width(opened.partition("\n")[0]) > WIDTH:
        return None
    return opened


def _own_level(node: ast.expr) -> int:
    match node:
        case ast.NamedExpr():
            return _NAMED
        case ast.Lambda():
            return _LAMBDA
        case ast.Await():
            return _AWAIT
        case ast.UnaryOp(op=op):
            return _NOT if isinstance(op, ast.Not) else _SIGN
        case ast.BoolOp() | ast.BinOp() | ast.IfExp() | ast.Compare():
            return _level(node)
    return _ATOM


def _opened(indent: int, before: str, node: ast.expr, after: str) -> str | None:
    """The expression with its own bracket opened; None when it has none."""
    match node:
        case ast.Await(value=value):
            return _opened(indent, f"{before}await ", value, after)
        case ast.Lambda(args=args, body=body):
            return _laid_out(indent, f"{before}{_lambda_head(args)} ", body, after, _LAMBDA)
        case ast.Starred(value=value):
            return _opened(indent, f"{before}*", value, after)
        case ast.UnaryOp(op=op, operand=operand):
            return _laid_out(indent, before + _SIGNS[type(op)], operand, after, _own_level(node))
        case ast.Attribute(value=ast.Call() as value, attr=name):
            return _opened(indent, before, value, f".{name}{after}")
        case ast.Subscript(value=ast.Call() as value, slice=index):
            return _opened(indent, before, value, f"[{_index(index)}]{after}")
        case ast.Call() if node.args or node.keywords:
            return _opened_call(indent, before, node, after)
        case ast.List() | ast.Dict() | ast.Set() | ast.Tuple() if items := _items(node):
            opening, closing = _BRACKETS[type(node)]
            return _bracket(indent, before + opening, items, closing + after)
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        opening, closing = _BRACKETS[type(node)]
        return _opened_comprehension(indent, before + opening, node, closing + after)
    return None


def _opened_call(indent: int, before: str, node: ast.Call, after: str) -> str:
    head = before + flat(node.func, _ATOM)
    if len(node.args) == 1 and not node.keywords and isinstance(node.args[0], ast.GeneratorExp):
        return _opened_comprehension(indent, f"{head}(", node.args[0], f"){after}")
    return _bracket(indent, f"{head}(", _arguments(node), f"){after}")


def _opened_comprehension(indent: int, opening: str, node: ast.expr, closing: str) -> str:
    ((key, item),) = _items(node)
    one = " " * (indent + 4) + key + flat(item, _LAMBDA) + _clauses(node)
    lines = [one]
    if width(one) > WIDTH:
        lines = [
            _laid_out(indent + 4, key, item, "", _LAMBDA),
            *(_laid_out(indent + 4, f"{word} ", value, "", _OR) for word, value in _comprehension(node)),
        ]
    return "\n".join([" " * indent + opening, *lines, " " * indent + closing])


def _bracket(indent: int, opening: str, items: list[tuple[str, ast.expr]], closing: str) -> str:
    lines = [_laid_out(indent + 4, before, item, ",", _LAMBDA) for before, item in items]
    return "\n".join([" " * indent + opening, *lines, " " * indent + closing])


def _in_parentheses(indent: int, before: str, node: ast.expr, after: str) -> str:
    parts = list(_chain(node)) or [("", node, 0)]
    if isinstance(node, ast.UnaryOp):
        sign = _SIGNS[type(node.op)]
        lines = [_laid_out(indent + 4, sign, node.operand, "", _own_level(node))]
    elif len(parts) == 1:
        lines = [" " * (indent + 4) + flat(node)]
    else:
        lines = [
            _laid_out(indent + 4, f"{word} " if word else "", operand, "", level) for word, operand, level in parts
        ]
    return "\n".join([f"{' ' * indent}{before}(", *lines, f"{' ' * indent}){after}"])
