"""Where telephones are reached: registering, leaving, expiring, NAT, and which digest they know."""

import time
import unittest

from stand import REALM, wait_until
from telephones import ALICE_HZ, BOB_HZ, CAROL_HZ, Telephones

REGISTRAR, BOB = f"sip:{REALM}", f"sip:102@{REALM}"
SHORTEST = 60  # seconds a registration lasts at least (docs/sip.md)


class Registration(Telephones):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Lasts as long as the other tests of the class take, so that none of them waits for it.
        test = cls()
        carol = test.scripted("carol", registered=False)
        cls.addClassCleanup(test.doCleanups)
        assert carol.register(SHORTEST).status == 200
        cls.expires_at = time.monotonic() + SHORTEST

    def setUp(self):
        self.alice = self.scripted("alice")

    def status_of_a_call(self, number: str) -> int:
        call = self.alice.call(number, self.voice(ALICE_HZ))
        return call.wait_final(8).status

    def rings(self, *phones) -> bool:
        """Whether a call to 102 reaches exactly these."""
        call = self.alice.call("102", self.voice(ALICE_HZ))
        for phone in phones:
            phone.wait_call(self.voice(BOB_HZ)).ring()
        call.wait_status(180)
        quiet = all(phone.is_quiet("INVITE", 0.3) for phone in phones)
        call.cancel()
        return call.wait_final().status == 487 and quiet

    def test_a_telephone_that_leaves_is_not_reached(self):
        bob = self.scripted("bob")
        self.assertTrue(self.rings(bob))
        self.assertEqual(bob.register(0).all("contact"), [])
        self.assertEqual(self.status_of_a_call("102"), 480)
        self.assertEqual(bob.register().status, 200)
        self.assertTrue(self.rings(bob))

    def test_a_refreshed_registration_is_one(self):
        bob = self.scripted("bob")
        for expires in (300, 120, 600):
            contacts = bob.register(expires).all("contact")
            self.assertEqual(len(contacts), 1)
            self.assertIn(f"expires={expires}", contacts[0])
        self.assertTrue(self.rings(bob))

    def test_every_device_is_listed_and_all_can_be_removed(self):
        desk, soft = self.scripted("bob"), self.scripted("bob")
        self.assertEqual(len(desk.register().all("contact")), 2)
        self.assertTrue(self.rings(desk, soft))
        self.assertEqual(soft.register(0, contact="*").all("contact"), [])
        self.assertEqual(self.status_of_a_call("102"), 480)

    def test_a_registration_that_is_too_short_is_refused(self):
        bob = self.scripted("bob", registered=False)
        answer = bob.register(SHORTEST - 1)
        self.assertEqual((answer.status, answer["min-expires"]), (423, str(SHORTEST)))
        self.assertEqual(self.status_of_a_call("102"), 480)

    def test_a_telephone_that_died_is_unavailable_not_busy(self):
        """Its port is closed, and the network says so at the first message."""
        self.stand.change_user("bob", {"ringSeconds": 5})
        self.addCleanup(self.stand.change_user, "bob", {"ringSeconds": 30})
        bob = self.scripted("bob", registered=False)
        self.assertEqual(bob.register().status, 200)
        bob.stop()
        self.assertEqual(self.status_of_a_call("102"), 480)
        heir = self.scripted("bob", registered=False)
        self.assertEqual(heir.register(0, contact="*").status, 200)

    def test_a_telephone_behind_nat_is_called_and_heard(self):
        """What it says of its address is true inside only; its packets come from elsewhere."""
        inside = "10.11.12.13"
        bob = self.scripted("bob", contact=f"{inside}:5060")
        a, b = self.voice(ALICE_HZ), self.voice(BOB_HZ)
        outgoing = self.alice.call("102", a)
        incoming = bob.wait_call(b)
        self.assertIn(inside, incoming.request.start)
        incoming.ring()
        incoming.answer(b.description(address=inside))
        incoming.wait_request("ACK")
        self.assertEqual(outgoing.wait_final().status, 200)
        time.sleep(2)
        outgoing.hang_up()
        incoming.wait_hung_up()
        self.assert_hears_only(a, BOB_HZ, "0.5:1.5")
        self.assert_hears_only(b, ALICE_HZ, "0.5:1.5")

    def test_a_telephone_behind_nat_calls(self):
        inside = "10.11.12.13"
        natted = self.scripted("bob", contact=f"{inside}:5060")
        a, b = self.voice(ALICE_HZ), self.voice(BOB_HZ)
        outgoing = natted.call("101", b, offer=b.description(address=inside))
        incoming = self.alice.wait_call(a)
        incoming.ring()
        incoming.answer()
        incoming.wait_request("ACK")
        self.assertEqual(outgoing.wait_final().status, 200)
        time.sleep(2)
        incoming.hang_up()
        outgoing.wait_hung_up()
        self.assert_hears_only(a, BOB_HZ, "0.5:1.5")
        self.assert_hears_only(b, ALICE_HZ, "0.5:1.5")

    def test_zz_a_registration_that_is_not_refreshed_ends(self):
        """Last in its class: it waits for what `setUpClass` began."""
        if time.monotonic() < self.expires_at - 1:
            call = self.alice.call("103", self.voice(CAROL_HZ))
            time.sleep(0.2)
            call.cancel()
            self.assertEqual(call.wait_final().status, 487, "she is still registered")
        time.sleep(max(0.0, self.expires_at + 0.5 - time.monotonic()))
        self.assertEqual(self.status_of_a_call("103"), 480)


