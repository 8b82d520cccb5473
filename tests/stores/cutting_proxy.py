"""A relay to a server that cuts its connections where a test wants it, so that nobody knows what has happened."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class CuttingProxy:
    """Listens on `port`. `cut` is what is to be lost next: "request", "answer", or "" for nothing; it counts one message
    of a connection that is open and is then "" again."""

    def __init__(self, port: int) -> None:
        self.cut = ""
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def dsn(self, dsn: str) -> str:
        """The DSN of the server by way of this proxy."""
        return dsn.replace(f":{self._target}/", f":{self.port}/")

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                for pair in ((client, server, "request"), (server, client, "answer")):
                    threading.Thread(target=self._relay, args=pair, daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket, what: str) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.cut == what:
                    self.cut = ""
                    break
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
