"""A mail server for tests: it speaks as much SMTP as a client needs, and keeps what it was given."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any


class Mailbox(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine; `refuse` is an answer to every recipient instead of taking the mail."""

    daemon_threads = True

    def __init__(self, refuse: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.messages: list[EmailMessage] = []
        self.logins: list[str] = []
        self.refuse = refuse

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def wait_for(self, count: int, seconds: float = 20.0) -> list[EmailMessage]:
        """The messages, as soon as there are so many."""
        end = time.monotonic() + seconds
        while len(self.messages) < count and time.monotonic() < end:
            time.sleep(0.02)
        assert len(self.messages) == count, self.messages
        return self.messages


class _Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self._say("220 test")
        while line := self.rfile.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"EHLO":
                self._say("250-test", "250 AUTH PLAIN")
            elif verb == b"AUTH":
                self.server.logins.append(line.decode().split()[-1])
                self._say("235 ok")
            elif verb == b"RCPT" and self.server.refuse:
                self._say(self.server.refuse)
            elif verb == b"DATA":
                self._say("354 go on")
                body = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    body += part
                message: Any = email.message_from_bytes(body, policy=email.policy.default)
                self.server.messages.append(message)
                self._say("250 taken")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(line + "\r\n" for line in lines).encode())


@contextmanager
def mailbox(refuse: str = "") -> Iterator[Mailbox]:
    """A mail server that runs in a thread."""
    with Mailbox(refuse) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(timeout=10)
