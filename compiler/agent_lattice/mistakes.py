"""What to say about text that the grammar does not allow."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from lark import Token

from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report, nearest, replace
from agent_lattice.expr.parse import ADVICE
from agent_lattice.source import Source, Span

UNEXPECTED = Code("LAT1001", "unexpected-token")
UNTERMINATED = Code("LAT1002", "unterminated-string")
UNCLOSED = Code("LAT1003", "unclosed-brace")
UNKNOWN_WORD = Code("LAT1004", "unknown-word")
MISSING_LET = Code("LAT1005", "value-without-let")
RESERVED = Code("LAT1006", "reserved-word")

TOKENS = re.compile(r'//[^\n]*|"""[\s\S]*?(?:"""|\Z)|"(?:[^"\\\n]|\\.)*"?|\'(?:[^\'\\\n]|\\.)*\'?|[{}\n]')
"""What has to be told apart to count braces in a text that may be broken."""

_SIGNS = {
    "LBRACE": "`{`", "RBRACE": "`}`", "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`", "COMMA": "`,`", "COLON": "`:`",
    "DOT": "`.`", "EQUAL": "`=`", "QMARK": "`?`", "VBAR": "`|`", "AT": "`@`", "LESSTHAN": "`<`", "MORETHAN": "`>`", "__ANON_ARROW": "`->`",
    "NAME": "a name", "TYPE_NAME": "a type name", "STRING": "a string", "INT": "a whole number", "FLOAT": "a number",
    "DURATION": "a duration such as `30s`", "$END": "the end of the file",
}  # fmt: skip
_FOREIGN = {
    "class": "type", "const": "let", "def": "workflow", "enum": "type", "fn": "workflow", "foreach": "for", "func": "workflow",
    "function": "workflow", "interface": "type", "raise": "fail", "repeat": "loop", "struct": "type", "switch": "match",
    "throw": "fail", "val": "let", "while": "loop",
}  # fmt: skip
"""Words of other languages for what Lattice has another word for."""
_TERMINALS = frozenset({"NAME", "INT", "STRING", "FLOAT", "ERROR", "HEX", "BYTES", "UINT", "DURATION"})
_EXPRESSION = frozenset({"LSQB", "LPAR", "BANG", "MINUS", "TRUE", "FALSE", "NULL"})


def report_mistake(source: Source, state: Any, token: Token, report: Report) -> None:
    """One finding about a token that does not fit, with the best advice there is."""
    start = token.start_pos or 0
    span = Span(source, start, max(token.end_pos or start, start))
    if token.type == "CHARACTER" and token in "\"'":
        report.add(
            UNTERMINATED,
            "this string never ends",
            span,
            help=f"close it with `{token}`, or use three quotes for several lines",
        )
    elif not (
        _misspelt(source, state, token, report)
        or _without_let(source, state, report)
        or _reserved(source, state, token, report)
    ):
        _unexpected(state, token, span, report)


def report_unclosed(source: Source, brace: Token, at: int, report: Report) -> None:
    """An opening brace without its closing one; `at` is where the next declaration starts, or the end."""
    start, end = _without_partner(source.text, brace.start_pos or 0, at)
    indent = _indent(source.text, start)
    report.add(
        UNCLOSED,
        "this brace is never closed",
        Span(source, start, start + 1),
        related=(Label(Span(source, end, end), "the missing `}` belongs before here"),),
        fix=Fix("add `}`", (Edit(Span(source, end, end), f"\n{indent}}}"),)),
        help="add `}`",
    )


def _without_partner(text: str, start: int, at: int) -> tuple[int, int]:
    """The brace that its author probably forgot to close, and the end of what belongs into it.

    Braces pair from the inside, so a forgotten one shows at the outermost, `start`. Indentation tells more: a closing brace further
    left than the line of its partner closes something else.
    """
    open_braces: list[int] = []
    for match in TOKENS.finditer(text, start, at):
        if match.group() == "{":
            open_braces.append(match.start())
        elif match.group() == "}" and open_braces:
            partner, line = open_braces.pop(), text.rfind("\n", 0, match.start()) + 1
            indent = _indent(text, partner)
            if not text[line : match.start()].strip() and match.start() - line < len(indent):
                inside = re.compile(rf"\n(?!{indent}[ \t]|[ \t]*$)", re.MULTILINE).search(text, partner)
                return partner, inside.start() if inside else match.start()
    return start, len(text[:at].rstrip())


def _indent(text: str, at: int) -> str:
    """The white space that starts the line of an offset."""
    line = text.rfind("\n", 0, at) + 1
    return text[line : line + len(text[line:]) - len(text[line:].lstrip(" \t"))]


def _expected(state: Any) -> set[str]:
    """Terminals that may stand here."""
    return {
        terminal
        for terminal in state.parse_conf.states[state.state_stack[-1]]
        if terminal.isupper() or terminal == "$END"
    } - {"ERROR"}


def _is_word(terminal: str, text: str) -> bool:
    """Whether a terminal is the keyword `text`."""
    return terminal == text.upper() and text.isalpha() and text.islower()


def _misspelt(source: Source, state: Any, token: Token, report: Report) -> bool:
    """`retrun x`, `sytem "…"`: this token or the one before it is a name that looks like a keyword that could stand there."""
    last = state.value_stack[-1] if state.value_stack else None
    candidates = [(token, state.state_stack[-1])] if "NAME" not in _expected(state) else []
    if isinstance(last, Token) and last.type in ("NAME", "TYPE_NAME"):
        candidates.append((last, state.state_stack[-2]))
    for word, before in candidates:
        keywords = _keywords(state, before)
        foreign = _FOREIGN.get(str(word))
        guess = nearest(str(word), keywords) if str(word).isalpha() and foreign not in keywords else foreign
        if guess is not None and guess != word:
            span = Span(source, word.start_pos or 0, word.end_pos or 0)
            help = f"the word for it is `{guess}`" if guess == foreign else f"did you mean `{guess}`?"
            fix = None if guess == foreign else replace(f"change to `{guess}`", span, guess)
            report.add(UNKNOWN_WORD, f"`{word}` starts nothing here", span, help=help, fix=fix)
            return True
    return False


def _keywords(state: Any, at: int) -> list[str]:
    """Keywords that a parser state takes."""
    return [
        name.lower()
        for name in state.parse_conf.states[at]
        if name.isalpha() and name.isupper() and name not in _TERMINALS
    ]


def _without_let(source: Source, state: Any, report: Report) -> bool:
    """`x = order.total`: a value where a step is expected."""
    values = state.value_stack
    for back in (2, 3, 4, 5):
        head = values[-back : len(values) - back + 2] if len(values) >= back else []
        if (
            len(head) == 2
            and all(isinstance(v, Token) for v in head)
            and head[0].type == "NAME"
            and head[1].type == "EQUAL"
        ):
            before = state.state_stack[-back - 1]
            if "LET" in state.parse_conf.states[before]:
                start = head[0].start_pos or 0
                span = Span(source, start, head[0].end_pos or start)
                report.add(
                    MISSING_LET,
                    f"`{head[0]} = …` names a step, and this is none",
                    span,
                    help="a value is named with `let`; a step is a tool call, `ask`, `call`, `for` or `loop`",
                    fix=replace("add `let`", span.before(), "let "),
                )
                return True
    return False


def _reserved(source: Source, state: Any, token: Token, report: Report) -> bool:
    """A keyword where a name is meant: `match = shop.find(…)`, a field `import`."""
    word: Any = token
    if token.type == "EQUAL" and state.value_stack:
        word, before = state.value_stack[-1], state.parse_conf.states[state.state_stack[-2]]
        meant = "NAME" in before and str(word) not in ("let", "var", "set")  # behind those a name is missing
    else:
        meant = "NAME" in _expected(state) and "LPAR" not in _expected(state)
    if not (meant and isinstance(word, Token) and _is_word(word.type, str(word))):
        return False
    report.add(
        RESERVED,
        f"`{word}` is a word of the language here, so it cannot be a name",
        Span(source, word.start_pos or 0, word.end_pos or 0),
        help="choose another name",
    )
    return True


def _unexpected(state: Any, token: Token, span: Span, report: Report) -> None:
    shown = (
        "the end of the file"
        if token.type == "$END"
        else f"`{token}`"
        if str(token).isprintable()
        else f"character U+{ord(token[0]):04X}"
    )
    expected = _listed(_expected(state))
    report.add(
        UNEXPECTED,
        f"unexpected {shown}",
        span,
        label=f"expected {expected}" if expected else "",
        help=_advice(state, token),
    )


def _advice(state: Any, token: Token) -> str:
    expected = _expected(state)
    if token.type == "EQUAL" and "LPAR" in expected and "QMARK" not in expected:  # order.total = 3
        return "values never change: name the new one with `let`, or declare a `var` and `set` it"
    if token.type == "EQUAL" and "QMARK" not in expected:
        return ""
    return "lines need no end sign: remove it" if token == ";" else ADVICE.get(str(token), "")


def _listed(terminals: Iterable[str]) -> str:
    """Terminals in a reader's words; those that start an expression are one."""
    names = set(terminals)
    shown: list[str] = []
    if len(names & _EXPRESSION) > 3:
        shown.append("an expression")
        names -= _EXPRESSION | {"NAME", "TYPE_NAME", "STRING", "INT", "FLOAT", "HEX", "LBRACE", "BYTES", "UINT", "DOT"}
    words = [name for name in names if name in _SIGNS or (name.isalpha() and name.isupper())]
    shown += sorted(_SIGNS.get(name, f"`{name.lower()}`") for name in words if name not in ("HEX", "UINT", "BYTES"))
    if len(shown) > 8:
        return ""
    return ", ".join(shown[:-1]) + " or " + shown[-1] if len(shown) > 1 else "".join(shown)
