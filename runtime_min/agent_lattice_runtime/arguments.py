"""Reading a command line: commands with positional arguments, options with a value, and flags."""

from __future__ import annotations

from .errors import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Usage(Failure):
    """The command line cannot be understood."""

    def __init__(self, message: str) -> None:
        super().__init__("validation", message)


class Command:
    """What one command takes: names of positional arguments (with "?" at the end when optional), options (with "*" when
    they may be repeated), flags. `family` is the module that holds it."""

    __slots__ = ("family", "flags", "meaning", "options", "positional")

    def __init__(
        self,
        family: str,
        meaning: str,
        positional: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
        flags: tuple[str, ...] = (),
    ) -> None:
        self.family = family
        self.meaning = meaning
        self.positional = positional
        self.options = options
        self.flags = flags

    def usage(self, name: str) -> str:
        """One line that shows how to write the command."""
        words = [name, *(f"[{word[:-1]}]" if word.endswith("?") else word for word in self.positional)]
        words += [_shown(option) for option in self.options]
        return " ".join([*words, *(f"[--{flag}]" for flag in self.flags)])


def _shown(option: str) -> str:
    name = option.rstrip("*")
    return f"[--{name} {name.rpartition('-')[2].upper()}]" + ("..." if name != option else "")


class Arguments:
    """A command line, understood: `values` of options and positional arguments by name, the `lists` of those options that
    may be repeated, and the flags given."""

    __slots__ = ("command", "flags", "lists", "values")

    def __init__(
        self,
        command: str,
        values: Mapping[str, str],
        flags: frozenset[str],
        lists: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.command = command
        self.values = values
        self.flags = flags
        self.lists = lists or {}

    def get(self, name: str) -> str | None:
        """The value of an option or a positional argument, None when it was not given."""
        return self.values.get(name)

    def all(self, name: str) -> Sequence[str]:
        """The values of an option that may be repeated, in order."""
        return self.lists.get(name, ())


def read_arguments(words: Sequence[str], commands: Mapping[str, Command]) -> Arguments:
    """Raises Usage for an unknown command or option, a missing value, too few or too many arguments."""
    if not words:
        raise Usage(f"a command is missing: {', '.join(commands)}")
    name, rest = words[0], list(words[1:])
    command = commands.get(name)
    if command is None:
        raise Usage(f"unknown command {name!r}; there are {', '.join(commands)}")
    values: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    flags: set[str] = set()
    given: list[str] = []
    while rest:
        word = rest.pop(0)
        if word == "--":
            given += rest
            break
        if word.startswith("--") or word == "-h":
            _take_option(name, command, word, rest, values, lists, flags)
        elif word.startswith("-") and word != "-":
            raise Usage(f"unknown option {word} of {name}")
        else:
            given.append(word)
    if "help" not in flags:
        _place(name, command, given, values)
    return Arguments(name, values, frozenset(flags), lists)


def _take_option(
    name: str,
    command: Command,
    word: str,
    rest: list[str],
    values: dict[str, str],
    lists: dict[str, list[str]],
    flags: set[str],
) -> None:
    option, equals, value = word.lstrip("-").partition("=")
    if word in ("-h", "--help"):
        flags.add("help")
    elif option in command.flags and not equals:
        flags.add(option)
    elif option in command.options or f"{option}*" in command.options:
        if not equals:
            if not rest:
                raise Usage(f"--{option} needs a value")
            value = rest.pop(0)
        if option not in command.options:
            lists.setdefault(option, []).append(value)
            return
        if option in values:
            raise Usage(f"--{option} is given twice")
        values[option] = value
    else:
        raise Usage(f"unknown option --{option} of {name}; usage: {command.usage(name)}")


def _place(name: str, command: Command, given: list[str], values: dict[str, str]) -> None:
    required = sum(1 for word in command.positional if not word.endswith("?"))
    if not required <= len(given) <= len(command.positional):
        raise Usage(f"usage: {command.usage(name)}")
    for word, value in zip(command.positional, given, strict=False):
        values[word.rstrip("?")] = value
