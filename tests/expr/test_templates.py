"""Prompt templates: text rules, tags, holes by type, findings with their places."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agent_lattice import terms
from hypothesis import given
from hypothesis import strategies as st

RENDERED = [
    ('""', ""),
    ('"plain { } text"', "plain { } text"),
    ('"{{ s }}"', "hello"),
    ('"n={{ n }} x={{ x }} b={{ b }} k={{ order.kind }}"', "n=7 x=1.5 b=true k=toys"),
    ('"{{ order.total }} {{ 1e21 }} {{ 0.0 / 0.0 }}"', "20 1e+21 NaN"),
    ('"{{ ns }} {{ stock }} {{ xs }}"', '[1,2,3] {"a":1,"b":2} [0.5,"NaN"]'),
    ('"{{ d.list }}"', '[1,"a"]'),
    ("\"{{ order.note == null ? 'none' : order.note }}\"", "none"),
    ('"{{ s + \\"\\\\n\\" + \'x\' }}\\ty"', "hello\nx\ty"),
    ('"{{ {\\"a\\": {\\"b\\": \\"}}\\"}} }}"', '{"a":{"b":"}}"}}'),
    ("\"{{ '{{' }} {# {{ not }} read #}.\"", "{{ ."),
    ("r'\\d{{ n }}'", "\\d7"),
    ('"{% for w in words %}[{{ w }}]{% endfor %}"', "[a][b]"),
    ('"{% for w in [] %}x{% endfor %}"', ""),
    ('"{% for k in stock %}{{ k }}={{ stock[k] }} {% endfor %}"', "a=1 b=2 "),
    ('"{% for n in ns %}{% for m in ns %}{{ n * m }},{% endfor %};{% endfor %}"', "1,2,3,;2,4,6,;3,6,9,;"),
    ('"{% if b %}yes{% endif %}{% if !b %}no{% endif %}"', "yes"),
    ('"{% if n > 9 %}a{% elif n > 5 %}b{% elif b %}c{% else %}d{% endif %}"', "b"),
    ('"{% if n > 9 %}a{% elif n > 8 %}b{% else %}d{% endif %}"', "d"),
    ('"{% if order.note != null %}{{ order.note }}{% else %}-{% endif %}"', "-"),
    ('"{% if order.note == null %}-{% else %}{{ order.note }}{% endif %}"', "-"),
    ('"{% if order.note == null %}-{% elif order.note.size() > 1 %}{{ order.note }}{% endif %}"', "-"),
    ("\"{%for w in words%}{%if w == 'a'%}{{w}}{%endif%}{%endfor%}\"", "a"),
]


@pytest.mark.parametrize(("raw", "text"), RENDERED, ids=[raw for raw, _ in RENDERED])
def test_rendered(lab: Any, raw: str, text: str) -> None:
    assert lab.rendered(raw) == text


LAYOUTS = [
    ('"""\n    a\n      b\n    c\n    """', "a\n  b\nc\n"),
    ('"""\n    a\n\n   \n    b"""', "a\n\n\nb"),
    ('"""a\n  b"""', "a\n  b"),
    ('"""   \n\n  a"""', "\na"),
    ('"""\n  {% for w in words %}\n  - {{ w }}\n  {% endfor %}\n  end\n  """', "- a\n- b\nend\n"),
    ('"""\n  {% for w in words %}- {{ w }}\n  {% endfor %}\n  """', "- a\n- b\n"),
    ('"""\n  {# note #}\n  a {# note #} b\n"""', "a  b\n"),
    ('"""\n  {% if b %}\n    in\n  {% else %}\n    out\n  {% endif %}\n"""', "  in\n"),
    ('"""\n  a\\n b\n  c"""', "a\n b\nc"),
    ("'''\n\ta\n\t b\n'''", "a\n b\n"),
    ('r"""\n  \\d\n  """', "\\d\n"),
    ('"{% if b %}\\n{% endif %}"', "\n"),
]


@pytest.mark.parametrize(("raw", "text"), LAYOUTS, ids=[raw for raw, _ in LAYOUTS])
def test_layout_of_triple_quoted_text(lab: Any, raw: str, text: str) -> None:
    assert lab.rendered(raw) == text


