"""RTP as a simple telephone speaks and hears it (RFC 3550, RFC 3551 A-law, RFC 4733 keys), with a memory for every
packet that came."""

import array
import bisect
import math
import os
import pathlib
import socket
import struct
import threading
import time
import wave
from typing import NamedTuple

PCMA, KEYS = 8, 101
RATE, PACKET = 8000, 160  # samples a second and a packet
DIGITS = "0123456789*#ABCD"
# ITU-T Q.23: a key is one tone of each.
LOW, HIGH, PAD = (697, 770, 852, 941), (1209, 1336, 1477, 1633), "123A456B789C*0#D"


class Packet(NamedTuple):
    """What came, and when."""

    at: float
    payload_type: int
    marked: bool
    number: int
    timestamp: int
    ssrc: int
    payload: bytes


def alaw_to_linear(byte: int) -> int:
    """ITU-T G.711 A-law."""
    byte ^= 0x55
    magnitude = (byte & 0x0F) << 4
    segment = (byte & 0x70) >> 4
    magnitude += 8 if segment == 0 else 0x108
    if segment > 1:
        magnitude <<= segment - 1
    return magnitude if byte & 0x80 else -magnitude


LEVELS = sorted((alaw_to_linear(byte), byte) for byte in range(256))


def linear_to_alaw(sample: int) -> int:
    """The next level at or above the sample: precise enough for a tone."""
    return LEVELS[min(bisect.bisect_left(LEVELS, (sample, 0)), 255)][1]


def tone(hz: int) -> bytes:
    """One second at -12 dBFS, which goes on where it began."""
    wavelength = 2 * math.pi * hz / RATE
    return bytes(linear_to_alaw(int(8230 * math.sin(index * wavelength))) for index in range(RATE))


def strength(samples: array.array, hz: int) -> float:
    """How much of the samples' energy is this tone: 1 is all of it."""
    energy = sum(sample * sample for sample in samples)
    turns = [2 * math.pi * hz * index / RATE for index in range(len(samples))]
    across = sum(sample * math.cos(turn) for sample, turn in zip(samples, turns))
    along = sum(sample * math.sin(turn) for sample, turn in zip(samples, turns))
    return 2 * (across**2 + along**2) / (energy * len(samples)) if energy else 0.0


def key_of(samples: array.array) -> str:
    """The key whose two tones these samples are, or nothing."""
    low, high = (max(range(4), key=lambda index: strength(samples, tones[index])) for tones in (LOW, HIGH))
    is_key = min(strength(samples, LOW[low]), strength(samples, HIGH[high])) > 0.2
    return PAD[4 * low + high] if is_key else ""


