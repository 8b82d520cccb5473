"""Prompts: fixed ones as constants, others as functions of what they show."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from agent_lattice.expr.python import python
from agent_lattice.expr.templates import template_python
from agent_lattice.terms import Choice, Each, Hole, Template, TemplatePart, Text, template_reads

from agent_lattice_targets.python.layout import WIDTH, flat, statement
from agent_lattice_targets.python.literals import block_string, escaped
from agent_lattice_targets.python.names import python_name
from agent_lattice_targets.python.tidy import tidied

_MOST_PIECES = 6
"""How many pieces a template may have to stand where it is used."""

Names = Mapping[str, str]


def is_fixed(template: Template) -> bool:
    return all(isinstance(part, Text) for part in template.parts)


def is_short(template: Template) -> bool:
    """Whether a template reads well where it is used: a few pieces on one line."""
    plain = all(isinstance(part, Hole) or (isinstance(part, Text) and "\n" not in part.text) for part in template.parts)
    return plain and len(template.parts) <= _MOST_PIECES


def fixed_text(template: Template) -> str:
    return "".join(part.text for part in template.parts if isinstance(part, Text))


def constant_lines(name: str, text: str) -> list[str]:
    """The definition of a text as a constant of a module."""
    if "\n" not in text.rstrip("\n"):
        return statement(0, f"{name} = ", ast.Constant(text)).split("\n")
    return _marked(f"{name} = {block_string(text)}".split("\n"))


def short_text(template: Template, names: Names) -> ast.expr:
    """A short template as a sum of strings."""
    pieces = [_piece(part, names) for part in template.parts]
    result = pieces[0] if pieces else ast.Constant("")
    for piece in pieces[1:]:
        result = ast.BinOp(result, ast.Add(), piece)
    return result


def message(template: Template, names: Names) -> ast.expr:
    """A template where a message is expected, of any size."""
    return short_text(template, names) if is_short(template) else tidied(template_python(template, names))


def function_lines(head: Sequence[str], template: Template, names: Names) -> list[str]:
    """A function that returns the text of a template; `head` is its `def` line, `names` those of its parameters."""
    inside = _formatted(template, names)
    if inside is not None:
        return [*head, *inside]
    return [*head, *_started(list(_parts(template.parts, names, 4))), '    return "".join(parts)']


def _started(lines: list[str]) -> list[str]:
    """The statements with `parts` defined in front, or by the first of them."""
    if lines and lines[0].startswith("    parts += "):
        return [lines[0].replace("+=", "=", 1), *lines[1:]]
    return ["    parts: list[str] = []", *lines]


def _piece(part: TemplatePart, names: Names) -> ast.expr:
    return tidied(template_python(Template((part,)), names))


def _formatted(template: Template, names: Names) -> list[str] | None:
    """`return f"…"`, when every hole is simple enough to stand in one."""
    shown: list[str] = []
    for part in template.parts:
        if isinstance(part, Text):
            shown.append("".join(_in_format(char) for char in part.text))
            continue
        piece = _piece(part, names) if isinstance(part, Hole) else None
        if piece is None or not _fits_in_string(piece):
            return None
        shown.append("{" + flat(_shown(piece)) + "}")
    body = "".join(shown)
    if '"""' in body or body.endswith('"'):
        return None
    return _marked(f'    return f"""\\\n{body}"""'.split("\n"))


def _fits_in_string(piece: ast.expr) -> bool:
    """Whether an expression may stand in an f-string of Python 3.11, and stay as it is there."""
    text = flat(piece)
    return _is_plain(piece) and "\\" not in text and "'" not in text and len(text) <= WIDTH // 2


def _in_format(char: str) -> str:
    return {"{": "{{", "}": "}}", "\n": "\n"}.get(char) or escaped(char)


def _is_plain(node: ast.expr) -> bool:
    """A name, fields of one, or a text of one: nothing that a formatter lays out in its own way."""
    match node:
        case ast.Name():
            return True
        case ast.Subscript(value=value, slice=ast.Constant(value=str())):
            return _is_plain(value)
        case ast.Call(func=ast.Name() | ast.Attribute(), args=[arg], keywords=[]):
            return _is_plain(arg)
    return False


