"""How calls end when telephones do what only a script can: each ending's messages, as they are on the wire."""

import time
import unittest

from stand import wait_until
from telephones import ALICE_HZ, BOB_HZ, CAROL_HZ, Telephones


class Endings(Telephones):
    def setUp(self):
        self.alice = self.scripted("alice")
        self.voices = [self.voice(hz) for hz in (ALICE_HZ, BOB_HZ, CAROL_HZ)]

    def ring(self, *devices):
        """Alice calls 102, and every device rings."""
        outgoing = self.alice.call("102", self.voices[0])
        incoming = [device.wait_call(voice) for device, voice in zip(devices, self.voices[1:])]
        for call in incoming:
            call.ring()
        outgoing.wait_status(180)
        return outgoing, *incoming

    def talk(self, *devices):
        """Alice calls 102, and the first device answers."""
        outgoing, incoming, *others = self.ring(*devices)
        incoming.answer()
        incoming.wait_request("ACK")
        self.assertEqual(outgoing.wait_final().status, 200)
        return outgoing, incoming, *others

    def test_what_the_called_side_says_reaches_the_caller(self):
        for said, told in ((603, 603), (486, 486), (600, 486), (480, 480), (488, 488), (404, 480), (500, 500)):
            with self.subTest(said):
                bob = self.scripted("bob")
                outgoing, incoming = self.ring(bob)
                incoming.refuse(said)
                self.assertEqual(outgoing.wait_final().status, told)
                bob.register(0)

    def test_one_device_is_busy_and_the_other_rings_on(self):
        desk, soft = self.scripted("bob"), self.scripted("bob")
        outgoing, at_desk, at_soft = self.ring(desk, soft)
        at_desk.refuse(486)
        self.assertTrue(soft.is_quiet("CANCEL", 0.5))
        at_soft.answer()
        at_soft.wait_request("ACK")
        self.assertEqual(outgoing.wait_final().status, 200)
        outgoing.hang_up()
        at_soft.wait_hung_up()

    def test_one_device_declines_and_the_other_stops_ringing(self):
        desk, soft = self.scripted("bob"), self.scripted("bob")
        outgoing, at_desk, at_soft = self.ring(desk, soft)
        at_desk.refuse(603)
        self.assertEqual(outgoing.wait_final().status, 603)
        self.cancelled(at_soft)

    def test_the_device_that_did_not_answer_learns_why(self):
        desk, soft = self.scripted("bob"), self.scripted("bob")
        outgoing, _, at_soft = self.talk(desk, soft)
        cancel = self.cancelled(at_soft)
        self.assertIn("cause=200", cancel["reason"], "RFC 3326: completed elsewhere")
        outgoing.hang_up()

    def cancelled(self, call):
        """The device is cancelled, and says so."""
        cancel = call.wait_request("CANCEL")
        call.phone.respond(cancel, 200, tag=call.tag)
        call.refuse(487)
        return cancel

    def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_ended(self):
        bob = self.scripted("bob")
        outgoing, incoming = self.ring(bob)
        outgoing.cancel()
        self.assertEqual(outgoing.wait_final().status, 487)
        cancel = incoming.wait_request("CANCEL")
        # Bob has answered while the CANCEL was on its way.
        incoming.answer()
        bob.respond(cancel, 481)
        ack = incoming.wait_request("ACK")
        self.assertEqual(ack.number, incoming.request.number)
        bye = incoming.wait_hung_up()
        self.assertGreater(bye.number, ack.number)
        self.is_over()

    def test_a_cancel_that_crosses_the_answer_changes_nothing(self):
        bob = self.scripted("bob")
        outgoing, incoming = self.ring(bob)
        incoming.answer()
        incoming.wait_request("ACK")
        # The 200 is here, unacknowledged, when the caller cancels. RFC 3261 §9.2: the CANCEL has no effect.
        answer = outgoing.unacknowledged()
        outgoing.cancel()
        cancelled = self.alice.wait(lambda message: message.status and message.method == "CANCEL", "answer to CANCEL")
        self.assertEqual(cancelled.status, 200)
        self.assertEqual(outgoing.take_final(answer).status, 200)
        self.assertTrue(bob.is_quiet("BYE", 0.5), "the call goes on")
        outgoing.hang_up()
        incoming.wait_hung_up()
        self.is_over()

    def test_an_answer_is_repeated_until_it_is_acknowledged(self):
        """RFC 3261 §13.3.1.4, and over UDP that is what makes up for a lost 200."""
        bob = self.scripted("bob")
        outgoing, incoming = self.ring(bob)
        incoming.answer()
        incoming.wait_request("ACK")
        answer = outgoing.unacknowledged()
        wait_until(lambda: self.alice.repeated.count(answer.datagram) >= 2, 3, lambda: "the 200 was not repeated")
        outgoing.take_final(answer)
        repeats = self.alice.repeated.count(answer.datagram)
        incoming.hang_up()
        outgoing.wait_hung_up()
        self.assertLessEqual(self.alice.repeated.count(answer.datagram), repeats + 1)

    def test_the_called_side_hangs_up(self):
        bob = self.scripted("bob")
        outgoing, incoming = self.talk(bob)
        incoming.hang_up()
        outgoing.wait_hung_up()
        self.is_over()

    def test_both_hang_up_at_once(self):
        bob = self.scripted("bob")
        outgoing, incoming = self.talk(bob)
        # The caller's BYE is on its way to bob while bob's is on its way to the switch.
        outgoing.hang_up()
        bye = incoming.wait_request("BYE")
        self.assertIn(incoming.ask("BYE").status, (200, 481))
        bob.respond(bye, 200)
        self.is_over()

    def test_a_busy_user_is_busy_and_the_call_goes_on(self):
        self.stand.change_user("bob", {"maxCalls": 1})
        self.addCleanup(self.stand.change_user, "bob", {"maxCalls": 4})
        bob, carol = self.scripted("bob"), self.scripted("carol")
        outgoing, incoming = self.talk(bob)
        second = carol.call("102", self.voices[2])
        self.assertEqual(second.wait_final().status, 486)
        time.sleep(1)
        incoming.hang_up()
        outgoing.wait_hung_up()
        self.assert_hears_only(self.voices[0], BOB_HZ, "0.2:0.9")
        third = carol.call("102", self.voices[2])
        bob.wait_call(self.voices[1]).ring()
        third.wait_status(180)
        third.cancel()
        self.assertEqual(third.wait_final().status, 487)

    def is_over(self):
        """The switch holds no call any more."""
        wait_until(lambda: self.stand.report()["calls"] == 0, 3, lambda: f"calls remain: {self.stand.report()}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
