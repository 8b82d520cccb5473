"""`lattice convert FILE`: a program as text, YAML or JSON in another of the three forms."""

from __future__ import annotations

from pathlib import Path

import click

from agent_lattice.compiling import show_findings
from agent_lattice.diagnostics import Report
from agent_lattice.driver import format_source, is_document
from agent_lattice.fixing import write_file
from agent_lattice.reading import STDIN, Opened, Unusable, open_source, read_file, shown
from agent_lattice.records import record, replace
from agent_lattice.renders.diff import unified
from agent_lattice.renders.findings import Finding
from agent_lattice.source import Source
from agent_lattice.terminal import note, out, out_json, out_paint

ENDINGS = {"text": (".lat",), "yaml": (".yaml", ".yml"), "json": (".json",)}
"""The forms of a program, and how the names of their files end."""


@record
class Converted:
    """A program in another form, and how many of its comments that form cannot hold."""

    text: str
    lost: int = 0


@click.command("convert")
@click.argument("file")
@click.option("--to", "to", type=click.Choice([*ENDINGS]), help="The form to make; else what the name of OUT says.")
@click.option("--from", "given", type=click.Choice([*ENDINGS]), help="The form of FILE; else what its name says.")
@click.option("-o", "output", metavar="OUT", help="Write this file in place of standard output.")
@click.option("--check", is_flag=True, help="Write nothing; show what would change in OUT and exit with 1 for it.")
def convert_command(file: str, to: str | None, given: str | None, output: str | None, check: bool) -> None:
    """Print the program in FILE as text, YAML or JSON; `-` reads text from standard input, or what `--from` says.

    Nothing is lost but comments in JSON, which has none. A program with syntax errors is not converted.
    """
    form = _wanted(to, output)
    if check and output is None:
        raise click.UsageError("--check compares with the file that -o names")
    made = converted(_opened(file, given), form)
    if made.lost:
        note(f"{shown(file)}: JSON has no comments; left out: {made.lost}\n")
    if output is None:
        out_json(made.text)
    elif not check:
        write_file(output, made.text.encode())
    elif _differs(output, made.text):
        raise click.exceptions.Exit(1)


def _wanted(to: str | None, output: str | None) -> str:
    """The form to make. A file whose name says another one is not written: it may be the source."""
    named = form_of(output) if output is not None else None
    if to is None and named is None:
        raise click.UsageError("say what to make: --to text, yaml or json")
    if output is not None and to is not None and named != to:
        raise click.UsageError(f"{shown(output)} is no name for {to}: it should end with {' or '.join(ENDINGS[to])}")
    return to or named or ""


def form_of(name: str) -> str | None:
    """The form that the name of a file says."""
    return next((form for form, endings in ENDINGS.items() if name.endswith(endings)), None)


def _opened(file: str, given: str | None) -> Opened:
    """The source, under a name that says its form: where that is told, it is added."""
    opened = open_source(file)
    form = given or form_of(opened.name) or ("text" if file == STDIN else None)
    if form is None:
        raise click.UsageError(f"the name of {shown(file)} does not say its form: --from text, yaml or json")
    fits = form == "text" if file == STDIN else form_of(opened.name) == form
    return opened if fits else replace(opened, name=opened.name + ENDINGS[form][0])


def converted(opened: Opened, form: str) -> Converted:
    """The program in a form; syntax errors end the command with 1, after they are shown."""
    source, _, report = format_source(opened.name, opened.content)
    if report.failed:
        show_findings(Finding(diagnostic, opened.folder) for diagnostic in report.sorted())
        raise click.exceptions.Exit(1)
    try:
        return _as_text(source) if form == "text" else _as_document(source, form)
    except RecursionError:
        raise Unusable(f"cannot convert {shown(opened.path)}: it is nested too deeply") from None


def _as_text(source: Source) -> Converted:
    """The canonical text of a program without syntax errors."""
    from agent_lattice.documents.programs import translate
    from agent_lattice.format import formatted

    text = translate(source, Report()) if is_document(source.name) else source
    assert text is not None
    return Converted(formatted(text, Report()))


def _as_document(source: Source, form: str) -> Converted:
    """The canonical document of a program without syntax errors."""
    from agent_lattice.documents.data import notes_of
    from agent_lattice.documents.from_text import document_of
    from agent_lattice.documents.json_text import json_of
    from agent_lattice.documents.programs import laid_out
    from agent_lattice.documents.yaml_text import yaml_of
    from agent_lattice.format import formatted

    program = Source(source.name, formatted(source, Report())) if not is_document(source.name) else None
    root = document_of(program) if program is not None else laid_out(source, Report())
    assert root is not None
    return Converted(yaml_of(root)) if form == "yaml" else Converted(json_of(root), len(notes_of(root)))


def _differs(output: str, text: str) -> bool:
    """Whether a file is not as it would be written, which is shown."""
    try:
        before = read_file(output) if Path(output).exists() else b""
    except ValueError:
        before = b""
    if before == text.encode():
        return False
    out(unified(shown(output), before.decode(errors="replace"), text, out_paint()))
    note(f"{shown(output)}: would be written anew\n")
    return True
