"""What the targets for coding agents share: the workflow as a package to call, its roles, its text, what a client can and cannot do."""
