"""sha256 without OpenSSL, whose loading takes longer than everything that a short run hashes."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING or "_hashlib" in sys.modules:  # loaded anyway, and faster for each event
    from hashlib import sha256
elif sys.version_info >= (3, 12):
    from _sha2 import sha256
else:
    from _sha256 import sha256

__all__ = ["sha256"]
