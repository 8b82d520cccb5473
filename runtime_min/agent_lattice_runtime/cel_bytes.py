"""Bytes of CEL and the `encoders` extension."""

from __future__ import annotations

from .cel import CelError, kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def to_bytes(value: Any) -> bytes:
    """`bytes(value)`: a string in UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8")
    return as_bytes(value)


def as_bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    raise CelError(f"expected bytes, found {kind(value)}")


def encode(value: Any) -> str:
    """Base64 with padding."""
    from binascii import b2a_base64

    return b2a_base64(as_bytes(value), newline=False).decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of a base64 text, with its padding or without."""
    from binascii import Error, a2b_base64

    plain = text.rstrip("=") if len(text) % 4 == 0 and not text.endswith("===") else text
    try:
        if "=" in plain:
            raise CelError("invalid base64 data")
        return a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
    except (Error, ValueError):
        raise CelError("invalid base64 data") from None
