"""Real telephones (baresip) through the switch, judged by what is heard.

Each telephone speaks a tone of its own, so a test can say whose voice arrived and that no other did.
"""

import pathlib
import time
import unittest
import wave

from phone import Phone
from telephones import ALICE_HZ, BOB_HZ, CAROL_HZ, Telephones

SOUNDS = pathlib.Path(__file__).resolve().parents[3] / "sounds" / "pack"


class Phones(Telephones):
    def talk(self, caller: Phone, callee: Phone, number: str, seconds: float = 3):
        """Calls, answers and talks."""
        caller.dial(number)
        callee.wait("CALL_INCOMING")
        caller.wait("CALL_RINGING")
        callee.command("accept")
        caller.wait("CALL_ESTABLISHED")
        callee.wait("CALL_ESTABLISHED")
        time.sleep(seconds)

    def test_both_hear_each_other_and_either_hangs_up(self):
        for name, alice_is, bob_is in (
            ("alaw", {"codecs": "PCMA"}, {"codecs": "PCMA"}),
            ("opus", {"codecs": "opus"}, {"codecs": "opus"}),
            ("opus to alaw, transcoded", {"codecs": "opus"}, {"codecs": "PCMA"}),
            ("g722", {"codecs": "G722"}, {"codecs": "G722"}),
            ("g722 to opus, transcoded", {"codecs": "G722"}, {"codecs": "opus"}),
            ("g722 to alaw, transcoded", {"codecs": "G722"}, {"codecs": "PCMA"}),
            ("µlaw to alaw, transcoded", {"codecs": "PCMU"}, {"codecs": "PCMA"}),
            ("tcp to udp", {"codecs": "PCMU", "transport": "tcp"}, {"codecs": "PCMU"}),
        ):
            alice, bob = self.phone("alice", ALICE_HZ, **alice_is), self.phone("bob", BOB_HZ, **bob_is)
            for ender, other in ((alice, bob), (bob, alice)):
                with self.subTest(name, ender=ender.user):
                    self.talk(alice, bob, "102")
                    ender.command("hangup")
                    other.wait("CALL_CLOSED")
                    ender.wait("CALL_CLOSED")
                    self.assert_hears_only(alice, BOB_HZ)
                    self.assert_hears_only(bob, ALICE_HZ)
            alice.stop(), bob.stop()

    def test_two_devices_ring_and_one_answers(self):
        alice = self.phone("alice", ALICE_HZ)
        desk, soft = self.phone("bob", BOB_HZ), self.phone("bob", CAROL_HZ)
        alice.dial("102")
        desk.wait("CALL_INCOMING")
        soft.wait("CALL_INCOMING")
        soft.command("accept")
        alice.wait("CALL_ESTABLISHED")
        desk.wait("CALL_CLOSED")
        time.sleep(3)
        alice.command("hangup")
        soft.wait("CALL_CLOSED")
        alice.wait("CALL_CLOSED")
        self.assert_hears_only(alice, CAROL_HZ)
        self.assert_hears_only(soft, ALICE_HZ)

    def test_the_echo_test_speaks_and_then_echoes(self):
        alice = self.phone("alice", ALICE_HZ, codecs="PCMA")
        alice.dial("*43")
        alice.wait("CALL_ESTABLISHED")
        with wave.open(str(next(SOUNDS.glob("*/en/echo-test.wav")))) as prompt:
            length = prompt.getnframes() / prompt.getframerate()
        time.sleep(length + 4)
        alice.command("hangup")
        alice.wait("CALL_CLOSED")
        self.assert_does_not_hear(alice, ALICE_HZ, f"0.2:{length - 0.2}")
        self.assert_hears_only(alice, ALICE_HZ, f"{length + 1.5}:{length + 3}")

    def test_a_refused_call_tells_the_caller(self):
        alice, bob = self.phone("alice", ALICE_HZ), self.phone("bob", BOB_HZ)
        alice.dial("102")
        bob.wait("CALL_INCOMING")
        alice.wait("CALL_RINGING")
        bob.command("hangup")  # baresip refuses with 486
        self.assert_closed(alice, "486", "Busy")

    def test_cancel_before_answer_stops_the_ringing(self):
        alice, bob = self.phone("alice", ALICE_HZ), self.phone("bob", BOB_HZ)
        alice.dial("102")
        bob.wait("CALL_INCOMING")
        alice.wait("CALL_RINGING")
        alice.command("hangup")
        bob.wait("CALL_CLOSED")

    def test_numbers_that_reach_nobody(self):
        alice = self.phone("alice", ALICE_HZ)
        for number, status in (("999", "404"), ("103", "480")):
            with self.subTest(number):
                alice.dial(number)
                self.assert_closed(alice, status)

    def test_nobody_answers(self):
        self.stand.change_user("bob", {"ringSeconds": 5})
        self.addCleanup(self.stand.change_user, "bob", {"ringSeconds": 30})
        alice, bob = self.phone("alice", ALICE_HZ), self.phone("bob", BOB_HZ)
        alice.dial("102")
        bob.wait("CALL_INCOMING")
        self.assert_closed(alice, "480", seconds=12)
        bob.wait("CALL_CLOSED")

    def test_a_wrong_password_does_not_register(self):
        alice = self.phone("alice", ALICE_HZ, password="wrong", registered=False)
        alice.wait_refused()

    def test_digits_arrive_as_pressed(self):
        """By telephone-event and by INFO; what arrives is a telephone-event. Both sides press."""
        for style in ("rtpevent", "info"):
            with self.subTest(style):
                alice = self.phone("alice", ALICE_HZ, codecs="PCMA", dtmf=style)
                bob = self.phone("bob", BOB_HZ, codecs="PCMA")
                self.talk(alice, bob, "102", 0.5)
                for presser, other, keys in ((alice, bob, "159#*0"), (bob, alice, "2684")):
                    presser.press(keys)
                    digits = [other.wait("CALL_DTMF_START")["param"] for _ in keys]
                    self.assertEqual("".join(digits), keys)
                alice.command("hangup")
                bob.wait("CALL_CLOSED")
                alice.stop(), bob.stop()

    def test_hold_brings_music_and_resume_the_voice_from_either_side(self):
        alice, bob = self.phone("alice", ALICE_HZ, codecs="PCMA"), self.phone("bob", BOB_HZ, codecs="PCMA")
        for holder, holder_hz, held in ((alice, ALICE_HZ, bob), (bob, BOB_HZ, alice)):
            with self.subTest(holder=holder.user):
                self.talk(alice, bob, "102")
                holder.press("x")
                time.sleep(3)
                holder.press("X")
                time.sleep(3)
                holder.command("hangup")
                held.wait("CALL_CLOSED")
                holder.wait("CALL_CLOSED")
                self.assert_hears_only(held, holder_hz, "1:2.5")
                self.assert_does_not_hear(held, holder_hz, "4:5.5")
                self.assert_hears_only(held, holder_hz, "7.5:8.7")


if __name__ == "__main__":
    unittest.main(verbosity=2)
