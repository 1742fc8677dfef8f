"""An HTTP client that costs next to nothing: one keep-alive socket, one request at a time."""

from __future__ import annotations

import json
import socket
from typing import Any


class Refused(AssertionError):
    """An answer that is no success."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


class Wire:
    def __init__(self, port: int, token: str | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        known = f"Authorization: Bearer {token}\r\n" if token else ""
        self._head = f"Host: 127.0.0.1:{port}\r\n{known}Content-Type: application/json\r\n"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON.  Raises Refused for a status that is no success."""
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\n{self._head}Content-Length: {len(data)}\r\n\r\n"
        self._socket.sendall(head.encode() + data)
        while b"\r\n\r\n" not in self._rest:
            self._more()
        said, _, self._rest = self._rest.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in said.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        while len(self._rest) < length:
            self._more()
        content, self._rest = self._rest[:length], self._rest[length:]
        if said[9:10] != b"2":
            raise Refused(int(said[9:12]), f"{method} {path} {content[:500]!r}")
        return json.loads(content)

    def _more(self) -> None:
        chunk = self._socket.recv(65_536)
        assert chunk, "the server has hung up"
        self._rest += chunk
