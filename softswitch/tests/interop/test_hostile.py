"""Hostile and clumsy peers: each gets the documented answer (docs/sip.md, docs/client-protocol.md), and a call in
progress keeps its audio."""

import json
import os
import re
import socket
import struct
import time
import unittest
import urllib.error

from scripted import MARK, Message, compose, credentials
from stand import REALM
from telephones import ALICE_HZ, BOB_HZ, Telephones
from websocket import BINARY, Closed, WebSocket

REGISTRAR, BOB = f"sip:{REALM}", f"sip:102@{REALM}"


class Peer:
    """A bare UDP socket that speaks SIP as badly as it is told."""

    def __init__(self, port: int):
        self.server = ("127.0.0.1", port)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.number = 0

    def message(self, method: str, uri: str, user: str = "101", body: str = "", **spoiled: str | None) -> bytes:
        """A request that is right but for the headers named, with `_` for `-`; None leaves one out."""
        self.number += 1
        headers = {
            "Via": f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{os.urandom(6).hex()};rport",
            "Max-Forwards": "70",
            "From": f"<sip:{user}@{REALM}>;tag={os.urandom(4).hex()}",
            "To": f"<sip:{user}@{REALM}>",
            "Call-ID": f"{os.urandom(8).hex()}@hostile",
            "CSeq": f"{self.number} {method}",
            "Contact": f"<sip:{user}@127.0.0.1:{self.port}>",
        }
        headers |= {name.replace("_", "-"): value for name, value in spoiled.items()}
        return compose(f"{method} {uri} SIP/2.0", [(n, v) for n, v in headers.items() if v is not None], body)

    def ask(self, message: bytes) -> Message:
        self.socket.sendto(message, self.server)
        self.socket.settimeout(2)
        while True:
            answer = Message(self.socket.recv(65536))
            if answer.status != 100:
                return answer

    def is_answered(self, message: bytes, seconds: float = 0.3) -> bool:
        self.socket.sendto(message, self.server)
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(65536)
            return True
        except TimeoutError:
            return False


