"""Every way a telephone's messages come by: TCP, TLS and WebSocket beside UDP, IPv6 beside IPv4, and what keeps a way
open or closes it."""

import os
import socket
import ssl
import struct
import time
import unittest
from pathlib import Path

from scripted import Message, compose, credentials
from stand import REALM, wait_until
from telephones import ALICE_HZ, BOB_HZ, Telephones
from websocket import Closed, WebSocket

REGISTRAR = f"sip:{REALM}"
PING, PONG = b"\r\n\r\n", b"\r\n"
COOKIE = 0x2112A442


def options(transport: str, padding: int = 0) -> bytes:
    """An OPTIONS of nobody, which is asked for credentials."""
    headers = [
        ("Via", f"SIP/2.0/{transport} transports.invalid;branch=z9hG4bK{os.urandom(6).hex()};rport"),
        ("Max-Forwards", "70"),
        ("From", f"<sip:101@{REALM}>;tag={os.urandom(4).hex()}"),
        ("To", f"<sip:101@{REALM}>"),
        ("Call-ID", f"{os.urandom(8).hex()}@transports"),
        ("CSeq", "1 OPTIONS"),
    ]
    return compose(f"OPTIONS {REGISTRAR} SIP/2.0", headers, "x" * padding)


def trusting() -> ssl.SSLContext:
    """A client that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def is_closed(stream: socket.socket, seconds: float) -> bool:
    """Whether the other side closes, whatever it says before."""
    stream.settimeout(seconds)
    try:
        while stream.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


class Streams(Telephones):
    """One stand for what is said to bare sockets."""

    def tcp(self) -> socket.socket:
        stream = socket.create_connection(("127.0.0.1", self.stand.sip), 3)
        self.addCleanup(stream.close)
        return stream

    def tls(self, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        stream = socket.create_connection(("127.0.0.1", self.stand.sip_tls), 3)
        self.addCleanup(stream.close)
        secured = (context or trusting()).wrap_socket(stream, server_hostname="localhost")
        self.addCleanup(secured.close)
        return secured

    def is_open_there(self, stream: socket.socket) -> bool:
        """Whether the softswitch holds its end of a TCP connection open."""
        ends = f":{self.stand.sip:04X} 0100007F:{stream.getsockname()[1]:04X} 01 "
        return ends in Path("/proc/net/tcp").read_text()

    def websocket(self, **headers: str) -> WebSocket:
        opened = WebSocket(self.stand.sip_ws, "/", **{"Sec-WebSocket-Protocol": "sip", **headers})
        self.addCleanup(opened.close)
        return opened

    def test_a_line_end_is_answered_on_a_stream_and_on_a_websocket(self):
        for name, stream in (("TCP", self.tcp()), ("TLS", self.tls())):
            with self.subTest(name):
                stream.sendall(PING)
                stream.settimeout(3)
                self.assertEqual(stream.recv(16), PONG)
        page = self.websocket()
        page.send(PING)
        self.assertEqual(page.exactly(4), b"\x81\x02" + PONG)

    def test_stun_tells_where_it_was_asked_from(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind(("127.0.0.1", 0))
            phone.settimeout(3)
            own = phone.getsockname()
            transaction = os.urandom(12)
            phone.sendto(struct.pack("!HHI", 1, 0, COOKIE) + transaction, ("127.0.0.1", self.stand.sip))
            answer = phone.recv(100)
        kind, length, cookie = struct.unpack("!HHI", answer[:8])
        self.assertEqual((kind, length, cookie, answer[8:20]), (0x0101, 12, COOKIE, transaction))
        attribute, size, family, port, address = struct.unpack("!HHHHI", answer[20:32])
        self.assertEqual((attribute, size, family), (0x0020, 8, 1))
        seen = socket.inet_ntoa(struct.pack("!I", address ^ COOKIE)), port ^ (COOKIE >> 16)
        self.assertEqual(seen, own)

    def test_tls_is_modern_only(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = trusting()
            context.minimum_version = context.maximum_version = version
            with self.subTest(version.name):
                stream = self.tls(context)
                stream.sendall(options("TLS"))
                self.assertEqual(Message(stream.recv(65536)).status, 401)
        old = trusting()
        old.set_ciphers("AES128-SHA:@SECLEVEL=0")
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises(ssl.SSLError):
            self.tls(old)

    def test_half_a_handshake_and_half_a_message_are_not_waited_for(self):
        """Each is closed after some 10 s; meanwhile others are served."""
        waiting = {
            "TCP that says nothing": self.tcp(),
            "TLS without a hello": socket.create_connection(("127.0.0.1", self.stand.sip_tls), 3),
            "WebSocket without its request": socket.create_connection(("127.0.0.1", self.stand.sip_ws), 3),
        }
        waiting["WebSocket without its request"].sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        half = self.tcp()
        half.sendall(options("TCP")[:60])
        waiting["TCP with half a message"] = half
        page = self.websocket()
        page.socket.sendall(b"\x81\xfe\x40\x00\x00\x00\x00\x00OPTIONS")
        waiting["WebSocket with half a frame"] = page.socket
        for stream in waiting.values():
            self.addCleanup(stream.close)
        good = self.tcp()
        good.sendall(options("TCP"))
        good.settimeout(2)
        self.assertEqual(Message(good.recv(65536)).status, 401)
        end = time.monotonic() + 20
        for name, stream in waiting.items():
            self.assertTrue(is_closed(stream, max(0.1, end - time.monotonic())), f"{name} stays open")

    def test_a_reader_that_does_not_read_loses_its_connection(self):
        """It asks and asks and takes no answer; neither do the answers pile up without end."""
        stream = self.tcp()
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stream.settimeout(0.5)
        request, end = options("TCP", 500), time.monotonic() + 25
        while time.monotonic() < end:
            try:
                stream.sendall(request)
            except OSError:
                # The way is full: from here on it takes as long as a write may.
                if not self.is_open_there(stream):
                    break
        self.assertFalse(self.is_open_there(stream), "the connection of a deaf peer stays open")
        self.assertTrue(self.stand.report()["ready"])

    def test_one_address_has_its_share_of_connections(self):
        streams = [socket.create_connection(("127.0.0.1", self.stand.sip), 3) for _ in range(80)]
        for stream in streams:
            self.addCleanup(stream.close)
        refused = sum(is_closed(stream, 0.05) for stream in streams)
        self.assertGreaterEqual(refused, 80 - 64)
        for stream in streams:
            stream.close()
        wait_until(lambda: not is_closed(self.tcp(), 0.2), 5, lambda: "the share does not come back")

    def test_pages_of_other_sites_and_other_names_are_refused(self):
        here = f"127.0.0.1:{self.stand.sip_ws}"
        for status, headers in (
            (101, {}),
            (101, {"Origin": f"http://{here}"}),
            (101, {"Origin": "https://127.0.0.1:8443"}),
            (403, {"Origin": "https://evil.example"}),
            (403, {"Origin": "null"}),
            (400, {"Sec-WebSocket-Protocol": "msrp"}),
        ):
            with self.subTest(headers=headers):
                self.assertEqual(self.websocket(**headers).status, status)

    def test_a_message_that_is_too_long_closes_a_websocket(self):
        page = self.websocket()
        with self.assertRaises((Closed, OSError)):
            page.send(b"OPTIONS sip:a SIP/2.0\r\nX: " + b"a" * 70_000)
            page.receive()

    def test_digest_over_a_websocket(self):
        page = self.websocket()
        account = self.stand.accounts["alice"]
        user = account["sip_username"]

        def register(number: int, *more: tuple[str, str]) -> Message:
            headers = [
                ("Via", f"SIP/2.0/WS page.invalid;branch=z9hG4bK{os.urandom(6).hex()}"),
                ("Max-Forwards", "70"),
                ("From", f"<sip:{user}@{REALM}>;tag=page"),
                ("To", f"<sip:{user}@{REALM}>"),
                ("Call-ID", "registration@page"),
                ("CSeq", f"{number} REGISTER"),
                ("Contact", "<sip:page@page.invalid;transport=ws>;expires=300"),
                *more,
            ]
            page.send(compose(f"REGISTER {REGISTRAR} SIP/2.0", headers))
            head = page.exactly(4)
            self.assertEqual(head[:2], b"\x81\x7e", "a text of some hundred bytes")
            return Message(page.exactly(int.from_bytes(head[2:], "big")))

        challenge = register(1)
        proof = credentials(challenge["www-authenticate"], "REGISTER", REGISTRAR, user, account["sip_password"])
        answer = register(2, ("Authorization", proof))
        self.assertEqual(answer.status, 200)
        self.assertIn("page.invalid", answer["contact"])
        page.close()


class Telephony(Telephones):
    """Real telephones, over every transport they know, and over both IP versions."""

    ipv6 = True

    def talk(self, alice, bob):
        alice.dial("102")
        bob.wait("CALL_INCOMING")
        bob.command("accept")
        alice.wait("CALL_ESTABLISHED")
        time.sleep(3)
        alice.command("hangup")
        bob.wait("CALL_CLOSED")
        alice.wait("CALL_CLOSED")
        self.assert_hears_only(alice, BOB_HZ)
        self.assert_hears_only(bob, ALICE_HZ)

    def test_baresip_over_tls_and_tcp(self):
        for name, alice_is, bob_is in (
            ("tls to udp", {"transport": "tls", "port": self.stand.sip_tls}, {}),
            ("udp to tls", {}, {"transport": "tls", "port": self.stand.sip_tls}),
            ("tcp to tls", {"transport": "tcp"}, {"transport": "tls", "port": self.stand.sip_tls}),
        ):
            with self.subTest(name):
                alice, bob = self.phone("alice", ALICE_HZ, **alice_is), self.phone("bob", BOB_HZ, **bob_is)
                self.talk(alice, bob)
                alice.stop(), bob.stop()

    def test_baresip_over_ipv6_and_between_both_versions(self):
        for name, alice_is, bob_is in (
            ("6 to 6", {"host": "[::1]"}, {"host": "[::1]"}),
            ("6 to 4", {"host": "[::1]"}, {}),
            ("4 to 6, over TCP", {}, {"host": "[::1]", "transport": "tcp"}),
        ):
            with self.subTest(name):
                alice, bob = self.phone("alice", ALICE_HZ, **alice_is), self.phone("bob", BOB_HZ, **bob_is)
                self.talk(alice, bob)
                alice.stop(), bob.stop()

    def test_a_long_invite_reaches_a_telephone_of_udp_over_tcp(self):
        """baresip registers over UDP and takes TCP at the same port; a scripted one takes none and is called by UDP."""
        alice = self.scripted("alice")
        bob = self.scripted("bob")
        call = alice.call("102", self.voice(ALICE_HZ))
        ringing = bob.wait_call(self.voice(BOB_HZ))
        self.assertIn("SIP/2.0/UDP", ringing.request["via"], "a long INVITE is not lost on who takes no TCP")
        ringing.ring()
        call.wait_status(180)
        call.cancel()
        self.assertEqual(call.wait_final().status, 487)

    def test_a_telephone_that_is_gone_is_noticed_at_once(self):
        alice = self.scripted("alice")
        gone = self.scripted("bob", registered=False)
        self.assertEqual(gone.register().status, 200)
        gone.stop()
        asked = time.monotonic()
        call = alice.call("102", self.voice(ALICE_HZ))
        self.assertEqual(call.wait_final(8).status, 480)
        self.assertLess(time.monotonic() - asked, 2)
        heir = self.scripted("bob", registered=False)
        self.assertEqual(heir.register(0, contact="*").status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
