"""A WebSocket client (RFC 6455) as bare as a test of the server needs it."""

import base64
import json
import os
import socket
import struct

TEXT, BINARY, CLOSE = 1, 2, 8


class Closed(Exception):
    """The server closed the connection; `code` is why, 0 if it did not say."""

    def __init__(self, code: int):
        super().__init__(f"closed with {code}")
        self.code = code


class WebSocket:
    """One connection; `status` is 101 once it is open. `headers` go with the upgrade."""

    def __init__(self, port: int, path: str = "/ws", **headers: str):
        self.socket = socket.create_connection(("127.0.0.1", port), 3)
        request = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self.socket.sendall(("\r\n".join(request) + "\r\n\r\n").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(1) or b"\r\n\r\n"
        self.status = int(head.split(b" ", 2)[1])

    def send(self, payload: bytes | str | dict, opcode: int = TEXT):
        """Sends a masked frame."""
        if isinstance(payload, dict):
            payload = json.dumps(payload)
        if isinstance(payload, str):
            payload = payload.encode()
        length = len(payload)
        if length < 126:
            size = bytes([0x80 | length])
        elif length < 65536:
            size = bytes([0x80 | 126]) + struct.pack("!H", length)
        else:
            size = bytes([0x80 | 127]) + struct.pack("!Q", length)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self.socket.sendall(bytes([0x80 | opcode]) + size + mask + masked)

    def receive(self, seconds: float = 3) -> dict:
        """The next text frame."""
        self.socket.settimeout(seconds)
        while True:
            opcode, length = self.exactly(2)
            length &= 127
            if length == 126:
                (length,) = struct.unpack("!H", self.exactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", self.exactly(8))
            payload = self.exactly(length)
            if opcode & 15 == TEXT:
                return json.loads(payload)
            if opcode & 15 == CLOSE:
                raise Closed(int.from_bytes(payload[:2], "big"))

    def exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                chunk = self.socket.recv(count - len(data))
            except ConnectionError:
                chunk = b""
            if not chunk:
                raise Closed(0)
            data += chunk
        return data

    def close(self):
        self.socket.close()
