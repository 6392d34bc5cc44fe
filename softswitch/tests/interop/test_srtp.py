"""Telephones (baresip) whose media are encrypted: by keys in the SDP (RFC 4568), by DTLS-SRTP (RFC 5763).

What is heard is judged as with plain telephones; that it was encrypted, each telephone's own log says.
"""

import time

from phone import Phone
from telephones import ALICE_HZ, BOB_HZ, Telephones

PLAIN = {"codecs": "PCMA"}


class EncryptedMedia(Telephones):
    def over_tls(self, media: str) -> dict:
        return {"codecs": "PCMA", "transport": "tls", "port": self.stand.sip_tls, "media": media}

    def talk(self, caller: Phone, callee: Phone, number: str):
        caller.dial(number)
        callee.wait("CALL_INCOMING")
        caller.wait("CALL_RINGING")
        callee.command("accept")
        caller.wait("CALL_ESTABLISHED")
        callee.wait("CALL_ESTABLISHED")
        time.sleep(3.5)
        caller.command("hangup")
        callee.wait("CALL_CLOSED")
        caller.wait("CALL_CLOSED")

    def assert_encrypted(self, phone: Phone, media: str | None):
        log = phone.whole_log()
        pattern = {
            "srtp": r"SRTP is Enabled",
            "srtp-mand": r"SRTP is Enabled",
            "dtls_srtp": r"DTLS-SRTP complete",
        }
        if media is None:
            self.assertNotRegex(log, "SRTP is Enabled|DTLS-SRTP complete")
        else:
            self.assertRegex(log, pattern[media])

    def calls(self, cases):
        for name, alice_is, bob_is in cases:
            with self.subTest(name):
                alice, bob = self.phone("alice", ALICE_HZ, **alice_is), self.phone("bob", BOB_HZ, **bob_is)
                for caller, callee, number in ((alice, bob, "102"), (bob, alice, "101")):
                    self.talk(caller, callee, number)
                    self.assert_hears_only(alice, BOB_HZ)
                    self.assert_hears_only(bob, ALICE_HZ)
                self.assert_encrypted(alice, alice_is.get("media"))
                self.assert_encrypted(bob, bob_is.get("media"))
                alice.stop(), bob.stop()

    def test_keys_in_the_description(self):
        keys, insists = self.over_tls("srtp"), self.over_tls("srtp-mand")
        self.calls(
            (
                ("keys to plain", keys, PLAIN),
                ("keys to one that insists", keys, insists),
                ("insists to plain, transcoded", {**insists, "codecs": "opus"}, PLAIN),
            )
        )
        # Nothing of a key is in what the programs say.
        for log in self.stand.state.glob("*.log"):
            self.assertNotIn("inline:", log.read_text(errors="replace"))

    def test_dtls_without_ice(self):
        dtls, keys = self.over_tls("dtls_srtp"), self.over_tls("srtp")
        # A telephone is offered DTLS once it has offered it: each calls the echo test first.
        alice = self.phone("alice", ALICE_HZ, **dtls)
        for other_is, name in ((PLAIN, "plain"), (keys, "keys"), (dtls, "DTLS")):
            with self.subTest(f"DTLS to {name}"):
                bob = self.phone("bob", BOB_HZ, **other_is)
                if "media" in other_is and other_is["media"] == "dtls_srtp":
                    self.echo(bob)
                self.talk(alice, bob, "102")
                self.assert_hears_only(alice, BOB_HZ)
                self.assert_hears_only(bob, ALICE_HZ)
                self.talk(bob, alice, "101")
                self.assert_hears_only(alice, BOB_HZ)
                self.assert_hears_only(bob, ALICE_HZ)
                self.assert_encrypted(bob, other_is.get("media"))
                bob.stop()
        self.assert_encrypted(alice, "dtls_srtp")

    def echo(self, phone: Phone):
        phone.dial("*43")
        phone.wait("CALL_ESTABLISHED")
        phone.command("hangup")
        phone.wait("CALL_CLOSED")

    def test_keys_in_the_clear_are_refused(self):
        """Over UDP the key would stand in the open: who insists is told 488, who does not talks plainly."""
        insists = self.phone("alice", ALICE_HZ, codecs="PCMA", media="srtp-mand")
        insists.dial("*43")
        closed = insists.wait("CALL_CLOSED")
        self.assertRegex(closed.get("param", ""), "488")
        insists.stop()
        alice, bob = self.phone("alice", ALICE_HZ, codecs="PCMA", media="srtp"), self.phone("bob", BOB_HZ, **PLAIN)
        self.talk(alice, bob, "102")
        self.assert_hears_only(alice, BOB_HZ)
        self.assert_hears_only(bob, ALICE_HZ)
        self.assert_encrypted(alice, None)


class EncryptedMediaOnly(Telephones):
    environment = {"RINGDOWN_SRTP": "required"}

    def test_a_plain_telephone_has_no_calls(self):
        alice = self.phone("alice", ALICE_HZ, codecs="PCMA")
        alice.dial("*43")
        closed = alice.wait("CALL_CLOSED")
        self.assertRegex(closed.get("param", ""), "488")
