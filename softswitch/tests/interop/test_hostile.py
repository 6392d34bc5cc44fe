"""Hostile and clumsy peers: each gets the documented answer, and a call in progress keeps its audio."""

import base64
import hashlib
import json
import os
import re
import socket
import struct
import time
import unittest
import urllib.error
import urllib.request

import test_phones
from test_phones import ALICE_HZ, BOB_HZ, Telephones, setUpModule, tearDownModule  # noqa: F401  (one stand for all)

MARK = "\r\n"


def sip(method: str, uri: str, headers: dict, body: str = "") -> bytes:
    lines = [f"{method} {uri} SIP/2.0"] + [f"{name}: {value}" for name, value in headers.items()]
    return (MARK.join(lines) + f"{MARK}Content-Length: {len(body)}{MARK}{MARK}{body}").encode()


class Peer:
    """A bare UDP socket that speaks SIP as badly as it is told."""

    def __init__(self, port: int):
        self.server = ("127.0.0.1", port)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(2)
        self.number = 0

    @property
    def port(self) -> int:
        return self.socket.getsockname()[1]

    def headers(self, method: str, user: str = "101") -> dict:
        self.number += 1
        return {
            "Via": f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{os.urandom(6).hex()};rport",
            "Max-Forwards": "70",
            "From": f"<sip:{user}@ringdown.local>;tag={os.urandom(4).hex()}",
            "To": f"<sip:{user}@ringdown.local>",
            "Call-ID": f"{os.urandom(8).hex()}@hostile",
            "CSeq": f"{self.number} {method}",
            "Contact": f"<sip:{user}@127.0.0.1:{self.port}>",
        }

    def ask(self, message: bytes) -> str:
        self.socket.sendto(message, self.server)
        return self.answer()

    def answer(self) -> str:
        while True:
            text = self.socket.recv(65536).decode(errors="replace")
            if not text.startswith("SIP/2.0 100"):
                return text

    def silent(self, seconds: float = 0.5) -> bool:
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(65536)
            return False
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(2)


def status(answer: str) -> int:
    return int(answer.split(" ", 2)[1])


def credentials(answer: str, method: str, uri: str, user: str, password: str, count: int = 1) -> str:
    """The Authorization value for the MD5 challenge of an answer."""
    challenge = next(line for line in answer.split(MARK) if "uthenticate:" in line and "MD5" in line)
    realm, nonce = (re.search(rf'{name}="([^"]*)"', challenge).group(1) for name in ("realm", "nonce"))

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    nc, cnonce = f"{count:08x}", "0a4f113b"
    inner = f"{md5(f'{user}:{realm}:{password}')}:{nonce}:{nc}:{cnonce}:auth:{md5(f'{method}:{uri}')}"
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{md5(inner)}", '
        f'algorithm=MD5, qop=auth, nc={nc}, cnonce="{cnonce}"'
    )


