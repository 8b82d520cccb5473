"""Findings in the forms that people and tools read: every module but `findings`, `columns` and `snippet` is one form."""
