"""Tree to program: names, types and the bodies of workflows, over all files that the main one imports."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from agent_lattice import plan
from agent_lattice.annotations import report_confusions, unquote
from agent_lattice.declarations.imports import Import
from agent_lattice.declarations.test import REPEATED_TEST, Test
from agent_lattice.declarations.type import report_hollow
from agent_lattice.diagnostics import Code, Edit, Fix, Label, Report, Severity, did_you_mean, nearest
from agent_lattice.program import Files, Module, Program, Surfaces, Symbol, no_surfaces
from agent_lattice.python_files import collect, collect_script
from agent_lattice.records import fields, is_record
from agent_lattice.source import Source, Span, decoded
from agent_lattice.tree import Junk, Name
from agent_lattice.tree import Module as Tree
from agent_lattice.types import Record, Union

DUPLICATE = Code("LAT1203", "duplicate-declaration")
FILE_NOT_FOUND = Code("LAT1301", "import-not-found")
NOT_EXPORTED = Code("LAT1302", "import-not-declared")
IMPORT_CYCLE = Code("LAT1303", "import-cycle")
OUTSIDE = Code("LAT1304", "import-outside-project")
UNUSED_IMPORT = Code("LAT1305", "unused-import", Severity.WARNING)
MODULE_CLASH = Code("LAT2444", "python-module-clash")
NOTHING_DECLARED = Code("LAT1306", "nothing-declared", Severity.WARNING)

Parse = Callable[[Source, Report], Tree]


def check(source: Source, files: Files, parse: Parse, report: Report, surfaces: Surfaces = no_surfaces) -> Program:
    """The program of a main source; everything wrong in it and in what it imports is reported."""
    loader = _Loader(files, parse, report, surfaces)
    loader.load(source, [])
    modules = loader.modules
    _name_uniquely(modules)
    _link(modules, loader.targets, report)
    program = Program(modules)
    _resolve(modules, report)
    _check_bodies(program, report)
    _check_unused(modules, report)
    _collect_files(program, files, report)
    return program


class _Loader:
    """Reads and parses the main source and, once each, what it imports."""

    def __init__(self, files: Files, parse: Parse, report: Report, surfaces: Surfaces) -> None:
        self.files = files
        self.surfaces = surfaces
        self.parse = parse
        self.report = report
        self.modules: list[Module] = []
        self.by_path: dict[str, Module] = {}
        self.targets: dict[int, Module] = {}

    def load(self, source: Source, path: list[tuple[str, Span]]) -> Module:
        tree = self.parse(source, self.report)
        module = Module(source, [d for d in tree.declarations if not isinstance(d, Junk)])
        module.files, module.surfaces = self.files, self.surfaces
        module.poisoned = _poisoned(tree, source)
        self.modules.append(module)
        self.by_path[source.name] = module
        for node in module.declarations:
            if isinstance(node, Import):
                self._follow(node, module, [*path, (source.name, node.path.span)])
        return module

    def _follow(self, node: Import, module: Module, path: list[tuple[str, Span]]) -> None:
        name, span = node.target(module.folder), node.path.span
        if name in [visited for visited, _ in path]:
            cycle = [*[visited for visited, _ in path][[v for v, _ in path].index(name) :], name]
            related = [Label(at, "imported here") for visited, at in path[:-1] if visited in cycle]
            self.report.add(
                IMPORT_CYCLE,
                "files import each other in a circle",
                span,
                related=related,
                notes=(" → ".join(cycle),),
                help="move what both need into a third file",
            )
        elif name in self.by_path:
            self.targets[id(node)] = self.by_path[name]
        elif (text := self._read(name, unquote(node.path.raw), span)) is not None:
            self.targets[id(node)] = self.load(Source(name, text), path)

    def _read(self, name: str, written: str, span: Span) -> str | None:
        if written.startswith("/") or name.startswith("..") or "\\" in written or "\0" in written:
            self.report.add(
                OUTSIDE,
                "an import stays in the project: a relative path below the main file",
                span,
                help='write `"./name.lat"`',
            )
            return None
        content = self.files(name)
        if content is None:
            self.report.add(FILE_NOT_FOUND, f"no file `{name}`", span, help="the path is relative to this file")
            return None
        return decode(content, name, self.report)


NOT_UTF8 = Code("LAT1007", "not-utf-8")


def decode(content: bytes, name: str, report: Report) -> str:
    """Text of a source file; bytes that are not UTF-8 are reported and replaced."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        text = content.decode("utf-8", errors="replace")
        at = len(content[: error.start].decode("utf-8", errors="replace").replace("\r\n", "\n"))
        report.add(
            NOT_UTF8,
            f"byte 0x{content[error.start]:02x} is not UTF-8",
            Span(Source(name, text), at, at + 1),
            help="save the file as UTF-8",
        )
        return text


