"""JavaScript of plans: expressions with the semantics of CEL, validators of types, and workflow scripts."""
