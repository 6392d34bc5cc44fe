"""Scripted telephones (sipp) on both sides of the switch; the caller's tone comes back from the callee's echo."""

import pathlib
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import wave

from stand import Stand, binaries, free_base

HERE = pathlib.Path(__file__).resolve().parent / "sipp"
HZ = 1000


def alaw_to_linear(byte: int) -> int:
    """ITU-T G.711 A-law."""
    byte ^= 0x55
    magnitude = (byte & 0x0F) << 4
    segment = (byte & 0x70) >> 4
    magnitude += 8 if segment == 0 else 0x108
    if segment > 1:
        magnitude <<= segment - 1
    return magnitude if byte & 0x80 else -magnitude


class Ear(threading.Thread):
    """Overhears RTP to one port on the loopback interface, as the telephone there hears it."""

    def __init__(self, port: int):
        super().__init__(daemon=True)
        self.port = port
        self.packets: dict[int, bytes] = {}
        self.sources: set[int] = set()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.socket.bind(("lo", 0))
        self.socket.settimeout(0.2)
        self.listening = True

    def run(self):
        while self.listening:
            try:
                frame, origin = self.socket.recvfrom(2048)
            except TimeoutError:
                continue
            # The loopback interface shows each packet twice: once leaving, once arriving.
            if origin[2] != socket.PACKET_HOST or frame[9] != 17:
                continue
            datagram = frame[(frame[0] & 15) * 4 :]
            if struct.unpack("!H", datagram[2:4])[0] != self.port or len(datagram) < 20:
                continue
            rtp = datagram[8:]
            if rtp[0] >> 6 == 2 and rtp[1] & 127 == 8:
                self.packets[struct.unpack("!H", rtp[2:4])[0]] = rtp[12:]
                self.sources.add(struct.unpack("!I", rtp[8:12])[0])

    def write(self, path: pathlib.Path):
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            for _, payload in sorted(self.packets.items()):
                file.writeframes(b"".join(struct.pack("<h", alaw_to_linear(byte)) for byte in payload))


class Sipp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = free_base()
        cls.stand = Stand(cls.base).start()
        cls.addClassCleanup(cls.stand.stop)
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ringdown-sipp-"))

    def run_sipp(self, name: str, scenario: str, account: dict, port: int, *more: str) -> subprocess.Popen:
        users = self.folder / f"{name}.csv"
        secret = f"[authentication username={account['sip_username']} password={account['sip_password']}]"
        users.write_text(f"SEQUENTIAL\n{account['sip_username']};{secret};\n")
        command = ["sipp", f"127.0.0.1:{self.stand.ports.sip}", "-sf", HERE / scenario, "-inf", users, "-m", "1"]
        command += ["-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", str(port), "-timeout", "20", "-nostdin", *more]
        log = open(self.folder / f"{name}.log", "wb")
        return subprocess.Popen(
            [str(part) for part in command], stdout=log, stderr=log, cwd=self.folder, stdin=subprocess.DEVNULL
        )

    def finish(self, name: str, process: subprocess.Popen):
        code = process.wait(30)
        self.assertEqual(code, 0, f"{name}: " + (self.folder / f"{name}.log").read_text(errors="replace")[-2500:])

    def test_sipp_calls_sipp_and_hears_its_own_tone(self):
        alice, bob = self.stand.accounts["alice"], self.stand.accounts["bob"]
        callee_port, caller_port = self.base + 320, self.base + 340
        media_port = self.base + 360
        tone = self.folder / "tone.wav"
        subprocess.run(
            [binaries() / "audio-check", "make", tone, "--hz", str(HZ), "--seconds", "4", "--rate", "8000", "--level", "-12"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        raw = self.folder / "tone.al"
        subprocess.run(["sox", tone, "-t", "al", raw], check=True)

        register = self.run_sipp("register", "register.xml", bob, self.base + 300, "-key", "contact_port", str(callee_port))
        self.finish("register", register)
        ear = Ear(media_port)
        ear.start()
        callee = self.run_sipp("callee", "uas.xml", bob, callee_port, "-rtp_echo", "-mp", str(self.base + 380))
        time.sleep(0.5)
        caller = self.run_sipp(
            "caller", "uac.xml", alice, caller_port, "-mp", str(media_port), "-key", "callee", "102", "-key", "tone", str(raw)
        )
        self.finish("caller", caller)
        self.finish("callee", callee)
        ear.listening = False
        ear.join()

        heard = self.folder / "heard.wav"
        ear.write(heard)
        self.assertEqual(len(ear.sources), 1, "one leg has one SSRC")
        answer = subprocess.run(
            [binaries() / "audio-check", "tone", heard, "--hz", str(HZ), "--only", "--window", "0.5:2"],
            capture_output=True,
            text=True,
        )
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
