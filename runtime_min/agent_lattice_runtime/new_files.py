"""Files that are there as a whole or not at all, and never in place of others."""

from __future__ import annotations

import os
from contextlib import suppress

from .errors import StoreFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def write_new(path: str, write: Callable[[str], None]) -> None:
    """Have `write` write a file beside `path`, which gets this name when it is complete: whoever is killed meanwhile leaves nothing that
    looks like it. Raises StoreFailure conflict where there is a file already, permission_denied, and what `write` raises."""
    part = f"{path}.{os.urandom(4).hex()}.part"
    try:
        if os.path.lexists(path):
            raise FileExistsError
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            write(part)
            _name(part, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(part)
    except FileExistsError:
        raise StoreFailure("conflict", f"{path} exists already") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreFailure("permission_denied", f"{path} cannot be written: {reason}") from None


def _name(part: str, path: str) -> None:
    try:
        os.link(part, path)  # which never replaces a file
    except FileExistsError:
        raise
    except OSError:  # a file system without such links
        os.rename(part, path)
