"""What the switch itself answers, with real telephones (baresip): a conference of three, and voicemail."""

import array
import math
import time
import unittest
import urllib.error
import urllib.request
import wave

from stand import wait_until
from telephones import ALICE_HZ, BOB_HZ, CAROL_HZ, Telephones

# Telephones say -12 dBFS, less what their own resampling takes: 1.3 dB of baresip's G.711.
TOLERANCE_DB = 2
# What is left of a tone that is not in the mix: other tones' skirts.
SILENT_DB = -40


def levels(samples: array.array, rate: int, tones: tuple[int, ...]) -> list[float]:
    """How loud each tone is, in dBFS: the median of tenths of a second, for a late packet shifts the phase."""
    length = rate // 10
    blocks = [samples[begin : begin + length] for begin in range(0, len(samples) - length + 1, length)]
    found = []
    for hz in tones:
        turns = [2 * math.pi * hz * index / rate for index in range(length)]
        peaks = []
        for block in blocks:
            across = sum(sample * math.cos(turn) for sample, turn in zip(block, turns))
            along = sum(sample * math.sin(turn) for sample, turn in zip(block, turns))
            peaks.append(2 * math.hypot(across, along) / length)
        peak = sorted(peaks)[len(peaks) // 2] if peaks else 0
        found.append(20 * math.log10(max(peak, 1) / 32767))
    return found


def read(path, begin: float, seconds: float) -> tuple[array.array, int]:
    """A stretch of a WAV file, one channel of it."""
    with wave.open(str(path)) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        file.setpos(min(int(begin * rate), file.getnframes()))
        samples = array.array("h", file.readframes(int(seconds * rate)))
    return samples[::channels], rate


class Services(Telephones):
    def test_three_in_a_conference_hear_each_other_and_not_themselves(self):
        room = {"extension": "600", "name": "Stand-up", "maxMembers": 10}
        directories = self.stand.log("softswitch").count("directory in force")
        self.stand.ask("POST", "/api/v1/rooms", room)
        wait_until(
            lambda: self.stand.log("softswitch").count("directory in force") > directories,
            5,
            lambda: "no new directory at the softswitch",
        )
        tones = (ALICE_HZ, BOB_HZ, CAROL_HZ)
        codecs = ("PCMA", "opus", "PCMU")
        phones = [
            self.phone(name, hz, codecs=codec) for name, hz, codec in zip(("alice", "bob", "carol"), tones, codecs)
        ]
        for phone in phones:
            phone.dial("600")
            phone.wait("CALL_ESTABLISHED")
        time.sleep(5)
        for phone in phones:
            phone.command("hangup")
            phone.wait("CALL_CLOSED")
        for own, phone in enumerate(phones):
            with wave.open(str(phone.heard())) as file:
                length = file.getnframes() / file.getframerate()
            samples, rate = read(phone.heard(), max(0, length - 2.5), 1)
            heard = levels(samples, rate, tones)
            with self.subTest(phone.user, heard=heard):
                for index, level in enumerate(heard):
                    if index == own:
                        self.assertLess(level, SILENT_DB)
                    else:
                        self.assertAlmostEqual(level, -12, delta=TOLERANCE_DB)

    def test_a_message_is_left_fetched_over_rest_and_listened_to(self):
        alice = self.phone("alice", ALICE_HZ, codecs="PCMA")
        alice.dial("*98102")
        alice.wait("CALL_ESTABLISHED")
        time.sleep(0.5)
        alice.press("1")  # past the greeting, to the tone
        time.sleep(4)
        alice.press("#")
        mailbox = self.wait_messages("bob", 1)
        message = mailbox["messages"][0]
        self.assertEqual((mailbox["new"], message["from"]["number"]), (1, "101"))
        self.assertGreater(message["durationMs"], 2000)
        alice.wait("CALL_CLOSED", 15)

        sound = self.folder / "message.wav"
        url = f"{self.stand.url}/api/v1/voicemail/{message['id']}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.stand.token('bob')}"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            self.assertIn("attachment", answer.headers["Content-Disposition"])
            sound.write_bytes(answer.read())
        samples, rate = read(sound, 1, 1)
        self.assertEqual(rate, 16000)
        self.assertAlmostEqual(levels(samples, rate, (ALICE_HZ,))[0], -12, delta=TOLERANCE_DB)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.stand.ask("GET", f"/api/v1/voicemail/{message['id']}", by="alice")
        self.assertEqual(refused.exception.code, 404)

        bob = self.phone("bob", BOB_HZ, codecs="PCMA")
        bob.dial("*97")
        bob.wait("CALL_ESTABLISHED")
        time.sleep(1)
        bob.press("1")
        time.sleep(7)
        bob.press("3")
        self.wait_messages("bob", 0)
        bob.command("hangup")
        bob.wait("CALL_CLOSED")
        with wave.open(str(bob.heard())) as file:
            length = int(file.getnframes() / file.getframerate())
        # Her voice is in between prompts.
        loudest = max(
            levels(*read(bob.heard(), begin / 4, 0.5), (ALICE_HZ,))[0] for begin in range(4 * length - 2)
        )
        self.assertAlmostEqual(loudest, -12, delta=TOLERANCE_DB)

    def test_a_message_survives_the_switch(self):
        carol = self.phone("carol", CAROL_HZ, codecs="PCMA")
        carol.dial("*98101")
        carol.wait("CALL_ESTABLISHED")
        time.sleep(0.5)
        carol.press("1")
        time.sleep(3)
        carol.command("hangup")
        carol.wait("CALL_CLOSED")
        before = self.wait_messages("alice", 1)
        self.stand.stop_program("softswitch")
        self.stand.start_softswitch()
        self.assertEqual(self.wait_messages("alice", 1), before)
        self.stand.ask("DELETE", f"/api/v1/voicemail/{before['messages'][0]['id']}", by="alice")
        self.wait_messages("alice", 0)

    def wait_messages(self, name: str, count: int) -> dict:
        mailbox = {}

        def holds():
            nonlocal mailbox
            try:
                mailbox = self.stand.ask("GET", "/api/v1/voicemail", by=name)
            except urllib.error.HTTPError as refused:
                if refused.code != 503:
                    raise
                return False
            return len(mailbox["messages"]) == count

        wait_until(holds, 10, lambda: f"{name} has {mailbox}\n{self.stand.logs()}")
        return mailbox


if __name__ == "__main__":
    unittest.main(verbosity=2)
