"""The files of a project that installs work on: no link leads out of it, and each file is whole at every moment."""

from __future__ import annotations

import stat
from pathlib import Path

from agent_lattice.output_folder import stays_inside
from agent_lattice.reading import MOST_BYTES, Unusable, reason

PART = "lattice-part"


class ProjectFolder:
    """A folder; names are relative POSIX paths of real files in it."""

    def __init__(self, folder: Path) -> None:
        try:
            self.root = folder.resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            raise Unusable(f"there is no folder `{folder}`") from None
        if not self.root.is_dir():
            raise Unusable(f"`{folder}` is a file, where the folder of a project belongs")

    def locate(self, name: str) -> str:
        """The name of the real file behind a name, which may lead through links within the project. Raises Unusable."""
        if not stays_inside(name):
            raise Unusable(f"nothing is installed as `{name}`")
        try:
            real = (self.root / name).resolve()
            found = real.relative_to(self.root).as_posix()
        except ValueError:
            raise Unusable(f"`{name}` is a link out of the project: nothing is written through it") from None
        except (OSError, RuntimeError) as error:
            why = reason(error) if isinstance(error, OSError) else "its links go in a circle"
            raise Unusable(f"cannot read {name}: {why}") from None
        if found == "." or real.is_symlink():
            raise Unusable(f"cannot read {name}: its links lead to no file")
        return found

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None when there is none. Raises Unusable."""
        path = self.root / name
        try:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                raise Unusable(f"`{name}` is a folder, where a file belongs")
            if not stat.S_ISREG(status.st_mode):
                raise Unusable(f"`{name}` is no regular file")
            if status.st_size > MOST_BYTES:
                raise Unusable(f"cannot read {name}: it is larger than {MOST_BYTES // 1_000_000} MB")
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unusable(f"cannot read {name}: {reason(error)}") from None

    def new_folders(self, name: str) -> list[str]:
        """The folders above a file that are not there yet."""
        parents = [parent.as_posix() for parent in list(Path(name).parents)[:-1]]
        return [parent for parent in parents if not (self.root / parent).exists()]

    def write(self, name: str, content: bytes) -> None:
        """Write a file as a whole; one that is replaced keeps its mode. Raises Unusable."""
        path = self.root / name
        part = self._part(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            if path.exists():
                part.chmod(path.stat().st_mode & 0o7777)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise Unusable(f"cannot write {name}: {reason(error)}") from None

    def remove(self, name: str) -> None:
        """Remove a file, and what Python has made of it. Raises Unusable."""
        path = self.root / name
        try:
            path.unlink(missing_ok=True)
            if path.suffix == ".py":
                cache = path.parent / "__pycache__"
                for made in sorted(cache.glob(f"{path.stem}.*.pyc")):
                    made.unlink(missing_ok=True)
                _remove_empty(cache)
        except OSError as error:
            raise Unusable(f"cannot remove {name}: {reason(error)}") from None

    def remove_part(self, name: str) -> None:
        """Remove what a killed `write` has left."""
        if not self._part(name).is_dir():
            self._part(name).unlink(missing_ok=True)

    def remove_folder(self, name: str) -> bool:
        """Remove a folder if it is empty; whether it is gone."""
        return _remove_empty(self.root / name)

    def names(self, folder: str) -> list[str]:
        """What is in a folder; nothing when there is none."""
        path = self.root / folder
        return sorted(one.name for one in path.iterdir()) if path.is_dir() and not path.is_symlink() else []

    def _part(self, name: str) -> Path:
        path = self.root / name
        return path.with_name(f".{path.name}.{PART}")


def _remove_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return not folder.exists()
    return True
