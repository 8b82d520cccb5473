"""An MCP server written by hand, without the SDK, so that it can do what no SDK would: `odd_server.py MODE`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

MODE = sys.argv[1] if len(sys.argv) > 1 else "good"
OBJECT = {"type": "object"}
TOOLS = [
    {
        "name": "ask",
        "description": "Answer.",
        "inputSchema": {"type": "object", "properties": {"q": {"type": "string"}}},
    },
]


def write(raw: bytes) -> None:
    os.write(1, raw)


def send(message: dict[str, Any]) -> None:
    data = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
    while data:
        data = data[os.write(1, data) :]


def text(*parts: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": part} for part in parts]}


RESULTS: dict[str, Any] = {
    "good": text("fine"),
    "two": text("1", "2"),
    "json": text('{"a": 1}'),
    "structured": {**text("other"), "structuredContent": {"result": [1, 2]}},
    "is-error": {**text("no such thing", "at all"), "isError": True},
    "error-without-words": {"content": [], "isError": True},
    "nothing": {"content": []},
    "picture": {"content": [{"type": "image", "data": "AAAA", "mimeType": "image/png"}]},
    "resource": {"content": [{"type": "resource", "resource": {"uri": "x:/y", "text": "inside"}}]},
    "wrong-shape": {"content": "fine"},
    "no-object": ["fine"],
    "not-json": text("{"),
    "surrogate": text("\ud800"),
}
"""Answers of the tool, by mode."""


def answer_call(message: dict[str, Any]) -> None:
    if MODE == "dies":
        print("first\nI give up: sesame", file=sys.stderr, flush=True)
        write(b'{"jsonrpc": "2.0", "id": ')
        os._exit(9)
    elif MODE == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif MODE == "closes":
        os.close(1)
        time.sleep(60)
    elif MODE == "slow":
        time.sleep(60)
    elif MODE == "huge":
        send({"id": message["id"], "result": text("x" * 17_000_000)})
    elif MODE == "endless":
        while True:
            write(b"x" * 65536)
    elif MODE == "bytes":
        write(b'\xff\xfe{"jsonrpc"\x00\n')
        time.sleep(60)
    elif MODE == "deep":
        write(b'{"jsonrpc":"2.0","id":%d,"result":{"content":%s%s}}\n' % (message["id"], b"[" * 5000, b"]" * 5000))
        time.sleep(60)
    elif MODE == "other-id":
        send({"id": 4711, "result": RESULTS["good"]})
    elif MODE == "flood":
        for _ in range(2000):
            send({"method": "notifications/message", "params": {"level": "info", "data": "x" * 100}})
        send({"id": message["id"], "result": RESULTS["good"]})
    elif MODE == "noisy":
        for _ in range(3000):
            print("x" * 1000, file=sys.stderr)
        send({"id": message["id"], "result": RESULTS["good"]})
    elif MODE == "asks-back":
        send({"id": 1, "method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}})
        reply = json.loads(sys.stdin.readline())
        send({"id": message["id"], "result": text("error" if "error" in reply else "obeyed")})
    elif MODE.startswith("code"):
        send({"id": message["id"], "error": {"code": int(MODE[4:]), "message": "not like this"}})
    elif MODE == "remembers":
        remember(message)
    elif MODE == "echo":
        send({"id": message["id"], "result": text(json.dumps(message["params"], sort_keys=True))})
    else:
        send({"id": message["id"], "result": RESULTS.get(MODE, RESULTS["good"])})


def remember(message: dict[str, Any]) -> None:
    """Note what is asked in the file $BOOK; the first `slow` takes too long."""
    book = Path(os.environ["BOOK"])
    before = book.read_text().splitlines() if book.exists() else []
    asked = message["params"]["arguments"]["q"]
    meta = message["params"].get("_meta") or {}
    with book.open("a") as file:
        file.write(f"{asked} {meta.get('agent-lattice/idempotency-key', '')}\n")
    if asked == "slow" and not any(line.startswith("slow") for line in before):
        Path(f"{book}.pid").write_text(str(os.getpid()))
        time.sleep(60)
    send({"id": message["id"], "result": text(f"answer to {asked}")})


def answer(message: dict[str, Any]) -> None:
    match message.get("method"):
        case "initialize":
            version = "1999-01-01" if MODE == "version" else message["params"]["protocolVersion"]
            info = {"name": "odd", "version": "1"}
            send(
                {
                    "id": message["id"],
                    "result": {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info},
                }
            )
        case "tools/list":
            if MODE == "endless-list":
                send({"id": message["id"], "result": {"tools": [], "nextCursor": "again"}})
            else:
                send(
                    {"id": message["id"], "result": {"tools": json.loads(os.environ.get("TOOLS") or json.dumps(TOOLS))}}
                )
        case "tools/call":
            answer_call(message)
        case _ if "id" in message and "method" in message:
            send({"id": message["id"], "error": {"code": -32601, "message": "method not found"}})


def main() -> None:
    if MODE == "exits":
        print("no licence", file=sys.stderr, flush=True)
        sys.exit(3)
    if MODE == "banner":
        print("Welcome to odd 1.0", flush=True)
    if MODE == "silent":
        time.sleep(60)
    if MODE == "stays":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        Path(os.environ["PIDS"]).write_text(f"{os.getpid()} {child.pid}")
    for line in sys.stdin:
        answer(json.loads(line))
    if MODE == "stays":
        time.sleep(60)


if __name__ == "__main__":
    main()
