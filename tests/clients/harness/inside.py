"""What runs first in a namespace: brings loopback up, serves the model, runs one command. A job comes in and its outcome goes out as JSON.

Everything that the command has started ends with this process, which is the first of its process namespace.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from typing import Any

from clients.harness.model_server import serving
from clients.harness.namespaces import PORT
from clients.harness.scripts import Script, rules_of


def main() -> None:
    job = json.load(sys.stdin)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    if (links := [name for _, name in socket.if_nameindex()]) != ["lo"]:
        sys.exit(f"this is not a namespace with nothing but loopback: {links}")
    with serving(Script(tuple(rules_of(job["rules"]))), PORT) as server:
        outcome = _run(job)
        json.dump(outcome | {"exchanges": server.exchanges}, sys.stdout)


def _run(job: dict[str, Any]) -> dict[str, Any]:
    """Output goes into files: what the command leaves running may keep it open."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            job["command"], cwd=job["cwd"], env=job["env"], stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        try:
            code = process.wait(job["seconds"])
        except subprocess.TimeoutExpired:
            code = None
            process.kill()
            process.wait()
        out.seek(0)
        err.seek(0)
        return {"code": code, "out": out.read().decode(errors="replace"), "err": err.read().decode(errors="replace")}


if __name__ == "__main__":
    main()