def _poisoned(tree: Tree, source: Source) -> set[str]:
    """Names that unreadable parts seem to define: nothing is said about their absence."""
    found: set[str] = set()
    stack: list[object] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Junk):
            found |= set(
                re.findall(r"\b(?:type|tool|model|agent|secret|workflow|let|var|branch)\s+([A-Za-z_]\w*)", node.text)
            )
            found |= set(re.findall(r"([A-Za-z_]\w*)\s*=(?!=)", node.text)) | set(
                re.findall(r"import\s*\{([^}]*)", node.text)
            )
            found |= {
                word for group in re.findall(r"import\s*\{([^}]*)", node.text) for word in re.findall(r"\w+", group)
            }
        elif isinstance(node, tuple | list):
            stack.extend(node)
        elif is_record(node) and not isinstance(node, Name):
            stack.extend(getattr(node, field.name) for field in fields(node) if field.name != "span")
    return found


def _name_uniquely(modules: list[Module]) -> None:
    """Give every declaration a name of its own in the whole program; only clashing ones of other files get their file's name."""
    taken: dict[str, int] = {}
    for module in modules:
        for node in module.declarations:
            for name in node.names():
                taken[name.text] = taken.get(name.text, 0) + 1
    names = set(taken)
    for module in modules:
        module.taken = names
        for node in module.declarations:
            for name in node.names():
                if name.text not in module.symbols:
                    symbol = Symbol(name.text, node.sort, name.span, module, node)
                    clash = taken[name.text] > 1 and module is not modules[0] and node.sort != "secret"
                    symbol.unique = _qualified(module, name.text) if clash else name.text
                    module.symbols[name.text] = symbol
                    names.add(symbol.unique)


def _qualified(module: Module, name: str) -> str:
    stem = "".join(char if char.isalnum() else "_" for char in str(PurePosixPath(module.source.name).with_suffix("")))
    return f"{stem[:1].upper()}{stem[1:]}{name}" if name[0].isupper() else f"{stem}_{name}"


def _link(modules: list[Module], targets: dict[int, Module], report: Report) -> None:
    """Make imported names visible; report doubled and missing ones."""
    for module in modules:
        seen: dict[str, Span] = {}
        for node in module.declarations:
            for name in node.imported if isinstance(node, Import) else node.names():
                if name.text in seen:
                    related = (Label(seen[name.text], "the first one is here"),)
                    report.add(
                        DUPLICATE, f"`{name}` is declared twice", name.span, related=related, help="rename one of them"
                    )
                seen.setdefault(name.text, name.span)
                if isinstance(node, Import):
                    _import(name, node, module, targets.get(id(node)), report)


def _import(name: Name, node: Import, module: Module, target: Module | None, report: Report) -> None:
    if target is None:
        module.poisoned.add(name.text)
        return
    own = {d.text for other in target.declarations for d in other.names()}
    if name.text in own:
        module.symbols.setdefault(name.text, target.symbols[name.text])
    elif name.text in target.poisoned:
        module.poisoned.add(name.text)
    else:
        help, fix = did_you_mean(name.text, own, name.span)
        report.add(NOT_EXPORTED, f"`{target.source.name}` declares no `{name}`", name.span, help=help, fix=fix)
        module.poisoned |= {name.text, nearest(name.text, own) or name.text}


def _resolve(modules: list[Module], report: Report) -> None:
    """Types by name, then what is in them, then all that speaks of types."""
    types = [symbol for module in modules for symbol in module.of_sort("type")]
    for symbol in types:
        symbol.resolve(report)
    for symbol in types:
        symbol.declaration.fill(symbol, report)
    for module in modules:
        report_confusions(module, report)
        for symbol in module.symbols.values():
            symbol.resolve(report)


