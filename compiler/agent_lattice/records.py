"""Data classes that are quick to define: `dataclasses` spends 0.7 ms on each, and starting the compiler defines more than 150.

`@record` is what `@dataclass(frozen=True, slots=True)` is to a type checker. At run time it has slots and the usual
`__init__`, `__eq__`, `__hash__`, `__repr__` and `__match_args__`; that nothing is assigned later is left to the type checker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform, overload

Class = TypeVar("Class", bound=type[Any])
Instance = TypeVar("Instance")

_MISSING: Any = object()


class Field:
    """A field of a record: its default or the function that makes one, and where it counts."""

    __slots__ = ("compare", "default", "default_factory", "kw_only", "name", "repr")

    def __init__(self, default: Any, default_factory: Any, compare: bool, repr: bool, kw_only: bool) -> None:
        self.name = ""
        self.default = default
        self.default_factory = default_factory
        self.compare = compare
        self.repr = repr
        self.kw_only = kw_only


def field(
    *,
    default: Any = _MISSING,
    default_factory: Callable[[], Any] | Any = _MISSING,
    compare: bool = True,
    repr: bool = True,
    kw_only: bool = False,
) -> Any:
    """A field with a default, or one that does not count in comparisons or the `repr`."""
    return Field(default, default_factory, compare, repr, kw_only)


@overload
def record(cls: Class, /) -> Class: ...


@overload
def record(*, kw_only: bool = ..., eq: bool = ..., frozen: bool = ...) -> Callable[[Class], Class]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: Any = None, /, *, kw_only: bool = False, eq: bool = True, frozen: bool = True) -> Any:
    """Make a class a record. `frozen=False`: its fields may be assigned, and it is compared and hashed by identity."""
    if cls is None:
        return lambda cls: _made(cls, kw_only, eq and frozen)
    return _made(cls, kw_only, eq and frozen)


def fields(kind: Any) -> tuple[Field, ...]:
    """The fields of a record or a class of records, inherited ones first."""
    found: tuple[Field, ...] = kind.__record_fields__
    return found


def is_record(value: Any) -> bool:
    return hasattr(value, "__record_fields__")


def replace(instance: Instance, **changes: Any) -> Instance:
    """A copy with some fields changed."""
    values = {f.name: getattr(instance, f.name) for f in fields(instance)}
    return type(instance)(**(values | changes))


def _made(cls: Any, kw_only: bool, eq: bool) -> Any:
    annotations = cls.__dict__.get("__annotations__", {})  # noqa: RUF063  (importing inspect costs more than all classes)
    own = [_own_field(cls, name, kw_only) for name, kind in annotations.items() if "ClassVar" not in str(kind)]
    inherited = {f.name: f for base in reversed(cls.__mro__[1:]) for f in base.__dict__.get("__record_fields__", ())}
    every = tuple({**inherited, **{f.name: f for f in own}}.values())
    names = {f.name for f in own}
    body = {
        key: value for key, value in cls.__dict__.items() if key not in names and key not in ("__dict__", "__weakref__")
    }
    body["__slots__"] = tuple(name for name in names if name not in inherited)
    body["__record_fields__"] = every
    body["__match_args__"] = tuple(f.name for f in every if not f.kw_only)
    body["__init__"] = _initializer(every, "__post_init__" in body)
    body.setdefault("__repr__", _repr)
    if eq and "__eq__" not in body:
        body["__eq__"] = _eq
        body.setdefault("__hash__", _hash)
        body["__compared__"] = tuple(f.name for f in every if f.compare)
    made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


def _own_field(cls: Any, name: str, kw_only: bool) -> Field:
    given = cls.__dict__.get(name, _MISSING)
    made = given if isinstance(given, Field) else Field(given, _MISSING, True, True, False)
    made.name = name
    made.kw_only = made.kw_only or kw_only
    return made


def _initializer(every: tuple[Field, ...], finish: bool) -> Any:
    """`__init__` as source: positional fields first, then those by keyword only."""
    values: dict[str, Any] = {"_missing": _MISSING}
    arguments: list[str] = []
    lines: list[str] = []
    positional = [f for f in every if not f.kw_only]
    by_keyword = [f for f in every if f.kw_only]
    for f in [*positional, *by_keyword]:
        if by_keyword and f is by_keyword[0]:
            arguments.append("*")
        if f.default is not _MISSING:
            values[f"_{f.name}"] = f.default
            arguments.append(f"{f.name}=_{f.name}")
        elif f.default_factory is not _MISSING:
            values[f"_{f.name}"] = f.default_factory
            arguments.append(f"{f.name}=_missing")
            lines.append(f" self.{f.name} = _{f.name}() if {f.name} is _missing else {f.name}")
            continue
        else:
            arguments.append(f.name)
        lines.append(f" self.{f.name} = {f.name}")
    if finish:
        lines.append(" self.__post_init__()")
    exec("\n".join([f"def __init__(self, {', '.join(arguments)}):", *(lines or [" pass"])]), values)
    return values["__init__"]


def _compared(instance: Any) -> tuple[Any, ...]:
    return tuple([getattr(instance, name) for name in instance.__compared__])


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self is other or _compared(self) == _compared(other)


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
    return f"{self.__class__.__qualname__}({shown})"
