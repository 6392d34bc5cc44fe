"""The programs of a system end and start again while telephones talk."""

import signal
import time
import unittest

from stand import wait_until
from telephones import ALICE_HZ, BOB_HZ, Telephones


class Restarts(Telephones):
    def setUp(self):
        # A test that failed may have left either down.
        if "appserver" not in self.stand.processes:
            self.stand.start_appserver()
        if "softswitch" not in self.stand.processes:
            self.stand.start_softswitch()
        self.began = time.time()  # and registering takes longer than clocks differ
        self.alice, self.bob = self.scripted("alice"), self.scripted("bob")
        self.a, self.b = self.voice(ALICE_HZ), self.voice(BOB_HZ)

    def talk(self):
        outgoing = self.alice.call("102", self.a)
        incoming = self.bob.wait_call(self.b)
        incoming.ring()
        incoming.answer()
        incoming.wait_request("ACK")
        self.assertEqual(outgoing.wait_final().status, 200)
        self.answered_at = time.time()
        return outgoing, incoming

    def history(self) -> list[dict]:
        return self.stand.ask("GET", "/api/v1/history/all?limit=100")["entries"]

    def assert_recorded_once(self, seconds: float, reason: str = "hangup"):
        """History has the call of this test, once and with its true length."""

        def new() -> list[dict]:
            return [entry for entry in self.history() if entry["startedAt"] >= 1000 * self.began]

        wait_until(new, 5, lambda: f"no record of the call:\n{self.stand.logs()}", pause=0.1)
        time.sleep(0.6)  # Records are written in batches every 250 ms: a second one would be there.
        self.assertEqual(len(new()), 1)
        record = new()[0]
        self.assertEqual(record["reason"], reason)
        self.assertAlmostEqual((record["endedAt"] - record["answeredAt"]) / 1000, seconds, delta=0.5)
        self.assertAlmostEqual(record["answeredAt"] / 1000, self.answered_at, delta=0.5)

    def wait_linked(self):
        wait_until(lambda: self.stand.report()["app_server"], 10, lambda: f"not linked:\n{self.stand.logs()}")

    def assert_no_gap(self, begin: float, end: float):
        for voice in (self.a, self.b):
            self.assertEqual(voice.lost(), 0)
            self.assertLess(voice.longest_gap(begin, end), 0.25, "a gap that can be heard")

    def test_the_app_server_is_killed_and_the_call_goes_on(self):
        outgoing, incoming = self.talk()
        time.sleep(1)
        begin = time.monotonic()
        self.stand.stop_program("appserver", signal.SIGKILL)
        wait_until(lambda: not self.stand.report()["app_server"], 5, lambda: "the softswitch did not notice")
        time.sleep(1)
        self.stand.start_appserver()
        self.wait_linked()
        time.sleep(1)
        end = time.monotonic()
        outgoing.hang_up()
        incoming.wait_hung_up()
        self.assert_no_gap(begin, end)
        self.assert_hears_only(self.a, BOB_HZ, "0.5:2.5")
        self.assert_hears_only(self.b, ALICE_HZ, "0.5:2.5")
        self.assert_recorded_once(time.time() - self.answered_at)

    def test_a_call_that_ends_while_the_app_server_is_away_is_recorded(self):
        outgoing, incoming = self.talk()
        self.stand.stop_program("appserver", signal.SIGKILL)
        time.sleep(1)
        incoming.hang_up()
        outgoing.wait_hung_up()
        seconds = time.time() - self.answered_at
        self.stand.start_appserver()
        self.wait_linked()
        self.assert_recorded_once(seconds)

    def test_without_an_app_server_telephones_register_and_call(self):
        """The softswitch starts with the directory it kept, and needs nobody."""
        self.stand.stop_program("appserver")
        self.stand.stop_program("softswitch")
        self.stand.start_softswitch()
        self.assertFalse(self.stand.report()["app_server"])
        self.assertEqual(self.alice.register().status, 200)
        self.assertEqual(self.bob.register().status, 200)
        outgoing, incoming = self.talk()
        time.sleep(0.5)
        outgoing.hang_up()
        incoming.wait_hung_up()
        seconds = time.time() - self.answered_at
        self.stand.start_appserver()
        self.wait_linked()
        self.assert_recorded_once(seconds)

    def test_a_softswitch_that_ends_says_goodbye(self):
        outgoing, incoming = self.talk()
        time.sleep(0.5)
        self.stand.processes["softswitch"].terminate()
        for call in (outgoing, incoming):
            call.wait_hung_up()
        seconds = time.time() - self.answered_at
        self.assertEqual(self.stand.stop_program("softswitch"), 0)
        self.stand.start_softswitch()
        self.assert_recorded_once(seconds, "server-restart")
        self.registrations_are_gone()

    def test_a_softswitch_that_is_killed_starts_again(self):
        """Registrations are in memory: a telephone is reached again when it next registers."""
        self.talk()
        self.stand.stop_program("softswitch", signal.SIGKILL)
        self.stand.start_softswitch()
        self.registrations_are_gone()

    def registrations_are_gone(self):
        """Bob is unavailable until he registers, and then calls work."""
        self.assertEqual(self.alice.call("102", self.a).wait_final().status, 480)
        self.assertEqual(self.bob.register().status, 200)
        outgoing, incoming = self.talk()
        outgoing.hang_up()
        incoming.wait_hung_up()


if __name__ == "__main__":
    unittest.main(verbosity=2)