def _marked(lines: list[str]) -> list[str]:
    """Lines of a prompt may be of any length."""
    if any(len(line) > WIDTH for line in lines):
        lines[-1] += "  # noqa: E501"
    return lines


def _parts(parts: Sequence[TemplatePart], names: Names, indent: int) -> Iterator[str]:
    """Statements that append the text of template parts to `parts`."""
    waiting: list[ast.expr] = []
    for part in parts:
        if isinstance(part, Text):
            waiting += [ast.Constant(line) for line in part.text.splitlines(keepends=True)]
        elif isinstance(part, Hole):
            waiting.append(_piece(part, names))
        else:
            yield from _flushed(waiting, indent)
            waiting = []
            yield from _loop(part, names, indent) if isinstance(part, Each) else _choice(part, names, indent)
    yield from _flushed(waiting, indent)


def _flushed(pieces: list[ast.expr], indent: int) -> Iterator[str]:
    if not pieces:
        return
    lines = [_line(line) for line in _by_line(pieces)]
    one = ast.Call(ast.Attribute(ast.Name("parts"), "append"), lines[0], [])
    several = ast.List([piece for line in lines for piece in line])
    short = len(lines) == 1 and len(lines[0]) == 1
    text = statement(indent, "", one) if short else statement(indent, "parts += ", several)
    yield from _marked_long(text.split("\n"))


def _by_line(pieces: list[ast.expr]) -> list[list[ast.expr]]:
    """The pieces of each line of the text."""
    lines: list[list[ast.expr]] = [[]]
    for piece in pieces:
        lines[-1].append(piece)
        if isinstance(piece, ast.Constant) and str(piece.value).endswith("\n"):
            lines.append([])
    return [line for line in lines if line]


def _line(pieces: list[ast.expr]) -> list[ast.expr]:
    """The pieces of a line as one f-string, if they fit in one."""
    texts = [piece.value for piece in pieces if isinstance(piece, ast.Constant)]
    values = [piece for piece in pieces if not isinstance(piece, ast.Constant)]
    if len(pieces) == 1 or any('"' in str(text) for text in texts) or not all(map(_fits_in_string, values)):
        return pieces
    return [ast.JoinedStr([p if isinstance(p, ast.Constant) else ast.FormattedValue(_shown(p), -1) for p in pieces])]


def _shown(piece: ast.expr) -> ast.expr:
    """What an f-string turns into the same text by itself."""
    match piece:
        case ast.Call(func=ast.Name(id="str"), args=[value]):
            return value
    return piece


def _marked_long(lines: list[str]) -> list[str]:
    return [f"{line}  # noqa: E501" if len(line) > WIDTH else line for line in lines]


def _loop(part: Each, names: Names, indent: int) -> Iterator[str]:
    variable = _free(part.variable, names) if part.variable in template_reads(part.body) else "_"
    yield from statement(indent, f"for {variable} in ", tidied(python(part.over, names)), ":").split("\n")
    yield from _block(part.body, {**names, part.variable: variable}, indent)


def _choice(part: Choice, names: Names, indent: int) -> Iterator[str]:
    for place, (condition, body) in enumerate(part.branches):
        yield from statement(indent, "elif " if place else "if ", tidied(python(condition, names)), ":").split("\n")
        yield from _block(body, names, indent)
    if part.otherwise:
        yield " " * indent + "else:"
        yield from _block(part.otherwise, names, indent)


def _block(parts: Sequence[TemplatePart], names: Names, indent: int) -> list[str]:
    return list(_parts(parts, names, indent + 4)) or [" " * (indent + 4) + "pass"]


def _free(name: str, names: Names) -> str:
    """A name for a loop's variable beside the ones in use."""
    candidate = python_name(name)
    while candidate in names.values() or candidate == "parts":
        candidate += "_"
    return candidate
