"""Programs as documents: the YAML and JSON form, derived from the grammar and the kinds, and back to text."""
