"""Scripted telephones (sipp) on both sides of the switch: its signalling, and its own RTP judged where it arrives.

sipp cannot tell what it hears, so one side's description names the port of an ear, and the other side speaks.
"""

import subprocess
import time
import unittest
from pathlib import Path

from ports import Ports
from stand import end, spawn
from telephones import Telephones
from voice import Voice, tone

HERE = Path(__file__).resolve().parent / "sipp"
CALLER_HZ, EAR_HZ = 1000, 450
SPEAK = '<nop><action><exec rtp_stream="tone.al,-1,8"/></action></nop>'
OWN_PORT = "[rtpstream_audio_port]"


class Sipp(Telephones):
    def setUp(self):
        self.ports = Ports()
        self.addCleanup(self.ports.release)
        (self.folder / "tone.al").write_bytes(tone(CALLER_HZ))

    def sipp(self, role: str, who: str, port: int, media: str, *more: str) -> subprocess.Popen:
        """Starts a role's scenario for an account. It speaks if `media` is a port of its own."""
        text = (HERE / f"{role}.xml").read_text().replace("MEDIA", media)
        scenario = self.folder / f"{role}.xml"
        scenario.write_text(text.replace("SPEAK", SPEAK if media == OWN_PORT else ""))
        account = self.stand.accounts[who]
        users = self.folder / f"{role}.csv"
        secret = f"[authentication username={account['sip_username']} password={account['sip_password']}]"
        users.write_text(f"SEQUENTIAL\n{account['sip_username']};{secret};\n")
        command = ["sipp", f"127.0.0.1:{self.stand.sip}", "-sf", scenario, "-inf", users, "-m", "1", "-nostdin"]
        command += ["-i", "127.0.0.1", "-p", str(self.ports[port]), "-mp", str(self.ports[port + 2])]
        command += ["-timeout", "20", "-timeout_error", *more]
        process = spawn(command, self.folder / f"{role}.log", cwd=self.folder)
        self.addCleanup(end, process)
        return process

    def finish(self, role: str, process: subprocess.Popen):
        code = process.wait(30)
        self.assertEqual(code, 0, f"{role}: " + (self.folder / f"{role}.log").read_text(errors="replace")[-2500:])

    def call(self, caller_media: str, callee_media: str):
        """Alice calls bob with sipp on both sides."""
        register = self.sipp("register", "bob", 10, "", "-key", "contact_port", str(self.ports[30]))
        self.finish("register", register)
        callee = self.sipp("uas", "bob", 30, callee_media)
        time.sleep(0.3)  # sipp does not say when it listens
        # Left to itself sipp proves its password for the server's address, whatever it asks for.
        proof = ("-auth_uri", f"102@127.0.0.1:{self.stand.sip}")
        caller = self.sipp("uac", "alice", 50, caller_media, "-key", "callee", "102", *proof)
        self.finish("uac", caller)
        self.finish("uas", callee)

    def ear(self) -> Voice:
        return self.voice(EAR_HZ)

    def assert_heard(self, ear: Voice):
        self.assertEqual(len({packet.ssrc for packet in ear.packets}), 1, "one leg has one SSRC")
        self.assert_hears_only(ear, CALLER_HZ, "0.5:2")

    def test_the_called_side_hears_the_caller(self):
        ear = self.ear()
        self.call(OWN_PORT, str(ear.port))
        self.assert_heard(ear)

    def test_the_caller_hears_the_called_side(self):
        ear = self.ear()
        self.call(str(ear.port), OWN_PORT)
        self.assert_heard(ear)


if __name__ == "__main__":
    unittest.main(verbosity=2)
