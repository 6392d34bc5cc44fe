"""Somebody who sends RTP, STUN and ClientHellos to every media port of the running program while people talk.

Rules M01 and M03: no packet comes back to him, nobody hears him, every call keeps its sound.
"""

import math
import os
import select
import socket
import struct
import threading
import time

from phone import Phone
from telephones import ALICE_HZ, BOB_HZ, Telephones

ATTACKER = "127.0.0.66"
ATTACKER_HZ = 2100


def alaw(sample: int) -> int:
    """G.711, A-law."""
    sign, magnitude = (0x80, sample) if sample >= 0 else (0, -sample - 1)
    magnitude = min(max(magnitude, 0), 32767) >> 4
    exponent = max(magnitude.bit_length() - 5, 0)
    mantissa = (magnitude >> max(exponent, 1)) & 0x0F if exponent else (magnitude >> 1) & 0x0F
    return (sign | exponent << 4 | mantissa) ^ 0x55


class Sprayer:
    """Sends to every port from addresses of its own, as fast as it can, until it is stopped."""

    def __init__(self, ports: list[int]):
        self.ports, self.answers, self.sent = ports, [], 0
        self.sockets = [self.socket() for _ in range(2)]
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        step = 2 * math.pi * ATTACKER_HZ / 8000
        self.payload = bytes(alaw(int(16000 * math.sin(step * n))) for n in range(160))

    @staticmethod
    def socket() -> socket.socket:
        sprays = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sprays.bind((ATTACKER, 0))
        sprays.setblocking(False)
        return sprays

    def packets(self, number: int) -> list[bytes]:
        rtp = struct.pack("!BBHII", 0x80, 8, number & 0xFFFF, number * 160 & 0xFFFFFFFF, 0xBADBAD) + self.payload
        stun = struct.pack("!HHI", 1, 0, 0x2112A442) + os.urandom(12)
        # A ClientHello of DTLS 1.2 with a suite nobody has.
        body = b"\xfe\xfd" + os.urandom(32) + b"\0\0" + b"\0\x02\xfa\xfa" + b"\x01\0"
        handshake = b"\x01" + len(body).to_bytes(3, "big") + b"\0\0\0\0\0" + len(body).to_bytes(3, "big") + body
        hello = b"\x16\xfe\xfd\0\0" + number.to_bytes(6, "big") + len(handshake).to_bytes(2, "big") + handshake
        return [rtp, stun, hello]

    def run(self):
        number = 0
        while not self.ends.is_set():
            number += 1
            for packet in self.packets(number):
                for index, port in enumerate(self.ports):
                    try:
                        self.sockets[index % 2].sendto(packet, ("127.0.0.1", port))
                        self.sent += 1
                    except OSError:
                        # A closed port, or a full buffer.
                        pass
            readable, _, _ = select.select(self.sockets, [], [], 0.002)
            for one in readable:
                try:
                    self.answers.append(one.recvfrom(2048))
                except OSError:
                    # A closed port's ICMP.
                    pass

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()
        for one in self.sockets:
            one.close()


class Spray(Telephones):
    def test_no_packet_leaks_or_is_injected(self):
        tls = {"transport": "tls", "port": self.stand.sip_tls}
        pairs = (
            ("plain", {}, {}),
            ("keys and plain", {**tls, "media": "srtp"}, {}),
            ("DTLS and keys", {**tls, "media": "dtls_srtp"}, {**tls, "media": "srtp"}),
        )
        first, last = self.stand.rtp
        ports = [*range(first, last + 1), self.stand.webrtc, self.stand.webrtc + 1]
        for name, alice_is, bob_is in pairs:
            with self.subTest(name):
                alice = self.phone("alice", ALICE_HZ, codecs="PCMA", **alice_is)
                bob = self.phone("bob", BOB_HZ, codecs="PCMA", **bob_is)
                with Sprayer(ports) as sprayer:
                    self.talk(alice, bob)
                # What the attacker says is no tone of theirs: it would be heard beside it.
                self.assert_hears_only(alice, BOB_HZ)
                self.assert_hears_only(bob, ALICE_HZ)
                alice.stop(), bob.stop()
                self.assertGreater(sprayer.sent, 2000)
                self.assertEqual(sprayer.answers, [], "somebody answered")

    def talk(self, alice: Phone, bob: Phone):
        alice.dial("102")
        bob.wait("CALL_INCOMING", 20)
        bob.command("accept")
        alice.wait("CALL_ESTABLISHED", 20)
        bob.wait("CALL_ESTABLISHED", 20)
        time.sleep(4)
        alice.command("hangup")
        bob.wait("CALL_CLOSED", 20)
        alice.wait("CALL_CLOSED", 20)
