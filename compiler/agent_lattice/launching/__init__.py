"""Starting a client in a workflow of a project, and finding out beforehand whether that will work."""
