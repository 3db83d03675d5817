"""A client of the WebSocket protocol (RFC 6455), as much of it as a browser's remote end needs: text, both ways."""

from __future__ import annotations

import base64
import os
import socket
import struct
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


class WebSocket:
    """A connection. `timeout` in seconds holds for every wait."""

    def __init__(self, address: str, *, timeout: float) -> None:
        parts = urlsplit(address)
        assert parts.hostname is not None
        self._socket = socket.create_connection((parts.hostname, parts.port or 80), timeout=timeout)
        self._stream = self._socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.hostname}:{parts.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        status = self._stream.readline()
        if b" 101 " not in status:
            raise ConnectionError(f"{address} does not speak WebSocket: {status!r}")
        while self._stream.readline().strip():
            pass

    def send(self, text: str) -> None:
        """Send one message."""
        self._send(TEXT, text.encode())

    def receive(self) -> str:
        """The next message.

        Raises
        ------
        ConnectionError
            When the other side has closed the connection.
        TimeoutError
            When nothing comes.
        """
        message = b""
        while True:
            first, second = self._read(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", self._read(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self._read(8))
            payload = self._read(length)
            kind = first & 0x0F
            if kind == CLOSE:
                raise ConnectionError("the browser has closed the connection")
            if kind == PING:
                self._send(PONG, payload)
            if kind in {PING, PONG}:
                continue
            message += payload
            if first & 0x80:
                return message.decode()

    def close(self) -> None:
        """Close without ceremony."""
        self._stream.close()
        self._socket.close()

    def _send(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = struct.pack(">BB", 0x80 | kind, 0x80 | size)
        elif size < 65536:
            head = struct.pack(">BBH", 0x80 | kind, 0x80 | 126, size)
        else:
            head = struct.pack(">BBQ", 0x80 | kind, 0x80 | 127, size)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        self._socket.sendall(head + mask + masked)

    def _read(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) < size:
            raise ConnectionError("the browser has gone")
        return data
