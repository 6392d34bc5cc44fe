"""Calls that move: handed on, parked, picked up, forwarded, spread over a group. Real telephones (baresip), and one that
does what a script says where Debian's baresip has no key for it; judged by whose tone is heard."""

import time
import unittest

from phone import Phone
from scripted import Call
from stand import REALM
from telephones import ALICE_HZ, BOB_HZ, CAROL_HZ, Telephones


class Moves(Telephones):
    def talking(self) -> tuple[Phone, Phone]:
        """Alice has called bob, and they talk."""
        alice, bob = self.phone("alice", ALICE_HZ), self.phone("bob", BOB_HZ)
        alice.dial("102")
        bob.wait("CALL_INCOMING")
        bob.command("accept")
        alice.wait("CALL_ESTABLISHED")
        bob.wait("CALL_ESTABLISHED")
        return alice, bob

    def dial_code(self, telephone: Phone, code: str):
        """Calls a feature code, which answers and hangs up by itself or is hung up."""
        telephone.dial(code)
        telephone.wait("CALL_ESTABLISHED")
        telephone.wait("CALL_CLOSED", 20)

    def set_for(self, name: str, on: str, off: str) -> None:
        """A setting by feature code, taken back at the end of the test."""
        telephone = self.phone(name, BOB_HZ)
        self.dial_code(telephone, on)
        telephone.stop()
        self.addCleanup(lambda: self.dial_code(self.phone(name, BOB_HZ), off))

    def end_last(self, who: Phone, partner: Phone, partner_hz: int):
        """The call goes on for a while, then `who` hangs up; `who` heard the partner last."""
        time.sleep(3)
        who.command("hangup")
        who.wait("CALL_CLOSED")
        partner.wait("CALL_CLOSED")
        self.assert_hears_only(partner, partner_hz)

    def test_a_blind_transfer_hands_the_caller_on(self):
        carol = self.phone("carol", CAROL_HZ)
        alice, bob = self.talking()
        bob.command("transfer", f"sip:103@{bob.server}")
        carol.wait("CALL_INCOMING")
        carol.command("accept")
        carol.wait("CALL_ESTABLISHED")
        bob.wait("CALL_CLOSED", 20)
        self.end_last(alice, carol, ALICE_HZ)

    def test_a_transfer_that_nobody_takes_does_not_lose_the_caller(self):
        alice, bob = self.talking()
        carol = self.phone("carol", CAROL_HZ)
        bob.command("transfer", f"sip:103@{bob.server}")
        carol.wait("CALL_INCOMING")
        carol.command("hangup")
        # The telephone that hears of the failure keeps its call, one that has gone is rung again.
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not any(
            event.get("type") in ("CALL_INCOMING", "CALL_TRANSFER_FAILED", "CALL_CLOSED") for event in drain(bob)
        ):
            time.sleep(0.1)
        if any(event.get("type") == "CALL_CLOSED" for event in bob.seen):
            if not any(event.get("type") == "CALL_INCOMING" for event in bob.seen[1:]):
                bob.wait("CALL_INCOMING")
            bob.command("accept")
        time.sleep(3)
        alice.command("hangup")
        alice.wait("CALL_CLOSED")

    def attended(self, complete) -> None:
        """Alice calls bob, bob asks carol and joins the two by `complete(bob's call with alice, with carol)`."""
        alice_voice, carol_voice = self.voice(ALICE_HZ), self.voice(CAROL_HZ)
        first_voice, second_voice = self.voice(BOB_HZ), self.voice(BOB_HZ)
        alice, bob, carol = self.scripted("alice"), self.scripted("bob"), self.scripted("carol")
        calling = alice.call("102", alice_voice)
        first = bob.wait_call(first_voice)
        first.answer()
        calling.wait_final()
        first.wait_request("ACK")
        second = bob.call("103", second_voice)
        asked = carol.wait_call(carol_voice)
        asked.answer()
        second.wait_final()
        asked.wait_request("ACK")
        complete(bob, first, second)
        begins = len(alice_voice.packets)
        time.sleep(2.5)
        self.assertGreater(len(alice_voice.packets), begins + 80, "alice hears somebody")
        self.assert_hears_only(carol_voice, ALICE_HZ, self.last_seconds(carol_voice))
        self.assert_hears_only(alice_voice, CAROL_HZ, self.last_seconds(alice_voice))
        calling.hang_up()
        asked.wait_hung_up()

    @staticmethod
    def last_seconds(voice) -> str:
        seconds = (voice.packets[-1].timestamp - voice.packets[0].timestamp) % 2**32 / 8000
        return f"{max(seconds - 1.8, 0):.1f}:{max(seconds - 0.3, 0.5):.1f}"

    def test_an_attended_transfer_joins_two_calls(self):
        def complete(bob, first: Call, second: Call):
            tags = f"to-tag%3D{tag(second.dialog['to'])}%3Bfrom-tag%3D{tag(second.dialog['from'])}"
            replaces = f"{second.dialog['call_id'].replace('@', '%40')}%3B{tags}"
            refer_to = ("Refer-To", f"<sip:103@{REALM}?Replaces={replaces}>")
            answer = first.ask("REFER", refer_to, ("Referred-By", f"<sip:102@{REALM}>"))
            self.assertEqual(answer.status, 202)
            while True:
                notify = first.wait_request("NOTIFY", 10)
                bob.respond(notify, 200)
                self.assertIn("message/sipfrag", notify["content-type"])
                if notify["subscription-state"].startswith("terminated"):
                    self.assertRegex(notify.body, r"^SIP/2.0 200")
                    break
            for call in (first, second):
                try:
                    call.wait_hung_up(3)
                except AssertionError:
                    # The transferor may be left to hang up itself (RFC 5589 §7).
                    call.ask("BYE")

        self.attended(complete)

    def test_a_parked_caller_is_fetched_by_dialling_the_slot(self):
        alice, bob = self.talking()
        bob.command("transfer", f"sip:701@{bob.server}")
        bob.wait("CALL_CLOSED", 20)
        time.sleep(1)
        carol = self.phone("carol", CAROL_HZ)
        carol.dial("701")
        carol.wait("CALL_ESTABLISHED")
        self.end_last(alice, carol, ALICE_HZ)

    def test_a_ringing_call_is_picked_up_by_somebody_else(self):
        alice, bob, carol = self.phone("alice", ALICE_HZ), self.phone("bob", BOB_HZ), self.phone("carol", CAROL_HZ)
        alice.dial("102")
        bob.wait("CALL_INCOMING")
        carol.dial("*8102")
        carol.wait("CALL_ESTABLISHED")
        alice.wait("CALL_ESTABLISHED")
        bob.wait("CALL_CLOSED")
        self.end_last(carol, alice, CAROL_HZ)

    def test_a_forward_set_by_code_leads_elsewhere_until_it_is_taken_back(self):
        self.set_for("bob", "*72103", "*73")
        alice, carol = self.phone("alice", ALICE_HZ), self.phone("carol", CAROL_HZ)
        alice.dial("102")
        carol.wait("CALL_INCOMING")
        carol.command("accept")
        alice.wait("CALL_ESTABLISHED")
        self.end_last(alice, carol, ALICE_HZ)

    def test_do_not_disturb_set_by_code_rings_nobody(self):
        self.set_for("bob", "*78", "*79")
        alice, bob = self.phone("alice", ALICE_HZ), self.phone("bob", BOB_HZ)
        alice.dial("102")
        self.assert_closed(alice, "486", "480", "603")
        self.assertFalse(any(event.get("type") == "CALL_INCOMING" for event in drain(bob)))

    def test_an_intercom_call_asks_to_be_answered(self):
        bob = self.scripted("bob")
        alice = self.phone("alice", ALICE_HZ)
        alice.dial("*80102")
        voice = self.voice(BOB_HZ)
        call = bob.wait_call(voice)
        self.assertIn("answer-after=0", call.request["call-info"])
        self.assertIn("info=alert-autoanswer", call.request["alert-info"])
        call.answer()
        alice.wait("CALL_ESTABLISHED")
        alice.command("hangup")
        call.wait_hung_up()

    def test_a_group_rings_its_members_and_one_answers(self):
        users = {user["username"]: user["id"] for user in self.stand.ask("GET", "/api/v1/users")}
        group = {
            "extension": "600", "name": "Sales", "members": [users["bob"], users["carol"]],
            "strategy": "all", "ringSeconds": 20,
        }
        directories = self.stand.log("softswitch").count("directory in force")
        made = self.stand.ask("POST", "/api/v1/groups", group)
        self.addCleanup(self.stand.ask, "DELETE", f"/api/v1/groups/{made['id']}")
        end = time.monotonic() + 5
        while self.stand.log("softswitch").count("directory in force") == directories and time.monotonic() < end:
            time.sleep(0.05)
        alice, bob, carol = self.phone("alice", ALICE_HZ), self.phone("bob", BOB_HZ), self.phone("carol", CAROL_HZ)
        alice.dial("600")
        bob.wait("CALL_INCOMING")
        carol.wait("CALL_INCOMING")
        carol.command("accept")
        alice.wait("CALL_ESTABLISHED")
        bob.wait("CALL_CLOSED")
        self.end_last(carol, alice, CAROL_HZ)

    def test_an_invite_that_replaces_a_call_takes_its_place(self):
        alice_voice, bob_voice, other_voice = self.voice(ALICE_HZ), self.voice(BOB_HZ), self.voice(CAROL_HZ)
        alice, bob = self.scripted("alice"), self.scripted("bob")
        # A call that talks is taken over by another telephone of the same person only.
        other, carol = self.scripted("bob", registered=False), self.scripted("carol")
        calling = alice.call("102", alice_voice)
        first = bob.wait_call(bob_voice)
        first.answer()
        calling.wait_final()
        first.wait_request("ACK")
        # The dialog is bob's with the switch; to the switch its own tag is the To tag.
        replaces = (
            f"{first.dialog['call_id']};to-tag={tag(first.dialog['to'])};from-tag={tag(first.dialog['from'])}"
        )
        stealing = carol.call("102", self.voice(CAROL_HZ), ("Replaces", replaces), ("Require", "replaces"))
        self.assertEqual(stealing.wait_final().status, 403)
        taking = other.call("102", other_voice, ("Replaces", replaces), ("Require", "replaces"))
        self.assertEqual(taking.wait_final().status, 200)
        first.wait_hung_up()
        time.sleep(2.5)
        self.assert_hears_only(alice_voice, CAROL_HZ, self.last_seconds(alice_voice))
        self.assert_hears_only(other_voice, ALICE_HZ, self.last_seconds(other_voice))
        taking.hang_up()
        calling.wait_hung_up()

    def test_a_reliable_ringing_is_acknowledged(self):
        voice, bob_voice = self.voice(ALICE_HZ), self.voice(BOB_HZ)
        alice, bob = self.scripted("alice"), self.scripted("bob")
        calling = alice.call("102", voice, ("Require", "100rel"))
        called = bob.wait_call(bob_voice)
        called.ring()
        ringing = calling.wait_status(180)
        self.assertIn("100rel", ringing["require"])
        calling.dialog["to"] = ringing["to"]
        calling.target = calling.target if not ringing["contact"] else ringing["contact"].strip("<>").split(">")[0]
        rack = ("RAck", f"{ringing['rseq']} {ringing['cseq']}")
        self.assertEqual(calling.ask("PRACK", rack).status, 200)
        called.answer()
        self.assertEqual(calling.phone.wait_final(calling.dialog, ringing["cseq"]).status, 200)
        calling.acknowledge()
        calling.hang_up()
        called.wait_hung_up()

    def test_a_session_timer_too_short_is_refused_with_the_shortest_that_would_do(self):
        voice = self.voice(ALICE_HZ)
        alice = self.scripted("alice")
        self.scripted("bob")
        calling = alice.call("102", voice, ("Supported", "timer"), ("Session-Expires", "30"), ("Min-SE", "30"))
        answer = calling.unacknowledged()
        self.assertEqual(answer.status, 422)
        self.assertGreaterEqual(int(answer["min-se"].split(";")[0]), 90)
        calling.take_final(answer)


def drain(telephone: Phone) -> list[dict]:
    """What the telephone has said by now; it stays in `seen`."""
    said = []
    while not telephone.events.empty():
        said.append(telephone.events.get())
    telephone.seen += said
    return said


def tag(address: str) -> str:
    return address.rsplit(";tag=", 1)[1].split(";")[0]


if __name__ == "__main__":
    unittest.main()