class Hostile(Telephones):
    expected_warnings = ("a softswitch showed a wrong token",)

    def setUp(self):
        self.peer = Peer(self.stand.sip)
        self.addCleanup(self.peer.socket.close)

    def assert_answers(self, expected: dict[bytes, int]):
        for message, status in expected.items():
            with self.subTest(message[:400].decode(errors="replace"), expected=status):
                self.assertEqual(self.peer.ask(message).status, status)

    # --- SIP

    def test_nothing_is_served_without_credentials(self):
        served = {self.peer.message(method, BOB): 401 for method in ("INVITE", "OPTIONS")}
        served[self.peer.message("REGISTER", REGISTRAR)] = 401
        outside = {self.peer.message(method, BOB): 481 for method in ("BYE", "INFO", "UPDATE")}
        others = ("MESSAGE", "SUBSCRIBE", "REFER", "PUBLISH", "NOTIFY", "TEACH")
        self.assert_answers({**served, **outside, **{self.peer.message(method, BOB): 401 for method in others}})
        self.assertFalse(self.peer.is_answered(self.peer.message("ACK", BOB)))

    def test_wrong_password_and_unknown_user_get_the_same_answer(self):
        answers = []
        for user in ("101", "31337"):
            challenge = self.peer.ask(self.peer.message("REGISTER", REGISTRAR, user))
            self.assertEqual(challenge.status, 401)
            wrong = credentials(challenge["www-authenticate"], "REGISTER", REGISTRAR, user, "guess")
            answer = self.peer.ask(self.peer.message("REGISTER", REGISTRAR, user, Authorization=wrong))
            self.assertEqual(answer.status, 401)
            fields = [name for name, _ in answer.headers]
            answers.append((answer.start, fields, re.sub(r'nonce="[^"]*"', "", answer["www-authenticate"])))
        self.assertEqual(*answers)

    def test_a_replayed_nonce_is_stale(self):
        challenge = self.peer.ask(self.peer.message("REGISTER", REGISTRAR))
        once, twice = self.proofs(challenge, "101", REGISTRAR)
        self.assertEqual(self.register(once, Expires="60").status, 200)
        replay = self.register(once)
        self.assertEqual(replay.status, 401)
        self.assertIn("stale=true", replay["www-authenticate"])
        self.assertEqual(self.register(twice, Contact="*", Expires="0").status, 200)

    def test_credentials_prove_only_what_they_are_for(self):
        """A stolen answer is of no use for another request, and a device is not somebody else's."""
        challenge = self.peer.ask(self.peer.message("REGISTER", REGISTRAR))
        proof, second = self.proofs(challenge, "101", REGISTRAR)
        self.assertEqual(self.peer.ask(self.peer.message("INVITE", BOB, Authorization=proof)).status, 401)
        foreign = self.peer.message("REGISTER", REGISTRAR, "102", Authorization=second)
        self.assertEqual(self.peer.ask(foreign).status, 403)

    def proofs(self, challenge: Message, user: str, uri: str) -> list[str]:
        password = self.stand.accounts["alice"]["sip_password"]
        challenge = challenge["www-authenticate"]
        return [credentials(challenge, "REGISTER", uri, user, password, count) for count in (1, 2)]

    def register(self, proof: str, **headers: str) -> Message:
        return self.peer.ask(self.peer.message("REGISTER", REGISTRAR, Authorization=proof, **headers))

    def test_the_called_side_sees_who_called_and_nothing_private(self):
        alice, bob = self.scripted("alice"), self.scripted("bob")
        alice.new_dialog = lambda to: {**type(alice).new_dialog(alice, to), "from": '"Boss" <sip:100@evil.example>;tag=1'}
        private = ("P-Asserted-Identity", "<sip:boss@ringdown.local>"), ("Remote-Party-ID", "<sip:boss@x>")
        call = alice.call("102", self.voice(ALICE_HZ), *private)
        invite = bob.wait_request("INVITE")
        self.assertIn("sip:101@", invite["from"])
        self.assertNotIn("evil", invite["from"])
        self.assertNotRegex(invite.datagram, rb"(?i)boss")
        # Who calls is what the switch says, and it says so in the headers a caller may not set as well.
        self.assertIn("<sip:101@", invite["p-asserted-identity"])
        self.assertIn("<sip:101@", invite["remote-party-id"])
        call.cancel()

    def test_malformed_messages_get_the_documented_answer_or_silence(self):
        message, offer = self.peer.message, {"Content_Type": "application/sdp"}
        self.assert_answers(
            {
                message("OPTIONS", BOB, CSeq="x OPTIONS"): 400,
                message("OPTIONS", BOB, CSeq="99999999999 OPTIONS"): 400,
                message("OPTIONS", BOB, CSeq="1 INVITE"): 400,
                message("OPTIONS", BOB, From="<sip:"): 400,
                message("OPTIONS", BOB, To=None): 400,
                message("OPTIONS", BOB, Call_ID=None): 400,
                message("OPTIONS", BOB, Max_Forwards="many"): 400,
                message("OPTIONS", BOB, Max_Forwards="256"): 400,
                message("OPTIONS", BOB).replace(b"Content-Length: 0", b"Content-Length: 70000"): 400,
                message("OPTIONS", BOB, X_Long="a" * 9000): 400,
                message("OPTIONS", BOB, **{f"X_{index}": "" for index in range(140)}): 400,
                message("OPTIONS", f"sip:{'1' * 3000}@x"): 400,
                message("OPTIONS", BOB).replace(b" SIP/2.0\r\n", b" SIP/3.0\r\n", 1): 505,
                # What they ask for is not looked at before who asks.
                message("INVITE", "mailto:bob@example.com"): 401,
                message("INVITE", BOB, Require="teleportation"): 401,
                message("INVITE", BOB, body="x", Content_Encoding="gzip", **offer): 401,
                message("INVITE", BOB, Max_Forwards="0"): 401,
                message("INVITE", BOB, To=f"<{BOB}>;tag=guess"): 481,
            }
        )
        for noise in (b"\xff" * 1200, b"INVITE", b"", b"\r\n\r\n", b"\0" * 40, b"SIP/2.0 200 OK\r\n\r\n"):
            self.assertFalse(self.peer.is_answered(noise), noise[:20])

    def test_an_offer_that_is_none_is_refused(self):
        alice, plain, sdp = self.scripted("alice"), "text/plain", "application/sdp"
        self.scripted("bob")
        voice = self.voice(ALICE_HZ).description()
        for kind, body, status in (
            (plain, "x", 415),
            (sdp, "x", 400),
            (sdp, voice.replace("m=audio", "m=text"), 488),
            (sdp, voice.replace("8 101", "18").replace("PCMA", "G729"), 488),
        ):
            with self.subTest(body[:20], expected=status):
                answer = alice.request("INVITE", BOB, alice.new_dialog(f"<{BOB}>"), ("Content-Type", kind), body=body)
                self.assertEqual(answer.status, status)

    def test_a_stream_that_exceeds_its_limits_is_closed(self):
        head = b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKa\r\n"
        for name, sent in (
            ("a line without end", head + b"X: " + b"a" * 200_000),
            ("a head without end", head + b"X: y\r\n" * 5_000),
            ("a body beyond the limit", head + b"Content-Length: 99999999\r\n\r\n"),
            ("no length", head + b"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n"),
            ("no SIP at all", os.urandom(100_000)),
            ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        ):
            with self.subTest(name), socket.create_connection(self.peer.server, 3) as stream:
                try:
                    stream.sendall(sent)
                except ConnectionError:
                    pass  # closed before all of it was sent
                self.assertTrue(self.closes(stream))

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

    # --- Browsers

    def socket(self, path: str = "/ws", **headers: str) -> WebSocket:
        connection = WebSocket(self.stand.http, path, **headers)
        self.addCleanup(connection.close)
        return connection

    def test_a_foreign_page_cannot_connect(self):
        for origin, status in (("https://evil.example", 403), ("null", 403), (self.stand.url, 101)):
            self.assertEqual(self.socket(Origin=origin).status, status, origin)

    def test_only_a_softswitch_gets_a_control_link(self):
        token = (self.stand.state / "node-token").read_text()
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer guess"}, 401),
            ({"Authorization": f"Bearer {token}", "Origin": self.stand.url}, 403),
        ):
            self.assertEqual(self.socket("/node", **headers).status, status)

    def test_frames_before_sign_in_and_beyond_limits_are_refused(self):
        early = self.socket()
        early.send({"id": 1, "method": "call.hangup", "params": {"call": "0"}})
        self.assertEqual(early.receive()["error"]["name"], "not-authenticated")
        for name, frame, code in (
            ("too deep", "[" * 33 + "]" * 33, 4001),
            ("too long", json.dumps({"id": 1, "method": "x" * 65_536}), 4001),
            ("a wrong token", {"id": 1, "method": "hello", "params": self.hello("v1.guess")}, 4004),
            ("no session", {"id": 1, "method": "resume", "params": {"session": "0" * 32, "secret": "x", "lastSeq": 0}}, 4006),
        ):
            with self.subTest(name):
                connection = self.socket()
                connection.send(frame)
                self.assertEqual(connection.receive()["error"]["code"], code)
                self.assert_closes(connection, code)
        for name, frame, opcode, code in (("binary", b"x", BINARY, 1003), ("beyond reading", b"x" * 200_000, 1, 1009)):
            with self.subTest(name):
                connection = self.socket()
                connection.send(frame, opcode)
                self.assert_closes(connection, code)

    def hello(self, token: str) -> dict:
        return {"token": token, "client": {"name": "hostile", "version": "0"}}

    def assert_closes(self, connection: WebSocket, code: int, seconds: float = 3):
        with self.assertRaises(Closed) as closed:
            while True:
                connection.receive(seconds)
        self.assertEqual(closed.exception.code, code)

    def test_nonsense_is_answered_and_enough_of_it_ends_the_connection(self):
        connection = self.socket()
        connection.send({"id": 1, "method": "hello", "params": self.hello(self.stand.token("carol"))})
        self.assertIn("session", connection.receive()["result"])
        for frame, name in (
            ("{", "bad-request"),
            ({"id": 2, "method": "no.such"}, "unknown-method"),
            ({"id": 3, "method": "call.hangup", "params": {"call": "none"}}, "bad-request"),
            ({"id": 4, "method": "call.hangup", "params": {"call": "0" * 32}}, "no-such-call"),
        ):
            connection.send(frame)
            self.assertEqual(connection.receive()["error"]["name"], name, frame)
        for _ in range(21):
            connection.send("{")
        self.assert_closes(connection, 4000)

    def test_who_does_not_sign_in_is_disconnected(self):
        connection = self.socket()
        begin = time.monotonic()
        self.assert_closes(connection, 4003, seconds=8)
        self.assertTrue(4.5 < time.monotonic() - begin < 7)

    def test_guessing_passwords_is_slowed_down(self):
        def guess(name: str) -> tuple[int, dict]:
            try:
                self.stand.ask("POST", "/api/v1/login", {"username": name, "password": "guess"})
                return 200, {}
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, {**json.loads(error.read()), "retry": error.headers["Retry-After"]}

        known, unknown = guess("bob"), guess("nobody")
        self.assertEqual((known[0], known[1]["type"]), (401, "urn:ringdown:problem:bad-credentials"))
        self.assertEqual(known, unknown)
        answers = [guess("bob") for _ in range(6)]
        self.assertEqual(answers[-1][0], 429)
        self.assertTrue(answers[-1][1]["retry"])

    # --- All at once

    def test_a_call_keeps_its_audio_under_abuse(self):
        alice, bob = self.phone("alice", ALICE_HZ, codecs="PCMA"), self.phone("bob", BOB_HZ, codecs="PCMA")
        alice.dial("102")
        bob.wait("CALL_INCOMING")
        bob.command("accept")
        alice.wait("CALL_ESTABLISHED")
        bob.wait("CALL_ESTABLISHED")
        end = time.monotonic() + 4
        rtp = struct.pack("!BBHII", 0x80, 8, 1, 160, 7) + b"\x55" * 160
        rounds = 0
        while time.monotonic() < end:
            self.peer.socket.sendto(os.urandom(300), self.peer.server)
            self.peer.socket.sendto(self.peer.message("REGISTER", REGISTRAR, str(rounds)), self.peer.server)
            self.peer.socket.sendto(self.peer.message("INVITE", BOB, str(rounds)), self.peer.server)
            for port in range(self.stand.rtp[0], self.stand.rtp[1] + 1, 2):
                self.peer.socket.sendto(rtp, ("127.0.0.1", port))
            for kind in (b"\x00\x01", b"\x16\xfe", b"\x80\x08"):
                self.peer.socket.sendto(kind + os.urandom(60), ("127.0.0.1", self.stand.webrtc))
            rounds += 1
            time.sleep(0.01)
        alice.command("hangup")
        bob.wait("CALL_CLOSED")
        alice.wait("CALL_CLOSED")
        self.assertGreater(rounds, 50)
        self.assert_hears_only(alice, BOB_HZ, "1:4")
        self.assert_hears_only(bob, ALICE_HZ, "1:4")


if __name__ == "__main__":
    unittest.main(verbosity=2)
