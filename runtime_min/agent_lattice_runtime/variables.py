"""The variables of a workflow that stands still: read from the frames of its coroutines, under the names of the source."""

from __future__ import annotations

from types import CodeType, FrameType

from .branches import Task
from .canonical import recorded
from .context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .models import Workflow


class Scope:
    """A function of a workflow that is going on: the workflow's name, the path that its steps begin with ("" for the run
    itself, else with a dot at the end), and its variables by their names in the source."""

    __slots__ = ("names", "path", "workflow")

    def __init__(self, workflow: str, path: str, names: Mapping[str, Any]) -> None:
        self.workflow = workflow
        self.path = path
        self.names = names


class _Code:
    """What the package says of its own code: the source's names by those of Python, for each function; and its text."""

    def __init__(self, workflow: Workflow) -> None:
        self.globals = workflow.function.__globals__
        table = self._read("variables.json")
        self._functions: Mapping[str, Any] | None = None if table is None else recorded(table.decode())
        self._module: Any = None

    def _read(self, name: str) -> bytes | None:
        from .embedding import beside

        try:
            data: bytes = self.globals["__loader__"].get_data(beside(self.globals, name))
        except (AttributeError, KeyError, OSError):
            return None  # code that no compiler has made
        return data

    def workflow_of(self, function: str) -> str:
        """The workflow or agent that a function is made of."""
        return str((self._functions or {}).get(function, {}).get("workflow", function))

    def names_in(self, code: CodeType) -> dict[str, str]:
        """The names of the source by those of Python for what a function binds itself, in the order of the source; what only the
        generated code has is not among them."""
        own = dict.fromkeys([*code.co_varnames, *code.co_cellvars])
        if self._functions is None:
            return {python: python for python in own}
        known = self._functions.get(code.co_qualname.partition(".")[0], {}).get("names", {})
        return {python: name for python, name in known.items() if python in own}

    def left_over(self, frame: FrameType) -> set[str]:
        """The Python names of variables that are not bound yet in this turn of a loop."""
        import ast

        from .visible_names import function_at, left_over

        if self._module is None:
            text = self._read(frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2])
            self._module = ast.parse(text or b"")
        function = function_at(self._module, frame.f_code.co_firstlineno)
        return set() if function is None else left_over(function, frame.f_lineno)


def scopes(frame: FrameType | None, workflow: Workflow) -> list[Scope]:
    """The functions that are going on where `frame` stands, the workflow itself first: those that wait for it, and, in a
    branch, those that wait for the branch."""
    code = _Code(workflow)
    frames = [found for found in _frames(frame) if found.f_globals is code.globals]
    return [_scope(found, code) for found in reversed(frames)]


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """From the innermost outwards: the stack of the coroutine that is being run, then those that wait for it."""
    task: Task | None = None
    while frame is not None and task is None:
        yield frame
        frame = frame.f_back
        if frame is not None and isinstance(found := frame.f_locals.get("task"), Task):
            task = found
    while task is not None and task.group is not None:
        task = task.group.parent
        yield from reversed(_suspended(task.body))


def _suspended(body: Any) -> list[FrameType]:
    """The frames of a coroutine that waits, the outermost first."""
    found = []
    while (frame := getattr(body, "cr_frame", None)) is not None:
        found.append(frame)
        body = body.cr_await
    return found


def _scope(frame: FrameType, code: _Code) -> Scope:
    function = frame.f_code.co_qualname.partition(".")[0]
    values = frame.f_locals
    context = values.get("ctx")
    left = code.left_over(frame)
    found = {
        name: values[python]
        for python, name in code.names_in(frame.f_code).items()
        if python in values and python not in left and _is_data(values[python])
    }
    return Scope(code.workflow_of(function), context.path if isinstance(context, Context) else "", found)


def _is_data(value: object) -> bool:
    return not callable(value) and not isinstance(value, (Context, BaseException))
