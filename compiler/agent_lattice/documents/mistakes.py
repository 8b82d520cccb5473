"""What can be wrong with a document, apart from the program in it."""

from __future__ import annotations

from agent_lattice.diagnostics import Code

SYNTAX = Code("LAT1401", "document-syntax")
UNKNOWN_KEY = Code("LAT1402", "unknown-document-key")
MISSING_KEY = Code("LAT1403", "missing-document-key")
WRONG_VALUE = Code("LAT1404", "wrong-document-value")
REPEATED_KEY = Code("LAT1405", "repeated-document-key")
UNSUPPORTED = Code("LAT1406", "unsupported-yaml")
EXCLUSIVE = Code("LAT1407", "document-keys-exclude-each-other")
