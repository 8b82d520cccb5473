"""A package as one file that Python runs."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from agent_lattice import plan

from agent_lattice_targets.python.package import package_files
from agent_lattice_targets.python.package_names import PackageNames

_START = '''"""Starts the package."""

import sys

from {package}.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
'''


def archive(made: plan.Plan) -> bytes:
    """An executable archive: same plan, same bytes."""
    package = PackageNames(made).package
    files = {path: text for path, text in package_files(made).items() if path.startswith(f"{package}/")}
    files["__main__.py"] = _START.format(package=package)
    content = BytesIO()
    content.write(b"#!/usr/bin/env python3\n")
    with ZipFile(content, "w") as archive:
        for path, text in sorted(files.items()):
            entry = ZipInfo(path)  # its time is 1980 in every zone
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, text.encode("utf-8"), compresslevel=9)
    return content.getvalue()
