"""Texts that other people may have written, in each format, and what targets may emit: with keys in common."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

KEYS = ["mcpServers", "refund", "other", "permissions", "allow", "command", "args", "a b"]
VALUES = ["sh", "x", 'q"\\', "é😀", "# no comment", "// nor this"]

scalars = st.one_of(st.sampled_from(VALUES), st.integers(-3, 3), st.booleans(), st.just(1.5))
lists = st.lists(
    st.one_of(scalars, st.dictionaries(st.sampled_from(KEYS[:4]), scalars, min_size=1, max_size=2)), max_size=3
)


def data(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Nested maps over the keys."""
    return st.dictionaries(
        st.sampled_from(KEYS),
        st.recursive(leaves, lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=3), max_leaves=6),
        max_size=4,
    )


emitted_data = data(st.one_of(scalars, lists)).filter(bool)

own_words = st.integers(0, 9).map(lambda number: f"user{number}")
"""Values that no target emits."""

Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def json_texts(draw: Draw) -> str:
    """JSON with comments, odd white space and commas behind the last."""
    space = st.sampled_from(["", "", " ", "\n", "\n  ", "\t", " // c, }\n", "/* { */", "\r\n", " \n\n "])
    commas = draw(st.booleans())

    def text(value: Any) -> str:
        def gap() -> str:
            return str(draw(space))

        if isinstance(value, dict):
            items = [f"{gap()}{json.dumps(k)}{gap()}:{gap()}{text(v)}{gap()}" for k, v in value.items()]
        elif isinstance(value, list):
            items = [f"{gap()}{text(item)}{gap()}" for item in value]
        else:
            return json.dumps(value, ensure_ascii=draw(st.booleans()))
        signs = "{}" if isinstance(value, dict) else "[]"
        last = "," if items and commas and draw(st.booleans()) else ""
        return signs[0] + ",".join(items) + last + gap() + signs[1]

    return draw(space) + text(draw(data(st.one_of(own_words, scalars, lists)))) + draw(space)


def laid_out_json(value: dict[str, Any], indent: int | None, line_end: str) -> str:
    return json.dumps(value, indent=indent).replace("\n", line_end) + line_end