class Sha256First(Telephones):
    """A switch as it comes: SHA-256 preferred, MD5 for those that know no better."""

    environment = {"RINGDOWN_SIP_DIGEST": "sha-256,md5"}

    def offered(self, name: str, address: str, method: str, uri: str) -> list[str]:
        """The algorithms that a telephone at an address is offered, which leaves it at that."""
        phone = self.scripted(name, registered=False, address=address, knows=())
        answer = phone.request(method, uri, phone.new_dialog(f"<{uri}>"))
        self.assertEqual(answer.status, 401)
        given = answer.all("www-authenticate")
        return [algorithm for value in given for algorithm in ("SHA-256", "MD5") if f"algorithm={algorithm}," in value]

    def test_a_telephone_that_knows_sha256_uses_it(self):
        self.assertEqual(self.offered("alice", "127.0.0.21", "OPTIONS", BOB), ["SHA-256", "MD5"])
        self.scripted("alice", knows=("SHA-256",))

    def test_a_telephone_that_takes_the_one_it_knows_uses_md5(self):
        bob = self.scripted("bob", knows=("MD5",))
        self.assertEqual(bob.register().status, 200)

    def test_a_telephone_that_stumbles_over_two_registers_at_its_second_attempt(self):
        """baresip of Debian 12 does nothing when it is offered two, and tries again after half a minute."""
        address = "127.0.0.22"
        self.assertEqual(self.offered("carol", address, "REGISTER", REGISTRAR), ["SHA-256", "MD5"])
        # The second attempt is offered MD5 alone; a client that knows nothing else shows that.
        carol = self.scripted("carol", registered=False, address=address, knows=("MD5",))
        self.assertEqual(carol.register().status, 200)
        self.addCleanup(carol.register, 0)
        # Its calls are not held up again, and it can be called.
        for _ in range(2):
            self.assertEqual(self.offered("carol", address, "INVITE", BOB), ["MD5"])
        alice = self.scripted("alice", knows=("SHA-256",))
        call = alice.call("103", self.voice(ALICE_HZ))
        carol.wait_call(self.voice(CAROL_HZ)).ring()
        call.wait_status(180)
        call.cancel()
        self.assertEqual(call.wait_final().status, 487)
        wait_until(lambda: self.stand.report()["calls"] == 0, 3, lambda: "calls remain")


if __name__ == "__main__":
    unittest.main(verbosity=2)