class Hostile(Telephones):
    def setUp(self):
        self.stand = test_phones.stand
        self.peer = Peer(self.stand.ports.sip)
        self.uri = "sip:ringdown.local"

    def register(self, extra: dict | None = None, user: str = "101") -> bytes:
        return sip("REGISTER", self.uri, {**self.peer.headers("REGISTER", user), **(extra or {})})

    def test_nothing_is_served_without_credentials(self):
        for method in ("REGISTER", "INVITE", "OPTIONS", "MESSAGE", "SUBSCRIBE", "REFER", "INFO", "PUBLISH", "BYE"):
            uri = self.uri if method == "REGISTER" else "sip:102@ringdown.local"
            code = status(self.peer.ask(sip(method, uri, self.peer.headers(method))))
            self.assertIn(code, (401, 405, 407, 481, 501), method)

    def test_wrong_password_and_unknown_user_get_the_same_answer(self):
        answers = []
        for user in ("101", "31337"):
            challenge = self.peer.ask(self.register(user=user))
            self.assertEqual(status(challenge), 401)
            wrong = credentials(challenge, "REGISTER", self.uri, user, "guess")
            answer = self.peer.ask(self.register({"Authorization": wrong}, user))
            answers.append(re.sub(r'[0-9a-f]{8,}|tag=\S+|branch=\S+|rport=\d+|CSeq: \d+', "", answer).replace(user, ""))
        self.assertTrue(answers[0].startswith("SIP/2.0 401"))
        self.assertEqual(*answers)

    def test_a_replayed_nonce_is_stale(self):
        alice = self.stand.accounts["alice"]
        challenge = self.peer.ask(self.register())
        right = credentials(challenge, "REGISTER", self.uri, "101", alice["sip_password"])
        self.assertEqual(status(self.peer.ask(self.register({"Authorization": right, "Expires": "60"}))), 200)
        replay = self.peer.ask(self.register({"Authorization": right}))
        self.assertEqual(status(replay), 401)
        self.assertIn("stale=true", replay)
        second = credentials(challenge, "REGISTER", self.uri, "101", alice["sip_password"], count=2)
        headers = {"Authorization": second, "Contact": "*", "Expires": "0"}
        self.assertEqual(status(self.peer.ask(self.register(headers))), 200)

    def test_malformed_messages_get_400_or_silence(self):
        good = self.peer.headers("OPTIONS")
        for spoiled in (
            {"CSeq": "x OPTIONS"},
            {"CSeq": "99999999999 OPTIONS"},
            {"From": "<sip:"},
            {"Max-Forwards": "many"},
            {"Content-Length ": "70000"},
        ):
            answer = self.peer.ask(sip("OPTIONS", "sip:102@ringdown.local", {**good, **spoiled}))
            self.assertEqual(status(answer), 400, f"{spoiled}: {answer}")
        self.peer.socket.sendto(b"\xff" * 1200, self.peer.server)
        self.peer.socket.sendto(b"INVITE", self.peer.server)
        self.peer.socket.sendto(b"", self.peer.server)
        self.assertTrue(self.peer.silent())

    def test_an_oversized_stream_is_closed(self):
        with socket.create_connection(self.peer.server, 3) as stream:
            try:
                stream.sendall(b"OPTIONS sip:x SIP/2.0\r\nX: " + b"a" * 200_000)
            except OSError:
                pass
            self.assertTrue(self.closes(stream), "a header without end closes the connection")
        with socket.create_connection(self.peer.server, 3) as stream:
            stream.sendall(b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKa\r\nContent-Length: 99999999\r\n\r\n")
            self.assertTrue(self.closes(stream), "a length beyond the limit closes the connection")

    def closes(self, stream: socket.socket) -> bool:
        stream.settimeout(8)
        try:
            while stream.recv(65536):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def test_a_foreign_page_cannot_connect(self):
        for origin, expected in (("https://evil.example", "403"), ("null", "403"), (self.stand.url, "101")):
            self.assertIn(f" {expected} ", self.upgrade(origin)[0].splitlines()[0], origin)

    def upgrade(self, origin: str) -> tuple[str, socket.socket]:
        stream = socket.create_connection(("127.0.0.1", self.stand.ports.http), 3)
        self.addCleanup(stream.close)
        key = base64.b64encode(os.urandom(16)).decode()
        host = f"127.0.0.1:{self.stand.ports.http}"
        request = [
            "GET /ws HTTP/1.1",
            f"Host: {host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Origin: {origin}",
        ]
        stream.sendall((MARK.join(request) + MARK + MARK).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = stream.recv(4096)
            if not chunk:
                break
            head += chunk
        return head.decode(errors="replace"), stream

    def test_frames_before_sign_in_and_beyond_limits_are_refused(self):
        _, stream = self.upgrade(self.stand.url)
        send_text(stream, '{"id": 1, "method": "call.hangup", "params": {"call": "0"}}')
        self.assertEqual(read_json(stream)["error"]["name"], "not-authenticated")
        send_text(stream, "[" * 200)
        answer = read_json(stream)
        self.assertIn(answer["error"]["name"], ("too-large", "bad-request"))

        _, stream = self.upgrade(self.stand.url)
        send_text(stream, '{"id": 1, "method": "' + "x" * 70_000 + '"}')
        self.assertTrue(self.closes(stream), "a frame above 64 KiB ends the connection")

        _, stream = self.upgrade(self.stand.url)
        begin = time.monotonic()
        self.assertTrue(self.closes(stream), "who does not sign in is disconnected")
        self.assertLess(time.monotonic() - begin, 7)

    def test_a_call_keeps_its_audio_under_abuse(self):
        alice, bob = self.phone("alice", ALICE_HZ, codecs="PCMA"), self.phone("bob", BOB_HZ, codecs="PCMA")
        self.talk(alice, bob, "102", 0.5)
        end = time.monotonic() + 4
        first, last = (int(port) for port in self.stand.ports.rtp.split("-"))
        rtp = struct.pack("!BBHII", 0x80, 8, 1, 160, 7) + b"\x55" * 160
        datagrams = 0
        while time.monotonic() < end:
            self.peer.socket.sendto(os.urandom(300), self.peer.server)
            self.peer.socket.sendto(self.register(user=str(datagrams)), self.peer.server)
            for port in range(first, last + 1, 2):
                self.peer.socket.sendto(rtp, ("127.0.0.1", port))
            for kind in (b"\x00\x01", b"\x16\xfe", b"\x80\x08"):
                self.peer.socket.sendto(kind + os.urandom(60), ("127.0.0.1", self.stand.ports.webrtc))
            datagrams += 1
            time.sleep(0.01)
        alice.command("hangup")
        bob.wait("CALL_CLOSED")
        self.assertGreater(datagrams, 50)
        self.assert_hears_only(alice, BOB_HZ, "1:4")
        self.assert_hears_only(bob, ALICE_HZ, "1:4")


def send_text(stream: socket.socket, text: str):
    """A masked text frame (RFC 6455 §5.2)."""
    payload, mask = text.encode(), os.urandom(4)
    length = len(payload)
    head = bytes([0x81])
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 65536:
        head += bytes([0x80 | 126]) + struct.pack("!H", length)
    else:
        head += bytes([0x80 | 127]) + struct.pack("!Q", length)
    stream.sendall(head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)))


def read_json(stream: socket.socket) -> dict:
    stream.settimeout(3)

    def exactly(count: int) -> bytes:
        data = b""
        while len(data) < count:
            chunk = stream.recv(count - len(data))
            if not chunk:
                raise ConnectionError("closed")
            data += chunk
        return data

    while True:
        opcode, length = exactly(2)
        length &= 127
        if length == 126:
            (length,) = struct.unpack("!H", exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", exactly(8))
        payload = exactly(length)
        if opcode & 15 == 1:
            return json.loads(payload)
        if opcode & 15 == 8:
            raise ConnectionError("closed")


if __name__ == "__main__":
    unittest.main(verbosity=2)
