"""An IMAP server that answers word for word what it is told, for the manners that no emulator should have."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable, Iterator

Answer = Callable[[str, str], list[bytes]]
"""Command and tag to the lines that go back."""


@contextlib.contextmanager
def imap_script(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """Its address for KT_FLOWS_IMAP_URL, and the commands that it has been given."""
    heard: list[str] = []

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK ready\r\n")
            for line in self.rfile:
                tag, _, command = line.decode().strip().partition(" ")
                heard.append(command)
                for part in self._answer(command, tag):
                    self.wfile.write(part)

        def _answer(self, command: str, tag: str) -> list[bytes]:
            word = command.split()[0].upper()
            if word == "CAPABILITY":
                return [b"* CAPABILITY IMAP4rev1\r\n", f"{tag} OK done\r\n".encode()]
            if word in ("LOGIN", "LOGOUT"):
                return [f"{tag} OK done\r\n".encode()]
            if word == "SELECT":
                return [b"* 1 EXISTS\r\n", f"{tag} OK [READ-WRITE] open\r\n".encode()]
            return answer(command, tag)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Session) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"imap://u:p@127.0.0.1:{server.server_address[1]}/INBOX", heard
        finally:
            server.shutdown()
            thread.join(5)