neat_json = st.builds(
    laid_out_json,
    data(st.one_of(own_words, scalars, lists)),
    st.sampled_from([None, 1, 2, 4]),
    st.sampled_from(["", "\n", "\r\n"]).filter(bool),
)


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml_key(k)} = {toml_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def toml_key(key: str) -> str:
    return json.dumps(key) if " " in key else key


def emitted_toml(value: dict[str, Any]) -> str:
    """As a target writes it: pairs, then a header for each map."""

    def table(path: tuple[str, ...], found: dict[str, Any]) -> list[str]:
        pairs = [f"{toml_key(k)} = {toml_value(v)}\n" for k, v in found.items() if not isinstance(v, dict)]
        below = [block for k, v in found.items() if isinstance(v, dict) for block in table((*path, k), v)]
        head = f"[{'.'.join(map(toml_key, path))}]\n" if path and (pairs or not below) else ""
        return [head + "".join(pairs)] * bool(head or pairs) + below

    return "\n".join(table((), value))


@st.composite
def toml_texts(draw: Draw) -> str:
    """TOML with every way to write a table, comments, odd white space and line ends."""
    space = st.sampled_from(["", "", " ", "\t"])
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    comment = st.sampled_from(["", "", "", " # c [x] = {", "  "])
    between = st.sampled_from(["", "", end, f"# [own]{end}", f"  {end}{end}", f"# a{end}# b{end}{end}"])
    breaks = st.sampled_from(["", " ", end, f" # c ]{end}"])

    def value(found: Any) -> str:
        if isinstance(found, list):
            items = [draw(breaks) + value_in(item) + draw(breaks) for item in found]
            last = "," if items and draw(st.booleans()) else ""
            return "[" + ",".join(items) + last + draw(breaks) + "]"
        return value_in(found)

    def value_in(found: Any) -> str:
        if isinstance(found, str) and draw(st.integers(0, 5)) == 0:
            return '"""' + f"{end}{end}[x]{end}" + '"""'
        return toml_value(found)

    def pair(path: list[str], found: Any) -> str:
        gap = draw(space)
        left = f"{gap}.{gap}".join(map(toml_key, path))
        return f"{draw(between)}{draw(space)}{left}{draw(space)}={draw(space)}{value(found)}{draw(comment)}{end}"

    def table(path: list[str], found: dict[str, Any]) -> str:
        here, below = "", ""
        for key, one in found.items():
            way = draw(st.sampled_from(["header", "header", "dotted", "inline"]))
            if isinstance(one, list) and one and all(isinstance(item, dict) for item in one) and draw(st.booleans()):
                head = f"[[{'.'.join(map(toml_key, [*path, key]))}]]"
                below += "".join(
                    f"{draw(between)}{head}{draw(comment)}{end}" + "".join(pair([k], v) for k, v in item.items())
                    for item in one
                )
            elif not isinstance(one, dict) or (way == "inline"):
                here += pair([key], one)
            elif way == "dotted" and one and not any(isinstance(v, dict) for v in one.values()):
                here += "".join(pair([key, k], v) for k, v in one.items())
            else:
                below += table([*path, key], one)
        gap = draw(space)
        head = f"{gap}.{gap}".join(map(toml_key, path))
        return (f"{draw(between)}{draw(space)}[{head}]{draw(comment)}{end}" if path else "") + here + below

    text = table([], draw(data(st.one_of(own_words, scalars, lists)))) + draw(between)
    return text.rstrip("\r\n") if draw(st.integers(0, 3)) == 0 else text


@st.composite
def yaml_texts(draw: Draw) -> str:
    """YAML in block and flow style, with comments, odd indentation, block scalars and line ends."""
    comment = st.sampled_from(["", "", " # c: - x", "  "])
    between = st.sampled_from(["", "", "", "\n", "# own: x\n", "  # in\n", "\n\n"])

    def flow(value: Any) -> str:
        gap = draw(st.sampled_from(["", " "]))
        if isinstance(value, dict):
            return "{" + gap + ", ".join(f"{json.dumps(k)}: {flow(v)}" for k, v in value.items()) + gap + "}"
        if isinstance(value, list):
            return "[" + gap + ", ".join(map(flow, value)) + gap + "]"
        return json.dumps(value, ensure_ascii=False)

    def plain(value: Any, indent: str) -> str:
        if isinstance(value, str) and draw(st.integers(0, 3)) == 0:
            sign = draw(st.sampled_from(["|", ">", "|-", "|+", ">+"]))
            tail = draw(st.sampled_from(["", "\n", "\n\n"]))
            return f"{sign}{draw(st.sampled_from(['', ' # c']))}\n{indent}  word # text\n{indent}  more{tail}"
        return value if isinstance(value, str) and value.isalnum() else flow(value)

    def block(value: Any, indent: str) -> str:
        """What stands behind a key or dash, with its line end."""
        if isinstance(value, dict | list) and value and draw(st.integers(0, 3)):
            deeper = indent + draw(st.sampled_from(["  ", " ", "    "]))
            if isinstance(value, list) and draw(st.booleans()) and indent:
                deeper = indent
            return draw(comment) + "\n" + body(value, deeper)
        return " " + plain(value, indent) + draw(comment) * (not isinstance(value, str)) + "\n"

    def body(value: Any, indent: str) -> str:
        if isinstance(value, dict):
            keys = {k: k if draw(st.booleans()) else json.dumps(k) for k in value}
            return "".join(f"{draw(between)}{indent}{keys[k]}:{block(v, indent)}" for k, v in value.items())
        return "".join(f"{draw(between)}{indent}- {json.dumps(v)}{draw(comment)}\n" for v in value)

    found = draw(data(st.one_of(own_words, scalars, lists)))
    start = draw(st.sampled_from(["", "", "---\n", "# top\n", "%YAML 1.2\n---\n"]))
    text = start + (flow(found) + "\n" if draw(st.integers(0, 5)) == 0 else body(found, ""))
    text += draw(st.sampled_from(["", "", "# end\n", "...\n", "\n\n"]))
    text = text.rstrip("\n") if draw(st.integers(0, 3)) == 0 else text
    return text.replace("\n", "\r\n") if draw(st.integers(0, 3)) == 0 else text


def emitted_yaml(value: dict[str, Any]) -> str:
    """As a target writes it: block style, lists below their key."""

    def lines(found: Any, indent: str) -> str:
        if isinstance(found, dict):
            return "".join(f"{indent}{json.dumps(k)}:{behind(v, indent)}" for k, v in found.items())
        return "".join(f"{indent}- {json.dumps(v, ensure_ascii=False)}\n" for v in found)

    def behind(found: Any, indent: str) -> str:
        if isinstance(found, dict | list) and found:
            return "\n" + lines(found, indent + "  ")
        return f" {json.dumps(found, ensure_ascii=False)}\n"

    return lines(value, "")


def emitted_markdown(sections: dict[str, str]) -> str:
    return "\n".join(f"<!-- lattice:{name} -->\n{text}\n<!-- /lattice:{name} -->\n" for name, text in sections.items())


markdown_lines = st.sampled_from(["# T", "", "text", "  x", "<!-- c -->", "```", "user1", "user2", "\t"])
markdown_texts = st.builds(
    lambda lines, end, last: end.join(lines) + (end if last else ""),
    st.lists(markdown_lines, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
markdown_sections = st.dictionaries(
    st.sampled_from(["refund", "other", "third"]), st.sampled_from(["one", "# Two\n\ntext"]), min_size=1, max_size=1
)

TEXTS: dict[str, st.SearchStrategy[str]] = {
    "json": st.one_of(json_texts(), neat_json, st.sampled_from(["", "{}", "\n", "// c", "{ }\n"])),
    "toml": toml_texts(),
    "yaml": yaml_texts(),
    "markdown": markdown_texts,
}
EMITTED: dict[str, st.SearchStrategy[str]] = {
    "json": emitted_data.map(lambda found: json.dumps(found, indent=2) + "\n"),
    "toml": emitted_data.map(emitted_toml),
    "yaml": emitted_data.map(emitted_yaml),
    "markdown": markdown_sections.map(emitted_markdown),
}


def contents(format: str) -> st.SearchStrategy[bytes | None]:
    """What may be there: nothing, or a text of the format, with a byte order mark or without."""
    texts = TEXTS[format].map(lambda text: text.encode("utf-8"))
    return st.one_of(st.none(), texts, texts, texts, texts.map(lambda content: b"\xef\xbb\xbf" + content))
