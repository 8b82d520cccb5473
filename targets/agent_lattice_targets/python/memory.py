"""The modules of a package executed in memory, on the installed runtime: for running a source without building it."""

from __future__ import annotations

import builtins
from importlib import import_module
from types import CodeType, ModuleType
from typing import Any

from agent_lattice import plan
from agent_lattice_runtime.models import Workflow

from agent_lattice_targets.python.modules import modules
from agent_lattice_targets.python.package_names import PackageNames

_RUNTIME = "agent_lattice_runtime"


def load(made: plan.Plan) -> Workflow:
    """The main workflow of a plan, ready to run."""
    return load_all(made)[made.main]


def load_all(made: plan.Plan) -> dict[str, Workflow]:
    """Every workflow of a plan by name, ready to run."""
    names = PackageNames(made)
    package = _Package(names.package, modules(made, names))
    workflows: dict[str, Workflow] = package.module("__init__").__dict__["WORKFLOWS"]
    return workflows


class _Package:
    """Modules by name; also their loader, for the data beside them."""

    def __init__(self, name: str, files: dict[str, str]) -> None:
        self._name = name
        self._files = files
        self._modules: dict[str, ModuleType] = {}

    def module(self, name: str) -> ModuleType:
        """The executed module `name` of the package."""
        if name not in self._modules:
            module = ModuleType(self._name if name == "__init__" else f"{self._name}.{name}")
            module.__file__ = f"<{self._name}>/{name}.py"
            module.__dict__["__loader__"] = self
            module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
            self._modules[name] = module
            exec(self._code(name, module.__file__), module.__dict__)
        return self._modules[name]

    def _code(self, name: str, file: str) -> CodeType:
        return compile(self._files[f"{name}.py"], file, "exec", dont_inherit=True)

    def get_data(self, path: str) -> bytes:
        """What a loader of a folder would read."""
        text = self._files.get(path.replace("\\", "/").rpartition("/")[2])
        if text is None:
            raise FileNotFoundError(f"no {path} in {self._name}")
        return text.encode("utf-8")

    def _import(
        self,
        name: str,
        globals: dict[str, Any] | None = None,
        locals: dict[str, Any] | None = None,
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> Any:
        """`from .x import …` of the package's own modules, `from ._runtime.x import …` of the runtime."""
        if level == 0:
            return builtins.__import__(name, globals, locals, fromlist or (), 0)
        first, _, rest = name.partition(".")
        if first == "_runtime":
            target = f"{_RUNTIME}.{rest}" if rest else _RUNTIME
            for wanted in fromlist or ():
                if not rest:
                    import_module(f"{_RUNTIME}.{wanted}")
            return import_module(target)
        if name:
            return self.module(name)
        found = ModuleType(self._name)
        for wanted in fromlist or ():
            found.__dict__[wanted] = self.module(wanted)
        return found
