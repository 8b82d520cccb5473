"""Graphs of workflows in the forms that people and tools read: every module but `wording` is one form, with `render(graphs)`."""
