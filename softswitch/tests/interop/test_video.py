"""Telephones with a camera (baresip) through the switch, judged by pictures that were decoded at the other side."""

import struct
import time
import zlib

from phone import Phone
from telephones import ALICE_HZ, BOB_HZ, Telephones


def colours(path) -> tuple[int, tuple[float, float, float]]:
    """How many pixels a PNG of eight bits a channel has, and their mean colour."""
    data = path.read_bytes()
    position, compressed, width, height, channels = 8, b"", 0, 0, 3
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        body = data[position + 8 : position + 8 + length]
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack(">IIBB", body[:10])
            channels = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            compressed += body
        position += 12 + length
    rows, stride = unfiltered(zlib.decompress(compressed), width, height, channels), width * channels
    sums = [sum(sum(row[channel:stride:channels]) for row in rows) for channel in range(3)]
    pixels = width * height
    return pixels, tuple(total / pixels for total in sums)


def unfiltered(data: bytes, width: int, height: int, channels: int) -> list[bytes]:
    """The rows of a picture without their PNG filters (RFC 2083 §6)."""
    stride, rows, above = width * channels, [], bytes(width * channels)
    for index in range(height):
        start = index * (stride + 1)
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + stride])
        for i in range(stride):
            left = row[i - channels] if i >= channels else 0
            corner = above[i - channels] if i >= channels else 0
            row[i] = (row[i] + predicted(kind, left, above[i], corner)) & 0xFF
        rows.append(bytes(row))
        above = row
    return rows


def predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        distances = [abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)]
        return (left, up, corner)[distances.index(min(distances))]
    return (0, left, up, (left + up) // 2)[kind]


class Video(Telephones):
    def talk(self, caller: Phone, callee: Phone, number: str):
        caller.dial(number)
        callee.wait("CALL_INCOMING")
        callee.command("accept")
        caller.wait("CALL_ESTABLISHED")
        callee.wait("CALL_ESTABLISHED")

    def assert_sees(self, phone: Phone, seconds: float = 15):
        """It decodes whole pictures, and they are no black or green fill."""
        deadline = time.monotonic() + seconds
        while True:
            picture = phone.seen_picture()
            if picture:
                pixels, mean = colours(picture)
                self.assertEqual(pixels, 320 * 240)
                self.assertGreater(max(mean), 60, f"{phone.user} sees darkness: {mean}")
                return
            self.assertLess(time.monotonic(), deadline, f"{phone.user} sees nothing\n{phone.log()}")
            time.sleep(0.5)

    def test_two_video_phones_see_and_hear_each_other(self):
        for codec in ("vp8", "vp9"):
            alice = self.phone("alice", ALICE_HZ, video=codec)
            bob = self.phone("bob", BOB_HZ, video=codec)
            with self.subTest(codec):
                self.talk(alice, bob, "102")
                self.assert_sees(alice)
                self.assert_sees(bob)
                time.sleep(3)
                alice.command("hangup")
                bob.wait("CALL_CLOSED")
                alice.wait("CALL_CLOSED")
                self.assert_hears_only(alice, BOB_HZ)
                self.assert_hears_only(bob, ALICE_HZ)
            alice.stop(), bob.stop()

    def test_pictures_are_encrypted_as_the_voice_is(self):
        keys = {"transport": "tls", "port": self.stand.sip_tls, "media": "srtp-mand", "video": "vp8"}
        for name, bob_is in (("keys to keys", keys), ("keys to plain", {"video": "vp8"})):
            alice, bob = self.phone("alice", ALICE_HZ, **keys), self.phone("bob", BOB_HZ, **bob_is)
            with self.subTest(name):
                self.talk(alice, bob, "102")
                self.assert_sees(alice)
                self.assert_sees(bob)
                alice.command("hangup")
                bob.wait("CALL_CLOSED")
                alice.wait("CALL_CLOSED")
                enabled = alice.whole_log().count("SRTP is Enabled")
                self.assertGreaterEqual(enabled, 2, "the voice and the picture")
            alice.stop(), bob.stop()

    def test_phones_that_share_no_coding_hear_each_other(self):
        alice = self.phone("alice", ALICE_HZ, video="vp8")
        bob = self.phone("bob", BOB_HZ, video="vp9")
        self.talk(alice, bob, "102")
        time.sleep(3)
        self.assertIsNone(alice.seen_picture())
        self.assertIsNone(bob.seen_picture())
        alice.command("hangup")
        bob.wait("CALL_CLOSED")
        alice.wait("CALL_CLOSED")
        self.assert_hears_only(alice, BOB_HZ)
        self.assert_hears_only(bob, ALICE_HZ)

    def test_a_video_phone_calls_one_without_a_camera(self):
        alice = self.phone("alice", ALICE_HZ, video="vp8")
        bob = self.phone("bob", BOB_HZ)
        for caller, callee, number in ((alice, bob, "102"), (bob, alice, "101")):
            self.talk(caller, callee, number)
            time.sleep(3)
            caller.command("hangup")
            callee.wait("CALL_CLOSED")
            caller.wait("CALL_CLOSED")
            self.assert_hears_only(alice, BOB_HZ)
            self.assert_hears_only(bob, ALICE_HZ)

    def test_pictures_come_back_after_a_hold(self):
        alice = self.phone("alice", ALICE_HZ, video="vp8")
        bob = self.phone("bob", BOB_HZ, video="vp8")
        self.talk(alice, bob, "102")
        self.assert_sees(bob)
        # baresip says sendonly for both streams, and sendrecv when it comes back.
        bob.press("x")
        time.sleep(2)
        bob.press("X")
        time.sleep(1)
        self.assert_sees(alice)
        self.assert_sees(bob)
        bob.command("hangup")
        alice.wait("CALL_CLOSED")
        bob.wait("CALL_CLOSED")
