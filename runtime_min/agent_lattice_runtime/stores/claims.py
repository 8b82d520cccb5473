"""Who drives a run of an SQLite store: a lock on one byte of the file `PATH-claims`, given back by the kernel when the
process dies. Where Python has no `fcntl` claims hold among the threads of one process only; between processes the
number of the next event decides, as it does everywhere."""

from __future__ import annotations

import os
from _thread import allocate_lock

from ..errors import StoreFailure

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

_TRIES = 3  # whoever asks if a byte is free locks it for a moment
_PAUSE = 0.002  # seconds


class _File:
    """A side file as one process has it: closing any descriptor of a file gives back all locks, so there is one."""

    __slots__ = ("descriptor", "held", "users")

    def __init__(self, path: str) -> None:
        self.held: set[int] = set()
        self.users = 0
        try:
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        except OSError as error:
            kind = "permission_denied" if isinstance(error, PermissionError) else "unavailable"
            raise StoreFailure(kind, f"{path}: cannot be opened ({error.strerror})") from None

    def lock(self, key: int) -> bool:
        if fcntl is None:
            return True
        try:
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, key)
        except (BlockingIOError, PermissionError):  # one or the other, as the system likes
            return False
        except OSError as error:
            raise StoreFailure("unavailable", f"a run cannot be claimed: {error.strerror}") from None
        return True

    def unlock(self, key: int) -> None:
        if fcntl is not None:
            fcntl.lockf(self.descriptor, fcntl.LOCK_UN, 1, key)


_files: dict[str, _File] = {}
_mutex = allocate_lock()


def _forget() -> None:
    """A forked process has none of its parent's locks."""
    global _mutex
    _mutex = allocate_lock()
    _files.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


class Claims:
    """The runs, by key, that are driven through one store at `path`."""

    __slots__ = ("_file", "_mine", "_path")

    def __init__(self, path: str) -> None:
        self._path = f"{os.path.realpath(path)}-claims"
        self._mine: set[int] = set()
        with _mutex:
            file = _files.get(self._path)
            if file is None:
                file = _files[self._path] = _File(self._path)
            file.users += 1
        self._file = file

    def take(self, key: int) -> bool:
        """Whether the run is now driven through this store; False when it is driven elsewhere."""
        for left in range(_TRIES - 1, -1, -1):
            with _mutex:
                if key in self._file.held:
                    return False
                if self._file.lock(key):
                    self._file.held.add(key)
                    self._mine.add(key)
                    return True
            if left:
                from time import sleep

                sleep(_PAUSE)
        return False

    def free(self, key: int) -> bool:
        """Whether nobody drives the run."""
        with _mutex:
            if key in self._file.held or not self._file.lock(key):
                return False
            self._file.unlock(key)
            return True

    def give_back(self, key: int) -> None:
        """Let others drive the run."""
        with _mutex:
            if key in self._mine:
                self._mine.discard(key)
                self._file.held.discard(key)
                self._file.unlock(key)

    def close(self) -> None:
        """Give back what is left."""
        for key in list(self._mine):
            self.give_back(key)
        with _mutex:
            self._file.users -= 1
            if self._file.users == 0:
                _files.pop(self._path, None)
                os.close(self._file.descriptor)
