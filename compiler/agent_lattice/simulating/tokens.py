"""The decisions of a run as a text that can be copied, and back."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from agent_lattice.simulating.choices import Decisions

_CHECK = 3  # bytes of the digest that stands in front: it tells a text that was cut off


def token_of(taken: Decisions) -> str:
    """The text of decisions."""
    content = json.dumps(taken, separators=(",", ":"), sort_keys=True).encode()
    return urlsafe_b64encode(sha256(content).digest()[:_CHECK] + content).decode().rstrip("=")


def decisions_of(token: str) -> Decisions:
    """The decisions of a text; raises ValueError for any that `token_of` has not made."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        content = raw[_CHECK:]
        if sha256(content).digest()[:_CHECK] != raw[:_CHECK]:
            raise ValueError
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("this is no token of a simulated run, or a part of one only") from None
    if not isinstance(found, dict) or not all(isinstance(value, int) and 0 < value < 2**64 for value in found.values()):
        raise ValueError("this is no token of a simulated run")
    return found