class Voice:
    """A microphone with a tone and an ear, on a UDP port of its own. It speaks once it knows to whom."""

    def __init__(self, hz: int, address: str = "127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.address, self.port = self.socket.getsockname()
        self.remote: tuple[str, int] | None = None
        self.sound = tone(hz)
        self.packets: list[Packet] = []
        self.keys: list[tuple[int, int]] = []  # digits still to press, with packets still to send of each
        self.tones: list[bytes] = []  # packets of keys that are said as sound
        self.sent = 0
        self.ssrc = struct.unpack("!I", os.urandom(4))[0]
        self.running = True
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self.speak, self.listen)]
        for thread in self.threads:
            thread.start()

    def press(self, digits: str):
        """Presses keys for 100 ms each, by RFC 4733."""
        self.keys += [(DIGITS.index(digit), 5) for digit in digits]

    def press_in_band(self, digits: str):
        """Presses keys as sound, 100 ms each with 60 ms of silence."""
        for digit in digits:
            place = PAD.index(digit)
            turns = [2 * math.pi * index / RATE for index in range(5 * PACKET)]
            low, high = LOW[place // 4], HIGH[place % 4]
            sound = bytes(
                linear_to_alaw(int(6000 * math.sin(low * turn) + 7500 * math.sin(high * turn))) for turn in turns
            )
            sound += bytes([linear_to_alaw(0)]) * (3 * PACKET)
            self.tones += [sound[begin:][:PACKET] for begin in range(0, len(sound), PACKET)]

    def speak(self):
        due = time.monotonic()
        event_began = 0
        while self.running:
            due = max(due + PACKET / RATE, time.monotonic() - 0.1)
            time.sleep(max(0.0, due - time.monotonic()))
            begin = self.sent * PACKET
            self.sent += 1
            if not self.remote:
                continue
            if self.tones:
                self.send(PCMA, False, begin, self.tones.pop(0))
                continue
            if not self.keys:
                self.send(PCMA, begin == 0, begin, self.sound[begin % RATE :][:PACKET])
                continue
            digit, left = self.keys[0]
            is_first, is_last = left == 5, left == 1
            event_began = begin if is_first else event_began
            duration = begin + PACKET - event_began
            event = struct.pack("!BBH", digit, (0x80 if is_last else 0) | 10, duration)
            # The end is said three times over, in case it is lost.
            for _ in range(3 if is_last else 1):
                self.send(KEYS, is_first, event_began, event)
            self.keys[0] = (digit, left - 1)
            if is_last:
                self.keys.pop(0)

    number = 0

    def send(self, payload_type: int, marked: bool, timestamp: int, payload: bytes):
        self.number += 1
        head = struct.pack(
            "!BBHII", 0x80, (0x80 if marked else 0) | payload_type, self.number & 0xFFFF, timestamp, self.ssrc
        )
        self.socket.sendto(head + payload, self.remote)

    def listen(self):
        while self.running:
            try:
                datagram = self.socket.recv(2048)
            except OSError:
                return
            if len(datagram) < 12 or datagram[0] >> 6 != 2 or 72 <= datagram[1] & 127 <= 76:
                continue
            _, second, number, timestamp, ssrc = struct.unpack("!BBHII", datagram[:12])
            payload = datagram[12 + 4 * (datagram[0] & 15) :]
            self.packets.append(
                Packet(time.monotonic(), second & 127, second >= 128, number, timestamp, ssrc, payload)
            )

    def heard_digits(self) -> str:
        """The keys that came: one for each event, however often it was said."""
        events = {packet.timestamp: packet.payload[0] for packet in self.packets if packet.payload_type == KEYS}
        return "".join(DIGITS[event] for event in events.values())

    def heard_tones(self) -> str:
        """The keys that came as tones."""
        found = ""
        before = ""
        samples = self.samples()
        for begin in range(0, len(samples) - PACKET, PACKET):
            key = key_of(samples[begin : begin + PACKET])
            if key and key != before:
                found += key
            before = key
        return found

    def longest_gap(self, begin: float, end: float) -> float:
        """The longest time without a packet between two moments, in seconds."""
        times = [begin, *(packet.at for packet in self.packets if begin < packet.at < end), end]
        return max(later - earlier for earlier, later in zip(times, times[1:]))

    def lost(self) -> int:
        """How many numbers of the stream did not come."""
        numbers = [packet.number for packet in self.packets]
        distance = (numbers[-1] - numbers[0]) & 0xFFFF if numbers else -1
        return distance + 1 - len(set(numbers))

    def write(self, path: pathlib.Path) -> pathlib.Path:
        """Writes what was heard."""
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(self.samples().tobytes())
        return path

    def samples(self) -> array.array:
        """What was heard, in the order it was said. Pauses and lost packets take no time in it."""
        samples = array.array("h")
        for packet in sorted((packet for packet in self.packets if packet.payload_type == PCMA), key=self.order):
            samples.extend(alaw_to_linear(byte) for byte in packet.payload)
        return samples

    def order(self, packet: Packet) -> int:
        first = self.packets[0].timestamp
        return (packet.timestamp - first + 0x8000_0000) & 0xFFFF_FFFF

    def stop(self):
        if self.running:
            self.running = False
            # Wakes the listener.
            self.socket.sendto(b"", (self.address, self.port))
            for thread in self.threads:
                thread.join()
            self.socket.close()

    def description(self, address: str | None = None, events: bool = True) -> str:
        """The session description of this voice; `address` is what it says its address is."""
        said = address or self.address
        formats = f"{PCMA} {KEYS}" if events else f"{PCMA}"
        lines = ["v=0", f"o=- {self.ssrc} 1 IN IP4 {said}", "s=-", f"c=IN IP4 {said}", "t=0 0"]
        lines += [f"m=audio {self.port} RTP/AVP {formats}", f"a=rtpmap:{PCMA} PCMA/8000"]
        if events:
            lines += [f"a=rtpmap:{KEYS} telephone-event/8000", f"a=fmtp:{KEYS} 0-15"]
        return "\r\n".join([*lines, "a=ptime:20", "a=sendrecv", ""])

    def follow(self, description: str):
        """Speaks to where a session description says."""
        lines = dict(line.split("=", 1) for line in description.splitlines() if line[:2] in ("c=", "m="))
        address, port = lines["c"].split()[2], int(lines["m"].split()[1])
        self.remote = (address, port) if port and address != "0.0.0.0" else None
