"""Installing what a target emits into a project that has files of its own, and taking it out again byte for byte.

splices ◀── brackets, blocks ◀── json_text, toml_text, yaml_text, markdown_text ◀── merging ◀── shared_files ◀── installation
"""