FINDINGS = [
    ('"{{ ordr }}"', [("LAT2101", "ordr")]),
    ('"{{ order.totl }} {{ ordr }}"', [("LAT2102", "totl"), ("LAT2101", "ordr")]),
    ('"{{ order.note }}"', [("LAT2103", "order.note")]),
    ('"{{ null }}"', [("LAT2103", "null")]),
    ('"{{ s + \\"a\\" + ordr }}"', [("LAT2101", "ordr")]),
    ('"""\n   {{ s }}\n   {{ ordr }}\n"""', [("LAT2101", "ordr")]),
    ('"{{ }}"', [("LAT1101", "")]),
    ('"{{ n + }} {{ n n }}"', [("LAT1101", ""), ("LAT1101", "n")]),
    ('"a {{ n"', [("LAT1106", "{{")]),
    ('"a {% if b %"', [("LAT1106", "{%")]),
    ('"a {# b"', [("LAT1106", "{#")]),
    ('"{% if b %}a"', [("LAT1106", "{% if b %}")]),
    (
        '"{% for w in words %}{% if b %}a{% endfor %}"',
        [("LAT1106", tag) for tag in ("{% for w in words %}", "{% if b %}", "{% endfor %}")],
    ),
    ('"{% endif %}"', [("LAT1106", "{% endif %}")]),
    ('"{% else %}"', [("LAT1106", "{% else %}")]),
    ('"{% if b %}{% else %}{% else %}{% endif %}"', [("LAT1106", "{% else %}")]),
    ('"{% if b %}{% else %}{% elif b %}{% endif %}"', [("LAT1106", "{% elif b %}")]),
    ('"{% while b %}"', [("LAT1106", "{% while b %}")]),
    ('"{%- if b -%}"', [("LAT1106", "{%- if b -%}")]),
    ('"{% for words %}{% endfor %}"', [("LAT1106", "{% for words %}")]),
    ('"{% for w in n %}{{ w.x }}{% endfor %}"', [("LAT2134", "n")]),
    ('"{% if n %}{% endif %}"', [("LAT2121", "n")]),
    ('"{% if %}{% endif %}"', [("LAT1101", "")]),
    (
        '"{{ order.note != null }}{% if order.note != null || b %}{{ order.note }}{% endif %}"',
        [("LAT2103", "order.note")],
    ),
    ('"\\q{{ n }}"', [("LAT1104", "\\q")]),
    ('"{{ \\"\\\\q\\" }}"', [("LAT1104", '\\"\\\\q\\"')]),
    ('"' + "{% if b %}" * 11 + "{% endif %}" * 11 + '"', [("LAT1105", "{% if b %}")]),
    ('"{% if b %}' + "{% elif b %}" * 31 + '{% endif %}"', [("LAT1105", "{% elif b %}")]),
]


@pytest.mark.parametrize(("raw", "findings"), FINDINGS, ids=[raw[:60] for raw, _ in FINDINGS])
def test_findings(lab: Any, raw: str, findings: list[tuple[str, str]]) -> None:
    assert lab.findings(raw, lab.template) == findings


PIECES = [*"{}%# \n\"'\\ns.x+()[]:", "{{ s }}", "{% if b %}", "{% endif %}", "{% for w in words %}", "{% endfor %}"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_a_template_or_reported(lab: Any, text: str) -> None:
    raw = '"""' + text.replace('"""', "''").rstrip('\\"') + '"""'
    made, report = lab.template(raw)
    json.dumps(terms.template_data(made))
    for finding in report.found:
        assert 7 <= finding.span.start <= finding.span.end <= 7 + len(raw)
    if not report.found:
        assert isinstance(lab.rendered(raw), str)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{")))
def test_text_without_braces_stays_as_it_is(lab: Any, text: str) -> None:
    from agent_lattice.expr.tree import quoted

    assert lab.rendered(quoted(text)) == text


def test_reads_and_data(lab: Any) -> None:
    made, report = lab.template(
        '"{{ s }}{% for n in ns %}{{ n + m }}{% endfor %}{% if b %}{{ x }}{% else %}!{% endif %}"'
    )
    assert not report.found
    assert terms.template_reads(made) == {"s", "ns", "m", "b", "x"}
    assert [next(iter(part)) for part in terms.template_data(made)] == ["show", "each", "choice"]
