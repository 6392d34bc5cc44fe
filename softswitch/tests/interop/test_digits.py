"""Keys between telephones that know them in different ways: each arrives as pressed, once, and in the receiver's way."""

import time
import unittest

from stand import wait_until
from telephones import ALICE_HZ, BOB_HZ, Telephones

KEYS = "1590*#2"


class Digits(Telephones):
    def setUp(self):
        self.alice, self.bob = self.scripted("alice"), self.scripted("bob")
        self.a, self.b = self.voice(ALICE_HZ), self.voice(BOB_HZ)

    def talk(self, alice_knows: bool, bob_knows: bool):
        """A call, in which either side knows telephone-event or not."""
        outgoing = self.alice.call("102", self.a, offer=self.a.description(events=alice_knows))
        incoming = self.bob.wait_call(self.b)
        incoming.ring()
        incoming.answer(self.b.description(events=bob_knows))
        incoming.wait_request("ACK")
        self.assertEqual(outgoing.wait_final().status, 200)
        self.addCleanup(outgoing.hang_up)
        return outgoing, incoming

    def assert_arrives(self, heard):
        wait_until(lambda: len(heard()) >= len(KEYS), 5, lambda: f"heard only {heard()!r}")
        time.sleep(0.5)
        self.assertEqual(heard(), KEYS)

    def test_telephone_event_to_telephone_event(self):
        self.talk(True, True)
        self.a.press(KEYS)
        self.assert_arrives(self.b.heard_digits)
        self.b.press(KEYS)
        self.assert_arrives(self.a.heard_digits)

    def test_info_to_telephone_event_and_back(self):
        outgoing, incoming = self.talk(True, True)
        self.press_by_info(outgoing)
        self.assert_arrives(self.b.heard_digits)
        self.press_by_info(incoming)
        self.assert_arrives(self.a.heard_digits)

    def test_telephone_event_to_tones(self):
        self.talk(True, False)
        self.a.press(KEYS)
        self.assert_arrives(self.b.heard_tones)

    def test_tones_to_telephone_event(self):
        """A telephone without telephone-event works the menus of others, and they hear each key once."""
        self.talk(False, True)
        time.sleep(0.5)
        self.a.press_in_band(KEYS)
        self.assert_arrives(self.b.heard_digits)
        self.assertLess(len(self.b.heard_tones()), len(KEYS), "what became an event is not heard as well")

    def test_tones_to_tones(self):
        self.talk(False, False)
        time.sleep(0.5)
        self.a.press_in_band(KEYS)
        self.assert_arrives(self.b.heard_tones)

    def test_info_to_tones(self):
        outgoing, _ = self.talk(True, False)
        self.press_by_info(outgoing)
        self.assert_arrives(self.b.heard_tones)

    def press_by_info(self, call):
        for key in KEYS:
            body = f"Signal={key}\r\nDuration=160\r\n"
            answer = call.ask("INFO", ("Content-Type", "application/dtmf-relay"), body=body)
            self.assertEqual(answer.status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