def _check_bodies(program: Program, report: Report) -> None:
    """Everything but tests first: tests speak of the steps of finished workflows."""
    for module in program.modules:
        for node in module.declarations:
            if isinstance(node, Test) or not all(
                module.symbols[name.text].declaration is node for name in node.names()
            ):
                continue
            found = node.check(module, report)
            if isinstance(found, plan.Workflow):
                module.symbols[node.name.text].value = found
                program.workflows[found.name] = found
            elif isinstance(found, Record):
                program.records.append(found)
            elif isinstance(found, Union):
                program.unions.append(found)
        program.records += [type for type in module.made if isinstance(type, Record) and type not in program.records]
        program.unions += [type for type in module.made if isinstance(type, Union)]
        report_confusions(module, report)
    report_hollow(program.records, report)
    seen: dict[str, Span] = {}
    for node in (node for node in program.main.declarations if isinstance(node, Test)):
        if unquote(node.name.raw) in seen:
            report.add(
                REPEATED_TEST,
                "two tests have this name",
                node.name.span,
                related=(Label(seen[unquote(node.name.raw)], "the first one is here"),),
            )
        seen.setdefault(unquote(node.name.raw), node.name.span)
        test = node.check(program.main, report)
        if test is not None:
            program.tests.append(test)
    declares = any(name for node in program.main.declarations for name in node.names())
    if not declares and not program.main.poisoned and not report.failed:
        span = Span(program.main.source, 0, 0)
        report.add(
            NOTHING_DECLARED, "this file declares nothing", span, help="declare a `workflow`, or what others import"
        )


def _check_unused(modules: list[Module], report: Report) -> None:
    """Imported names that stand nowhere outside the imports."""
    for module in modules:
        imports = [node for node in module.declarations if isinstance(node, Import)]
        text = imports[0].span.source.text if imports else ""  # of a document the text that it stands for
        for node in reversed(imports):
            text = text[: node.span.start] + text[node.span.end :]
        words = set(re.findall(r"[A-Za-z_]\w*", text)) if imports else set()
        for owner, name in ((node, name) for node in imports for name in node.imported):
            if name.text not in words and name.text in module.symbols:
                fix = Fix("remove it", (Edit(_import_of(name, owner), ""),))
                report.add(UNUSED_IMPORT, f"`{name}` is imported and not used", name.span, help="remove it", fix=fix)


def _import_of(name: Name, node: Import) -> Span:
    """What imports only this name: its place in the list with a comma, or the whole import."""
    names = [imported.span for imported in node.imported]
    at = names.index(name.span)
    if len(names) == 1:
        end = node.span.end + node.span.source.text.startswith("\n", node.span.end)
        return Span(node.span.source, node.span.start, end)
    if at + 1 < len(names):
        return Span(name.span.source, name.span.start, names[at + 1].start)
    return Span(name.span.source, names[at - 1].end, name.span.end)


def _collect_files(program: Program, files: Files, report: Report) -> None:
    """The texts of Python tools, by path below their folder, and of scripted replies."""
    for module in program.modules:
        for symbol in [*module.of_sort("tool"), *module.of_sort("model")]:
            value = symbol.value
            if isinstance(value, plan.ToolSet):
                for path, text in _tool_files(value, module, files).items():
                    if program.python_files.setdefault(path, text) != text:
                        span = symbol.span
                        report.add(
                            MODULE_CLASH,
                            f"two different files are called `{path}` in a package",
                            span,
                            help="rename one of the modules",
                        )
            elif isinstance(value, plan.Model) and value.provider == "scripted":
                content = files(str(module.folder / value.model))
                if content is not None:
                    program.replies[value.model] = decoded(content)


def _tool_files(tool: plan.ToolSet, module: Module, files: Files) -> dict[str, str]:
    """The texts that a tool is made of: its module, or the scripts of its command, and what they import."""
    found = collect(module.folder, tool.module, files) if tool.module else {}
    for script in tool.scripts:
        found |= collect_script(module.folder, script, files)
    return found
